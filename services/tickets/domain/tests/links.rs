//! Links, parts, repeats, merges. Source: T10, T11.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;

use gongdan_tickets_domain::{
    Action, Actor, Changed, Note, Phase, Refusal, Rules, Ticket,
    groups::links::{LinkKind, MOST_REPEATS, link, merge, undo_merge, unlink},
};
use proptest::prelude::*;
use support::{administrator, at, intake, new, reason, unit};
use uuid::Uuid;

fn ticket(id: u128) -> Ticket {
    let new = gongdan_tickets_domain::New { id: Uuid::from_u128(id), number: format!("GD{id:016}"), ..new() };
    Ticket::submitted(new, intake(), &administrator(), at(0)).ticket
}

fn linked(one: Ticket, other: Ticket, kind: LinkKind) -> Result<(Ticket, Ticket), Refusal> {
    let (one, other) = link(one, other, kind, &Note::default(), &administrator(), at(1))?;
    Ok((one.ticket, other.ticket))
}

/// Without what a merge and its undoing leave behind on purpose.
fn bare(ticket: &Ticket) -> Ticket {
    Ticket { version: 0, chain: Vec::new(), ..ticket.clone() }
}

#[test]
fn each_link_has_its_counterpart() {
    for kind in LinkKind::ALL.iter().filter(|kind| !kind.is_merge()) {
        let (one, other) = linked(ticket(1), ticket(2), *kind).unwrap();
        assert_eq!(one.groups.links.with(other.id).map(|link| link.kind), Some(*kind));
        assert_eq!(other.groups.links.with(one.id).map(|link| link.kind), Some(kind.counterpart()));
        let (one, other) = unlink(one, other, &Note::default(), &administrator(), at(2)).unwrap();
        assert_eq!(bare(&one.ticket), bare(&ticket(1)), "{kind}");
        assert_eq!(bare(&other.ticket), bare(&ticket(2)), "{kind}");
    }
}

#[test]
fn what_cannot_be_linked_is_refused() {
    let refused = |one: &Ticket, other: &Ticket, kind| linked(one.clone(), other.clone(), kind).unwrap_err();
    let (parent, child) = linked(ticket(1), ticket(2), LinkKind::ParentOf).unwrap();
    assert_eq!(refused(&parent, &parent, LinkKind::Related), Refusal::SameTicket);
    assert_eq!(refused(&parent, &child, LinkKind::Related), Refusal::LinkedAlready(child.number.clone()));
    assert_eq!(refused(&child, &ticket(3), LinkKind::ParentOf), Refusal::TwoLevels);
    assert_eq!(refused(&parent, &ticket(3), LinkKind::ChildOf), Refusal::TwoLevels);
    assert_eq!(refused(&ticket(3), &child, LinkKind::ChildOf), Refusal::TwoLevels);
    assert_eq!(refused(&child, &ticket(3), LinkKind::ChildOf), Refusal::TwoLevels, "of one only");
    let (repeat, _) = linked(ticket(4), ticket(5), LinkKind::RepeatOf).unwrap();
    assert_eq!(refused(&repeat, &ticket(6), LinkKind::RepeatOf), Refusal::RepeatAlready);
    let nothing = unlink(ticket(7), ticket(8), &Note::default(), &administrator(), at(2)).unwrap_err();
    assert_eq!(nothing, Refusal::NotLinked(ticket(8).number));
    let draft = Ticket::saved(new(), intake(), &administrator(), at(0)).ticket;
    assert!(matches!(
        refused(&draft, &ticket(9), LinkKind::Related),
        Refusal::Phase { action: Action::Link, .. }
    ));
}

