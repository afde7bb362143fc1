//! View `ticket_views`: a ticket with everything an answer needs.

use super::{
    citizens,
    hidden::Hidden,
    json_struct,
    records::{self, Texts},
    seal::{Contact, Sealed, Sealer},
    state,
};
use crate::error::damaged;
use gongdan_clock::stable_id;
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_proto::{tickets::v1 as pb, to_timestamp};
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{CUSTOM_FIELDS, Ticket, form, mask_numbers};
use jiff::Timestamp;
use prost::Message as _;
use prost_types::Struct;
use serde_json::{Map, Value};
use sqlx::{FromRow, PgPool, QueryBuilder};
use tracing::Instrument as _;
use uuid::Uuid;

/// The columns that answers are made of, for statements put together at run time.
pub(super) const COLUMNS: &str = "id, version, received_at, customer_id, state, subject, body, solution, root_cause, reply, key_version, sealed, '{}'::text[] AS records, due_at, overdue";

/// Stands for what says who somebody is.
const HIDDEN: &str = "****";

/// A row of the view.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct TicketView {
    pub id: Uuid,
    pub version: i64,
    pub received_at: jiff_sqlx::Timestamp,
    pub customer_id: Option<Uuid>,
    pub state: Vec<u8>,
    pub subject: String,
    pub body: String,
    pub solution: Option<String>,
    pub root_cause: Option<String>,
    pub reply: Option<String>,
    pub key_version: Option<i32>,
    pub sealed: Option<Vec<u8>>,
    /// Record, part and text of each text of a record, one after the other; empty in lists.
    pub records: Vec<String>,
    /// When the handling is due, as clocks said last.
    pub due_at: Option<jiff_sqlx::Timestamp>,
    /// That has passed, and it is in flight still.
    pub overdue: bool,
}

/// How much of a ticket an answer carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Everything.
    Full,
    /// Without the body.
    Listed,
}

/// What who looks may see. The default sees what anybody may: everything personal masked, and of a confidential
/// reporter nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Viewer {
    /// Contact and numbers in texts in clear, where the answer has everything. Such an answer comes after
    /// [`super::customers::Customers::opened_in_clear`].
    pub clear_personal: bool,
    /// Knows who reports confidentially.
    pub see_reporter: bool,
    /// Who it is, as [`who`] has it; none: sees nobody's own marks.
    pub person: Option<Uuid>,
    /// Sees what is for the citizen, not what staff say among themselves.
    pub public_only: bool,
}

impl Viewer {
    /// As this one, but with everything personal masked.
    pub(crate) fn masked(self) -> Self {
        Self { clear_personal: false, ..self }
    }
}

/// Who looks, small enough to be copied with each answer.
pub(crate) fn who(principal: &str) -> Uuid {
    stable_id("principal", principal)
}

impl TicketView {
    /// The ticket of the domain.
    pub(crate) fn ticket(&self) -> Result<Ticket, Error> {
        state::decode(&self.state).map_err(damaged)
    }

    /// When the request was received.
    pub(crate) fn received_at(&self) -> Timestamp {
        self.received_at.to_jiff()
    }

    /// Texts of its records, as they are shown.
    fn record_texts(&self, shown: impl Fn(&str) -> String) -> Texts {
        let texts = self.records.chunks_exact(3);
        texts.map(|text| ((text[0].clone(), text[1].clone()), shown(&text[2]))).collect()
    }

    /// What was filled into its form, without what says who somebody is; nothing once it was erased.
    fn kept_fields(&self) -> Map<String, Value> {
        let kept = self.records.chunks_exact(3).rev().find(|text| text[1] == CUSTOM_FIELDS);
        kept.and_then(|text| serde_json::from_str(&text[2]).ok()).unwrap_or_default()
    }

