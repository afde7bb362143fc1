//! R10: somebody goes on leave, and what they have in hand goes to the others; with the whole suite and the client.

use gongdan_e2e::{
    desk::{Desk, complaint},
    eventually::eventually,
    organisation::{self, ENVIRONMENT, person},
    suite::Suite,
};
use gongdan_proto::{
    routing::v1::{
        DecisionState, ExplainDecisionRequest, GetReassignmentRequest, ListReassignmentsRequest,
        PutRosterRequest, ReassignmentState, Roster, Shift, decision_service_client::DecisionServiceClient,
        duty_service_client::DutyServiceClient, reassignment_service_client::ReassignmentServiceClient,
    },
    tickets::v1::{DispatchTicketRequest, Phase, Ticket, ticket_event::Change},
};

const STAFF: [&str; 3] = ["qian.duo", "zhao.min", "sun.li"];

/// Held and reserved.
async fn load(suite: &Suite, person: &str) -> (i64, i64) {
    let answer = suite.cli_json(&["load", ENVIRONMENT, "-o", "json"]).await;
    let loads = answer["loads"].as_array().expect("loads").clone();
    let load = loads.iter().find(|load| load["person_id"] == person).expect("a person of the unit");
    let number = |field: &str| load[field].as_i64().unwrap_or(0);
    (number("held"), number("reserved"))
}

async fn has(suite: &Suite, person: &str, held: i64) {
    eventually(format!("{person} holds {held}"), || async {
        (load(suite, person).await == (held, 0)).then_some(())
    })
    .await;
}

async fn said(suite: &Suite, arguments: &[&str]) -> String {
    let output = suite.cli(arguments).await;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{arguments:?}\n{out}\n{err}");
    out.into_owned()
}

/// A ticket that a dispatcher gives to `qian.duo`.
async fn given(desk: &mut Desk, n: usize) -> Ticket {
    let ticket = desk.create(complaint(&format!("夜间施工 {n}"))).await;
    // No area and no rule: routing leaves it to the dispatchers.
    let ticket = desk.until(&ticket, "it waits in the pool", |ticket| !ticket.pool_reason.is_empty()).await;
    let request = DispatchTicketRequest {
        request_id: organisation::request_id(),
        ticket: ticket.id.clone(),
        unit_id: ENVIRONMENT.to_owned(),
        person_id: "qian.duo".to_owned(),
        ..DispatchTicketRequest::default()
    };
    desk.tickets.dispatch_ticket(request).await.expect("the ticket is dispatched").into_inner()
}

