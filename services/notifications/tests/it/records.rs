//! What belongs to a ticket and has a life of its own: who is told of it. Source: T18, T25.

use gongdan_notifications_domain::EventTypes;
use gongdan_proto::{
    CHANGES,
    tickets::v1::{
        Noted, Phase, Review, ReviewApproved, ReviewRejected, ReviewStep, ReviewSubmitted, Signer,
        SigningGroup, ticket_event::Change,
    },
};
use gongdan_testkit::{PrincipalSpec, filled_event};

use crate::{suite::Suite, tickets::TestTicket};

async fn staffed() -> Suite {
    let suite = Suite::start().await;
    suite.person(PrincipalSpec::new("chen").role("handler").unit("env").region("440106")).await;
    suite.person(PrincipalSpec::new("leader").role("unit_leader").unit("env").region("440106")).await;
    suite.person(PrincipalSpec::new("wang").role("handler").unit("water").region("440106")).await;
    suite.person(PrincipalSpec::new("audit.gz").role("auditor").unit("centre").region("4401")).await;
    suite.person(PrincipalSpec::new("audit.sz").role("auditor").unit("centre").region("4403")).await;
    suite
}

/// A step of one group: a person, or a role, perhaps of a unit.
fn step(step: &str, person: &str, role: &str, unit: &str) -> ReviewStep {
    let signer = Signer {
        person_id: person.to_owned(),
        role: role.to_owned(),
        unit_id: unit.to_owned(),
        ..Signer::default()
    };
    let groups = vec![SigningGroup { signers: vec![signer], ..SigningGroup::default() }];
    ReviewStep { step: step.to_owned(), groups, ..ReviewStep::default() }
}

#[tokio::test]
async fn a_review_is_told_to_who_signs_next_and_a_rejection_to_who_handles_it() {
    let suite = staffed().await;
    let mut ticket = TestTicket::new("GD1");
    suite.publish(&ticket.dispatched("env", "chen")).await;
    ticket.state.phase = Phase::InReview.into();
    let steps = [
        step("unit", "", "unit_leader", "env"),
        step("audit", "", "auditor", ""),
        step("office", "wang", "auditor", ""),
    ];
    ticket.state.review = Some(Review { steps: vec![steps[0].clone()], ..Review::default() });
    let submitted = ReviewSubmitted { waits_at: "unit".to_owned(), ..Default::default() };
    suite.publish(&ticket.did(Change::ReviewSubmitted(submitted))).await;
    assert_eq!(suite.told("leader", 1).await, ["review_submitted"]);
    for (current, (at, next)) in [(1, ("unit", "audit")), (2, ("audit", "office"))] {
        ticket.state.review.as_mut().unwrap().steps.push(steps[current].clone());
        let approved =
            ReviewApproved { approved_at: at.to_owned(), waits_at: next.to_owned(), ..Default::default() };
        suite.publish(&ticket.did(Change::ReviewApproved(approved))).await;
    }
    assert_eq!(suite.told("audit.gz", 1).await, ["review_submitted"]);
    assert_eq!(suite.told("wang", 1).await, ["review_submitted"]);
    // One of several signatures at a step, and the last of all: nobody else waits.
    for next in ["office", ""] {
        let approved = ReviewApproved {
            approved_at: "office".to_owned(),
            waits_at: next.to_owned(),
            ..Default::default()
        };
        suite.publish(&ticket.did(Change::ReviewApproved(approved))).await;
    }
    ticket.state.phase = Phase::InProgress.into();
    suite.publish(&ticket.did(Change::ReviewRejected(ReviewRejected::default()))).await;
    assert_eq!(suite.told("chen", 2).await, ["dispatched", "review_rejected"]);
    assert_eq!((suite.items("wang").await.len(), suite.items("leader").await.len()), (1, 1));
    assert!(suite.items("audit.sz").await.is_empty(), "another region's");
}

#[tokio::test]
async fn who_is_mentioned_in_a_note_is_told_and_of_a_sensitive_ticket_only_who_may_know() {
    let suite = staffed().await;
    suite
        .person(PrincipalSpec::new("fang").role("handler").unit("water").region("440106").right("sensitive"))
        .await;
    let mut ticket = TestTicket::new("GD1");
    ticket.state.sensitive = true;
    let mention_ids = vec!["wang".to_owned(), "fang".to_owned()];
    let noted = Noted { mention_ids, text: "请看一下".to_owned(), ..Noted::default() };
    let event = ticket.did(Change::Noted(noted.clone()));
    suite.publish(&event).await;
    assert_eq!(suite.told("fang", 1).await, ["mentioned"]);
    let last = ticket.did(Change::Noted(Noted { mention_ids: Vec::new(), ..noted.clone() }));
    suite.publish(&last).await;
    suite.heard(&last).await;
    assert_eq!((suite.items("wang").await.len(), suite.items("fang").await.len()), (0, 1));
    assert!(!suite.items("fang").await[0].body.contains("请看一下"), "what it says is read in the timeline");
    // Of a draft nobody is told.
    let mut draft = TestTicket::new("GD2");
    draft.state.phase = Phase::Draft.into();
    let event = draft.did(Change::Noted(noted));
    suite.publish(&event).await;
    suite.heard(&event).await;
    assert_eq!(suite.items("fang").await.len(), 1);
}

/// A fact that nobody is told of must not hold back those that somebody is.
#[tokio::test]
async fn every_kind_of_event_is_taken_in() {
    let suite = staffed().await;
    let text = |_: &str| Some("5".to_owned());
    for (number, (_, name)) in CHANGES.iter().enumerate() {
        let mut ticket = TestTicket::new(&format!("GD{number}"));
        suite.publish(&ticket.did(filled_event(name, &text).change.unwrap())).await;
        let last = ticket.dispatched("env", "chen");
        suite.publish(&last).await;
        suite.heard(&last).await;
    }
    // Of a ticket whose texts are erased nobody is told any more.
    let told = CHANGES.iter().filter(|(_, name)| *name != "erased").count();
    assert_eq!(suite.told("chen", told).await.len(), told);
}

/// What is one's own or the unit's, and what only shows inside of a draft.
const UNTOLD: [&str; 8] =
    ["saved", "amended", "decision_refused", "erased", "tracked", "untracked", "reminded", "circulated"];

#[test]
fn webhooks_can_be_told_all_that_happens_to_a_ticket() {
    for (_, name) in CHANGES {
        let told = EventTypes::is_known(&format!("tickets.{name}"));
        assert_eq!(told, !UNTOLD.contains(name), "{name}");
    }
}
