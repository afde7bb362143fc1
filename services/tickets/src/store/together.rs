//! Acts that change several tickets, or make new ones beside, all or none of them. Source: T10, T11.

use super::{
    insert::{Insert, Inserted},
    save::Save,
    ticket_views::{Detail, TicketView, Viewer},
    tickets::{Beside, Call, Created, Prepared, TicketRef, Tickets},
    update::Updated,
    workflows::Who,
    writer::Batch as _,
};
use crate::{
    Rooms,
    error::{damaged, refused, stale_etag, ticket_not_found},
    events,
};
use gongdan_access::Caller;
use gongdan_errors::{Code, Error};
use gongdan_pg::{RequestKey, error};
use gongdan_proto::tickets::v1 as pb;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{Changed, Phase, Ticket, groups::links::LinkKind};
use prost::Message as _;
use tracing::Instrument as _;
use uuid::Uuid;

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// All of it is written.
    Done,
    /// A ticket was changed by somebody else, or a new one cannot be: nothing is written.
    Lost,
}

impl Tickets {
    /// The second ticket of an act: seen, and permitted, like the first.
    pub(crate) async fn open_other(
        &self,
        caller: &Caller,
        ticket: &TicketRef,
        etag: Option<i64>,
    ) -> Result<(TicketView, Ticket), Error> {
        let view = self.view(ticket).await?;
        gongdan_audit::touched("ticket", view.id);
        view.check_acted_on(caller)?;
        if let Some(etag) = etag
            && etag != view.version
        {
            return Err(stale_etag(view.version));
        }
        let ticket = view.ticket()?;
        Ok((view, ticket))
    }

    /// An act with the steps it leads to, or the refusal that its ticket's parts or its workflow have for it: each act is
    /// asked this before it is written, whichever call, consumer or job it comes from.
    pub(crate) async fn judged(&self, changed: &Changed, who: Who<'_>) -> Result<Changed, Error> {
        if changed.says_done() {
            changed.ticket.require_parts_done(&self.parts(&changed.ticket).await?).map_err(refused)?;
        }
        self.workflows.govern(changed, who).await
    }

    /// Numbers and phases of the parts of a ticket.
    async fn parts(&self, ticket: &Ticket) -> Result<Vec<(String, Phase)>, Error> {
        let parts: Vec<Uuid> = ticket.groups.links.of(LinkKind::ParentOf).map(|link| link.ticket).collect();
        if parts.is_empty() {
            return Ok(Vec::new());
        }
        let rows =
            sqlx::query!("SELECT number, phase FROM tickets WHERE id = ANY ($1) ORDER BY number", &parts)
                .fetch_all(&self.pool)
                .instrument(sql_span!("tickets.parts", "SELECT"))
                .await
                .map_err(error)?;
        rows.into_iter()
            .map(|row| {
                let phase = Phase::from_number(row.phase.into())
                    .ok_or_else(|| Error::internal("an unknown phase"))?;
                Ok((row.number, phase))
            })
            .collect()
    }

    /// The ticket as it was before its last event of a kind.
    pub(crate) async fn before_last(&self, id: Uuid, kind: &str) -> Result<Ticket, Error> {
        let payload = sqlx::query_scalar!(
            "SELECT payload FROM events WHERE aggregate_id = $1 AND version =
                 (SELECT max(version) - 1 FROM events WHERE aggregate_id = $1 AND type = $2)",
            id,
            kind
        )
        .fetch_optional(&self.pool)
        .instrument(sql_span!("events.before_last", "SELECT"))
        .await
        .map_err(error)?
        .ok_or_else(ticket_not_found)?;
        let event = pb::TicketEvent::decode(payload.as_slice()).map_err(Error::internal)?;
        super::state::from_pb(event.state.unwrap_or_default()).map_err(damaged)
    }
}

