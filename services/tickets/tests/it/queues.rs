//! T27: queues show what stands in them, and their counts are the numbers of what they show.

use crate::handling_records::{ask_for_help, help};
use crate::suite::{
    NO_SHARES, Suite, accept, cancel, complaint, dispatch, give_back, reopen, resolve, serve, transfer,
};
use gongdan_clock::SystemClock;
use gongdan_proto::tickets::v1::{self as pb, Queue, QueueOrder};
use gongdan_testkit::{PrincipalSpec, eventually};
use sqlx::Executor as _;
use std::{collections::BTreeMap, sync::Arc};
use tonic::Code;

impl Suite {
    async fn counts(&self, principal: &str) -> BTreeMap<Queue, i64> {
        let counts = self.queues(principal).count_queues(pb::CountQueuesRequest {}).await.unwrap();
        let counts = counts.into_inner().counts;
        assert_eq!(counts.len(), 12);
        counts.into_iter().filter(|count| count.tickets != 0).map(|c| (c.queue(), c.tickets)).collect()
    }

    async fn queue(&self, principal: &str, queue: Queue) -> Vec<String> {
        let request = pb::ListQueueRequest { queue: queue.into(), page_size: 2, ..Default::default() };
        self.pages(principal, request).await.into_iter().map(|ticket| ticket.id).collect()
    }

    async fn pages(&self, principal: &str, mut request: pb::ListQueueRequest) -> Vec<pb::Ticket> {
        let mut found = Vec::new();
        loop {
            let page = self.queues(principal).list_queue(request.clone()).await.unwrap().into_inner();
            assert!(i32::try_from(page.tickets.len()).unwrap() <= request.page_size);
            found.extend(page.tickets);
            if page.next_page_token.is_empty() {
                return found;
            }
            request.page_token = page.next_page_token;
        }
    }

    /// What is counted of each queue is what it shows, folded or not.
    async fn holds(&self, people: &[&str]) {
        for person in people {
            let counts = self.counts(person).await;
            for queue in (1..=12).filter_map(|n| Queue::try_from(n).ok()) {
                let shown = self.queue(person, queue).await;
                let unique: std::collections::BTreeSet<_> = shown.iter().collect();
                assert_eq!(unique.len(), shown.len(), "{person} {queue:?}");
                let counted = counts.get(&queue).copied().unwrap_or_default();
                assert_eq!(i64::try_from(shown.len()).unwrap(), counted, "{person} {queue:?}");
            }
        }
    }
}

const PEOPLE: [&str; 5] = ["li.wei", "wang.fang", "chen.jing", "zhao.min", "admin"];

#[tokio::test]
async fn t27_each_queue_shows_its_tickets_and_counts_them() {
    let suite = Suite::start().await;
    let draft = suite.created(pb::CreateTicketRequest { draft: true, ..complaint() }).await;
    let waiting = suite.submitted().await;
    let at_unit = suite.dispatched("tianhe-env").await;
    let on_hand = suite.accepted().await;
    let done = suite.resolved().await;
    let over = suite.submitted().await;
    suite.tickets("zhao.min").cancel_ticket(cancel(&over)).await.unwrap();
    let back = suite.accepted().await;
    suite.tickets("li.wei").return_ticket(give_back(&back)).await.unwrap();

    let ids = |tickets: &[&pb::Ticket]| tickets.iter().rev().map(|t| t.id.clone()).collect::<Vec<_>>();
    assert_eq!(suite.queue("zhao.min", Queue::Drafts).await, ids(&[&draft]));
    assert_eq!(suite.queue("li.wei", Queue::Group).await, ids(&[&at_unit, &on_hand]));
    assert_eq!(suite.queue("li.wei", Queue::MyTodo).await, ids(&[&on_hand]));
    assert_eq!(suite.queue("li.wei", Queue::MyDone).await, ids(&[&done, &back]));
    assert_eq!(
        suite.queue("chen.jing", Queue::RegionOpen).await,
        ids(&[&waiting, &at_unit, &on_hand, &back])
    );
    assert_eq!(suite.queue("chen.jing", Queue::Returned).await, ids(&[&back]));
    assert_eq!(suite.queue("chen.jing", Queue::History).await, ids(&[&over]));
    assert_eq!(
        suite.queue("zhao.min", Queue::MyDone).await,
        ids(&[&waiting, &at_unit, &on_hand, &done, &over, &back])
    );
    assert!(suite.queue("wang.fang", Queue::Group).await.is_empty());
    assert_eq!(
        suite.counts("li.wei").await,
        BTreeMap::from([(Queue::Group, 2), (Queue::MyTodo, 1), (Queue::MyDone, 2)])
    );
    suite.holds(&PEOPLE).await;
}

