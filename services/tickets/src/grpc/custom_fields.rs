//! `custom_fields` of requests: `google.protobuf.Struct` as JSON, held to the form of the item. Source: T6.

use crate::store::{forms::Known, json_struct, seal::Contact};
use gongdan_errors::{Error, Violations};
use gongdan_tickets_domain::form::{Form, Found};
use prost_types::Struct;
use serde_json::{Map, Value};

/// What was filled in, held to the form.
#[derive(Debug)]
pub(super) struct Filled {
    /// Without what says who somebody is.
    pub values: Map<String, Value>,
    /// Only that.
    pub personal: Map<String, Value>,
    /// What can be filtered on.
    pub found: Vec<(String, Found)>,
}

impl Filled {
    /// As the text of a ticket that it is kept as; empty: nothing was filled in.
    pub(super) fn text(&self) -> Result<String, Error> {
        if self.values.is_empty() {
            return Ok(String::new());
        }
        serde_json::to_string(&self.values).map_err(Error::internal)
    }
}

/// What a request fills into the form of its item; every violation is noted, by the path of the value below `field`. None
/// after a violation.
pub(super) fn filled(
    field: &str,
    form: Option<&Known>,
    given: Option<Struct>,
    draft: bool,
    violations: &mut Violations,
) -> Option<Filled> {
    let before = violations.found().len();
    let values = json(field, given, violations)?;
    let Some(Known { form, .. }) = form else {
        if !values.is_empty() {
            violations.add(field, "left out: the item asks for none");
        }
        return Some(Filled { values, personal: Map::new(), found: Vec::new() });
    };
    check(field, form, &values, draft, violations);
    if violations.found().len() > before {
        return None;
    }
    let found = form.found(&values);
    let (values, personal) = form.part(values);
    Some(Filled { values, personal, found })
}

/// The contact with what of the form says who somebody is.
pub(super) fn with_personal(contact: Option<Contact>, personal: Map<String, Value>) -> Option<Contact> {
    match contact {
        _ if personal.is_empty() => contact,
        Some(contact) => Some(Contact { fields: personal, ..contact }),
        None => Some(Contact::of_fields(personal)),
    }
}

/// The fields of a request as JSON; what JSON cannot hold is noted.
pub(super) fn json(
    field: &str,
    given: Option<Struct>,
    violations: &mut Violations,
) -> Option<Map<String, Value>> {
    violations.field(field, json_struct::from_struct(given.unwrap_or_default()))
}

/// Notes every keyword of the form that the values violate, by the path of the value below `field`. A draft need not be
/// complete.
pub(super) fn check(
    field: &str,
    form: &Form,
    values: &Map<String, Value>,
    draft: bool,
    violations: &mut Violations,
) {
    let Err(broken) = form.check(values) else { return };
    for broken in broken {
        if draft && broken.rule == "required" {
            continue;
        }
        let place = match broken.path.as_str() {
            "" => field.to_owned(),
            path if path.starts_with('[') => format!("{field}{path}"),
            path => format!("{field}.{path}"),
        };
        violations.add(place, broken.rule);
    }
}
