use super::{monday, policy, ticket};
use crate::{Batch, Change, Fact, Outcomes, Task, TaskState, TicketRef, TicketWent};
use uuid::Uuid;

fn round(n: i32) -> TicketRef {
    TicketRef { round: n, ..ticket(true) }
}

fn went(went: TicketWent) -> Fact {
    Fact::Went { ticket_id: ticket(true).id, went }
}

fn fold(outstanding: Vec<Task>, facts: Vec<Fact>) -> Outcomes {
    let policy = policy();
    let mut batch = Batch::new(outstanding, &policy, monday());
    for (n, fact) in facts.into_iter().enumerate() {
        batch.apply(fact, Uuid::from_u128(100 + n as u128));
    }
    batch.finish()
}

fn changes(done: &Outcomes) -> Vec<(Change, i32, i64)> {
    done.acts.iter().map(|act| (act.change, act.task.ticket.round, act.task.stamp.version)).collect()
}

#[test]
fn each_resolved_round_has_its_task() {
    let done = fold(
        vec![],
        vec![
            Fact::Resolved { ticket: round(1) },
            went(TicketWent::Reopened),
            Fact::Resolved { ticket: round(2) },
        ],
    );
    assert_eq!(changes(&done), [(Change::Opened, 1, 1), (Change::Skipped, 1, 2), (Change::Opened, 2, 1)]);
    let states: Vec<_> = done.born.iter().map(|task| (task.ticket.round, task.state)).collect();
    assert_eq!(states, [(1, TaskState::Skipped), (2, TaskState::Open)]);
    assert!(done.ended.is_empty());
}

#[test]
fn a_task_of_before_ends_with_its_ticket() {
    let before = Task::open(Uuid::from_u128(9), round(1), &policy(), monday()).task;
    for why in [TicketWent::Closed, TicketWent::Reopened, TicketWent::Cancelled, TicketWent::Merged] {
        let done = fold(vec![before.clone()], vec![went(why), went(TicketWent::Closed)]);
        assert_eq!(changes(&done), [(Change::Skipped, 1, 2)]);
        assert_eq!((done.born.len(), done.ended.len()), (0, 1));
    }
    let done = fold(vec![before.clone()], vec![Fact::Resolved { ticket: round(2) }]);
    assert_eq!(changes(&done), [(Change::Skipped, 1, 2), (Change::Opened, 2, 1)]);
    let done = fold(vec![before], vec![Fact::Resolved { ticket: round(1) }]);
    assert_eq!(done, Outcomes::default());
}

#[test]
fn what_callback_ended_itself_is_left_alone() {
    assert_eq!(fold(vec![], vec![went(TicketWent::Closed), went(TicketWent::Reopened)]), Outcomes::default());
}

#[test]
fn the_past_has_its_own_dates() {
    let (resolved_at, closed_at) =
        ("2013-05-06T07:08:09Z".parse().unwrap(), "2013-05-07T07:08:09Z".parse().unwrap());
    let done = fold(vec![], vec![Fact::Past { ticket: round(1), resolved_at, closed_at }]);
    assert_eq!(changes(&done), [(Change::Recorded, 1, 1)]);
    assert_eq!(
        (done.acts[0].at, done.born[0].opened_at, done.born[0].due_at),
        (closed_at, resolved_at, None)
    );
}
