//! 存盘, 提交

use crate::{
    action::Action,
    actor::Actor,
    acts::erase::Personal,
    change::{Change, Changed, Event, RecordText},
    groups::{Groups, form::FormPart, place::PlacePart},
    refusal::Refusal,
    text::{Body, BodySoFar, Subject, SubjectSoFar},
    ticket::{External, Ticket},
    vocabulary::{Channel, Impact, Origin, Phase, Priority, TicketType, Urgency},
};
use gongdan_region::RegionCode;
use jiff::Timestamp;
use uuid::Uuid;

/// The text of a ticket that is what was filled into its form, as JSON. Source: T6.
pub const CUSTOM_FIELDS: &str = "custom_fields";

/// A request, checked and completed from catalogue and matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intake {
    /// What kind.
    pub kind: TicketType,
    /// Key of the catalogue item.
    pub item: String,
    /// Keys of the item's first and second level.
    pub item_path: Vec<String>,
    /// The catalogue version the item is from.
    pub catalogue_version: i32,
    /// The item's SLA policy key; empty if it names none.
    pub sla_policy: String,
    /// One line; only a draft leaves it empty.
    pub subject: SubjectSoFar,
    /// The citizen's words; only a draft leaves them empty.
    pub body: BodySoFar,
    /// Where.
    pub region: RegionCode,
    /// How it came in.
    pub channel: Channel,
    /// How soon it hurts.
    pub urgency: Urgency,
    /// How many it hurts.
    pub impact: Impact,
    /// What comes first.
    pub priority: Priority,
    /// The matrix version that gave the priority; 0 when overridden.
    pub priority_matrix_version: i32,
    /// Why it was overridden.
    pub priority_reason: String,
    /// Whose request.
    pub customer_id: Option<Uuid>,
    /// Needs a right of its own to be seen.
    pub sensitive: bool,
    /// The reporter is not to be known to those who handle it. Source: T36.
    pub confidential: bool,
    /// When it was received.
    pub received_at: Timestamp,
    /// Where it is about, as far as everybody may know. Source: T37.
    pub place: PlacePart,
    /// Form, type and channel standard it is taken down under.
    pub form: FormPart,
    /// What was filled into the form, as JSON; empty: nothing.
    pub custom_fields: String,
}

/// What identifies a new ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// UUIDv7.
    pub id: Uuid,
    /// For people.
    pub number: String,
    /// Where it comes from, if from another system.
    pub external: Option<External>,
}

impl Ticket {
    /// Takes a request down and submits it. Source: T4.
    #[must_use]
    pub fn submitted(new: New, intake: Intake, by: &Actor, at: Timestamp) -> Changed {
        Self::begin(new, intake, by, at, Origin::Live, Change::Submitted)
    }

    /// Takes a request down without submitting it. Source: T4.
    #[must_use]
    pub fn saved(new: New, intake: Intake, by: &Actor, at: Timestamp) -> Changed {
        Self::begin(new, intake, by, at, Origin::Live, Change::Saved)
    }

    /// Submits a draft; its texts travel in the event. Source: T4.
    ///
    /// # Errors
    /// When it is none, or does not say all that is needed.
    pub fn submit(self, subject: Subject, body: Body, by: &Actor, at: Timestamp) -> Result<Changed, Refusal> {
        self.require(Action::Submit)?;
        self.require_complete()?;
        let mut changed = self.after(by, at, Change::Submitted);
        changed.texts.request = Some((subject.into(), body.into()));
        Ok(changed)
    }

    pub(crate) fn begin(
        new: New,
        intake: Intake,
        by: &Actor,
        at: Timestamp,
        origin: Origin,
        change: Change,
    ) -> Changed {
        let mut ticket = Self {
            id: new.id,
            number: new.number,
            version: 0,
            phase: Phase::Draft,
            round: 1,
            kind: intake.kind,
            item: intake.item,
            item_path: intake.item_path,
            catalogue_version: intake.catalogue_version,
            region: intake.region,
            channel: intake.channel,
            urgency: intake.urgency,
            impact: intake.impact,
            priority: intake.priority,
            priority_matrix_version: intake.priority_matrix_version,
            priority_reason: intake.priority_reason,
            customer_id: intake.customer_id,
            sensitive: intake.sensitive,
            confidential: intake.confidential,
            origin,
            external: new.external,
            lead_unit: None,
            handler: None,
            decision_id: None,
            pool: None,
            claimed_from: None,
            put_back_by: Vec::new(),
            returned_by: Vec::new(),
            return_count: 0,
            arbitration: false,
            transfer_count: 0,
            urge_count: 0,
            last_urged_at: None,
            urge_told_at: None,
            urge_level: None,
            pending_version: 0,
            resolution: None,
            cancel_reason: String::new(),
            received_at: intake.received_at,
            submitted_at: None,
            first_dispatched_at: None,
            accepted_at: None,
            resolved_at: None,
            closed_at: None,
            close_reason: None,
            participants: Vec::new(),
            doers: Vec::new(),
            sla_policy: intake.sla_policy,
            created_by: by.clone(),
            tier: 1,
            erased: Personal::default(),
            groups: Groups { place: intake.place, form: intake.form, ..Groups::default() },
            chain: Vec::new(),
        };
        let event = Event {
            version: 1,
            occurred_at: at,
            origin,
            actor: by.clone(),
            from_phase: None,
            change,
            place: None,
        };
        ticket.evolve(&event);
        let mut changed = Changed::unchanged(ticket.clone());
        changed.before = None;
        changed.from_version = 0;
        changed.steps.push((event, ticket));
        changed.texts.request = Some((intake.subject, intake.body));
        if !intake.custom_fields.is_empty() {
            changed.texts.records.push(RecordText {
                record: changed.ticket.id,
                part: CUSTOM_FIELDS,
                text: intake.custom_fields,
            });
        }
        changed
    }
}
