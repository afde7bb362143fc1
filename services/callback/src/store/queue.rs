//! The queue: the tasks that are still to be called, seen through `tasks_queue_idx`.

use super::{Store, TaskName, row::TaskRow, tasks::find};
use crate::error::{refused, task_not_found};
use gongdan_access::Scope;
use gongdan_callback_domain::{Policy, Task};
use gongdan_errors::Error;
use gongdan_pg::{
    RequestKey,
    requests::{self, Answered},
};
use gongdan_telemetry::sql_span;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use tracing::Instrument as _;

/// How many tasks are the front of the queue.
const FRONT: i64 = 200;

/// What the queue holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueCounts {
    /// Tasks to be called.
    pub outstanding: u64,
    /// Of those, past due.
    pub overdue: u64,
    /// When a hold runs out or a task becomes due next.
    pub next_change: Option<Timestamp>,
}

impl Store {
    /// Puts the next task into an agent's hands: one winner each, whoever asks at the same moment. The same request, also
    /// sent twice at once, gets the task it took, as it is now, while it is within `scope`.
    pub async fn take(
        &self,
        agent: &str,
        scope: &Scope,
        unit_id: &str,
        policy: &Policy,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<Option<Task>, Error> {
        let mut transaction = self.pool.begin().await.map_err(gongdan_pg::error)?;
        one_at_a_time(&mut transaction, key).await?;
        if let Some(answered) = requests::lookup(&mut transaction, key).await? {
            let task = find(&mut transaction, &TaskName::Id(answered.resource_id)).await?;
            transaction.rollback().await.map_err(gongdan_pg::error)?;
            let within = scope.allows_ticket(&self.pool, task.ticket.id).await?;
            return if within { Ok(Some(task)) } else { Err(task_not_found()) };
        }
        let Some(task) = lock_next(&mut transaction, scope, unit_id, now).await? else { return Ok(None) };
        let task = task.take(agent, policy, now).map_err(refused)?;
        hold(&mut transaction, &task).await?;
        let answered = Answered { resource_id: task.id, version: task.stamp.version };
        requests::insert(&mut transaction, key, answered, now).await?;
        transaction.commit().await.map_err(gongdan_pg::error)?;
        Ok(Some(task))
    }

    /// When the next task can be taken, as far as is known.
    pub async fn next_at(&self, scope: &Scope, unit_id: &str) -> Result<Option<Timestamp>, Error> {
        let next: Option<jiff_sqlx::Timestamp> = next_time(scope, unit_id)
            .build_query_scalar()
            .fetch_one(&self.pool)
            .instrument(sql_span!("tasks.next_at", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        Ok(next.map(jiff_sqlx::Timestamp::to_jiff))
    }

    /// Takes back what agents held for too long; says how many.
    pub async fn release(&self, now: Timestamp) -> Result<u64, Error> {
        let done = sqlx::query!(
            "UPDATE tasks SET agent_id = NULL, held_until = NULL WHERE state IN (1, 2) AND held_until <= $1",
            now.to_sqlx() as _,
        )
        .execute(&self.pool)
        .instrument(sql_span!("tasks.release", "UPDATE"))
        .await
        .map_err(gongdan_pg::error)?;
        Ok(done.rows_affected())
    }

    /// What the queue holds. What was recorded from the past is in no queue.
    pub async fn count(&self, now: Timestamp) -> Result<QueueCounts, Error> {
        let row = sqlx::query!(
            r#"SELECT count(*) AS "outstanding!", count(*) FILTER (WHERE due_at < $1) AS "overdue!",
                      least(min(held_until) FILTER (WHERE held_until > $1), min(due_at) FILTER (WHERE due_at >= $1)) AS next
               FROM tasks WHERE state IN (1, 2)"#,
            now.to_sqlx() as _,
        )
        .fetch_one(&self.pool)
        .instrument(sql_span!("tasks.count", "SELECT"))
        .await
        .map_err(gongdan_pg::error)?;
        Ok(QueueCounts {
            outstanding: row.outstanding.unsigned_abs(),
            overdue: row.overdue.unsigned_abs(),
            next_change: row.next.map(jiff_sqlx::Timestamp::to_jiff),
        })
    }
}

/// A request that is being answered is waited for: otherwise its twin would find its task locked and say there is none.
async fn one_at_a_time(connection: &mut PgConnection, key: &RequestKey) -> Result<(), Error> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
        format!("{}/{}/{}", key.method, key.caller, key.request_id),
    )
    .execute(connection)
    .instrument(sql_span!("requests.lock", "SELECT"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(())
}

/// The earliest due of those nobody holds and whose time has come, locked; those locked by others are passed over.
async fn lock_next(
    connection: &mut PgConnection,
    scope: &Scope,
    unit_id: &str,
    now: Timestamp,
) -> Result<Option<Task>, Error> {
    for look in [Look::Front, Look::All] {
        let row: Option<TaskRow> = next_one(look, scope, unit_id, now)
            .build_query_as()
            .fetch_optional(&mut *connection)
            .instrument(sql_span!("tasks.lock_next", "SELECT"))
            .await
            .map_err(gongdan_pg::error)?;
        if let Some(row) = row {
            return Task::try_from(row).map(Some);
        }
    }
    Ok(None)
}

/// Where the next task is looked for. Who sees much finds one in front; who sees little does not walk past the tasks of all
/// others, but begins with its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Look {
    /// Among the first of the queue.
    Front,
    /// Among all that are within the scope, however many that are.
    All,
}

pub(super) fn next_one(look: Look, scope: &Scope, unit_id: &str, now: Timestamp) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(
        "SELECT id, ticket_id, ticket_number, round, state, origin, attempts, refused, wrong_number, next_attempt_at,
                due_at, unit_id, region, customer_id, confidential, contacted, solved, satisfied, reopen, reason, agent_id,
                held_until, takes, version, opened_at, ended_at
         FROM tasks WHERE ",
    );
    push_waiting(&mut sql, now);
    if let Look::Front = look {
        sql.push(" AND id IN (SELECT id FROM tasks WHERE ");
        push_waiting(&mut sql, now);
        sql.push(" ORDER BY due_at, id LIMIT ").push_bind(FRONT).push(")");
    }
    sql.push(" AND ");
    scope.push_ticket(&mut sql, "tasks.ticket_id");
    push_unit(&mut sql, unit_id);
    sql.push(match look {
        Look::Front => " ORDER BY due_at, id",
        // An order that no index has: the planner would walk the queue, hoping for an early end.
        Look::All => " ORDER BY due_at + interval '0', id",
    });
    sql.push(" LIMIT 1 FOR UPDATE OF tasks SKIP LOCKED");
    sql
}

/// That nobody has it and its time has come.
fn push_waiting(sql: &mut QueryBuilder<Postgres>, now: Timestamp) {
    sql.push("state IN (1, 2) AND next_attempt_at <= ").push_bind(now.to_sqlx());
    sql.push(" AND (held_until IS NULL OR held_until <= ").push_bind(now.to_sqlx()).push(")");
}

pub(super) fn next_time(scope: &Scope, unit_id: &str) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(
        "SELECT min(greatest(next_attempt_at, held_until)) FROM tasks WHERE state IN (1, 2) AND ",
    );
    scope.push_ticket(&mut sql, "tasks.ticket_id");
    push_unit(&mut sql, unit_id);
    sql
}

