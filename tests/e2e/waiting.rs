//! T14, T16, T17: help of another unit, a pause, a later deadline, through the client, with their clocks.

use gongdan_clock::{Clock as _, SystemClock};
use gongdan_e2e::{
    desk::{Desk, complaint},
    eventually::eventually,
    organisation::{self, COUNTY, ENVIRONMENT, STREET_OFFICE, request_id},
    suite::Suite,
};
use gongdan_proto::{
    common::v1::PrincipalKind,
    from_timestamp,
    routing::v1::{
        ImportOrganisationRequest, PrincipalRow, organisation_service_client::OrganisationServiceClient,
    },
    sla::v1::{
        Clock, ClockKind, ClockState, PolicyRule, PolicySet, PutPolicySetRequest,
        policy_service_client::PolicyServiceClient,
    },
    tickets::v1::{CreateTicketRequest, Phase, Ticket, TicketType},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// A suite whose noise complaints go to the environment bureau, which has a leader.
async fn suite() -> (Suite, Desk) {
    let suite = Suite::start().await;
    organisation::import(&suite).await;
    let leader = PrincipalRow {
        id: "zhang.hua".to_owned(),
        subject: "zhang.hua".to_owned(),
        name: "张华".to_owned(),
        kind: PrincipalKind::Person.into(),
        roles: vec!["unit_leader".to_owned()],
        unit_ids: vec![ENVIRONMENT.to_owned()],
        regions: vec![COUNTY.to_owned()],
        ..PrincipalRow::default()
    };
    let request = ImportOrganisationRequest {
        request_id: request_id(),
        principals: vec![leader],
        ..ImportOrganisationRequest::default()
    };
    let mut organisation = OrganisationServiceClient::new(suite.channel("routing").await);
    organisation.import_organisation(request).await.expect("the leader is imported");
    organisation::rule(&suite, "noise", "ticket.subject.contains('噪音')", ENVIRONMENT).await;
    let desk = Desk::open(&suite).await;
    (suite, desk)
}

/// A ticket that the environment bureau works on.
async fn in_progress(suite: &Suite, desk: &mut Desk, request: CreateTicketRequest) -> Ticket {
    let ticket = desk.create(request).await;
    let ticket = desk.in_phase(&ticket, Phase::Dispatched).await;
    run(suite, "li.wei", &["ticket", "accept", &ticket.number]).await;
    desk.in_phase(&ticket, Phase::InProgress).await
}

/// What the client answers somebody; waits until people are known everywhere.
async fn run(suite: &Suite, who: &str, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["--as", who, "-o", "json"]].concat();
    eventually(format!("{who}: {arguments:?}"), || {
        let arguments = &arguments;
        async move {
            let output = suite.cli(arguments).await;
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let unknown = said.contains("PRINCIPAL_UNKNOWN");
            assert!(output.status.success() || unknown, "{arguments:?}: {said}");
            output.status.success().then(|| serde_json::from_slice(&output.stdout).expect("JSON"))
        }
    })
    .await
}

