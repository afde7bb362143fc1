//! The statement of a page: the beginnings of ranges of indexes, merged. Source: T27.

use super::{BY_REGION, Branch, Each, Key, Leg, QueuePage, small};
use gongdan_tickets_domain::{Priority, Queue};
use sqlx::{Postgres, QueryBuilder};

/// Merges the beginnings of all branches.
pub(super) fn statement(
    first: &str,
    page: &QueuePage<'_>,
    branches: &[&Branch],
    leg: Leg,
    limit: i64,
) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(first);
    sql.push("SELECT id, received_at, priority, due_at FROM (");
    for (at, branch) in branches.iter().enumerate() {
        sql.push(if at == 0 { "" } else { " UNION ALL " });
        push_branch(&mut sql, page, branch, leg, limit);
    }
    sql.push(") AS merged ORDER BY ").push(order(leg)).push(" LIMIT ").push_bind(limit);
    sql
}

fn order(leg: Leg) -> &'static str {
    match leg {
        Leg::Received | Leg::NotDue => "received_at DESC, id DESC",
        Leg::Priority => "priority, received_at DESC, id DESC",
        Leg::Due => "due_at, id",
    }
}

fn push_branch(
    sql: &mut QueryBuilder<Postgres>,
    page: &QueuePage<'_>,
    branch: &Branch,
    leg: Leg,
    limit: i64,
) {
    let by_priority = branch.priorities && leg != Leg::Due;
    sql.push("SELECT part.* FROM ");
    match &branch.each {
        Each::Region(regions) => sql.push("unnest(").push_bind(regions.clone()).push(") AS k(key)"),
        Each::Desk(units) | Each::LeadUnit(units) | Each::Assisting(units) => {
            sql.push("unnest(").push_bind(units.clone()).push(") AS k(key)")
        }
        Each::Handler(person) | Each::CreatedBy(person) | Each::Doer(person) | Each::Tracker(person) => {
            sql.push("(VALUES (").push_bind(person.clone()).push(")) AS k(key)")
        }
        Each::Phase => sql.push("(VALUES (3::smallint), (4), (5), (6), (7)) AS k(key)"),
        Each::Received => sql.push("(VALUES (0)) AS k(key)"),
    };
    if by_priority {
        let priorities: Vec<i16> = Priority::ALL
            .iter()
            .map(|priority| small(priority.number()))
            .filter(|p| leg != Leg::Priority || page.after.is_none_or(|after| *p >= after.priority))
            .collect();
        sql.push(" CROSS JOIN unnest(").push_bind(priorities).push(") AS p(each_priority)");
    }
    sql.push(" CROSS JOIN LATERAL (SELECT ticket_views.id, ticket_views.received_at, priority, due_at FROM ");
    match branch.each {
        Each::Doer(_) => sql.push(
            "(SELECT ticket_id, received_at AS listed_at, person, unit FROM doers) AS doer
             JOIN tickets AS ticket_views ON ticket_views.id = doer.ticket_id WHERE doer.person = k.key",
        ),
        Each::Tracker(_) => sql.push(
            "(SELECT ticket_id, received_at AS listed_at, person, unit FROM trackers) AS tracker
             JOIN tickets AS ticket_views ON ticket_views.id = tracker.ticket_id WHERE tracker.person = k.key",
        ),
        Each::Assisting(_) => sql.push(
            "(SELECT ticket_id, received_at AS listed_at, unit FROM assisting) AS assist
             JOIN tickets AS ticket_views ON ticket_views.id = assist.ticket_id WHERE assist.unit = k.key",
        ),
        Each::Region(_) => sql.push("tickets AS ticket_views WHERE region = k.key"),
        Each::Desk(_) => sql.push("tickets AS ticket_views WHERE COALESCE(lead_unit, pool_unit) = k.key"),
        Each::LeadUnit(_) => sql.push("tickets AS ticket_views WHERE lead_unit = k.key"),
        Each::Handler(_) => sql.push("tickets AS ticket_views WHERE handler = k.key"),
        Each::CreatedBy(_) => sql.push("tickets AS ticket_views WHERE created_by = k.key"),
        Each::Phase => sql.push("tickets AS ticket_views WHERE phase = k.key AND phase < 10"),
        Each::Received => sql.push("tickets AS ticket_views WHERE true"),
    };
    if by_priority {
        sql.push(" AND priority = p.each_priority");
    }
    sql.push(" AND ").push(branch.stands.as_str());
    if page.queue == Queue::MyDone {
        sql.push(" AND NOT (phase BETWEEN 3 AND 7 AND handler IS NOT DISTINCT FROM k.key)");
    }
    match leg {
        Leg::Due => {
            sql.push(" AND due_at IS NOT NULL");
        }
        Leg::NotDue => {
            sql.push(" AND due_at IS NULL");
        }
        Leg::Received | Leg::Priority => {}
    }
    sql.push(" AND ");
    page.whose.scope.push(sql, &branch.seen);
    if branch.not_by_region {
        sql.push(" AND NOT ");
        page.whose.scope.push(sql, &BY_REGION);
    }
    page.filter.push(sql);
    if let Some(after) = page.after {
        push_after(sql, after, branch, leg);
    }
    let order = match (&branch.each, leg) {
        (_, Leg::Due) => "due_at, ticket_views.id",
        // Within one priority where the index has them, and of few tickets where it has not.
        (_, Leg::Priority) if !by_priority => "priority, ticket_views.received_at DESC, ticket_views.id DESC",
        (Each::Doer(_) | Each::Tracker(_) | Each::Assisting(_), _) => "listed_at DESC, ticket_id DESC",
        _ => "ticket_views.received_at DESC, ticket_views.id DESC",
    };
    sql.push(" ORDER BY ").push(order).push(" LIMIT ").push_bind(limit).push(") AS part");
}

fn push_after(sql: &mut QueryBuilder<Postgres>, after: Key, branch: &Branch, leg: Leg) {
    let received = jiff_sqlx::Timestamp::from(after.received_at);
    match (leg, after.due_at) {
        (Leg::Due, Some(due)) => {
            sql.push(" AND (due_at, ticket_views.id) > (").push_bind(jiff_sqlx::Timestamp::from(due));
            sql.push(", ").push_bind(after.id).push(")");
        }
        // Those that are due come before.
        (Leg::NotDue, Some(_)) | (Leg::Due, None) => {}
        // A range of the index in each priority: all of the later ones.
        (Leg::Priority, _) if branch.priorities => {
            sql.push(" AND (ticket_views.received_at, ticket_views.id) < (CASE WHEN p.each_priority > ");
            sql.push_bind(after.priority).push(" THEN 'infinity' ELSE ").push_bind(received);
            sql.push(" END, ").push_bind(after.id).push(")");
        }
        (Leg::Priority, _) => {
            sql.push(" AND (priority > ").push_bind(after.priority).push(" OR priority = ");
            sql.push_bind(after.priority).push(" AND (ticket_views.received_at, ticket_views.id) < (");
            sql.push_bind(received).push(", ").push_bind(after.id).push("))");
        }
        (Leg::Received | Leg::NotDue, _) => {
            let key = match branch.each {
                Each::Doer(_) | Each::Tracker(_) | Each::Assisting(_) => "listed_at, ticket_id",
                _ => "ticket_views.received_at, ticket_views.id",
            };
            sql.push(" AND (").push(key).push(") < (").push_bind(received);
            sql.push(", ").push_bind(after.id).push(")");
        }
    }
}