fn push_unit(sql: &mut QueryBuilder<Postgres>, unit_id: &str) {
    if !unit_id.is_empty() {
        sql.push(" AND unit_id = ").push_bind(unit_id.to_owned());
    }
}

async fn hold(connection: &mut PgConnection, task: &Task) -> Result<(), Error> {
    let hold = task.hold.as_ref();
    sqlx::query!(
        "UPDATE tasks SET agent_id = $2, held_until = $3, takes = $4 WHERE id = $1",
        task.id,
        hold.map(|hold| hold.agent_id.clone()),
        hold.map(|hold| hold.until.to_sqlx()) as _,
        task.stamp.takes,
    )
    .execute(connection)
    .instrument(sql_span!("tasks.hold", "UPDATE"))
    .await
    .map_err(gongdan_pg::error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::insert_many;
    use gongdan_callback_domain::{PermittedHours, TicketRef};
    use gongdan_region::RegionCode;
    use gongdan_testkit::Env;
    use jiff::SignedDuration;
    use uuid::Uuid;

    fn policy() -> Policy {
        Policy {
            hours: PermittedHours::new("Asia/Shanghai", &["09:00-12:00"]).unwrap(),
            max_attempts: 3,
            max_refused: 2,
            max_wrong_number: 2,
            furthest_next: SignedDuration::from_hours(720),
            due_after: SignedDuration::from_hours(72),
            hold_for: SignedDuration::from_mins(30),
            reopen_unsolved: true,
            reopen_dissatisfied: true,
        }
    }

    fn everything() -> Scope {
        let anybody = gongdan_auth::Actor {
            principal_id: "li.wei".to_owned(),
            name: String::new(),
            kind: gongdan_proto::common::v1::PrincipalKind::Person,
            roles: Vec::new(),
            unit_ids: Vec::new(),
            regions: Vec::new(),
            rights: Vec::new(),
            language: String::new(),
            customer_id: None,
        };
        Scope::new(std::sync::Arc::new(anybody), gongdan_access::Table::ALL)
    }

    fn ticket(n: u128, customer: bool) -> TicketRef {
        TicketRef {
            id: Uuid::from_u128(n),
            number: format!("GD{n}"),
            round: 1,
            unit_id: "tianhe-env".to_owned(),
            region: RegionCode::parse("440106").unwrap(),
            customer_id: customer.then(|| Uuid::from_u128(n)),
            confidential: false,
        }
    }

    #[tokio::test]
    async fn late_is_what_waits_past_due_and_neither_what_is_over_nor_the_past() {
        let env = Env::start(crate::schema()).await;
        let (store, policy) = (Store::new(env.pool().clone()), policy());
        let now: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
        let hours = SignedDuration::from_hours;
        let id = |n: u128| Uuid::from_u128(1_000 + n);
        let tasks = [
            Task::open(id(1), ticket(1, true), &policy, now - hours(100)).task,
            Task::open(id(2), ticket(2, true), &policy, now - hours(50)).task,
            Task::open(id(3), ticket(3, false), &policy, now - hours(100)).task,
            Task::past(id(4), ticket(4, true), now - hours(9_000), now - hours(8_000)).task,
        ];
        let mut connection = env.pool().acquire().await.unwrap();
        assert_eq!(insert_many(&mut connection, &tasks).await.unwrap().len(), 4);
        assert_eq!(insert_many(&mut connection, &tasks).await.unwrap().len(), 0, "a round has one task");
        let counts = store.count(now).await.unwrap();
        let due = now + hours(22);
        assert_eq!(counts, QueueCounts { outstanding: 2, overdue: 1, next_change: Some(due) });
        assert_eq!(store.count(due + hours(1)).await.unwrap().overdue, 2);

        let key =
            RequestKey { caller: "li.wei".to_owned(), method: "NextTask", request_id: id(9), hash: [0; 32] };
        let taken = store.take("li.wei", &everything(), "", &policy, &key, now).await.unwrap().unwrap();
        assert_eq!(taken.id, id(1), "the earliest due");
        let until = now + policy.hold_for;
        assert_eq!(store.count(now).await.unwrap().next_change, Some(until));
        assert_eq!(store.release(until - hours(1)).await.unwrap(), 0);
        assert_eq!(store.release(until).await.unwrap(), 1);
        assert_eq!(store.get(&TaskName::Id(taken.id)).await.unwrap().hold, None);
        let again = store.take("li.wei", &everything(), "", &policy, &key, until).await.unwrap();
        assert_eq!(again.map(|task| task.id), Some(taken.id));
    }
}
