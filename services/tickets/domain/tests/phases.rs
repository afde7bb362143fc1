//! Every act in every phase: allowed exactly where the GLOSSARY says, refused elsewhere with phase and action.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;

use gongdan_tickets_domain::{
    Action, Actor, Answer, Change, Changed, CloseReason, Decision, Marks, Note, Outcome, Personal, Phase,
    PrincipalId, Reason, Refusal, ReplyText, Rules, Target, Ticket, UnitId,
    groups::form::Open,
    groups::review::{Proposal, SigningMode},
    workflow::{self, Acting, Standing, Workflow},
};
use support::{administrator, at, intake, member, new, reason, reply, request, solution, submitted, unit};
use uuid::Uuid;

fn in_phase(phase: Phase) -> Ticket {
    let mut ticket = submitted();
    ticket.phase = phase;
    if !matches!(phase, Phase::Draft | Phase::Quarantined | Phase::PendingDispatch) {
        ticket.lead_unit = Some(unit("tianhe-env"));
    }
    ticket
}

fn act(action: Action, ticket: Ticket) -> Result<Changed, Refusal> {
    let (by, rules) = (administrator(), Rules::default());
    match action {
        Action::Amend => ticket.discard(reason("误录"), &by, at(1)),
        Action::Answer => {
            let texts = request();
            ticket.answer(texts, Outcome::Explained, reply(), &by, at(1))
        }
        Action::Submit => ticket.submit(request().0, request().1, &by, at(1)),
        Action::Dispatch => ticket.dispatch(unit("yuexiu-env"), None, Note::default(), &by, at(1)),
        Action::Pool => {
            let version = ticket.version;
            let target = Target::Pool { unit: None, reason: "no rule".to_owned(), claim_limit: 0 };
            let decision =
                Decision { id: Uuid::from_u128(7), ticket_version: version, target, marks: Marks::default() };
            let phase = ticket.phase;
            match ticket.decide(decision, &by, at(1)) {
                Answer::Applied(changed) => Ok(changed),
                Answer::Refused(changed) => {
                    assert_eq!(changed.ticket.phase, phase);
                    let said = format!("the ticket is {phase}");
                    assert!(changed.events().all(
                        |e| matches!(&e.change, Change::DecisionRefused { reason, .. } if *reason == said)
                    ));
                    Err(Refusal::Phase { phase, action })
                }
            }
        }
        Action::Claim => ticket.claim(&by, at(1)),
        Action::Accept => ticket.accept(&by, at(1)),
        Action::Transfer => ticket.transfer(unit("yuexiu-env"), None, reason("不属于"), &by, at(1)),
        Action::Return => ticket.return_to_pool(reason("不属于"), &rules, &by, at(1)),
        Action::Resolve => ticket.resolve(
            Outcome::Solved,
            solution(),
            gongdan_tickets_domain::RootCause::default(),
            None,
            reply(),
            &by,
            at(1),
        ),
        Action::OpenCallback => ticket.open_callback(Uuid::from_u128(9), &by, at(1)),
        Action::Close => ticket.close(CloseReason::Timer, None, &by, at(1)),
        Action::Reopen => ticket.reopen(reason("没解决"), false, None, &rules, &by, at(1)),
        Action::Cancel => ticket.cancel(reason("误报"), &by, at(1)),
        Action::Urge => ticket.urge(Note::default(), &rules, &by, at(1)),
        Action::Erase => ticket.erase(Personal::ALL, false, &by, at(1)).map(Option::unwrap),
        Action::SubmitForReview | Action::ApproveReview | Action::RejectReview => review(action, ticket),
        Action::Advance => {
            let step = default_workflow().first_of(ticket.phase).map_or("none", |step| &step.key);
            ticket.advance(step, Note::default(), default_workflow(), &by, at(1))
        }
        Action::Migrate => ticket.migrate(default_workflow(), &[], &by, at(1)),
        // Each group has a table of its own beside its tests.
        other => panic!("{other} is another test's"),
    }
}

fn default_workflow() -> &'static Workflow {
    &workflow::shipped()[0]
}

fn review(action: Action, ticket: Ticket) -> Result<Changed, Refusal> {
    let proposal = |ticket: Ticket, by: &Actor| {
        ticket.submit_for_review(
            Proposal {
                id: Uuid::from_u128(5),
                outcome: Outcome::Solved,
                solution: solution(),
                root_cause: gongdan_tickets_domain::RootCause::default(),
                responsible_unit: None,
                reply: reply(),
                countersigners: Vec::new(),
                countersigning: SigningMode::AllOf,
            },
            default_workflow(),
            Acting::Program,
            by,
            at(1),
        )
    };
    if action == Action::SubmitForReview {
        return proposal(ticket, &administrator());
    }
    let ticket = if ticket.phase == Phase::InReview {
        let ticket = Ticket { phase: Phase::InProgress, ..ticket };
        proposal(ticket, &Actor { any_unit: true, ..member("tianhe-env") }).unwrap().ticket
    } else {
        ticket
    };
    let leader = Actor { unit_ids: vec![unit("tianhe-env")], ..administrator() };
    let standing = Standing { by: &leader, roles: &["unit_leader"], in_centre: false };
    if action == Action::ApproveReview {
        ticket.approve_review(Note::default(), default_workflow(), standing, at(2))
    } else {
        ticket.reject_review(None, reason("补充材料"), default_workflow(), standing, at(2))
    }
}

