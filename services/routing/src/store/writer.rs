//! Who writes duty, and for whom.

use gongdan_auth::Actor;
use gongdan_errors::{Error, Reason};
use gongdan_routing_domain::PersonEntry;

/// Roles that write for people of every unit.
const EVERYWHERE: [&str; 4] = ["administrator", "dispatcher", "supervisor", "service"];

/// Somebody who may write duty by the policies: unit leaders for their own units only.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a>(pub &'a Actor);

impl Writer<'_> {
    /// Who it is.
    pub fn id(&self) -> &str {
        &self.0.principal_id
    }

    /// Whether they write for a unit.
    pub fn answers_for(&self, unit_id: &str) -> bool {
        self.0.has_any_role(&EVERYWHERE) || self.0.unit_ids.iter().any(|own| own == unit_id)
    }

    /// Whether they write for a person; for somebody unknown those do who write everywhere.
    pub fn answers_for_person(&self, person: Option<&PersonEntry>) -> bool {
        self.0.has_any_role(&EVERYWHERE)
            || person.is_some_and(|person| person.unit_ids.iter().any(|unit| self.answers_for(unit)))
    }

    /// # Errors
    /// PERMISSION_DENIED.
    pub fn check_unit(&self, unit_id: &str) -> Result<(), Error> {
        if self.answers_for(unit_id) { Ok(()) } else { Err(denied()) }
    }

    /// # Errors
    /// PERMISSION_DENIED.
    pub fn check_person(&self, person: Option<&PersonEntry>) -> Result<(), Error> {
        if self.answers_for_person(person) { Ok(()) } else { Err(denied()) }
    }
}

fn denied() -> Error {
    Error::permission_denied(
        Reason::PermissionDenied,
        "unit leaders write the duty of their own units' people only",
    )
}