    /// All that was filled into its form, in clear: to be judged, never to be shown.
    pub(crate) fn filled_in(&self, sealer: &Sealer) -> Result<Map<String, Value>, Error> {
        let contact = self.contact(sealer)?;
        Ok(form::together(self.kept_fields(), contact.map(|contact| contact.fields).unwrap_or_default()))
    }

    /// The contact that came with it, in clear: to be judged, never to be shown.
    pub(crate) fn contact(&self, sealer: &Sealer) -> Result<Option<Contact>, Error> {
        let (Some(key_version), Some(sealed)) = (self.key_version, &self.sealed) else { return Ok(None) };
        let sealed = Sealed { key_version, bytes: sealed.clone() };
        sealer.open(self.id, &sealed).map(Some).map_err(Error::internal)
    }

    /// What its reporter is known by, for those who may not know who it is.
    pub(crate) fn hidden(&self, sealer: &Sealer) -> Result<Hidden, Error> {
        Ok(Hidden::of(self.contact(sealer)?.as_ref()))
    }

    /// How texts that belong to it are told to who looks: with numbers masked, and without what a confidential reporter is
    /// known by.
    pub(crate) fn told_to(
        &self,
        viewer: Viewer,
        sealer: &Sealer,
    ) -> Result<impl Fn(&str) -> String + use<>, Error> {
        let hidden = if viewer.see_reporter { None } else { Some(self.hidden(sealer)?) };
        Ok(move |text: &str| match &hidden {
            Some(hidden) => hidden.take_out(text),
            None => mask_numbers(text),
        })
    }

    /// What was filled into its form, as texts are shown unless in clear, and of what says who somebody is only that it is
    /// there.
    fn custom_fields(
        &self,
        mut personal: Map<String, Value>,
        clear: bool,
        shown: impl Fn(&str) -> String,
    ) -> Option<Struct> {
        let mut values = self.kept_fields();
        if !clear {
            form::each_scalar(&mut values, &mut |value| {
                let said = match &*value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                let told = shown(&said);
                // A number that is none of those is left as it is.
                if told != said {
                    *value = Value::String(told);
                }
            });
            form::each_scalar(&mut personal, &mut |value| *value = Value::String(HIDDEN.to_owned()));
        }
        let values = form::together(values, personal);
        (!values.is_empty()).then(|| json_struct::to_struct(&values))
    }

    /// The answer, for who looks.
    pub(crate) fn present(
        &self,
        detail: Detail,
        viewer: Viewer,
        sealer: &Sealer,
    ) -> Result<pb::Ticket, Error> {
        let state = pb::Ticket::decode(self.state.as_slice()).map_err(Error::internal)?;
        self.present_as(state, detail, viewer, sealer)
    }

