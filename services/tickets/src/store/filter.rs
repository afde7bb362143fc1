//! What lists and watchers look for.

use super::{
    ticket_fields::{self, Condition},
    ticket_views::Viewer,
};
use gongdan_proto::tickets::v1 as pb;
use gongdan_region::{RegionCode, RegionRange};
use jiff::Timestamp;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

/// All given fields must match, a list by any of its values; an empty list matches everything.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Filter {
    pub phases: Vec<i16>,
    pub regions: Vec<RegionRange>,
    pub lead_units: Vec<String>,
    pub handlers: Vec<String>,
    pub items: Vec<String>,
    pub kinds: Vec<i16>,
    pub priorities: Vec<i16>,
    pub channels: Vec<i16>,
    pub received_from: Option<Timestamp>,
    pub received_to: Option<Timestamp>,
    pub customer: Option<Uuid>,
    pub ids: Vec<Uuid>,
    pub numbers: Vec<String>,
    pub grids: Vec<String>,
    pub assets: Vec<String>,
    pub origin: Option<i16>,
    /// Types of the house's own, by key; beside `kinds`, and one of either is enough.
    pub type_keys: Vec<String>,
    /// Values of forms; all must match.
    pub fields: Vec<Condition>,
    /// Without tickets whose reporter is confidential.
    pub open_reporters: bool,
}

impl Filter {
    /// For who looks: nobody finds a confidential reporter's tickets by the reporter, or by what may be theirs, without being
    /// allowed to.
    pub(crate) fn seen_by(mut self, viewer: Viewer) -> Self {
        let personal = self.customer.is_some() || !self.assets.is_empty();
        self.open_reporters |= personal && !viewer.see_reporter;
        self
    }

    /// Adds the conditions to a statement that ends in a condition already.
    pub(super) fn push(&self, sql: &mut QueryBuilder<Postgres>) {
        numbers(sql, "phase", &self.phases);
        self.push_types(sql);
        for condition in &self.fields {
            condition.push(sql, "id");
        }
        numbers(sql, "priority", &self.priorities);
        numbers(sql, "channel", &self.channels);
        texts(sql, "lead_unit", &self.lead_units);
        texts(sql, "handler", &self.handlers);
        texts(sql, "item", &self.items);
        self.push_regions(sql);
        if let Some(from) = self.received_from {
            sql.push(" AND received_at >= ").push_bind(jiff_sqlx::Timestamp::from(from));
        }
        if let Some(to) = self.received_to {
            sql.push(" AND received_at < ").push_bind(jiff_sqlx::Timestamp::from(to));
        }
        if let Some(customer) = self.customer {
            sql.push(" AND customer_id = ").push_bind(customer);
        }
        if !self.ids.is_empty() || !self.numbers.is_empty() {
            sql.push(" AND (id = ANY(").push_bind(self.ids.clone());
            sql.push(") OR number = ANY(").push_bind(self.numbers.clone()).push("))");
        }
        if !self.grids.is_empty() {
            sql.push(" AND id IN (SELECT g.ticket_id FROM ticket_grids g WHERE g.grid = ANY(");
            sql.push_bind(self.grids.clone()).push("))");
        }
        if !self.assets.is_empty() {
            sql.push(" AND id IN (SELECT a.ticket_id FROM ticket_assets a WHERE a.asset = ANY(");
            sql.push_bind(self.assets.clone()).push("))");
        }
        if let Some(origin) = self.origin {
            sql.push(" AND origin = ").push_bind(origin);
        }
        if self.open_reporters {
            sql.push(" AND NOT confidential");
        }
    }

    /// Of the conditions that of the regions.
    pub(super) fn push_regions(&self, sql: &mut QueryBuilder<Postgres>) {
        if !self.regions.is_empty() {
            sql.push(" AND (");
            for (at, range) in self.regions.iter().enumerate() {
                sql.push(if at == 0 { "region BETWEEN " } else { " OR region BETWEEN " });
                sql.push_bind(range.start).push(" AND ").push_bind(range.end);
            }
            sql.push(")");
        }
    }

    /// Nothing is asked for.
    pub(crate) fn is_open(&self) -> bool {
        *self == Self::default()
    }

    fn push_types(&self, sql: &mut QueryBuilder<Postgres>) {
        if self.type_keys.is_empty() {
            return numbers(sql, "kind", &self.kinds);
        }
        sql.push(" AND (kind = ANY(").push_bind(self.kinds.clone());
        sql.push(") OR EXISTS (SELECT FROM ticket_fields f WHERE f.ticket_id = id AND f.field = ");
        sql.push_bind(ticket_fields::TYPE).push(" AND f.text_value = ANY(");
        sql.push_bind(self.type_keys.clone()).push(")))");
    }

    /// Whether a state matches; the same conditions as in SQL, but for values of forms, which states do not have.
    pub(crate) fn matches(&self, ticket: &pb::Ticket) -> bool {
        let number =
            |list: &[i16], value: i32| list.is_empty() || list.iter().any(|n| i32::from(*n) == value);
        let text = |list: &[String], value: &String| list.is_empty() || list.contains(value);
        let received = ticket.received_at.as_ref().and_then(|at| gongdan_proto::from_timestamp(at).ok());
        number(&self.phases, ticket.phase)
            && ((self.kinds.is_empty() && self.type_keys.is_empty())
                || self.kinds.iter().any(|n| i32::from(*n) == ticket.r#type)
                || self.type_keys.contains(&ticket.type_key))
            && number(&self.priorities, ticket.priority)
            && number(&self.channels, ticket.channel)
            && text(&self.lead_units, &ticket.lead_unit_id)
            && text(&self.handlers, &ticket.handler_id)
            && text(&self.items, &ticket.item)
            && text(&self.grids, &ticket.grid)
            && text(&self.assets, &ticket.asset)
            && (self.regions.is_empty()
                || RegionCode::parse(&ticket.region)
                    .is_ok_and(|code| self.regions.iter().any(|r| r.contains(code))))
            && self.received_from.is_none_or(|from| received.is_some_and(|at| at >= from))
            && self.received_to.is_none_or(|to| received.is_some_and(|at| at < to))
            && self.customer.is_none_or(|id| ticket.customer_id == id.to_string())
            && ((self.ids.is_empty() && self.numbers.is_empty())
                || self.ids.iter().any(|id| ticket.id == id.to_string())
                || self.numbers.contains(&ticket.number))
            && self.origin.is_none_or(|origin| i32::from(origin) == ticket.origin)
            && !(self.open_reporters && ticket.confidential)
    }
}

fn numbers(sql: &mut QueryBuilder<Postgres>, column: &'static str, values: &[i16]) {
    if !values.is_empty() {
        sql.push(" AND ").push(column).push(" = ANY(").push_bind(values.to_vec()).push(")");
    }
}

fn texts(sql: &mut QueryBuilder<Postgres>, column: &'static str, values: &[String]) {
    if !values.is_empty() {
        sql.push(" AND ").push(column).push(" = ANY(").push_bind(values.to_vec()).push(")");
    }
}
