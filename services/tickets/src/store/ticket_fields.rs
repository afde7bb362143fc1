//! Table `ticket_fields`: what of a ticket's form can be filtered on. Source: T6.

use super::save::Save;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::form::Found;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use tracing::Instrument as _;
use uuid::Uuid;

/// The field that is the ticket's type, if it is one of the house's own.
pub(crate) const TYPE: &str = "$type";

/// What lists ask of a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    pub field: String,
    pub wanted: Wanted,
}

/// How a value must be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wanted {
    /// This text.
    Text(String),
    /// A text that begins so.
    Prefix(String),
    /// A number from one to another, both included.
    Number { from: Option<f64>, to: Option<f64> },
    /// This flag.
    Flag(bool),
    /// A day from one to another, both included.
    Date { from: Option<Date>, to: Option<Date> },
}

impl Condition {
    /// Adds the condition; `id` is the ticket's column.
    pub(crate) fn push(&self, sql: &mut QueryBuilder<Postgres>, id: &'static str) {
        sql.push(" AND EXISTS (SELECT FROM ticket_fields f WHERE f.ticket_id = ").push(id);
        sql.push(" AND f.field = ").push_bind(self.field.clone());
        match &self.wanted {
            Wanted::Text(text) => {
                sql.push(" AND f.text_value = ").push_bind(text.clone());
            }
            Wanted::Prefix(prefix) => {
                // In order of bytes, all that begin so lie between the prefix and the prefix with the last character.
                sql.push(" AND f.text_value >= ").push_bind(prefix.clone());
                sql.push(" AND f.text_value <= ").push_bind(format!("{prefix}\u{10ffff}"));
            }
            Wanted::Number { from, to } => {
                sql.push(" AND f.number_value IS NOT NULL");
                if let Some(from) = from {
                    sql.push(" AND f.number_value >= ").push_bind(*from);
                }
                if let Some(to) = to {
                    sql.push(" AND f.number_value <= ").push_bind(*to);
                }
            }
            Wanted::Flag(flag) => {
                sql.push(" AND f.flag_value = ").push_bind(*flag);
            }
            Wanted::Date { from, to } => {
                sql.push(" AND f.date_value IS NOT NULL");
                if let Some(from) = from {
                    sql.push(" AND f.date_value >= ").push_bind(from.to_sqlx());
                }
                if let Some(to) = to {
                    sql.push(" AND f.date_value <= ").push_bind(to.to_sqlx());
                }
            }
        }
        sql.push(")");
    }
}

/// Puts the values of acts that were written in the place of those that were there.
pub(super) async fn write(connection: &mut PgConnection, saves: &[&Save]) -> Result<(), sqlx::Error> {
    let given: Vec<(Uuid, &Vec<(String, Found)>)> =
        saves.iter().filter_map(|save| Some((save.row.id, save.extras.fields.as_ref()?))).collect();
    if given.is_empty() {
        return Ok(());
    }
    let changed: Vec<Uuid> = saves
        .iter()
        .filter(|save| save.expected > 0 && save.extras.fields.is_some())
        .map(|s| s.row.id)
        .collect();
    if !changed.is_empty() {
        sqlx::query!("DELETE FROM ticket_fields WHERE ticket_id = ANY ($1)", &changed)
            .execute(&mut *connection)
            .instrument(sql_span!("ticket_fields.write", "DELETE"))
            .await?;
    }
    let (mut tickets, mut fields) = (Vec::new(), Vec::new());
    let (mut texts, mut numbers, mut flags, mut dates) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (ticket, (field, found)) in given.iter().flat_map(|(id, found)| found.iter().map(move |f| (id, f))) {
        tickets.push(*ticket);
        fields.push(field.clone());
        texts.push(if let Found::Text(text) = found { Some(text.clone()) } else { None });
        numbers.push(if let Found::Number(number) = found { Some(*number) } else { None });
        flags.push(if let Found::Flag(flag) = found { Some(*flag) } else { None });
        dates.push(if let Found::Date(date) = found { Some(date.to_sqlx()) } else { None });
    }
    sqlx::query!(
        "INSERT INTO ticket_fields (ticket_id, field, text_value, number_value, flag_value, date_value)
         SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::float8[], $5::boolean[], $6::date[])",
        &tickets,
        &fields,
        &texts as &[Option<String>],
        &numbers as &[Option<f64>],
        &flags as &[Option<bool>],
        &dates as &[Option<jiff_sqlx::Date>],
    )
    .execute(connection)
    .instrument(sql_span!("ticket_fields.write", "INSERT"))
    .await?;
    Ok(())
}

/// Class `texts` of these tickets goes: what was filled in is free text.
pub(crate) async fn erase(connection: &mut PgConnection, tickets: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM ticket_fields WHERE ticket_id = ANY ($1) AND field <> $2", tickets, TYPE)
        .execute(connection)
        .instrument(sql_span!("ticket_fields.erase", "DELETE"))
        .await?;
    Ok(())
}