#[tokio::test]
async fn r10_who_goes_on_leave_leaves_nothing_behind() {
    let suite = Suite::start().await;
    organisation::add(
        &suite,
        vec![gongdan_proto::routing::v1::UnitRow {
            id: ENVIRONMENT.to_owned(),
            name: "天河区生态环境局".to_owned(),
            kind: gongdan_proto::routing::v1::UnitKind::Unit.into(),
            region: organisation::COUNTY.to_owned(),
            ..Default::default()
        }],
        STAFF.iter().map(|id| person(id, "经办", "handler", ENVIRONMENT)).collect(),
    )
    .await;
    let day = Shift {
        name: "全天".to_owned(),
        person_ids: STAFF.iter().map(|id| (*id).to_owned()).collect(),
        weekdays: (1..=7).collect(),
        start: "00:00".to_owned(),
        end: "00:00".to_owned(),
        ..Shift::default()
    };
    let roster = Roster {
        id: "env".to_owned(),
        unit_id: ENVIRONMENT.to_owned(),
        capacity: 3,
        shifts: vec![day],
        ..Roster::default()
    };
    let request = PutRosterRequest {
        request_id: organisation::request_id(),
        roster: Some(roster),
        ..PutRosterRequest::default()
    };
    DutyServiceClient::new(suite.channel("routing").await).put_roster(request).await.expect("a roster");

    // Six in hand, of which one is in progress and one is suspended: whatever they are at, they go.
    let mut desk = Desk::open(&suite).await;
    let mut tickets = Vec::new();
    for n in 0..6 {
        tickets.push(given(&mut desk, n).await);
    }
    for ticket in &mut tickets[..2] {
        said(&suite, &["ticket", "accept", &ticket.number, "--as", "qian.duo"]).await;
        *ticket = desk.in_phase(ticket, Phase::InProgress).await;
    }
    let number = tickets[1].number.clone();
    let request = ["ticket", "suspend", "request", &number, "--reason", "等待检测报告", "--as", "qian.duo"];
    said(&suite, &request).await;
    said(&suite, &["ticket", "suspend", "approve", &number]).await;
    tickets[1] = desk.in_phase(&tickets[1], Phase::Suspended).await;
    has(&suite, "qian.duo", 6).await;

    // The leave says what is in hand, and how to go on.
    let leave = [
        "leave",
        "add",
        "qian.duo",
        "--from",
        "2026-01-01T00:00:00Z",
        "--until",
        "2027-12-30T00:00:00Z",
        "--stand-in",
        "sun.li",
        "--reason",
        "产假",
    ];
    let told = said(&suite, &leave).await;
    assert!(
        told.contains("qian.duo has 6 tickets in hand: gongdan route reassign qian.duo --leave "),
        "{told}"
    );

    // A preview in a table and as JSON writes nothing; without somebody to ask, nothing begins.
    let table = said(&suite, &["route", "reassign", "qian.duo", "--preview"]).await;
    assert!(table.contains("6 tickets: 6 to people, 0 to units, 0 that nobody can take"), "{table}");
    assert!(table.contains("`qian.duo` hands over → sun.li of tianhe-env, who stands in"), "{table}");
    let preview = suite.cli_json(&["route", "reassign", "qian.duo", "--preview", "-o", "json"]).await;
    let takers: Vec<_> = preview["tickets"].as_array().expect("tickets").clone();
    assert_eq!(takers.len(), 6);
    let asked = suite.cli(&["route", "reassign", "qian.duo"]).await;
    assert!(!asked.status.success());
    let why = String::from_utf8_lossy(&asked.stderr).into_owned();
    assert!(why.contains("--yes starts it"), "{why}");
    assert_eq!(load(&suite, "qian.duo").await, (6, 0));

    // Then it goes on until it is over, and every ticket is where the preview said.
    let over = suite
        .cli_json(&["route", "reassign", "qian.duo", "--yes", "--reason", "产假交接", "-o", "json"])
        .await;
    assert_eq!(over["state"], "REASSIGNMENT_STATE_FINISHED", "{over}");
    assert_eq!(over["progress"]["transferred"], 6, "{over}");
    for foreseen in &takers {
        let id = foreseen["ticket_id"].as_str().expect("an id");
        let ticket = tickets.iter().find(|ticket| ticket.id == id).expect("one of the six");
        let now = desk.get(ticket).await;
        assert_eq!(now.handler_id, foreseen["to_person_id"].as_str().expect("somebody"));
        assert_eq!((now.phase(), now.lead_unit_id.as_str()), (ticket.phase(), ENVIRONMENT));
        let entry = desk.timeline(&now).await.pop().expect("an entry");
        let Some(Change::Transferred(change)) = entry.change else { panic!("not transferred") };
        assert_eq!(
            (change.reason.as_str(), change.to_person_id.as_str()),
            ("产假交接", now.handler_id.as_str())
        );
        assert_eq!(change.decision_id, now.decision_id);
    }
    for (person, held) in [("qian.duo", 0), ("sun.li", 3), ("zhao.min", 3)] {
        has(&suite, person, held).await;
    }

    // Why, for people and for programs.
    let tree = said(&suite, &["route", "explain", &tickets[0].number]).await;
    assert!(tree.contains("who stands in: 1 person considered"), "{tree}");
    assert!(tree.contains("the ticket was handed over so"), "{tree}");
    let mut decisions = DecisionServiceClient::new(suite.channel("routing").await);
    let request = ExplainDecisionRequest { ticket: tickets[5].id.clone(), ..Default::default() };
    let explained = decisions.explain_decision(request).await.expect("an explanation").into_inner();
    let decision = explained.decision.expect("a decision");
    assert_eq!(
        (decision.state(), decision.from_person_id.as_str()),
        (DecisionState::Transferred, "qian.duo")
    );
    assert_eq!(explained.reassignment.expect("a reassignment").courses.len(), 2, "first the stand-in");

    // Both are full now: who hands over next keeps what nobody can take, and sees why.
    let kept = said(&suite, &["route", "reassign", "sun.li", "--yes"]).await;
    assert!(kept.contains("nobody able 3 of 3"), "{kept}");
    assert!(kept.contains("3 of 3 in hand  has as many as they may"), "{kept}");
    assert!(kept.contains("on leave: qian.duo"), "{kept}");
    assert_eq!(load(&suite, "sun.li").await, (3, 0));
    let mut reassignments = ReassignmentServiceClient::new(suite.channel("routing").await);
    let request = ListReassignmentsRequest { person_id: "sun.li".to_owned(), ..Default::default() };
    let listed = reassignments.list_reassignments(request).await.expect("a list").into_inner().reassignments;
    assert_eq!(listed.len(), 1);
    let request = GetReassignmentRequest { id: listed[0].id.clone() };
    let one = reassignments.get_reassignment(request).await.expect("one").into_inner();
    assert_eq!(one.state(), ReassignmentState::Finished);
    let shown = said(&suite, &["route", "reassignments", "show", &one.id]).await;
    assert!(shown.contains("nobody can take it"), "{shown}");
    // Back to the unit, for anybody there to accept: but for the suspended one, which nobody could.
    let back = said(&suite, &["route", "reassign", "sun.li", "--unit", "--yes"]).await;
    assert!(back.contains("transferred 2, refused 1 of 3"), "{back}");
    assert!(back.contains("the ticket is suspended: only a person can have it in hand"), "{back}");
    has(&suite, "sun.li", 1).await;
}
