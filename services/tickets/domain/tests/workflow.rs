//! Workflow as data: what is refused of a definition, and what a definition refuses of acts. Source: T31.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;

use gongdan_tickets_domain::{
    Change, Note, Outcome, Phase, Priority, Refusal, RootCause, Rules, Ticket,
    workflow::{Acting, DEFAULT, Definition, Fault, Needed, Place, SHIPPED, Workflow, govern, shipped},
};
use support::{administrator, at, intake, member, new, reason, reply, solution, submitted, unit};

const SMALL: &str = r#"
key = "small"
name = { zh = "小", en = "Small" }

[[step]]
key = "new"
phase = "pending_dispatch"
name = { zh = "新", en = "New" }

[[step]]
key = "sent"
phase = "dispatched"
name = { zh = "派", en = "Sent" }

[[step]]
key = "work"
phase = "in_progress"
name = { zh = "办", en = "Work" }

[[step]]
key = "done"
phase = "resolved"
name = { zh = "完", en = "Done" }

[[step]]
key = "end"
phase = "closed"
name = { zh = "归", en = "End" }

[[transition]]
action = "submit"
from = ["start"]
to = "new"

[[transition]]
action = "dispatch"
from = ["new"]
to = "sent"

[[transition]]
action = "accept"
from = ["sent"]
to = "work"

[[transition]]
action = "resolve"
from = ["work"]
to = "done"

[[transition]]
action = "close"
from = ["done"]
to = "end"
"#;

fn check(text: &str) -> Result<Workflow, Vec<Fault>> {
    Workflow::check(Definition::parse(text).unwrap(), 1)
}

/// The faults of the small definition after a change.
fn faults(from: &str, to: &str) -> Vec<String> {
    assert!(SMALL.contains(from), "{from} is not in the definition");
    let faults = check(&SMALL.replacen(from, to, 1)).expect_err("it was accepted");
    faults.iter().map(ToString::to_string).collect()
}