#[tokio::test]
async fn t27_help_that_is_owed_stands_with_the_unit_that_owes_it() {
    let suite = Suite::start().await;
    let (one, two) = (suite.accepted().await, suite.accepted().await);
    for ticket in [&one, &two] {
        suite.handling("li.wei").request_assist(ask_for_help(ticket, "yuexiu-env")).await.unwrap();
    }
    assert_eq!(suite.queue("wang.fang", Queue::Assisting).await, [two.id.clone(), one.id.clone()]);
    assert_eq!(suite.counts("wang.fang").await, BTreeMap::from([(Queue::Assisting, 2)]));
    assert!(suite.queue("li.wei", Queue::Assisting).await.is_empty(), "it is the lead");
    for order in [QueueOrder::Received, QueueOrder::Priority, QueueOrder::Due] {
        let (queue, order) = (Queue::Assisting.into(), order.into());
        let request = pb::ListQueueRequest { queue, order, page_size: 1, ..Default::default() };
        let found: Vec<_> = suite.pages("wang.fang", request).await.into_iter().map(|t| t.id).collect();
        assert_eq!(found, [two.id.clone(), one.id.clone()], "{order}");
    }
    suite.holds(&PEOPLE).await;
    suite.handling("wang.fang").reply_assist(help(&one)).await.unwrap();
    assert_eq!(suite.queue("wang.fang", Queue::Assisting).await, std::slice::from_ref(&two.id));
    assert_eq!(suite.queue("wang.fang", Queue::MyDone).await, std::slice::from_ref(&one.id));
    suite.holds(&PEOPLE).await;
    // What is over asks nobody for help any more.
    suite.tickets("chen.jing").cancel_ticket(cancel(&two)).await.unwrap();
    assert!(suite.queue("wang.fang", Queue::Assisting).await.is_empty());
    assert_eq!(suite.count("assisting").await, 0);
    suite.holds(&PEOPLE).await;
}

#[tokio::test]
async fn t27_counts_follow_every_act_at_once_and_folding_changes_none() {
    let suite = Suite::start_with("[queues]\nfold_every = \"1h\"\n", Arc::new(SystemClock)).await;
    let ticket = suite.accepted().await;
    suite.holds(&PEOPLE).await;
    let ticket =
        suite.tickets("li.wei").transfer_ticket(transfer(&ticket, "yuexiu-env")).await.unwrap().into_inner();
    suite.holds(&PEOPLE).await;
    assert_eq!(suite.counts("wang.fang").await, BTreeMap::from([(Queue::Group, 1)]));
    let ticket = suite.tickets("wang.fang").accept_ticket(accept(&ticket)).await.unwrap().into_inner();
    let ticket = suite.tickets("wang.fang").resolve_ticket(resolve(&ticket)).await.unwrap().into_inner();
    suite.holds(&PEOPLE).await;
    suite.tickets("chen.jing").reopen_ticket(reopen(&ticket, true)).await.unwrap();
    suite.holds(&PEOPLE).await;
    let before = suite.counts("wang.fang").await;
    assert_eq!(before, BTreeMap::from([(Queue::Group, 1), (Queue::MyTodo, 1)]));
    assert_eq!(suite.count("queue_counts").await, 0, "nothing is folded yet");
    // A second replica that folds.
    let _folding = serve(&suite.env, "[queues]\nfold_every = \"10ms\"\n", suite.clock.clone()).await;
    eventually("all is folded", async || suite.count("queue_deltas").await == 0).await;
    assert_eq!(suite.counts("wang.fang").await, before);
    suite.holds(&PEOPLE).await;
}

#[tokio::test]
async fn t27_who_may_not_see_sensitive_tickets_does_not_count_them() {
    let suite = Suite::start().await;
    suite
        .env
        .principal(PrincipalSpec::new("he.lin").unit("tianhe-env").role("handler").right("sensitive"))
        .await;
    let secret = suite.created(pb::CreateTicketRequest { sensitive: true, ..complaint() }).await;
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&secret, "tianhe-env")).await.unwrap();
    suite.dispatched("tianhe-env").await;
    assert_eq!(suite.counts("li.wei").await.get(&Queue::Group), Some(&1));
    assert_eq!(suite.counts("he.lin").await.get(&Queue::Group), Some(&2));
    suite.holds(&["li.wei", "he.lin", "chen.jing"]).await;
}

#[tokio::test]
async fn t27_areas_decide_what_lies_in_them_and_units_add_what_lies_outside() {
    let suite = Suite::start().await;
    suite
        .env
        .principal(PrincipalSpec::new("sun.lei").unit("tianhe-env").role("unit_leader").region("440106"))
        .await;
    let inside = suite.submitted().await;
    let outside = suite.created(pb::CreateTicketRequest { region: "430100".into(), ..complaint() }).await;
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&outside, "tianhe-env")).await.unwrap();
    assert_eq!(suite.queue("sun.lei", Queue::RegionOpen).await, std::slice::from_ref(&inside.id));
    assert_eq!(suite.queue("sun.lei", Queue::Group).await, std::slice::from_ref(&outside.id));
    suite.tickets("chen.jing").cancel_ticket(cancel(&suite.get(&outside.id).await)).await.unwrap();
    suite.tickets("chen.jing").cancel_ticket(cancel(&inside)).await.unwrap();
    assert_eq!(suite.queue("sun.lei", Queue::History).await.len(), 2, "one by its region, one by its unit");
    suite.holds(&["sun.lei", "li.wei", "chen.jing", "admin"]).await;
}

