//! What may be done: link, take apart, split, merge, and undo a merge.

use super::{Before, Change, Link, LinkKind, MOST_LINKS};
use crate::{
    action::Action,
    actor::Actor,
    acts::intake::Intake,
    change::{Change as TicketChange, Changed},
    groups::form::FormPart,
    refusal::Refusal,
    text::{Body, Note, Reason, Subject},
    ticket::Ticket,
    vocabulary::{Origin, Phase},
};
use jiff::Timestamp;
use uuid::Uuid;

/// Links two tickets: `one` is `kind` the other. Both change. Source: T10, T11.
///
/// # Errors
/// When they are one, are linked already, one is a draft, or what is part of what would have three levels.
pub fn link(
    one: Ticket,
    other: Ticket,
    kind: LinkKind,
    reason: &Note,
    by: &Actor,
    at: Timestamp,
) -> Result<(Changed, Changed), Refusal> {
    if one.id == other.id {
        return Err(Refusal::SameTicket);
    }
    one.may_be(kind, &other)?;
    other.may_be(kind.counterpart(), &one)?;
    Ok(pair(one, other, kind, by, at, |link| Change::Linked { link, reason: reason.clone() }))
}

/// Takes a link away from both. Source: T10, T11.
///
/// # Errors
/// When there is none beside that of a merge.
pub fn unlink(
    one: Ticket,
    other: Ticket,
    reason: &Note,
    by: &Actor,
    at: Timestamp,
) -> Result<(Changed, Changed), Refusal> {
    one.require(Action::Link)?;
    other.require(Action::Link)?;
    // A ticket does not name all its repeats; each of them names it.
    let kind = one.groups.links.with(other.id).map(|link| link.kind);
    let kind = kind.or_else(|| other.groups.links.with(one.id).map(|link| link.kind.counterpart()));
    let kind = kind.ok_or_else(|| Refusal::NotLinked(other.number.clone()))?;
    Ok(pair(one, other, kind, by, at, |link| Change::Unlinked { link, reason: reason.clone() }))
}

/// Makes a ticket part of another: it is closed, and the other goes on for both. Source: T11.
///
/// # Errors
/// When they are one, the source was resolved or has parts or the target is over.
pub fn merge(
    source: Ticket,
    target: Ticket,
    reason: &Reason,
    by: &Actor,
    at: Timestamp,
) -> Result<(Changed, Changed), Refusal> {
    if source.id == target.id {
        return Err(Refusal::SameTicket);
    }
    source.require(Action::Merge)?;
    target.require(Action::MergeInto)?;
    if source.groups.links.has(LinkKind::ParentOf) {
        return Err(Refusal::HasParts);
    }
    let into = target.link_as(LinkKind::MergedInto, at);
    let from = source.link_as(LinkKind::MergedFrom, at);
    let note = Change::Linked { link: from, reason: as_note(reason) };
    Ok((
        source.after(by, at, TicketChange::Links(Change::Merged { into, reason: reason.clone() })),
        target.after(by, at, TicketChange::Links(note)),
    ))
}

/// Undoes a merge: the source is again where it was, with who had it. Source: T11.
///
/// # Errors
/// When it was not merged into the target, or something of it was erased since.
pub fn undo_merge(
    source: Ticket,
    target: Ticket,
    before: &Ticket,
    reason: &Reason,
    by: &Actor,
    at: Timestamp,
) -> Result<(Changed, Changed), Refusal> {
    if source.groups.links.merged_into().is_none_or(|link| link.ticket != target.id) {
        return Err(Refusal::NotMerged);
    }
    if source.erased != before.erased {
        return Err(Refusal::ErasedSince);
    }
    let link = target.groups.links.of(LinkKind::MergedFrom).find(|link| link.ticket == source.id);
    let link = link.cloned().unwrap_or_else(|| source.link_as(LinkKind::MergedFrom, at));
    let undone = Change::MergeUndone { into: target.id, reason: reason.clone(), before: Before::of(before) };
    Ok((
        source.after(by, at, TicketChange::Links(undone)),
        target.after(by, at, TicketChange::Links(Change::Unlinked { link, reason: as_note(reason) })),
    ))
}

/// Both sides of a link.
fn pair(
    one: Ticket,
    other: Ticket,
    kind: LinkKind,
    by: &Actor,
    at: Timestamp,
    change: impl Fn(Link) -> Change,
) -> (Changed, Changed) {
    let known = |ticket: &Ticket, other: &Ticket, kind: LinkKind| {
        let known = ticket.groups.links.with(other.id).filter(|link| link.kind == kind).cloned();
        known.unwrap_or_else(|| other.link_as(kind, at))
    };
    let mine = known(&one, &other, kind);
    let its = known(&other, &one, kind.counterpart());
    (
        one.after(by, at, TicketChange::Links(change(mine))),
        other.after(by, at, TicketChange::Links(change(its))),
    )
}

/// A reason is never longer than a note may be.
fn as_note(reason: &Reason) -> Note {
    Note::parse(reason.as_str()).unwrap_or_default()
}