    /// As [`Self::present`], with another state of the same ticket.
    pub(crate) fn present_as(
        &self,
        state: pb::Ticket,
        detail: Detail,
        viewer: Viewer,
        sealer: &Sealer,
    ) -> Result<pb::Ticket, Error> {
        let mut ticket = state;
        // Everybody's marks are their own.
        ticket.doers.retain(|doer| !doer.only_tracked || viewer.person == Some(who(&doer.person_id)));
        ticket.tracks.retain(|track| viewer.person == Some(who(&track.person_id)));
        let reporter = viewer.see_reporter || !ticket.confidential;
        // Citizens write their own numbers into their requests: who may not know them does not read them there.
        let clear = viewer.clear_personal && reporter && detail == Detail::Full;
        let hidden = if reporter { None } else { Some(self.hidden(sealer)?) };
        let hidden = hidden.as_ref();
        let shown = |text: &str| match hidden {
            Some(hidden) => hidden.take_out(text),
            None if clear => text.to_owned(),
            None => mask_numbers(text),
        };
        ticket.due_at = self.due_at.map(|at| to_timestamp(at.to_jiff()));
        ticket.overdue = self.overdue;
        ticket.subject = shown(&self.subject);
        if detail == Detail::Full {
            ticket.body = shown(&self.body);
            records::fill(&mut ticket, &self.record_texts(shown));
        }
        if detail == Detail::Full
            && let Some(review) = &mut ticket.review
            && review.state() == pb::ReviewState::Open
        {
            let text = |text: &Option<String>| text.as_deref().map(shown).unwrap_or_default();
            review.solution = text(&self.solution);
            review.root_cause = text(&self.root_cause);
            review.reply = text(&self.reply);
        }
        if let Some(resolution) = &mut ticket.resolution {
            let text = |text: &Option<String>| text.as_deref().map(shown).unwrap_or_default();
            resolution.solution = text(&self.solution);
            resolution.root_cause = text(&self.root_cause);
            resolution.reply = text(&self.reply);
        }
        let mut personal = Map::new();
        if !reporter {
            ticket.customer_id.clear();
            ticket.customer_tier.clear();
            citizens::hide_in_ticket(&mut ticket);
        } else if let Some(contact) = self.contact(sealer)? {
            ticket.contact =
                Some(pb::MaskedContact { phone: contact.masked_phone(), name: contact.masked_name() });
            personal.clone_from(&contact.fields);
            ticket.contact_in_clear = clear.then(|| contact.into());
        }
        if detail == Detail::Full {
            ticket.custom_fields = self.custom_fields(personal, clear, shown);
        }
        if viewer.public_only {
            records::citizen::only_theirs(&mut ticket);
        }
        Ok(ticket)
    }
}

impl From<Contact> for pb::ContactInClear {
    fn from(contact: Contact) -> Self {
        Self {
            phone: contact.phone.map(|phone| phone.as_e164().to_owned()).unwrap_or_default(),
            name: contact.name.into(),
            identity_number: contact.identity.into(),
            address: contact.address.into(),
        }
    }
}

/// One ticket.
pub(crate) async fn get(pool: &PgPool, id: Uuid) -> Result<Option<TicketView>, Error> {
    sqlx::query_as!(
        TicketView,
        r#"SELECT id AS "id!", version AS "version!", received_at AS "received_at!", customer_id AS "customer_id?",
                  state AS "state!",
                  subject AS "subject!", body AS "body!", solution AS "solution?", root_cause AS "root_cause?",
                  reply AS "reply?", key_version AS "key_version?", sealed AS "sealed?", records AS "records!",
                  due_at AS "due_at?", overdue AS "overdue!"
           FROM ticket_views WHERE id = $1"#,
        id
    )
    .fetch_optional(pool)
    .instrument(sql_span!("ticket_views.get", "SELECT"))
    .await
    .map_err(error)
}

/// Those of many tickets that are there, in any order.
pub(crate) async fn many(pool: &PgPool, ids: &[Uuid]) -> Result<Vec<TicketView>, Error> {
    sqlx::query_as!(
        TicketView,
        r#"SELECT id AS "id!", version AS "version!", received_at AS "received_at!", customer_id AS "customer_id?",
                  state AS "state!",
                  subject AS "subject!", body AS "body!", solution AS "solution?", root_cause AS "root_cause?",
                  reply AS "reply?", key_version AS "key_version?", sealed AS "sealed?", records AS "records!",
                  due_at AS "due_at?", overdue AS "overdue!"
           FROM ticket_views WHERE id = ANY ($1)"#,
        ids
    )
    .fetch_all(pool)
    .instrument(sql_span!("ticket_views.many", "SELECT"))
    .await
    .map_err(error)
}

/// Those of many tickets that are there, in any order, as lists show them.
pub(super) async fn listed(pool: &PgPool, ids: Vec<Uuid>) -> Result<Vec<TicketView>, Error> {
    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(COLUMNS).push(" FROM ticket_views WHERE id = ANY (").push_bind(ids).push(")");
    sql.build_query_as()
        .fetch_all(pool)
        .instrument(sql_span!("ticket_views.listed", "SELECT"))
        .await
        .map_err(error)
}