fn extended(more: &str) -> Vec<String> {
    match check(&format!("{SMALL}\n{more}")) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn the_small_one_and_those_that_ship_are_good() {
    check(SMALL).unwrap();
    for (key, text) in SHIPPED {
        let definition = Definition::parse(text).unwrap_or_else(|error| panic!("{key}: {error}"));
        let workflow = Workflow::check(definition.clone(), 1).unwrap_or_else(|faults| {
            panic!("{key}: {}", faults.iter().map(|f| format!("{f}\n")).collect::<String>())
        });
        assert_eq!(workflow.key(), key);
        assert_eq!(
            Definition::parse(&definition.to_toml()).unwrap(),
            definition,
            "{key}: written and read again"
        );
    }
    assert_eq!(shipped().len(), SHIPPED.len());
    assert_eq!(shipped()[0].key(), DEFAULT);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (from, to, expected) in [
        ("key = \"small\"", "key = \"Small One\"", "key: 1 to 40 of a-z, 0-9, '-', '_'"),
        ("zh = \"小\"", "zh = \" \"", "name.zh: 1 to 100 characters, one line"),
        ("key = \"sent\"", "key = \"start\"", "step[2].key: `start` is where tickets begin, and no step"),
        (
            "phase = \"dispatched\"",
            "phase = \"sent\"",
            "step[2].phase: unknown phase `sent`; there are draft, quarantined,",
        ),
        (
            "action = \"accept\"",
            "action = \"take\"",
            "transition[3].action: unknown action `take`; there are save, submit,",
        ),
        ("to = \"sent\"", "to = \"away\"", "transition[2].to: no step `away`"),
        ("from = [\"sent\"]", "from = [\"away\"]", "transition[3].from: no step `away`"),
        ("from = [\"sent\"]", "from = [\"sent\", \"sent\"]", "transition[3].from: `sent` is named twice"),
        ("from = [\"sent\"]", "from = []", "transition[3].from: at least one step, or `start`"),
        (
            "from = [\"sent\"]",
            "from = [\"sent\", \"new\"]",
            "transition[3]: `accept` leads from dispatched to in_progress; not from `new` (pending_dispatch) to `work` (in_progress)",
        ),
        (
            "action = \"close\"\nfrom = [\"done\"]\nto = \"end\"",
            "action = \"close\"\nfrom = [\"done\"]\nto = \"work\"",
            "transition[5]: `close` leads from resolved, in_callback to closed; not from `done` (resolved) to `work` (in_progress)",
        ),
        (
            "from = [\"sent\"]",
            "from = [\"sent\"]\nroles = [\"king\"]",
            "transition[3].roles: unknown role `king`; there are citizen, agent,",
        ),
        (
            "from = [\"sent\"]",
            "from = [\"sent\"]\nguard = \"ticket.priority < 3 && tiket.type == 'x'\"",
            "transition[3].guard (line 1, column 24): unknown variable `tiket`; there are ticket and actor",
        ),
        (
            "from = [\"sent\"]",
            "from = [\"sent\"]\nguard = \"ticket.colour == 'red'\"",
            "transition[3].guard (line 1, column 1): unknown field `ticket.colour`; there are type, item,",
        ),
        (
            "from = [\"sent\"]",
            "from = [\"sent\"]\nguard = \"shout(ticket.type)\"",
            "transition[3].guard (line 1, column 6): unknown function shout",
        ),
        (
            "from = [\"sent\"]",
            "from = [\"sent\"]\nguard = \"ticket.priority\"",
            "transition[3].guard (line 1, column 7): gives a value of type Int, not true or false",
        ),
        (
            "from = [\"sent\"]",
            "from = [\"sent\"]\nguard = \"ticket.item_path[1] == 'x'\"",
            "transition[3].guard (line 1, column 17): on the sample \"anonymous consultation\": no element of this number in the list",
        ),
        (
            "phase = \"resolved\"",
            "phase = \"resolved\"\nreview = { mode = \"any_of\", signers = [{ role = \"auditor\" }] }",
            "step[4].review: only steps of phase in_review are signed",
        ),
    ] {
        let found = faults(from, to);
        assert!(
            found.iter().any(|fault| fault.starts_with(expected)),
            "{to}\nexpected {expected}\nfound {found:#?}"
        );
    }
}

#[test]
fn steps_that_cannot_be_reached_or_left_are_named() {
    let step = |key: &str, phase: &str| {
        format!("[[step]]\nkey = \"{key}\"\nphase = \"{phase}\"\nname = {{ zh = \"步\", en = \"Step\" }}\n")
    };
    let way = |action: &str, from: &str, to: &str| {
        format!("[[transition]]\naction = \"{action}\"\nfrom = [\"{from}\"]\nto = \"{to}\"\n")
    };
    let unreachable = extended(&(step("island", "in_progress") + &way("resolve", "island", "done")));
    assert_eq!(unreachable, ["step[6]: `island` cannot be reached from the start"]);
    let dead = extended(&(step("pit", "in_progress") + &way("advance", "work", "pit")));
    assert_eq!(dead, ["step[6]: `pit`: nothing leads on: a dead end"]);
    let round = extended(
        &(step("pit", "in_progress")
            + &step("pit2", "in_progress")
            + &way("advance", "work", "pit")
            + &way("advance", "pit", "pit2")
            + &way("advance", "pit2", "pit")),
    );
    assert_eq!(
        round,
        [
            "step[6]: `pit`: no way leads out to a closed ticket",
            "step[7]: `pit2`: no way leads out to a closed ticket"
        ]
    );
    let given_up = extended(
        &(step("pit", "in_progress")
            + &step("gone", "cancelled")
            + &way("advance", "work", "pit")
            + &way("cancel", "pit", "gone")),
    );
    assert_eq!(
        given_up,
        ["step[6]: `pit`: no way leads out to a closed ticket"],
        "to be cancelled is no way out"
    );
    let double = extended(&step("work", "in_progress"));
    assert_eq!(double, ["step[6].key: `work` is the name of step[3] already"]);
    let shadowed = extended(&way("resolve", "work", "done"));
    assert_eq!(shadowed, ["transition[6]: never taken from `work`: transition[4] always is"]);
    let unsigned = extended(
        &(step("review", "in_review")
            + &way("submit_for_review", "work", "review")
            + &way("resolve", "review", "done")
            + &way("reject", "review", "work")),
    );
    assert_eq!(unsigned, ["step[6].review: a step in review says who signs"]);
}

#[test]
fn guards_that_shut_a_sample_in_are_named() {
    let guarded = faults("action = \"resolve\"", "action = \"resolve\"\nguard = \"!ticket.sensitive\"");
    assert_eq!(
        guarded,
        [
            "step[1]: `new`: for the sample \"sensitive report\" the guards leave no way out",
            "step[2]: `sent`: for the sample \"sensitive report\" the guards leave no way out",
            "step[3]: `work`: for the sample \"sensitive report\" the guards leave no way out",
        ]
    );
    let later =
        SMALL.replacen("action = \"resolve\"", "action = \"resolve\"\nguard = \"ticket.urge_count > 0\"", 1);
    check(&later).unwrap();
}

#[test]
fn a_signer_is_a_person_or_a_role_and_named_once() {
    let review = |signers: &str| {
        extended(&format!(
            "[[step]]\nkey = \"review\"\nphase = \"in_review\"\nname = {{ zh = \"审\", en = \"Review\" }}\n\
             review = {{ mode = \"all_of\", signers = [{signers}] }}\n\
             [[transition]]\naction = \"submit_for_review\"\nfrom = [\"work\"]\nto = \"review\"\n\
             [[transition]]\naction = \"resolve\"\nfrom = [\"review\"]\nto = \"done\"\n\
             [[transition]]\naction = \"reject\"\nfrom = [\"review\"]\nto = \"work\"\n"
        ))
    };
    assert!(
        review(
            "{ role = \"auditor\" }, { role = \"unit_leader\", unit = \"@lead\" }, { person = \"li.wei\" }"
        )
        .is_empty()
    );
    for (signers, expected) in [
        ("", "step[6].review.signers: 1 to 20 of them"),
        ("{ }", "step[6].review.signers[1]: a person, or a role"),
        ("{ role = \"auditor\", person = \"li.wei\" }", "step[6].review.signers[1]: a person, or a role"),
        (
            "{ role = \"auditor\" }, { role = \"auditor\" }",
            "step[6].review.signers[2]: auditor signs here already",
        ),
        ("{ role = \"boss\" }", "step[6].review.signers[1].role: unknown role `boss`"),
        (
            "{ role = \"auditor\", unit = \"@top\" }",
            "step[6].review.signers[1].unit: `@lead`, `@centre`, or a unit's id",
        ),
    ] {
        let found = review(signers);
        assert!(found.iter().any(|fault| fault.starts_with(expected)), "{signers}: {found:?}");
    }
}

#[test]
fn text_that_is_no_definition_is_refused_where_it_begins_to_be_none() {
    for (text, line, message) in [
        ("key = ", 1, ""),
        ("key = \"a\"\nnaem = 1\n", 2, "unknown field `naem`"),
        (
            "key = \"a\"\nname = { zh = \"a\", en = \"a\" }\n[[step]]\nphase = \"draft\"\n",
            3,
            "missing field `key`",
        ),
    ] {
        let error = Definition::parse(text).unwrap_err();
        assert_eq!(error.line, line, "{text}: {error}");
        assert!(error.message.contains(message), "{text}: {error}");
    }
}

fn default() -> &'static Workflow {
    &shipped()[0]
}

