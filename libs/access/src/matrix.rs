//! What the policies come to: RPC × role × scope, for people to read.

use crate::{
    policies::{Policies, SHOWN},
    roles::{ROLES, Rights},
    scope::{Item, Scope},
};
use gongdan_auth::{Actor, role};
use gongdan_proto::{METHODS, Method, common::v1::PrincipalKind};
use gongdan_region::{RegionCode, Regions};
use std::{fmt::Write as _, sync::Arc};
use uuid::Uuid;

const COUNTY: &str = "440106";
const UNIT: &str = "tianhe-env";
const CUSTOMER: Uuid = Uuid::from_u128(1);

/// A ticket somewhere, as seen by somebody of one unit in one county.
struct Place {
    title: &'static str,
    region: &'static str,
    units: &'static [&'static str],
    lead_unit: &'static str,
    customer: Option<Uuid>,
    sensitive: bool,
    confidential: bool,
}

const ELSEWHERE: Place = Place {
    title: "",
    region: "110101",
    units: &[],
    lead_unit: "",
    customer: None,
    sensitive: false,
    confidential: false,
};

const PLACES: [Place; 11] = [
    Place { title: "own county", region: COUNTY, ..ELSEWHERE },
    Place { title: "sibling county", region: "440103", ..ELSEWHERE },
    Place { title: "parent city", region: "440100", ..ELSEWHERE },
    Place { title: "other province", ..ELSEWHERE },
    Place { title: "sibling county, own unit assists", region: "440103", units: &[UNIT], ..ELSEWHERE },
    Place { title: "sibling county, own unit has it", region: "440103", lead_unit: UNIT, ..ELSEWHERE },
    Place { title: "own request", customer: Some(CUSTOMER), ..ELSEWHERE },
    Place { title: "sensitive, own county", region: COUNTY, sensitive: true, ..ELSEWHERE },
    Place { title: "sensitive, own unit has it", lead_unit: UNIT, sensitive: true, ..ELSEWHERE },
    Place { title: "confidential, own county", region: COUNTY, confidential: true, ..ELSEWHERE },
    Place { title: "confidential, own unit has it", lead_unit: UNIT, confidential: true, ..ELSEWHERE },
];

/// What the actions of [`SHOWN`] let answers show.
fn shown(action: &str) -> &str {
    match action {
        "personal.read" => "in answers: phone, name and numbers in clear",
        "reporter.read" => "in answers: whose request it is",
        "place.read" => "in answers: address and point of the place",
        other => other,
    }
}

/// Markdown: a table for each role, a line for each RPC and for what answers show, a column for each place. `✓` is
/// permitted, `·` refused, `R` permitted with the right `sensitive`, `P` with the right `personal`, `RP` with both, `R or P`
/// with either.
#[must_use]
pub fn matrix(policies: &Policies) -> String {
    let mut text = String::from(
        "# Who may do what\n\n\
         Made from the contracts and the policies by `gongdan access matrix`; a test compares it. The caller is of one \
         unit and one county (440106, in the city 440100) and has one role; a citizen has asked for one ticket. `✓` \
         permitted, `·` refused, `R` permitted with the right `sensitive`, `P` with the right `personal`, `RP` with \
         both, `R or P` with either. Confidential is a ticket whose reporter asked for confidence. What is about no ticket is the same \
         everywhere. The last three lines are no RPCs: they say what answers show of a ticket that the caller sees.\n",
    );
    for role in ROLES {
        let _ = write!(text, "\n## {role}\n\n| RPC | Action |");
        for place in &PLACES {
            let _ = write!(text, " {} |", place.title);
        }
        let _ = writeln!(text, "\n|---|---|{}", "---|".repeat(PLACES.len()));
        let rpcs = METHODS.iter().map(|method| (format!("`{}`", short(method)), method.action));
        let shown = SHOWN.into_iter().map(|action| (shown(action).to_owned(), action));
        for (what, action) in rpcs.chain(shown) {
            let _ = write!(text, "| {what} | `{action}` |");
            for place in &PLACES {
                let _ = write!(text, " {} |", cell(policies, role, action, place));
            }
            text.push('\n');
        }
    }
    text
}

/// `tickets.TicketService/GetTicket`
fn short(method: &Method) -> String {
    method.path.trim_start_matches("/gongdan.").replacen(".v1.", ".", 1)
}

fn cell(policies: &Policies, role: &str, action: &str, place: &Place) -> &'static str {
    let permitted = |rights: &[&str]| permitted(policies, role, rights, action, place);
    match (permitted(&["sensitive"]), permitted(&["personal"])) {
        _ if permitted(&[]) => "✓",
        (true, true) => "R or P",
        (true, false) => "R",
        (false, true) => "P",
        (false, false) if permitted(&["sensitive", "personal"]) => "RP",
        (false, false) => "·",
    }
}

fn permitted(policies: &Policies, role: &str, rights: &[&str], action: &str, place: &Place) -> bool {
    let actor = somebody(role, rights);
    let table = policies.table(Rights::of(&actor), action);
    let units: Vec<String> = place.units.iter().map(ToString::to_string).collect();
    let item = Item {
        region: RegionCode::parse(place.region).ok(),
        units: &units,
        lead_unit: place.lead_unit,
        customer: place.customer,
        sensitive: place.sensitive,
        confidential: place.confidential,
        ..Item::default()
    };
    Scope::new(Arc::new(actor), table).allows(&item)
}

fn somebody(role: &str, rights: &[&str]) -> Actor {
    let citizen = role == role::CITIZEN;
    let (kind, units, counties): (_, &[&str], &[&str]) = if citizen {
        (PrincipalKind::Citizen, &[], &[])
    } else {
        (PrincipalKind::Person, &[UNIT], &[COUNTY])
    };
    Actor {
        principal_id: "somebody".into(),
        name: "somebody".into(),
        kind,
        roles: vec![role.into()],
        unit_ids: units.iter().map(ToString::to_string).collect(),
        regions: counties
            .iter()
            .filter_map(|code| RegionCode::parse(code).ok())
            .map(|code| Regions::national().range(code))
            .collect(),
        rights: rights.iter().map(ToString::to_string).collect(),
        language: "en".into(),
        customer_id: citizen.then_some(CUSTOMER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn every_action_has_a_line() {
        let policies = Policies::shipped().unwrap();
        let matrix = matrix(&policies);
        for action in policies.actions() {
            assert!(matrix.contains(&format!("| `{action}` |")), "{action}");
        }
    }

    #[test]
    fn the_matrix_people_read_is_that_of_the_shipped_policies() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/access-matrix.md");
        let matrix = matrix(&Policies::shipped().unwrap());
        if std::env::var_os("GONGDAN_WRITE_REFERENCE").is_some() {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, &matrix).unwrap();
        }
        let written = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            written == matrix,
            "docs/reference/access-matrix.md is not what the policies come to: look at the difference with \
             GONGDAN_WRITE_REFERENCE=1 cargo test -p gongdan-access matrix, and commit it if it is meant"
        );
    }
}