/// Of many regions, priorities and due times, in pages of seven.
#[tokio::test]
async fn t27_orders_are_kept_across_pages() {
    let suite = Suite::start_with(NO_SHARES, Arc::new(SystemClock)).await;
    let regions = ["440103", "440104", "440105", "440106", "440111", "430100", "430102"];
    for n in 0..40_usize {
        let region = regions[n % regions.len()].to_owned();
        let priority = i32::try_from(n % 3).unwrap() + 2;
        let request =
            pb::CreateTicketRequest { region, priority, priority_reason: "试".into(), ..complaint() };
        let ticket = suite.created(request).await;
        if n % 4 != 0 {
            suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
        }
    }
    suite
        .env
        .pool()
        .execute(
            "UPDATE tickets SET due_at = received_at + interval '1 hour' * (abs(hashtext(number)) % 9)
             WHERE abs(hashtext(number)) % 5 <> 0",
        )
        .await
        .unwrap();
    for (person, queue, expected) in [
        ("chen.jing", Queue::RegionOpen, 40),
        ("li.wei", Queue::Group, 30),
        ("zhao.min", Queue::RegionOpen, 40),
    ] {
        for order in [QueueOrder::Received, QueueOrder::Priority, QueueOrder::Due] {
            let request = pb::ListQueueRequest {
                queue: queue.into(),
                order: order.into(),
                page_size: 7,
                ..Default::default()
            };
            let found = suite.pages(person, request).await;
            assert_eq!(found.len(), expected, "{person} {queue:?} {order:?}");
            let at =
                |at: &Option<prost_types::Timestamp>| at.map_or((i64::MAX, 0), |at| (at.seconds, at.nanos));
            for pair in found.windows(2) {
                let newer = at(&pair[0].received_at) >= at(&pair[1].received_at);
                let kept = match order {
                    QueueOrder::Priority => {
                        pair[0].priority < pair[1].priority || pair[0].priority == pair[1].priority && newer
                    }
                    QueueOrder::Due => {
                        at(&pair[0].due_at) < at(&pair[1].due_at)
                            || at(&pair[0].due_at) == at(&pair[1].due_at)
                                && (pair[0].due_at.is_some() || newer)
                    }
                    _ => newer,
                };
                assert!(kept, "{order:?}: {:?} before {:?}", pair[0], pair[1]);
            }
        }
    }
}

#[tokio::test]
async fn t27_filters_narrow_a_queue_and_tokens_belong_to_what_was_asked() {
    let suite = Suite::start().await;
    for _ in 0..3 {
        suite.submitted().await;
    }
    let here = suite.dispatched("tianhe-env").await;
    let mut request = pb::ListQueueRequest {
        queue: Queue::RegionOpen.into(),
        filter: Some(pb::TicketFilter { phases: vec![pb::Phase::Dispatched.into()], ..Default::default() }),
        page_size: 1,
        ..Default::default()
    };
    let found = suite.pages("chen.jing", request.clone()).await;
    assert_eq!(found.into_iter().map(|t| t.id).collect::<Vec<_>>(), [here.id]);
    request.filter = None;
    let token =
        suite.queues("chen.jing").list_queue(request.clone()).await.unwrap().into_inner().next_page_token;
    let other =
        pb::ListQueueRequest { order: QueueOrder::Priority.into(), page_token: token, ..request.clone() };
    let refused = suite.queues("chen.jing").list_queue(other).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    for (queue, order, size) in [(0, 0, 10), (99, 0, 10), (6, 2, 10), (5, 9, 10), (5, 0, 501)] {
        let bad = pb::ListQueueRequest { queue, order, page_size: size, ..Default::default() };
        let refused = suite.queues("chen.jing").list_queue(bad.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{bad:?}");
    }
}

#[tokio::test]
async fn t27_counts_are_told_as_they_change() {
    let suite = Suite::start().await;
    let mut told =
        suite.queues("li.wei").watch_queue_counts(pb::WatchQueueCountsRequest {}).await.unwrap().into_inner();
    let group =
        |counts: &pb::QueueCounts| counts.counts.iter().find(|c| c.queue() == Queue::Group).unwrap().tickets;
    assert_eq!(group(&told.message().await.unwrap().unwrap()), 0);
    suite.dispatched("tianhe-env").await;
    assert_eq!(group(&told.message().await.unwrap().unwrap()), 1);
}