#[test]
fn the_table_of_phases_holds() {
    use Phase::{
        Cancelled, Closed, Dispatched, Draft, InCallback, InProgress, InReview, PendingDispatch, Quarantined,
        Resolved, Suspended,
    };
    let table: &[(Action, &[Phase], Phase)] = &[
        (Action::Submit, &[Draft], PendingDispatch),
        (Action::Dispatch, &[PendingDispatch], Dispatched),
        (Action::Pool, &[PendingDispatch], PendingDispatch),
        (Action::Claim, &[PendingDispatch], InProgress),
        (Action::Accept, &[Dispatched], InProgress),
        (Action::Transfer, &[Dispatched, InProgress], Dispatched),
        (Action::Return, &[Dispatched, InProgress], PendingDispatch),
        (Action::Resolve, &[InProgress, InReview], Resolved),
        (Action::OpenCallback, &[Resolved], InCallback),
        (Action::Close, &[Resolved, InCallback], Closed),
        (Action::Reopen, &[Resolved, InCallback, Closed], PendingDispatch),
        (Action::SubmitForReview, &[InProgress], InReview),
        (Action::ApproveReview, &[InReview], InReview),
        (Action::RejectReview, &[InReview], InProgress),
        (
            Action::Cancel,
            &[Draft, Quarantined, PendingDispatch, Dispatched, InProgress, Suspended, InReview],
            Cancelled,
        ),
    ];
    for (action, from, to) in table {
        for &phase in Phase::ALL {
            let result = act(*action, in_phase(phase));
            if from.contains(&phase) {
                assert_eq!(result.map(|c| c.ticket.phase), Ok(*to), "{action} in {phase}");
            } else {
                assert_eq!(
                    result.err(),
                    Some(Refusal::Phase { phase, action: *action }),
                    "{action} in {phase}"
                );
            }
        }
    }
    for &phase in Phase::ALL {
        let erased = act(Action::Erase, in_phase(phase));
        if phase.is_over() {
            assert_eq!(erased.map(|c| c.ticket.phase), Ok(phase), "erasing leaves the phase alone");
        } else {
            assert_eq!(erased.err(), Some(Refusal::Phase { phase, action: Action::Erase }));
        }
        let urged = act(Action::Urge, in_phase(phase));
        if phase.is_in_flight() {
            assert_eq!(urged.map(|c| c.ticket.phase), Ok(phase), "an urge leaves the phase alone");
        } else {
            assert_eq!(urged.err(), Some(Refusal::Phase { phase, action: Action::Urge }));
        }
    }
}

#[test]
fn only_the_unit_that_holds_it_acts_on_it() {
    let stranger = member("yuexiu-env");
    let ticket = in_phase(Phase::Dispatched);
    assert_eq!(ticket.clone().accept(&stranger, at(1)).err(), Some(Refusal::NotRecipient));
    assert_eq!(
        ticket.clone().return_to_pool(reason("x"), &Rules::default(), &stranger, at(1)).err(),
        Some(Refusal::NotRecipient)
    );
    let accepted = ticket.accept(&member("tianhe-env"), at(1)).unwrap().ticket;
    assert_eq!(accepted.handler.as_ref().map(ToString::to_string).as_deref(), Some("li.wei"));
    assert_eq!(accepted.accepted_at, Some(at(1)));
}

#[test]
fn a_ticket_is_not_handed_to_the_unit_that_has_it_but_to_another_person_there() {
    let by = member("tianhe-env");
    let hand = |ticket: Ticket, person: Option<&str>| {
        let person = person.map(|id| PrincipalId::parse(id).unwrap());
        ticket.transfer(unit("tianhe-env"), person, reason("x"), &by, at(1))
    };
    let refusal = Some(Refusal::SameUnit(unit("tianhe-env")));
    assert_eq!(hand(in_phase(Phase::InProgress), None).err(), refusal);
    let given = hand(in_phase(Phase::InProgress), Some("sun.li")).unwrap().ticket;
    assert_eq!((given.phase, given.transfer_count), (Phase::Dispatched, 1));
    assert_eq!(given.handler, PrincipalId::parse("sun.li").ok());
    assert_eq!(hand(given, Some("sun.li")).err(), refusal, "that person has it");
}