#[test]
fn all_repeats_are_counted_and_the_newest_named() {
    let mut original = ticket(1);
    let mut first = None;
    for id in 0..u128::try_from(MOST_REPEATS).unwrap() + 5 {
        let (repeat, counted) = linked(ticket(id + 10), original, LinkKind::RepeatOf).unwrap();
        first.get_or_insert(repeat);
        original = counted;
    }
    assert_eq!(original.groups.links.repeat_count, 105);
    assert_eq!(original.groups.links.links.len(), MOST_REPEATS);
    // The first one is no longer named there, but can be unlinked all the same.
    let (_, original) = unlink(first.unwrap(), original, &Note::default(), &administrator(), at(2)).unwrap();
    assert_eq!(original.ticket.groups.links.repeat_count, 104);
    assert_eq!(original.ticket.groups.links.links.len(), MOST_REPEATS);
}

#[test]
fn a_split_ticket_goes_on_and_its_parts_are_its_children() {
    let parts = [(Uuid::from_u128(7), "GD7".to_owned()), (Uuid::from_u128(8), "GD8".to_owned())];
    let changed = ticket(1).split(&parts, &Note::default(), &administrator(), at(3)).unwrap();
    assert_eq!(changed.ticket.phase, Phase::PendingDispatch);
    let names: Vec<_> = changed.events().map(|event| event.change.name()).collect();
    assert_eq!(names, ["split", "linked", "linked"]);
    let parent = changed.ticket;
    let new = gongdan_tickets_domain::New { id: parts[0].0, number: parts[0].1.clone(), external: None };
    let part = Ticket::submitted(new, intake(), &administrator(), at(3));
    let part = Ticket::begins_as(part, LinkKind::ChildOf, &parent, &Note::default(), &administrator(), at(3))
        .unwrap();
    assert_eq!(part.ticket.groups.links.of(LinkKind::ChildOf).count(), 1);
    assert_eq!(
        part.ticket.split(&parts[1..], &Note::default(), &administrator(), at(4)).unwrap_err(),
        Refusal::TwoLevels
    );
}

#[test]
fn a_ticket_is_done_when_its_parts_are() {
    let parts = |phase| [("GD7".to_owned(), Phase::Closed), ("GD8".to_owned(), phase)];
    for phase in Phase::ALL {
        let done = matches!(phase, Phase::Resolved | Phase::InCallback | Phase::Closed | Phase::Cancelled);
        assert_eq!(ticket(1).require_parts_done(&parts(*phase)).is_ok(), done, "{phase}");
    }
}

#[test]
fn a_merged_ticket_comes_back_by_undoing_only() {
    let (source, target) = merge(ticket(1), ticket(2), &reason("同一件事"), &administrator(), at(5)).unwrap();
    assert_eq!(source.ticket.phase, Phase::Closed);
    assert_eq!(target.ticket.phase, Phase::PendingDispatch);
    let rules = Rules::default();
    let reopened = source.ticket.clone().reopen(reason("再来"), false, None, &rules, &administrator(), at(6));
    assert_eq!(reopened.unwrap_err(), Refusal::IsMerged(target.ticket.number));
    let again = merge(ticket(3), source.ticket.clone(), &reason("x"), &administrator(), at(6));
    assert!(matches!(again.unwrap_err(), Refusal::Phase { action: Action::MergeInto, .. }));
    let other = undo_merge(source.ticket, ticket(3), &ticket(1), &reason("x"), &administrator(), at(6));
    assert_eq!(other.unwrap_err(), Refusal::NotMerged);
    let (parent, _) = linked(ticket(1), ticket(4), LinkKind::ParentOf).unwrap();
    assert_eq!(
        merge(parent, ticket(2), &reason("x"), &administrator(), at(6)).unwrap_err(),
        Refusal::HasParts
    );
}

