//! T24: a mark of one's own, with reminders.

use crate::{
    suite::{Suite, fields, reason, resolve, serve_again},
    supervised::{seconds_on, track, untrack},
};
use gongdan_clock::{Clock as _, ManualClock, SystemClock};
use gongdan_proto::tickets::v1::{self as pb, ticket_event::Change};
use gongdan_testkit::{PrincipalSpec, eventually};
use jiff::SignedDuration;
use std::sync::Arc;
use tonic::Code;

impl Suite {
    /// The marks that somebody sees on a ticket.
    async fn marks_seen_by(&self, principal: &str, ticket: &str) -> Vec<pb::Track> {
        let request = pb::GetTicketRequest { ticket: ticket.to_owned(), in_clear: false };
        self.tickets(principal).get_ticket(request).await.unwrap().into_inner().tracks
    }

    async fn times_reminded(&self, ticket: &str) -> i64 {
        let sql = "SELECT count(*) FROM events WHERE aggregate_id = $1::uuid AND type = 'reminded'";
        sqlx::query_scalar(sql).bind(ticket).fetch_one(self.env.pool()).await.unwrap()
    }
}

#[tokio::test]
async fn t24_a_mark_is_seen_by_nobody_else_and_is_set_also_when_closing() {
    let suite = Suite::start().await;
    let citizen = crate::suite::id();
    suite.env.principal(PrincipalSpec::new("liu.yang").citizen(&citizen)).await;
    let ticket = suite.accepted().await;
    let (mut li, mut zhao) = (suite.supervision("li.wei"), suite.supervision("zhao.min"));
    let past = pb::TrackTicketRequest { remind_at: Some(seconds_on(-5)), ..track(&ticket) };
    let past = li.track_ticket(past).await.unwrap_err();
    assert_eq!((past.code(), fields(&past)), (Code::InvalidArgument, vec!["remind_at".to_owned()]));
    let long = pb::TrackTicketRequest { note: "长".repeat(501), ..track(&ticket) };
    assert_eq!(fields(&li.track_ticket(long).await.unwrap_err()), ["note"]);

    let marked = li.track_ticket(track(&ticket)).await.unwrap().into_inner();
    assert_eq!((marked.tracks.len(), marked.tracks[0].note.as_str()), (1, "回访前再看"));
    let request = pb::TrackTicketRequest { remind_at: Some(seconds_on(3600)), ..track(&ticket) };
    let marked = zhao.track_ticket(request).await.unwrap().into_inner();
    assert_eq!(marked.tracks.iter().map(|track| track.person_id.as_str()).collect::<Vec<_>>(), ["zhao.min"]);
    assert_eq!(suite.marks_seen_by("li.wei", &ticket.id).await[0].person_id, "li.wei");
    assert!(suite.marks_seen_by("chen.jing", &ticket.id).await.is_empty());
    let entries = suite.timeline(&ticket.id).await;
    let noted = entries.into_iter().filter_map(|entry| match entry.change {
        Some(Change::Tracked(tracked)) => Some(tracked),
        _ => None,
    });
    let noted: Vec<_> = noted.collect();
    assert_eq!(noted.len(), 2, "that somebody marked it is told");
    assert!(
        noted.iter().all(|tracked| tracked.note.is_empty() && tracked.remind_at.is_none()),
        "and no more"
    );

    suite.tickets("li.wei").resolve_ticket(resolve(&ticket)).await.unwrap();
    let marked = li.track_ticket(track(&ticket)).await.unwrap().into_inner();
    assert_eq!(marked.tracks.len(), 1, "resolved, and marked again");
    let gone = li.untrack_ticket(untrack(&ticket)).await.unwrap().into_inner();
    assert!(gone.tracks.is_empty());
    let twice = li.untrack_ticket(untrack(&ticket)).await.unwrap_err();
    assert_eq!((twice.code(), reason(&twice)), (Code::NotFound, "RECORD_NOT_FOUND".to_owned()));
    let citizens = suite.supervision("liu.yang").track_ticket(track(&ticket)).await.unwrap_err();
    assert_eq!(citizens.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn t24_a_reminder_comes_once_whoever_looks_and_however_late() {
    let clock = ManualClock::new(SystemClock.now());
    let suite = Suite::start_at(&clock).await;
    let ticket = suite.accepted().await;
    for (who, seconds) in [("li.wei", 3600), ("zhao.min", 7200)] {
        let request = pb::TrackTicketRequest { remind_at: Some(seconds_on(seconds)), ..track(&ticket) };
        suite.supervision(who).track_ticket(request).await.unwrap();
    }
    assert_eq!(suite.count("reminders").await, 2);
    let replica = serve_again(&suite.env, Arc::new(clock.clone())).await;
    clock.advance(SignedDuration::from_secs(3600 + 60));
    eventually("one is reminded", async || suite.times_reminded(&ticket.id).await == 1).await;
    assert_eq!(suite.count("reminders").await, 1);
    clock.advance(SignedDuration::from_hours(9));
    eventually("the other is too", async || suite.times_reminded(&ticket.id).await == 2).await;
    for _ in 0..5 {
        clock.advance(SignedDuration::from_secs(60));
        tokio::task::yield_now().await;
    }
    assert_eq!((suite.times_reminded(&ticket.id).await, suite.count("reminders").await), (2, 0));
    drop(replica);
}