/// Writes an act on a ticket that changes others too or makes new ones. Somebody else's act in between is ABORTED, unless it was
/// the same request: then this is its answer.
pub(crate) async fn save(
    rooms: &Rooms,
    view: TicketView,
    changed: &Changed,
    others: &[&Changed],
    inserts: &[Insert],
    call: &Call,
) -> Result<pb::Ticket, Error> {
    let tickets = &rooms.tickets;
    let changed = &tickets.judged(changed, Who::Caller(&call.caller)).await?;
    let mut governed = Vec::with_capacity(others.len());
    for other in others {
        governed.push(tickets.judged(other, Who::Caller(&call.caller)).await?);
    }
    let now = rooms.clock.now();
    let written = events::write(changed, now);
    let answer = written.ticket.clone();
    let mut saves = vec![Save::new(changed, written, Some(call.key.clone()), now)];
    saves.extend(governed.iter().map(|other| Save::new(other, events::write(other, now), None, now)));
    let conflict = match write(rooms, &saves, inserts).await {
        Ok(Written::Done) => {
            for changed in std::iter::once(changed).chain(&governed) {
                rooms.tickets.count(changed);
            }
            return view.with_texts(changed).present_as(
                answer,
                Detail::Full,
                call.viewer,
                &rooms.customers.sealer,
            );
        }
        Ok(Written::Lost) => None,
        // The same request under way twice: the twin's row is there when this one fails.
        Err(error) if error.code() == Code::Internal => Some(error),
        Err(error) => return Err(error),
    };
    tickets.after_conflict(call, conflict).await
}

/// Writes a new ticket and the change of another that comes with it. Whoever loses a race, of the two, tries again.
pub(crate) async fn create(
    rooms: &Rooms,
    caller: &Caller,
    changed: &Changed,
    other: &Changed,
    key: &RequestKey,
    beside: Beside,
    viewer: Viewer,
) -> Result<Created, Error> {
    let changed = &rooms.tickets.judged(changed, Who::Caller(caller)).await?;
    let other = &rooms.tickets.judged(other, Who::Caller(caller)).await?;
    let Prepared { insert, view, answer } = rooms.tickets.prepare(changed, Some(key), None, beside);
    let now = rooms.clock.now();
    let save = Save::new(other, events::write(other, now), None, now);
    let mut transaction = rooms.pool.begin().await.map_err(error)?;
    let span = sql_span!("tickets.insert_beside", "INSERT");
    let updated = Save::run(&mut transaction, &[save]).instrument(span.clone()).await.map_err(error)?;
    if updated.contains(&Updated::Lost) {
        return Ok(Created::Known);
    }
    let inserted = Insert::run(&mut transaction, &[insert]).instrument(span).await.map_err(error)?;
    match inserted.first() {
        Some(Inserted::Created) => {}
        Some(Inserted::CustomerTaken) => return Ok(Created::CustomerTaken),
        Some(Inserted::Known) | None => return Ok(Created::Known),
    }
    transaction.commit().await.map_err(error)?;
    rooms.wake();
    rooms.tickets.count(changed);
    rooms.tickets.count(other);
    let ticket =
        view.with_texts(changed).present_as(answer, Detail::Full, viewer, &rooms.customers.sealer)?;
    Ok(Created::New(Box::new(ticket)))
}

/// In one transaction: the rows are locked in the order in which everybody locks them.
pub(crate) async fn write(rooms: &Rooms, saves: &[Save], inserts: &[Insert]) -> Result<Written, Error> {
    let mut transaction = rooms.pool.begin().await.map_err(error)?;
    let span = sql_span!("tickets.together", "UPDATE");
    let done = async {
        let updated = Save::run(&mut transaction, saves).await.map_err(error)?;
        if updated.contains(&Updated::Lost) {
            return Ok::<_, Error>(false);
        }
        if inserts.is_empty() {
            return Ok(true);
        }
        let inserted = Insert::run(&mut transaction, inserts).await.map_err(error)?;
        Ok(inserted.iter().all(|inserted| *inserted == Inserted::Created))
    }
    .instrument(span)
    .await?;
    if !done {
        return Ok(Written::Lost);
    }
    transaction.commit().await.map_err(error)?;
    rooms.wake();
    Ok(Written::Done)
}
