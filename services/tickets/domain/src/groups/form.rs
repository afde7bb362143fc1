//! Form, type and channel standard it was taken down under. Source: T1, T6, T7, T9.

use crate::ticket_type::TypeKey;

/// What a ticket knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormPart {
    /// A type of the house's own; none: the type that ships.
    pub type_key: Option<TypeKey>,
    /// The form that was filled in; empty: none.
    pub form: String,
    /// Its version; 0: none.
    pub form_version: i32,
    /// Seconds to the first response that its channel had as standard; 0: none.
    pub response_seconds: i32,
    /// The customer's tier then; empty for nobody.
    pub customer_tier: String,
}
