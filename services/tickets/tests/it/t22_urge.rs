//! T22: an urge goes first to the handler, then to the unit leader, then to the supervisor.

use crate::suite::{Suite, accept, dispatch, give_back, urge};
use gongdan_clock::SystemClock;
use gongdan_proto::tickets::v1::{Ticket, Urged, ticket_event::Change};
use std::sync::Arc;

impl Suite {
    async fn urged(&self, ticket: &Ticket) -> Vec<Urged> {
        let urged = |change| match change {
            Some(Change::Urged(urged)) => Some(urged),
            _ => None,
        };
        self.timeline(&ticket.id).await.into_iter().filter_map(|entry| urged(entry.change)).collect()
    }
}

#[tokio::test]
async fn t22_urges_climb_from_the_handler_to_the_supervisor_and_begin_again_with_another_holder() {
    let overrides = "[tickets]\nurge_window = \"0s\"\n";
    let suite = Suite::start_with(overrides, Arc::new(SystemClock)).await;
    let ticket = suite.accepted().await;
    let mut agent = suite.tickets("zhao.min");
    for level in [1, 2, 3, 3] {
        let urged = agent.urge_ticket(urge(&ticket)).await.unwrap().into_inner();
        assert_eq!(urged.urge_level, level);
    }
    suite.tickets("li.wei").return_ticket(give_back(&ticket)).await.unwrap();
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "yuexiu-env")).await.unwrap();
    suite.tickets("wang.fang").accept_ticket(accept(&ticket)).await.unwrap();
    assert_eq!(suite.get(&ticket.id).await.urge_level, 0);
    let urged = agent.urge_ticket(urge(&ticket)).await.unwrap().into_inner();
    assert_eq!((urged.urge_level, urged.urge_count), (1, 5), "all are counted");
    let levels: Vec<i32> = suite.urged(&ticket).await.iter().map(|urged| urged.level).collect();
    assert_eq!(levels, [1, 2, 3, 3, 1]);
}

#[tokio::test]
async fn t22_several_urges_within_the_window_count_and_tell_once() {
    let suite = Suite::start().await;
    let ticket = suite.accepted().await;
    for _ in 0..3 {
        suite.tickets("zhao.min").urge_ticket(urge(&ticket)).await.unwrap();
    }
    let now = suite.get(&ticket.id).await;
    assert_eq!((now.urge_count, now.urge_level), (3, 1));
    let told: Vec<_> = suite.urged(&ticket).await.iter().map(|urged| (urged.notify, urged.level)).collect();
    assert_eq!(told, [(true, 1), (false, 0), (false, 0)]);
}