#[test]
fn too_many_returns_go_to_arbitration_and_routing_leaves_them_alone() {
    let rules = Rules { max_returns: 1, ..Rules::default() };
    let mut ticket = submitted();
    for (round, expected) in [(1, ["returned"].as_slice()), (2, &["returned", "pooled"])] {
        let by = administrator();
        ticket = ticket.dispatch(unit("a"), None, Note::default(), &by, at(round)).unwrap().ticket;
        let changed = ticket.return_to_pool(reason("不属于"), &rules, &by, at(round)).unwrap();
        assert_eq!(changed.events().map(|e| e.change.name()).collect::<Vec<_>>(), expected);
        ticket = changed.ticket;
    }
    assert!(ticket.arbitration);
    assert_eq!((ticket.return_count, ticket.returned_by.len()), (2, 2));
    let decision = decision(&ticket, unit("b"));
    let refused = ticket.clone().decide(decision, &administrator(), at(3)).into_changed();
    assert_eq!(refused.ticket.phase, Phase::PendingDispatch);
    let decided = ticket.dispatch(unit("b"), None, Note::default(), &administrator(), at(4)).unwrap().ticket;
    assert!(!decided.arbitration);
}

fn decision(ticket: &Ticket, to: UnitId) -> Decision {
    let target = Target::Unit { unit: to, person: None };
    Decision { id: Uuid::from_u128(1), ticket_version: ticket.version, target, marks: Marks::default() }
}

#[test]
fn a_decision_survives_an_urge_but_not_a_return() {
    let ticket = submitted();
    let early = decision(&ticket, unit("a"));
    let urged = ticket.urge(Note::default(), &Rules::default(), &administrator(), at(1)).unwrap().ticket;
    let dispatched = urged.decide(early.clone(), &administrator(), at(2)).into_changed().ticket;
    assert_eq!((dispatched.phase, dispatched.decision_id), (Phase::Dispatched, Some(early.id)));
    let returned =
        dispatched.return_to_pool(reason("x"), &Rules::default(), &member("a"), at(3)).unwrap().ticket;
    let refused = returned.decide(early, &administrator(), at(4)).into_changed();
    assert_eq!(refused.events().map(|e| e.change.name()).collect::<Vec<_>>(), ["decision_refused"]);
    assert_eq!(refused.ticket.phase, Phase::PendingDispatch);
}

#[test]
fn urges_are_counted_and_told_once_within_the_window() {
    let rules = Rules { urge_window: jiff::SignedDuration::from_secs(100), ..Rules::default() };
    let mut ticket = in_phase(Phase::InProgress);
    let mut told = Vec::new();
    for second in [0, 60, 99, 100, 150, 201] {
        let changed = ticket.urge(Note::default(), &rules, &administrator(), at(second)).unwrap();
        told.push(matches!(
            changed.events().next().unwrap().change,
            gongdan_tickets_domain::Change::Urged { told: Some(_), .. }
        ));
        ticket = changed.ticket;
    }
    assert_eq!(told, [true, false, false, true, false, true]);
    assert_eq!(ticket.urge_count, 6);
}

#[test]
fn a_closed_ticket_is_reopened_within_the_window_only() {
    let rules = Rules { reopen_window: jiff::SignedDuration::from_hours(24), ..Rules::default() };
    let mut ticket = in_phase(Phase::Closed);
    ticket.closed_at = Some(at(0));
    let reopened =
        ticket.clone().reopen(reason("x"), true, None, &rules, &administrator(), at(86_400)).unwrap().ticket;
    assert_eq!((reopened.phase, reopened.round, reopened.closed_at), (Phase::InProgress, 2, None));
    let late = ticket.reopen(reason("x"), true, None, &rules, &administrator(), at(86_401));
    assert_eq!(late.err(), Some(Refusal::ReopenWindowOver { days: 1 }));
}

#[test]
fn reasons_are_needed() {
    assert!(Reason::parse("  ").is_err());
}

#[test]
fn a_draft_that_leaves_something_open_goes_nowhere() {
    let mut intake = intake();
    intake.form.open = vec![Open::Region];
    let draft = Ticket::saved(new(), intake, &administrator(), at(0)).ticket;
    let refusal = Refusal::Incomplete { open: vec![Open::Region] };
    let ((subject, body), by) = (request(), administrator());
    assert_eq!(draft.clone().submit(subject.clone(), body.clone(), &by, at(1)).unwrap_err(), refusal);
    let until = at(1000);
    assert_eq!(
        draft.clone().quarantine(subject.clone(), body.clone(), until, &by, at(1)).unwrap_err(),
        refusal
    );
    let (outcome, reply) = (Outcome::Solved, ReplyText::parse("已答复").unwrap());
    assert_eq!(draft.clone().answer((subject, body), outcome, reply, &by, at(1)).unwrap_err(), refusal);
    assert!(draft.discard(Reason::parse("误存").unwrap(), &by, at(1)).is_ok());
}
