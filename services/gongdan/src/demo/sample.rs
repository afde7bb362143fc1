//! The sample in `demo/`: invented units, people, areas, catalogue, rules and requests of Guangzhou and Foshan.

use std::collections::HashMap;

use anyhow::{Context, Result};
use serde::{Deserialize, de::DeserializeOwned};

/// A unit.
#[derive(Debug, Deserialize)]
pub struct Unit {
    pub id: String,
    pub name: String,
    pub kind: String,
    pub parent_id: String,
    pub region: String,
}

/// Somebody at a desk.
#[derive(Debug, Deserialize)]
pub struct Person {
    pub id: String,
    pub name: String,
    pub roles: String,
    pub unit_ids: String,
    pub regions: String,
    pub rights: String,
}

/// Who answers for what.
#[derive(Debug, Deserialize)]
pub struct Area {
    pub region: String,
    pub item: String,
    pub unit_id: String,
}

/// A leaf of the catalogue.
#[derive(Debug, Deserialize)]
pub struct Item {
    pub level1: String,
    pub level2: String,
    pub level3: String,
    pub urgency: String,
    pub impact: String,
}

/// A routing rule.
#[derive(Debug, Deserialize)]
pub struct Rule {
    pub id: String,
    pub name: String,
    pub when: String,
    pub target: String,
    pub unit_id: String,
    pub set_priority: i32,
}

/// What a citizen wrote or said.
#[derive(Debug, Deserialize)]
pub struct Request {
    #[serde(rename = "type")]
    pub kind: String,
    pub region: String,
    pub channel: String,
    pub item: String,
    pub subject: String,
    pub body: String,
    pub name: String,
    pub phone: String,
}

/// All of it.
#[derive(Debug)]
pub struct Sample {
    pub units: Vec<Unit>,
    pub people: Vec<Person>,
    pub areas: Vec<Area>,
    pub items: Vec<Item>,
    pub rules: Vec<Rule>,
    pub requests: Vec<Request>,
}

impl Sample {
    /// Reads what is built into this program.
    ///
    /// # Errors
    /// When a file is damaged.
    pub fn read() -> Result<Sample> {
        Ok(Sample {
            units: rows("units.csv", include_str!("../../demo/units.csv"))?,
            people: rows("people.csv", include_str!("../../demo/people.csv"))?,
            areas: rows("areas.csv", include_str!("../../demo/areas.csv"))?,
            items: rows("catalogue.csv", include_str!("../../demo/catalogue.csv"))?,
            rules: rows("rules.csv", include_str!("../../demo/rules.csv"))?,
            requests: rows("requests.csv", include_str!("../../demo/requests.csv"))?,
        })
    }

    /// Names of the units.
    pub fn unit_names(&self) -> HashMap<String, String> {
        self.units.iter().map(|unit| (unit.id.clone(), unit.name.clone())).collect()
    }

    /// Parents of the units that have one.
    pub fn parents(&self) -> HashMap<String, String> {
        let with_parent = self.units.iter().filter(|unit| !unit.parent_id.is_empty());
        with_parent.map(|unit| (unit.id.clone(), unit.parent_id.clone())).collect()
    }
}

fn rows<T: DeserializeOwned>(name: &str, text: &str) -> Result<Vec<T>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().with_context(|| format!("demo/{name}"))
}

/// The value of an enum of the contracts by its short name: `mini-program` of `CHANNEL_` is `CHANNEL_MINI_PROGRAM`.
///
/// # Errors
/// When there is none.
pub fn value<E>(prefix: &str, name: &str, find: impl Fn(&str) -> Option<E>) -> Result<E> {
    let full = format!("{prefix}{}", name.to_uppercase().replace('-', "_"));
    find(&full).with_context(|| format!("there is no {full}"))
}

#[cfg(test)]
mod tests {
    use gongdan_proto::{
        routing::v1::UnitKind,
        tickets::v1::{Channel, Impact, TicketType, Urgency},
    };
    use gongdan_region::{RegionCode, Regions};

    use super::*;

    /// Whom the workflow of a hotline asks for a signature is there, and may see what is sensitive.
    #[test]
    fn somebody_signs_what_is_sensitive() {
        let sample = Sample::read().unwrap();
        let centres: Vec<&str> =
            sample.units.iter().filter(|u| u.kind == "centre").map(|u| u.id.as_str()).collect();
        let sensitive = |person: &Person| person.rights.split(';').any(|right| right == "sensitive");
        let signs = |role: &str, in_centre: bool| {
            sample.people.iter().any(|person| {
                person.roles == role
                    && sensitive(person)
                    && !person.regions.is_empty()
                    && (!in_centre || centres.contains(&person.unit_ids.as_str()))
            })
        };
        assert!(signs("auditor", false) && signs("supervisor", false) && signs("unit_leader", true));
        for worker in sample.people.iter().filter(|person| sensitive(person) && person.roles == "handler") {
            let leads =
                |p: &Person| sensitive(p) && p.roles == "unit_leader" && p.unit_ids == worker.unit_ids;
            assert!(sample.people.iter().any(leads), "{}", worker.id);
        }
    }

    #[test]
    fn the_sample_is_whole() {
        let sample = Sample::read().unwrap();
        let units = sample.unit_names();
        let known = |code: &str| Regions::national().get(RegionCode::parse(code).unwrap()).is_some();
        assert!((40..=60).contains(&sample.requests.len()));
        for unit in &sample.units {
            assert!(
                known(&unit.region) && (unit.parent_id.is_empty() || units.contains_key(&unit.parent_id))
            );
            value("UNIT_KIND_", &unit.kind, UnitKind::from_str_name).unwrap();
            for role in ["handler", "unit_leader"] {
                let is = |person: &Person| person.unit_ids == unit.id && person.roles == role;
                assert!(sample.people.iter().any(is), "{} has no {role}", unit.id);
            }
        }
        for area in &sample.areas {
            assert!(known(&area.region) && units.contains_key(&area.unit_id), "{area:?}");
        }
        for item in &sample.items {
            value("URGENCY_", &item.urgency, Urgency::from_str_name).unwrap();
            value("IMPACT_", &item.impact, Impact::from_str_name).unwrap();
        }
        for request in &sample.requests {
            assert!(known(&request.region), "{request:?}");
            let path = |i: &Item| format!("{}/{}/{}", i.level1, i.level2, i.level3);
            assert!(sample.items.iter().any(|item| path(item) == request.item), "{}", request.item);
            value("TICKET_TYPE_", &request.kind, TicketType::from_str_name).unwrap();
            value("CHANNEL_", &request.channel, Channel::from_str_name).unwrap();
        }
    }
}