/// Why the client refuses somebody.
async fn refused(suite: &Suite, who: &str, arguments: &[&str]) -> String {
    let output = suite.cli(&[arguments, &["--as", who]].concat()).await;
    assert!(!output.status.success(), "{arguments:?} by {who} was let through");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The ticket's clock of a kind, when it is as described.
async fn clock(desk: &Desk, ticket: &Ticket, kind: ClockKind, like: impl Fn(&Clock) -> bool) -> Clock {
    let like = &like;
    eventually(format!("the {} clock of {}", kind.as_str_name(), ticket.number), || {
        let (mut desk, ticket) = (desk.clone(), ticket.clone());
        async move {
            desk.clocks(&ticket).await.into_iter().find(|clock| clock.kind() == kind && like(clock))
        }
    })
    .await
}

fn due(clock: &Clock) -> Timestamp {
    from_timestamp(&clock.due_at.expect("a due time")).expect("an instant")
}

fn names(desk: &[gongdan_proto::tickets::v1::TicketEvent]) -> Vec<String> {
    let name = |entry: &gongdan_proto::tickets::v1::TicketEvent| {
        let change = format!("{:?}", entry.change.as_ref().expect("each entry says what happened"));
        change.split('(').next().unwrap_or_default().to_owned()
    };
    desk.iter().map(name).collect()
}

#[tokio::test]
async fn t14_lead_and_assisting_units_each_with_a_deadline_and_a_reply() {
    let (suite, mut desk) = suite().await;
    let ticket = in_progress(&suite, &mut desk, complaint("工地夜间施工噪音扰民")).await;
    let number = ticket.number.as_str();
    let asked =
        ["ticket", "assist", "request", number, "--unit", STREET_OFFICE, "--request", "请核查施工许可"];
    let answered = run(&suite, "li.wei", &asked).await;
    let assist = &answered["assists"][0];
    assert_eq!(assist["state"], "ASSIST_STATE_OWED");
    // no deadline was given: it is due when the policy says, and the clock says so too
    let running =
        clock(&desk, &ticket, ClockKind::Assist, |clock| clock.state() == ClockState::Running).await;
    // sla may have been too busy to be asked: then the clock says it to who reads the ticket
    let shown = eventually("when the help is due", || async {
        let shown = run(&suite, "li.wei", &["ticket", "get", number]).await;
        shown["assists"][0]["due_at"].as_str().map(ToOwned::to_owned)
    })
    .await;
    let given: Timestamp = assist["due_at"].as_str().unwrap_or(&shown).parse().expect("an instant");
    assert_eq!((due(&running), running.unit_id.as_str()), (given, STREET_OFFICE));

    let resolve =
        ["ticket", "resolve", number, "--outcome", "solved", "--solution", "已处理", "--reply", "已处理"];
    let owed = refused(&suite, "li.wei", &resolve).await;
    assert!(owed.contains(STREET_OFFICE), "{owed}");
    let reply = ["ticket", "assist", "reply", number, "--reply", "未办理夜间施工许可"];
    let replied = run(&suite, "wang.fang", &reply).await;
    assert_eq!(replied["assists"][0]["reply"], "未办理夜间施工许可");
    let stopped =
        clock(&desk, &ticket, ClockKind::Assist, |clock| clock.state() == ClockState::Stopped).await;
    assert!(!stopped.breached);
    run(&suite, "li.wei", &resolve).await;
    let told = names(&desk.timeline(&ticket).await);
    let of_assist: Vec<_> = told.iter().filter(|name| name.starts_with("Assist")).collect();
    assert_eq!(of_assist, ["AssistRequested", "AssistReplied"]);
}

#[tokio::test]
async fn t16_suspend_with_approval_stops_the_clocks_and_resume_goes_on_with_what_was_left() {
    let (suite, mut desk) = suite().await;
    let ticket = in_progress(&suite, &mut desk, complaint("工地夜间施工噪音扰民")).await;
    let number = ticket.number.as_str();
    let before =
        clock(&desk, &ticket, ClockKind::Handling, |clock| clock.state() == ClockState::Running).await;
    let until = (SystemClock.now() + SignedDuration::from_hours(48)).to_string();
    run(
        &suite,
        "li.wei",
        &["ticket", "suspend", "request", number, "--reason", "等待鉴定", "--until", &until],
    )
    .await;
    refused(&suite, "li.wei", &["ticket", "suspend", "approve", number]).await;
    let approved = run(&suite, "zhang.hua", &["ticket", "suspend", "approve", number]).await;
    assert_eq!(approved["phase"], "PHASE_SUSPENDED");
    let paused =
        clock(&desk, &ticket, ClockKind::Handling, |clock| clock.state() == ClockState::Paused).await;
    assert_eq!(due(&paused), due(&before), "as if the pause had not begun");
    let resumed = run(&suite, "li.wei", &["ticket", "resume", number]).await;
    assert_eq!(resumed["phase"], "PHASE_IN_PROGRESS");
    let after =
        clock(&desk, &ticket, ClockKind::Handling, |clock| clock.state() == ClockState::Running).await;
    assert_eq!((after.id.as_str(), after.turns.len()), (before.id.as_str(), 2), "the same clock goes on");

    // one whose time is short goes on by itself
    let soon = (SystemClock.now() + SignedDuration::from_secs(8)).to_string();
    run(
        &suite,
        "li.wei",
        &["ticket", "suspend", "request", number, "--reason", "等待鉴定", "--until", &soon],
    )
    .await;
    run(&suite, "zhang.hua", &["ticket", "suspend", "approve", number]).await;
    desk.in_phase(&ticket, Phase::InProgress).await;
    let told = names(&desk.timeline(&ticket).await);
    let expected =
        ["SuspensionRequested", "Suspended", "Resumed", "SuspensionRequested", "Suspended", "Resumed"];
    assert_eq!(told[told.len() - 6..], expected);
    desk.resolve(&ticket).await;
    let stopped =
        clock(&desk, &ticket, ClockKind::Handling, |clock| clock.state() == ClockState::Stopped).await;
    assert!(!stopped.breached);

    // S8: how it came to its due time, as tables and as a picture
    let file = tempfile::tempdir().expect("a directory");
    let picture = file.path().join("clock.svg");
    let svg = picture.to_str().expect("a path");
    let explained = run(&suite, "li.wei", &["sla", "explain", number, "--svg", svg]).await;
    let kinds: Vec<_> =
        explained["steps"].as_array().expect("steps").iter().map(|step| &step["turn"]["kind"]).collect();
    let turn = |kind: &str| json!(format!("CLOCK_TURN_KIND_{kind}"));
    let (paused, resumed) = (turn("PAUSED"), turn("RESUMED"));
    assert_eq!(kinds, [&Value::Null, &paused, &resumed, &paused, &resumed]);
    let stretches = explained["stretches"].as_array().expect("stretches");
    let ran: Vec<_> = stretches.iter().map(|stretch| stretch["ran"] == true).collect();
    assert_eq!(ran, [true, false, true, false, true]);
    let drawn = std::fs::read_to_string(&picture).expect("the picture");
    assert!(drawn.starts_with("<svg") && drawn.contains(number), "{drawn}");
    let said = suite.cli(&["sla", "explain", number, "--as", "li.wei", "--lang", "zh"]).await;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.contains("暂停") && said.contains("此后到期"), "{said}");
    let none = refused(&suite, "li.wei", &["sla", "explain", number, "--clock", "supervision"]).await;
    assert!(none.contains(number), "{none}");
}

