//! Guarded writes: an act on a ticket that is there, and a new ticket.

use super::{
    super::{
        insert::{ImportKey, Insert, Inserted, TicketCustomer},
        places::NewPlace,
        save::Save,
        seal::Sealed,
        ticket_views::{Detail, TicketView, Viewer},
        update::Updated,
        workflows::Who,
    },
    Call, Opened, Tickets,
};
use crate::{error::lost_race_to, events};
use gongdan_errors::Error;
use gongdan_pg::RequestKey;
use gongdan_proto::tickets::v1 as pb;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{Changed, form::Found};
use tracing::Instrument as _;

/// What became of a new ticket.
pub(crate) enum Created {
    /// It is there.
    New(Box<pb::Ticket>),
    /// Request or import key were there before.
    Known,
    /// The customer was made by somebody else at the same moment: look it up and try again.
    CustomerTaken,
}

/// What comes with a new ticket.
pub(crate) struct Beside {
    /// Whose it is.
    pub customer: TicketCustomer,
    /// The contact.
    pub contact: Option<Sealed>,
    /// What of its form can be filtered on.
    pub fields: Option<Vec<(String, Found)>>,
    /// Where it is about.
    pub place: Option<NewPlace>,
}

/// A new ticket before it is written.
pub(crate) struct Prepared {
    pub insert: Insert,
    pub view: TicketView,
    pub answer: pb::Ticket,
}

impl Tickets {
    /// Writes an act, which its workflow may refuse, and its parts. Somebody else's act in between is ABORTED, unless it was the same request: then this is its answer.
    pub(crate) async fn save(
        &self,
        view: TicketView,
        changed: &Changed,
        call: &Call,
    ) -> Result<pb::Ticket, Error> {
        self.save_beside(view, changed, call, None, Vec::new()).await
    }

    /// As [`Self::save`], with what of its form can be filtered on from now on, if that changes.
    pub(crate) async fn save_with(
        &self,
        view: TicketView,
        changed: &Changed,
        call: &Call,
        fields: Option<Vec<(String, Found)>>,
    ) -> Result<pb::Ticket, Error> {
        self.save_beside(view, changed, call, fields, Vec::new()).await
    }

    /// As [`Self::save`], with places that came with the act.
    pub(crate) async fn save_placed(
        &self,
        view: TicketView,
        changed: &Changed,
        call: &Call,
        places: Vec<NewPlace>,
    ) -> Result<pb::Ticket, Error> {
        self.save_beside(view, changed, call, None, places).await
    }

    async fn save_beside(
        &self,
        view: TicketView,
        changed: &Changed,
        call: &Call,
        fields: Option<Vec<(String, Found)>>,
        places: Vec<NewPlace>,
    ) -> Result<pb::Ticket, Error> {
        let changed = &self.judged(changed, Who::Caller(&call.caller)).await?;
        let save = |tickets: &Self| {
            let now = tickets.clock.now();
            let written = events::write(changed, now);
            let answer = written.ticket.clone();
            let mut save = Save::new(changed, written, Some(call.key.clone()), now);
            save.extras.fields.clone_from(&fields);
            save.extras.places.clone_from(&places);
            (answer, save)
        };
        let span = sql_span!("tickets.update", "UPDATE");
        let outcome = async {
            let (answer, save) = save(self);
            Ok::<_, Error>((answer, self.updates.write(save).await?))
        }
        .instrument(span)
        .await;
        let conflict = match outcome {
            Ok((answer, Updated::Done)) => {
                self.count(changed);
                return view.with_texts(changed).present_as(answer, Detail::Full, call.viewer, &self.sealer);
            }
            Ok((_, Updated::Lost)) => None,
            // The same request under way twice: the twin's row is there when this one fails.
            Err(error) if error.code() == gongdan_errors::Code::Internal => Some(error),
            Err(error) => return Err(error),
        };
        self.after_conflict(call, conflict).await
    }

    /// An act that was not written: the answer if it was the same request that was faster, else why, or ABORTED.
    pub(in crate::store) async fn after_conflict(
        &self,
        call: &Call,
        why: Option<Error>,
    ) -> Result<pb::Ticket, Error> {
        self.metrics.conflict();
        let again = Call { etag: None, ..call.clone() };
        match self.open(&again).await? {
            Opened::Answered(answer) => Ok(*answer),
            Opened::Fresh(present) => Err(why.unwrap_or_else(|| lost_race_to(present.view.version))),
        }
    }