const NOBODY: Acting<'_> = Acting::Program;

fn step_of(ticket: &Ticket) -> &str {
    ticket.groups.workflow.place.as_ref().map_or("", |place| &place.step)
}

#[test]
fn acts_stamp_the_step_they_lead_to_and_the_fold_agrees() {
    let handler = ["handler"];
    let begun =
        govern(default(), Ticket::submitted(new(), intake(), &administrator(), at(0)), NOBODY).unwrap();
    assert_eq!(step_of(&begun.ticket), "pending");
    let mut fold = begun.ticket.clone();
    let mut ticket = begun.ticket;
    let mut steps = Vec::new();
    type Act = fn(Ticket) -> Result<gongdan_tickets_domain::Changed, Refusal>;
    let acts: [Act; 5] = [
        |t| t.dispatch(unit("a"), None, Note::default(), &administrator(), at(1)),
        |t| t.urge(Note::default(), &Rules::default(), &administrator(), at(2)),
        |t| t.accept(&member("a"), at(3)),
        |t| t.transfer(unit("b"), None, reason("x"), &member("a"), at(4)),
        |t| t.return_to_pool(reason("x"), &Rules { max_returns: 0, ..Rules::default() }, &member("b"), at(5)),
    ];
    for act in acts {
        let acting = if ticket.phase == Phase::PendingDispatch { NOBODY } else { Acting::Roles(&handler) };
        let changed = govern(default(), act(ticket).unwrap(), acting).unwrap();
        for (event, after) in &changed.steps {
            fold.evolve(event);
            assert_eq!(fold, *after, "{}", event.change.name());
            steps.push(step_of(after).to_owned());
        }
        ticket = changed.ticket;
        assert_eq!(fold, ticket);
    }
    assert_eq!(steps, ["dispatched", "dispatched", "handling", "dispatched", "pending", "pending"]);
}

