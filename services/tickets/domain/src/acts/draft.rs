//! 存盘: what a draft says, and that it is thrown away. Source: T2.

use crate::{
    action::Action,
    actor::Actor,
    change::{Change, Changed},
    groups::form::FormPart,
    refusal::Refusal,
    text::{BodySoFar, Reason, SubjectSoFar},
    ticket::Ticket,
    vocabulary::{Channel, Impact, Priority, TicketType, Urgency},
};
use gongdan_region::RegionCode;
use jiff::Timestamp;
use uuid::Uuid;

/// What a draft says from now on, checked and completed as at intake.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of `Intake`, documented there")]
pub struct Amendment {
    pub kind: TicketType,
    pub item: String,
    pub item_path: Vec<String>,
    pub catalogue_version: i32,
    pub sla_policy: String,
    pub region: RegionCode,
    pub channel: Channel,
    pub urgency: Urgency,
    pub impact: Impact,
    pub priority: Priority,
    pub priority_matrix_version: i32,
    pub customer_id: Option<Uuid>,
    pub sensitive: bool,
    pub confidential: bool,
    pub form: FormPart,
}

impl Ticket {
    /// Says something else. Source: T2.
    ///
    /// # Errors
    /// When it is no draft.
    pub fn amend(
        self,
        amendment: Amendment,
        subject: SubjectSoFar,
        body: BodySoFar,
        by: &Actor,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require(Action::Amend)?;
        let mut changed = self.after(by, at, Change::Amended(Box::new(amendment)));
        changed.texts.request = Some((subject, body));
        Ok(changed)
    }

    /// Is thrown away. Source: T2.
    ///
    /// # Errors
    /// When it is no draft.
    pub fn discard(self, reason: Reason, by: &Actor, at: Timestamp) -> Result<Changed, Refusal> {
        self.require(Action::Amend)?;
        Ok(self.after(by, at, Change::Cancelled { reason }))
    }

    pub(crate) fn evolve_draft(&mut self, amendment: &Amendment) {
        let Amendment { kind, item, item_path, catalogue_version, sla_policy, region, .. } =
            amendment.clone();
        let Amendment { channel, urgency, impact, priority, priority_matrix_version, .. } = *amendment;
        (self.kind, self.item, self.item_path, self.catalogue_version) =
            (kind, item, item_path, catalogue_version);
        (self.sla_policy, self.region, self.channel) = (sla_policy, region, channel);
        (self.urgency, self.impact, self.priority) = (urgency, impact, priority);
        self.priority_matrix_version = priority_matrix_version;
        self.customer_id = amendment.customer_id;
        (self.sensitive, self.confidential) = (amendment.sensitive, amendment.confidential);
        self.groups.form = amendment.form.clone();
    }
}