/// What waited waits again, also when something happened to the ticket while it was merged.
#[test]
fn what_was_asked_for_outlasts_a_merge_that_is_undone() {
    let by = administrator();
    let open = ticket(1).dispatch(unit("a"), None, Note::default(), &by, at(1)).unwrap().ticket;
    let open = open.accept(&by, at(2)).unwrap().ticket;
    let asked = open.request_assist(Uuid::from_u128(9), unit("b"), None, reason("请协助"), &by, at(3));
    let rules = Rules { suspension_approval: false, ..Rules::default() };
    let id = Uuid::from_u128(8);
    let waits = asked.unwrap().ticket.request_suspension(id, None, reason("等材料"), &rules, &by, at(4));
    let waits = waits.unwrap().ticket;
    assert_eq!(waits.phase, Phase::Suspended);
    let (merged, into) = merge(waits.clone(), ticket(2), &reason("同一件事"), &by, at(5)).unwrap();
    let late = merged.ticket.refuse_decision(Uuid::from_u128(7), "too late".to_owned(), &by, at(6)).ticket;
    let (undone, _) = undo_merge(late, into.ticket, &waits, &reason("弄错了"), &by, at(7)).unwrap();
    assert_eq!(bare(&undone.ticket), bare(&waits));
    assert!(undone.ticket.resume(Note::default(), &by, at(8)).is_ok());
}

/// A way to go before the merge.
#[derive(Debug, Clone, Copy)]
enum Step {
    Pool,
    Dispatch,
    Accept,
    Return,
    Transfer,
    Urge,
    Relate,
}

fn go(ticket: Ticket, step: Step, second: i64) -> Ticket {
    let (by, now) = (administrator(), at(second));
    let kept = ticket.clone();
    let went: Result<Changed, Refusal> = match step {
        Step::Pool => {
            let decision = gongdan_tickets_domain::Decision {
                id: Uuid::from_u128(99),
                ticket_version: ticket.pending_version,
                target: gongdan_tickets_domain::Target::Pool {
                    unit: None,
                    reason: "no rule".to_owned(),
                    claim_limit: 0,
                },
                marks: gongdan_tickets_domain::Marks::default(),
            };
            Ok(ticket.decide(decision, &by, now).into_changed())
        }
        Step::Dispatch => ticket.dispatch(unit("a"), None, Note::default(), &by, now),
        Step::Accept => ticket.accept(&by, now),
        Step::Return => {
            ticket.return_to_pool(reason("不属于"), &Rules { max_returns: 1, ..Rules::default() }, &by, now)
        }
        Step::Transfer => ticket.transfer(unit("b"), None, reason("属地"), &by, now),
        Step::Urge => ticket.urge(Note::default(), &Rules::default(), &by, now),
        Step::Relate => {
            link(ticket, self::ticket(77), LinkKind::Related, &Note::default(), &by, now).map(|pair| pair.0)
        }
    };
    went.map_or(kept, |changed| changed.ticket)
}

fn by() -> Actor {
    administrator()
}

proptest! {
    /// Whatever came before, an undone merge leaves both tickets as if it had not been: only versions tell.
    #[test]
    fn an_undone_merge_leaves_both_as_they_were(
        steps in prop::collection::vec(prop::sample::select(vec![
            Step::Pool, Step::Dispatch, Step::Accept, Step::Return, Step::Transfer, Step::Urge, Step::Relate,
        ]), 0..12),
        its in prop::collection::vec(prop::sample::select(vec![Step::Dispatch, Step::Accept, Step::Return]), 0..6),
    ) {
        let walk = |ticket: Ticket, steps: &[Step]| {
            steps.iter().zip(1..).fold(ticket, |ticket, (step, second)| go(ticket, *step, second * 10))
        };
        let (source, target) = (walk(ticket(1), &steps), walk(ticket(2), &its));
        let (merged, into) = merge(source.clone(), target.clone(), &reason("同一件事"), &by(), at(1_000)).unwrap();
        prop_assert_eq!(merged.ticket.phase, Phase::Closed);
        let (undone, left) =
            undo_merge(merged.ticket.clone(), into.ticket.clone(), &source, &reason("弄错了"), &by(), at(2_000)).unwrap();
        prop_assert_eq!(bare(&undone.ticket), bare(&source));
        prop_assert_eq!(bare(&left.ticket), bare(&target));
        prop_assert_eq!(undone.ticket.version, source.version + 2);
        // The events give the same states.
        for (from, acts) in [(source, [&merged, &undone]), (target, [&into, &left])] {
            let mut folded = from;
            for changed in acts {
                changed.events().for_each(|event| folded.evolve(event));
                prop_assert_eq!(&folded, &changed.ticket);
            }
        }
    }
}
