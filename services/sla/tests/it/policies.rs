//! S2: built-in policy sets, and sets of one's own.

use crate::suite::{Suite, TicketLife, at, refused, refused_fields};
use gongdan_clock::{Clock as _, SystemClock, new_id};
use gongdan_proto::{
    from_timestamp,
    sla::v1::{self as pb},
    tickets::v1::TicketType,
};
use tonic::Code;

fn put(set: pb::PolicySet) -> pb::PutPolicySetRequest {
    pb::PutPolicySetRequest { request_id: new_id(SystemClock.now()).to_string(), policy_set: Some(set) }
}

fn own() -> pb::PolicySet {
    let rule = |kind: pb::ClockKind, amount: &str| pb::PolicyRule {
        kind: kind.into(),
        amount: amount.into(),
        ..Default::default()
    };
    pb::PolicySet {
        key: "own".into(),
        name: "Own".into(),
        calendar: "cn".into(),
        rules: vec![
            pb::PolicyRule {
                types: vec![TicketType::Complaint.into()],
                warn_percent: vec![90],
                ..rule(pb::ClockKind::Handling, "5wdt")
            },
            rule(pb::ClockKind::Handling, "40wh"),
        ],
        ..Default::default()
    }
}

#[tokio::test]
async fn four_sets_are_built_in() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut client = suite.policies(&service, "li.wei");
    let sets = client.list_policy_sets(pb::ListPolicySetsRequest::default()).await.unwrap().into_inner();
    let keys: Vec<_> = sets.policy_sets.iter().map(|set| set.key.as_str()).collect();
    assert_eq!(keys, ["hotline", "priority", "three-seven", "urgency"]);
    let hotline = &sets.policy_sets[0];
    assert_eq!(hotline.rules[0].types, [TicketType::Consultation as i32]);
    assert_eq!(
        (hotline.rules[0].amount.as_str(), hotline.rules[0].warn_percent.as_slice()),
        ("2wd", [50, 80].as_slice())
    );
    service.stop().await;

    // a second start puts nothing new
    let service = suite.serve().await;
    let again = suite
        .policies(&service, "li.wei")
        .list_policy_sets(pb::ListPolicySetsRequest::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, sets);
    service.stop().await;
}

#[tokio::test]
async fn a_set_of_ones_own_counts_for_tickets_that_name_it() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut client = suite.policies(&service, "admin");
    let first = client.put_policy_set(put(own())).await.unwrap().into_inner();
    assert_eq!((first.version, first.created), (1, true));
    let again = client.put_policy_set(put(own())).await.unwrap().into_inner();
    assert_eq!((again.version, again.created), (1, false));

    let mut ticket = TicketLife::complaint("GD2603020000000001", "2026-03-02T09:30");
    ticket.state.sla_policy = "own".into();
    ticket.submitted(&suite, "2026-03-02T09:30").await;
    let clock =
        suite.clock_in(&service, &ticket.state.id, pb::ClockKind::Handling, pb::ClockState::Running).await;
    assert_eq!((clock.policy.as_str(), clock.amount.as_str()), ("own@1", "5wdt"));
    assert_eq!(from_timestamp(&clock.due_at.unwrap()), Ok(at("2026-03-09T09:30")), "the same time of day");

    let mut other = TicketLife::complaint("GD2603020000000002", "2026-03-02T09:30");
    other.state.sla_policy = "not-there".into();
    other.submitted(&suite, "2026-03-02T09:30").await;
    let clock =
        suite.clock_in(&service, &other.state.id, pb::ClockKind::Handling, pb::ClockState::Running).await;
    assert_eq!(clock.policy, "hotline@1", "the default counts");
    service.stop().await;
}

#[tokio::test]
async fn a_set_that_is_wrong_is_refused_with_every_fault() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut client = suite.policies(&service, "admin");
    let wrong = pb::PolicySet {
        rules: vec![pb::PolicyRule {
            kind: 0,
            types: vec![0, 1],
            regions: vec!["x".into()],
            amount: "15d".into(),
            warn_percent: vec![-1],
            ..Default::default()
        }],
        ..own()
    };
    assert_eq!(
        refused_fields(&client.put_policy_set(put(wrong)).await.unwrap_err()),
        ["kind", "amount", "regions[0]", "warn_percent[0]", "types[0]"]
            .map(|f| format!("policy_set.rules[0].{f}"))
    );
    let empty = pb::PutPolicySetRequest { request_id: String::new(), policy_set: None };
    assert_eq!(refused_fields(&client.put_policy_set(empty).await.unwrap_err()), ["request_id"]);
    let unnamed = pb::PolicySet { name: String::new(), rules: Vec::new(), ..own() };
    assert_eq!(
        refused_fields(&client.put_policy_set(put(unnamed)).await.unwrap_err()),
        ["policy_set.name", "policy_set.rules"]
    );
    let elsewhere = pb::PolicySet { calendar: "us".into(), ..own() };
    let status = client.put_policy_set(put(elsewhere)).await.unwrap_err();
    assert_eq!(refused(&status), (Code::NotFound, "CALENDAR_NOT_FOUND".into()));
    let mut handler = suite.policies(&service, "li.wei");
    assert_eq!(handler.put_policy_set(put(own())).await.unwrap_err().code(), Code::PermissionDenied);
    service.stop().await;
}

#[tokio::test]
async fn unknown_words_are_refused_wherever_they_stand() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let rule = pb::PolicyRule {
        kind: 99,
        types: vec![99],
        priorities: vec![6],
        urgencies: vec![9],
        channels: vec![-1],
        amount: "5wd".into(),
        ..Default::default()
    };
    let wrong = pb::PolicySet { rules: vec![rule], ..own() };
    let status = suite.policies(&service, "admin").put_policy_set(put(wrong)).await.unwrap_err();
    assert_eq!(
        refused_fields(&status),
        ["kind", "types[0]", "priorities[0]", "urgencies[0]", "channels[0]"]
            .map(|field| format!("policy_set.rules[0].{field}"))
    );
    service.stop().await;
}

#[tokio::test]
async fn a_put_s_request_id_is_good_for_one_set() {
    let suite = Suite::at("2026-03-02T09:00").await;
    let service = suite.serve().await;
    let mut client = suite.policies(&service, "admin");
    let request = put(own());
    let first = client.put_policy_set(request.clone()).await.unwrap().into_inner();
    assert_eq!(client.put_policy_set(request.clone()).await.unwrap().into_inner(), first);
    let other = pb::PolicySet { name: "Another".into(), ..own() };
    let reused = pb::PutPolicySetRequest { policy_set: Some(other), ..request };
    let status = client.put_policy_set(reused).await.unwrap_err();
    assert_eq!(refused(&status), (Code::AlreadyExists, "REQUEST_ID_REUSED".into()));
    let get = pb::GetPolicySetRequest { key: "own".into(), version: 0 };
    let newest = client.get_policy_set(get).await.unwrap().into_inner();
    assert_eq!((newest.version, newest.name.as_str()), (1, "Own"));
    service.stop().await;
}
