//! `tickets.v1.>`: rounds and acts. Source: P1, P2.

use crate::{
    error::Unreadable,
    events::{instant, required, uuid},
    store::{acts, quality_errors, rounds},
};
use gongdan_bus::Event;
use gongdan_outbox::{ApplyError, Handler};
use gongdan_proto::{
    common::v1::Origin,
    tickets::v1::{LinkKind, Phase, Ticket, TicketEvent, ticket_event::Change},
};
use gongdan_region::RegionCode;
use gongdan_reporting_domain::{Happened, Rounds, Snapshot};
use sqlx::PgConnection;

/// Folds a batch into one row per round and one per act, and writes each set with one statement.
pub(crate) struct Tickets;

#[async_trait::async_trait]
impl Handler for Tickets {
    async fn apply(&self, connection: &mut PgConnection, events: &[Event]) -> Result<(), ApplyError> {
        let mut batch = Rounds::new();
        for event in events {
            let (snapshot, happened) = read(event).map_err(|why| why.poisons(event))?;
            batch.add(snapshot, &happened, event.occurred_at);
        }
        if batch.is_empty() {
            return Ok(());
        }
        rounds::put(connection, &batch.rounds().collect::<Vec<_>>()).await?;
        if !batch.cancelled().is_empty() {
            rounds::cancel(connection, batch.cancelled()).await?;
        }
        rounds::join(connection, &batch.joined().collect::<Vec<_>>()).await?;
        acts::add(connection, batch.acts()).await?;
        acts::take_back(connection, batch.put_back()).await?;
        quality_errors::put(connection, &batch.errors().collect::<Vec<_>>()).await?;
        Ok(())
    }
}

fn read(event: &Event) -> Result<(Snapshot, Happened), Unreadable> {
    let message: TicketEvent = event.decode()?;
    let from = Phase::try_from(message.from_phase).unwrap_or(Phase::Unspecified);
    let ticket = required(message.state, "state")?;
    Ok((snapshot(event, from, ticket)?, happened(message.change)?))
}

fn snapshot(event: &Event, from: Phase, ticket: Ticket) -> Result<Snapshot, Unreadable> {
    let phase = Phase::try_from(ticket.phase).map_err(|_| Unreadable::field("state.phase"))?;
    let unsubmitted = |phase| matches!(phase, Phase::Unspecified | Phase::Draft | Phase::Quarantined);
    let cancelled = phase == Phase::Cancelled;
    let resolved = matches!(phase, Phase::Resolved | Phase::InCallback | Phase::Closed);
    Ok(Snapshot {
        ticket: uuid(&ticket.id, "state.id")?,
        version: event.version,
        round: ticket.round.max(1),
        // A draft that is discarded and a request that is never verified were never submitted, whatever comes after.
        submitted: !(unsubmitted(phase)
            || cancelled && (unsubmitted(from) || from == Phase::Cancelled && ticket.pending_version == 0)),
        cancelled,
        merged: !ticket.merged_into_id.is_empty(),
        first_contact: ticket.first_contact,
        repeats: ticket.links.iter().any(|link| link.kind() == LinkKind::RepeatOf),
        open: !resolved && !cancelled,
        // The ticket's own origin: one that was imported stays so when people go on with it here.
        imported: match ticket.origin() {
            Origin::Unspecified => event.is_import(),
            origin => origin == Origin::Import,
        },
        kind: i16::try_from(ticket.r#type).map_err(|_| Unreadable::field("state.type"))?,
        item: ticket.item,
        region: RegionCode::parse(&ticket.region).map_err(|_| Unreadable::field("state.region"))?,
        unit: ticket.lead_unit_id,
        received_at: instant(ticket.received_at.as_ref(), "state.received_at")?.unwrap_or(event.occurred_at),
        first_dispatched_at: instant(ticket.first_dispatched_at.as_ref(), "state.first_dispatched_at")?,
        resolved_at: instant(ticket.resolved_at.as_ref(), "state.resolved_at")?.filter(|_| resolved),
    })
}

fn happened(change: Option<Change>) -> Result<Happened, Unreadable> {
    Ok(match change {
        Some(Change::Dispatched(act)) => Happened::Dispatched { unit: act.unit_id },
        Some(Change::Claimed(act)) => Happened::Dispatched { unit: act.unit_id },
        // Handed over within its unit: that got nothing by it.
        Some(Change::Transferred(act)) if !act.decision_id.is_empty() => Happened::Other,
        Some(Change::Transferred(act)) => Happened::Dispatched { unit: act.to_unit_id },
        Some(Change::Returned(act)) if act.to_pool => Happened::PutBack,
        Some(Change::Returned(act)) => Happened::Returned { unit: act.unit_id },
        Some(Change::Reopened(act)) => Happened::Reopened { from_round: act.from_round },
        Some(Change::Urged(_)) => Happened::Urged,
        Some(
            Change::Merged(_)
            | Change::MergeUndone(_)
            | Change::Linked(_)
            | Change::Unlinked(_)
            | Change::Split(_),
        ) => Happened::Joined,
        Some(Change::QualityErrorMarked(act)) => Happened::QualityErrorMarked {
            error: uuid(&act.quality_error_id, "quality_error_id")?,
            unit: act.unit_id,
        },
        Some(Change::QualityErrorWithdrawn(act)) => {
            Happened::QualityErrorWithdrawn { error: uuid(&act.quality_error_id, "quality_error_id")? }
        }
        _ => Happened::Other,
    })
}