/// What a part of a ticket begins with: all that the ticket began with, but its own texts.
#[must_use]
pub fn part_of(ticket: &Ticket, subject: Subject, body: Body) -> Intake {
    Intake {
        kind: ticket.kind,
        item: ticket.item.clone(),
        item_path: ticket.item_path.clone(),
        catalogue_version: ticket.catalogue_version,
        sla_policy: ticket.sla_policy.clone(),
        subject: subject.into(),
        body: body.into(),
        region: ticket.region,
        channel: ticket.channel,
        urgency: ticket.urgency,
        impact: ticket.impact,
        priority: ticket.priority,
        priority_matrix_version: ticket.priority_matrix_version,
        priority_reason: ticket.priority_reason.clone(),
        customer_id: ticket.customer_id,
        sensitive: ticket.sensitive,
        confidential: ticket.confidential,
        received_at: ticket.received_at,
        place: ticket.groups.place.clone(),
        // What was filled in was filled in for the whole.
        form: FormPart { form: String::new(), form_version: 0, ..ticket.groups.form.clone() },
        custom_fields: String::new(),
    }
}

impl Ticket {
    /// Makes parts of it tickets of their own; it goes on for the rest. The parts begin as [`Ticket::begins_as`].
    /// Source: T11.
    ///
    /// # Errors
    /// When it was resolved, or is a part itself.
    pub fn split(
        self,
        parts: &[(Uuid, String)],
        reason: &Note,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::Split)?;
        if self.groups.links.has(LinkKind::ChildOf) {
            return Err(Refusal::TwoLevels);
        }
        if self.groups.links.named() + parts.len() > MOST_LINKS {
            return Err(Refusal::TooManyLinks { most: MOST_LINKS });
        }
        let children = parts.iter().map(|(id, _)| *id).collect();
        let split = TicketChange::Links(Change::Split { children, reason: reason.clone() });
        let changed = self.after(by, at, split);
        Ok(parts.iter().fold(changed, |changed, (id, number)| {
            let link = Link { kind: LinkKind::ParentOf, ticket: *id, number: number.clone(), at };
            let linked = Change::Linked { link, reason: Note::default() };
            changed.then(by, at, Origin::Live, TicketChange::Links(linked))
        }))
    }

    /// A new ticket that is part of another, or says again what another said.
    ///
    /// # Errors
    /// As [`link`].
    pub fn begins_as(
        changed: Changed,
        kind: LinkKind,
        other: &Self,
        reason: &Note,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        changed.ticket.may_be(kind, other)?;
        let linked = Change::Linked { link: other.link_as(kind, at), reason: reason.clone() };
        Ok(changed.then(by, at, Origin::Live, TicketChange::Links(linked)))
    }

    /// The other side of [`Ticket::begins_as`].
    ///
    /// # Errors
    /// As [`link`].
    pub fn begun_from(
        self,
        kind: LinkKind,
        new: &Self,
        reason: &Note,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.may_be(kind, new)?;
        let linked = Change::Linked { link: new.link_as(kind, at), reason: reason.clone() };
        Ok(self.after(by, at, TicketChange::Links(linked)))
    }

    /// Refuses to say it is done while parts of it are not. `parts` are the phases of its parts.
    ///
    /// # Errors
    /// When one of them is still worked on.
    pub fn require_parts_done(&self, parts: &[(String, Phase)]) -> Result<(), Refusal> {
        let open = |phase: &Phase| !phase.is_over() && !matches!(phase, Phase::Resolved | Phase::InCallback);
        match parts.iter().find(|(_, phase)| open(phase)) {
            Some((number, _)) => Err(Refusal::PartsOpen(number.clone())),
            None => Ok(()),
        }
    }

    fn link_as(&self, kind: LinkKind, at: Timestamp) -> Link {
        Link { kind, ticket: self.id, number: self.number.clone(), at }
    }

    /// Refuses what it cannot be to another.
    fn may_be(&self, kind: LinkKind, other: &Self) -> Result<(), Refusal> {
        self.require(Action::Link)?;
        let links = &self.groups.links;
        if links.with(other.id).is_some() {
            return Err(Refusal::LinkedAlready(other.number.clone()));
        }
        match kind {
            LinkKind::ChildOf | LinkKind::ParentOf => {
                let opposite = |kind| links.has(kind);
                if kind == LinkKind::ChildOf && (opposite(LinkKind::ParentOf) || opposite(LinkKind::ChildOf))
                    || kind == LinkKind::ParentOf && opposite(LinkKind::ChildOf)
                {
                    return Err(Refusal::TwoLevels);
                }
            }
            LinkKind::RepeatOf if links.has(LinkKind::RepeatOf) => return Err(Refusal::RepeatAlready),
            _ => {}
        }
        if kind != LinkKind::RepeatedBy && links.named() >= MOST_LINKS {
            return Err(Refusal::TooManyLinks { most: MOST_LINKS });
        }
        Ok(())
    }
}