#[tokio::test]
async fn t17_extension_only_before_the_deadline() {
    let (suite, mut desk) = suite().await;
    // consultations have seconds
    let rule = |kind: ClockKind, types: &[TicketType], amount: &str| PolicyRule {
        kind: kind.into(),
        types: types.iter().map(|kind| (*kind).into()).collect(),
        amount: amount.to_owned(),
        ..PolicyRule::default()
    };
    let hurry = PolicySet {
        key: "hotline".to_owned(),
        name: "热线工单时限".to_owned(),
        calendar: "cn".to_owned(),
        rules: vec![
            rule(ClockKind::Handling, &[TicketType::Consultation], "1s"),
            rule(ClockKind::Handling, &[], "15wd"),
        ],
        ..PolicySet::default()
    };
    let request = PutPolicySetRequest { request_id: request_id(), policy_set: Some(hurry) };
    PolicyServiceClient::new(suite.channel("sla").await)
        .put_policy_set(request)
        .await
        .expect("the set is put");

    let late =
        CreateTicketRequest { r#type: TicketType::Consultation.into(), ..complaint("噪音标准咨询") };
    let late = in_progress(&suite, &mut desk, late).await;
    let breached = clock(&desk, &late, ClockKind::Handling, |clock| clock.breached).await;
    let far = (SystemClock.now() + SignedDuration::from_hours(60 * 24)).to_string();
    let ask = |number: &str| -> Vec<String> {
        let words = ["ticket", "extend", "request", number, "--until", &far, "--reason", "案情复杂"];
        words.iter().map(ToString::to_string).collect()
    };
    let words = ask(&late.number);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // tickets hears of the deadline a moment after sla
    let said = eventually("the deadline is known to have passed", || {
        let (suite, words) = (&suite, &words);
        async move {
            let said = refused(suite, "li.wei", words).await;
            said.contains("a later one is asked for before it").then_some(said)
        }
    })
    .await;
    assert!(said.contains(&due(&breached).to_string()), "it names the deadline: {said}");

    // in time it is granted by somebody else, and moves the clock
    let ticket = in_progress(&suite, &mut desk, complaint("工地夜间施工噪音扰民")).await;
    let before =
        clock(&desk, &ticket, ClockKind::Handling, |clock| clock.state() == ClockState::Running).await;
    let words = ask(&ticket.number);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    eventually("the deadline is known", || {
        let (suite, words) = (&suite, [&words[..], &["--as", "li.wei"]].concat());
        async move { suite.cli(&words).await.status.success().then_some(()) }
    })
    .await;
    refused(&suite, "li.wei", &["ticket", "extend", "approve", &ticket.number]).await;
    let granted =
        run(&suite, "zhang.hua", &["ticket", "extend", "approve", &ticket.number, "--note", "同意"]).await;
    let granted = granted["extensions"][0]["approved_until"].as_str().expect("a deadline").to_owned();
    let granted: Timestamp = granted.parse().expect("an instant");
    let moved = clock(&desk, &ticket, ClockKind::Handling, |clock| due(clock) == granted).await;
    assert_eq!((moved.id.as_str(), moved.breached), (before.id.as_str(), false));
    let listed = run(&suite, "zhang.hua", &["ticket", "extend", "list", "--state", "approved"]).await;
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert_eq!(listed[0]["ticket_number"], json!(ticket.number));
}