    /// Writes an act that no call asked for; false when somebody else was faster.
    pub(crate) async fn save_unasked(&self, changed: &Changed) -> Result<bool, Error> {
        let changed = &self.judged(changed, Who::Program).await?;
        let now = self.clock.now();
        let save = Save::new(changed, events::write(changed, now), None, now);
        let updated = self.updates.write(save).instrument(sql_span!("tickets.update", "UPDATE")).await?;
        if updated == Updated::Done {
            self.count(changed);
        }
        Ok(updated == Updated::Done)
    }

    /// Writes a new ticket that a call or an import asked for.
    pub(crate) async fn create(
        &self,
        changed: &Changed,
        key: Option<&RequestKey>,
        import: Option<ImportKey>,
        beside: Beside,
        viewer: Viewer,
        who: Who<'_>,
    ) -> Result<Created, Error> {
        let changed = &self.judged(changed, who).await?;
        let span = sql_span!("tickets.insert", "INSERT");
        let prepared = span.in_scope(|| self.prepare(changed, key, import, beside));
        let Prepared { insert, view, answer } = prepared;
        Ok(match self.inserts.write(insert).instrument(span).await? {
            Inserted::Created => {
                self.count(changed);
                let ticket =
                    view.with_texts(changed).present_as(answer, Detail::Full, viewer, &self.sealer)?;
                Created::New(Box::new(ticket))
            }
            Inserted::Known => Created::Known,
            Inserted::CustomerTaken => Created::CustomerTaken,
        })
    }

    /// A new ticket as it is written, and what its answer is made of.
    pub(in crate::store) fn prepare(
        &self,
        changed: &Changed,
        key: Option<&RequestKey>,
        import: Option<ImportKey>,
        beside: Beside,
    ) -> Prepared {
        let now = self.clock.now();
        let written = events::write(changed, now);
        let answer = written.ticket.clone();
        let mut save = Save::new(changed, written, key.cloned(), now);
        let (subject, body) = match &changed.texts.request {
            Some((subject, body)) => (subject.as_str().to_owned(), body.as_str().to_owned()),
            None => (String::new(), String::new()),
        };
        let Beside { customer, contact, fields, place } = beside;
        save.extras.fields = fields;
        save.extras.places = place.into_iter().collect();
        let insert = Insert { save, subject, body, import, customer, contact };
        let view = TicketView {
            id: insert.save.row.id,
            version: insert.save.row.version,
            received_at: insert.save.row.received_at.into(),
            customer_id: insert.save.row.customer_id,
            state: Vec::new(),
            subject: insert.subject.clone(),
            body: insert.body.clone(),
            solution: None,
            root_cause: None,
            reply: None,
            key_version: insert.contact.as_ref().map(|sealed| sealed.key_version),
            sealed: insert.contact.as_ref().map(|sealed| sealed.bytes.clone()),
            records: Vec::new(),
            due_at: None,
            overdue: false,
        };
        Prepared { insert, view, answer }
    }

    pub(in crate::store) fn count(&self, changed: &Changed) {
        for event in changed.events() {
            self.metrics.event(event.change.name(), event.origin.name());
        }
    }
}

impl TicketView {
    /// With the texts that an act brought.
    pub(in crate::store) fn with_texts(mut self, changed: &Changed) -> Self {
        if let Some((subject, body)) = &changed.texts.request {
            subject.as_str().clone_into(&mut self.subject);
            body.as_str().clone_into(&mut self.body);
        }
        if let Some((solution, root_cause, reply)) = &changed.texts.resolution {
            self.solution = solution.as_ref().map(|text| text.as_str().to_owned());
            self.root_cause = Some(root_cause.as_str().to_owned());
            self.reply = Some(reply.as_str().to_owned());
        }
        // A later text of the same part comes later, and takes the place of the earlier one where they are looked up.
        for text in &changed.texts.records {
            self.records.extend([text.record.to_string(), text.part.to_owned(), text.text.clone()]);
        }
        self
    }
}
