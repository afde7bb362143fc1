//! View `ticket_views`: a ticket with everything an answer needs.

use super::{
    citizens,
    records::{self, Texts},
    seal::{Contact, Sealed, Sealer},
    state,
};
use crate::error::damaged;
use gongdan_clock::stable_id;
use gongdan_errors::Error;
use gongdan_pg::error;
use gongdan_proto::tickets::v1 as pb;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{Ticket, mask_numbers};
use jiff::Timestamp;
use prost::Message as _;
use sqlx::{FromRow, PgPool};
use tracing::Instrument as _;
use uuid::Uuid;

/// The columns that answers are made of, for statements put together at run time.
pub(super) const COLUMNS: &str = "id, version, received_at, customer_id, state, subject, body, solution, root_cause, reply, key_version, sealed, '{}'::text[] AS records";

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
        ticket.tracks.retain(|track| viewer.person == Some(who(&track.person_id)));
        let reporter = viewer.see_reporter || !ticket.confidential;
        // Citizens write their own numbers into their requests: who may not know them does not read them there.
        let clear = viewer.clear_personal && reporter && detail == Detail::Full;
        let shown = |text: &str| if clear { text.to_owned() } else { mask_numbers(text) };
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
        if !reporter {
            ticket.customer_id.clear();
            citizens::hide_in_ticket(&mut ticket);
        } else if let (Some(key_version), Some(sealed)) = (self.key_version, &self.sealed) {
            let sealed = Sealed { key_version, bytes: sealed.clone() };
            let contact = sealer.open(self.id, &sealed).map_err(Error::internal)?;
            ticket.contact =
                Some(pb::MaskedContact { phone: contact.masked_phone(), name: contact.masked_name() });
            ticket.contact_in_clear = clear.then(|| contact.into());
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
                  reply AS "reply?", key_version AS "key_version?", sealed AS "sealed?", records AS "records!"
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
                  reply AS "reply?", key_version AS "key_version?", sealed AS "sealed?", records AS "records!"
           FROM ticket_views WHERE id = ANY ($1)"#,
        ids
    )
    .fetch_all(pool)
    .instrument(sql_span!("ticket_views.many", "SELECT"))
    .await
    .map_err(error)
}