#[test]
fn a_refused_act_says_what_it_would_have_needed() {
    let admin = administrator();
    let dispatched = submitted().dispatch(unit("a"), None, Note::default(), &admin, at(1)).unwrap();
    let roles = ["analyst"];
    assert_eq!(
        govern(default(), dispatched.clone(), Acting::Roles(&roles)).unwrap_err(),
        Refusal::Step {
            step: "pending".to_owned(),
            action: "dispatch",
            needed: Needed::Roles(vec!["dispatcher".to_owned(), "administrator".to_owned()]),
        }
    );
    let mut ticket = govern(default(), dispatched, NOBODY).unwrap().ticket;
    ticket = govern(default(), ticket.accept(&member("a"), at(2)).unwrap(), NOBODY).unwrap().ticket;
    ticket.sensitive = true;
    let resolve = |ticket: Ticket| {
        ticket
            .resolve(Outcome::Solved, solution(), RootCause::default(), None, reply(), &member("a"), at(3))
            .unwrap()
    };
    let refused = govern(default(), resolve(ticket.clone()), NOBODY).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "resolve is not possible at step handling: sensitive tickets are resolved by review (敏感工单须送审后办结): it needs `!ticket.sensitive`"
    );
    ticket.sensitive = false;
    assert_eq!(step_of(&govern(default(), resolve(ticket.clone()), NOBODY).unwrap().ticket), "resolved");
    let small = check(SMALL).unwrap();
    let returned = ticket.return_to_pool(reason("x"), &Rules::default(), &member("a"), at(3)).unwrap();
    assert_eq!(
        govern(&small, returned, NOBODY).unwrap_err().to_string(),
        "return is not possible at step work: the workflow has no way for it"
    );
}

#[test]
fn of_several_ways_the_first_whose_guard_holds_is_taken_and_a_ticket_resumes_where_it_was_worked_on() {
    let field = shipped().iter().find(|w| w.key() == "field-service").unwrap();
    let admin = administrator();
    let mut ticket = govern(field, Ticket::submitted(new(), intake(), &admin, at(0)), NOBODY).unwrap().ticket;
    ticket = govern(field, ticket.claim(&admin, at(1)).unwrap(), NOBODY).unwrap().ticket;
    assert_eq!(step_of(&ticket), "diagnosis");
    let advanced = ticket.clone().advance("on-site", Note::default(), field, &admin, at(2)).unwrap();
    assert!(matches!(&advanced.steps[0].0.change, Change::Workflow(_)));
    ticket = govern(field, advanced, NOBODY).unwrap().ticket;
    assert_eq!((step_of(&ticket), ticket.phase), ("on-site", Phase::InProgress));
    let elsewhere = ticket.clone().advance("resolved", Note::default(), field, &admin, at(3)).unwrap_err();
    assert_eq!(elsewhere.to_string(), "the step may be one of: diagnosis, appointment, on-site, check");
    let back = ticket.clone().advance("diagnosis", Note::default(), field, &admin, at(3)).unwrap();
    assert_eq!(
        govern(field, back, NOBODY).unwrap_err().to_string(),
        "advance is not possible at step on-site: the workflow has no way for it"
    );
    let early =
        ticket.resolve(Outcome::Solved, solution(), RootCause::default(), None, reply(), &admin, at(3));
    assert_eq!(
        govern(field, early.unwrap(), NOBODY).unwrap_err().to_string(),
        "resolve is not possible at step on-site: it is possible at check, sign-off"
    );
}

#[test]
fn tickets_from_before_there_were_workflows_stand_at_the_first_step_of_their_phase() {
    let mut ticket = submitted();
    ticket.phase = Phase::InProgress;
    ticket.lead_unit = Some(unit("a"));
    assert_eq!(ticket.step_in(default()), "handling");
    let changed = govern(
        default(),
        ticket.urge(Note::default(), &Rules::default(), &administrator(), at(1)).unwrap(),
        NOBODY,
    );
    assert_eq!(step_of(&changed.unwrap().ticket), "handling");
}

#[test]
fn a_ticket_goes_over_to_another_version_where_its_step_is_or_is_said_to_be() {
    let admin = administrator();
    let place = |ticket: &Ticket| ticket.groups.workflow.place.clone().unwrap();
    let one = check(SMALL).unwrap();
    let two = check(&SMALL.replace("\"work\"", "\"labour\"")).unwrap().at_version(2);
    let mut ticket = govern(&one, Ticket::submitted(new(), intake(), &admin, at(0)), NOBODY).unwrap().ticket;
    let same =
        govern(&two, ticket.clone().migrate(&two, &[], &admin, at(1)).unwrap(), NOBODY).unwrap().ticket;
    assert_eq!((place(&same).version, step_of(&same), same.phase), (2, "new", Phase::PendingDispatch));
    ticket = govern(&one, ticket.dispatch(unit("a"), None, Note::default(), &admin, at(2)).unwrap(), NOBODY)
        .unwrap()
        .ticket;
    ticket = govern(&one, ticket.accept(&member("a"), at(3)).unwrap(), NOBODY).unwrap().ticket;
    let mapped = [("work".to_owned(), "labour".to_owned())];
    let moved =
        govern(&two, ticket.clone().migrate(&two, &mapped, &admin, at(4)).unwrap(), NOBODY).unwrap().ticket;
    assert_eq!((step_of(&moved), moved.phase, moved.version), ("labour", Phase::InProgress, 4));
    // Suspended, it goes back to where it was worked on, as that is called now.
    let waiting = Place { step: "waiting".to_owned(), ..place(&ticket) };
    let mut suspended = ticket.clone();
    (suspended.phase, suspended.groups.workflow.place) = (Phase::Suspended, Some(waiting));
    let waits = "[[step]]\nkey = \"waiting\"\nphase = \"suspended\"\nname = { zh = \"等\", en = \"Wait\" }\n
[[transition]]\naction = \"suspend\"\nfrom = [\"labour\"]\nto = \"waiting\"\n
[[transition]]\naction = \"resume\"\nfrom = [\"waiting\"]\nto = \"labour\"\n";
    let three = format!("{}\n{waits}", SMALL.replace("\"work\"", "\"labour\""));
    let three = check(&three).unwrap().at_version(3);
    let moved =
        govern(&three, suspended.migrate(&three, &mapped, &admin, at(4)).unwrap(), NOBODY).unwrap().ticket;
    assert_eq!((step_of(&moved), place(&moved).worked_at.as_str()), ("waiting", "labour"));
    let wrong = [("work".to_owned(), "done".to_owned())];
    assert!(
        ticket.migrate(&two, &wrong, &admin, at(4)).is_err(),
        "to a step of another phase it does not go"
    );
    assert_eq!(Priority::P4.number(), 4);
}
