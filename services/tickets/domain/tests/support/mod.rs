//! What domain tests arrange with.
#![allow(dead_code, reason = "each test binary uses its part")]

pub mod random;

use gongdan_region::RegionCode;
use gongdan_tickets_domain::{
    Actor, Body, Channel, Impact, Intake, New, PrincipalId, PrincipalKind, Priority, Reason, ReplyText,
    Solution, Subject, Ticket, TicketType, UnitId, Urgency,
    groups::{form::FormPart, place::PlacePart},
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

pub fn at(second: i64) -> Timestamp {
    "2026-11-22T01:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
}

pub fn unit(id: &str) -> UnitId {
    UnitId::parse(id).unwrap()
}

pub fn reason(text: &str) -> Reason {
    Reason::parse(text).unwrap()
}

pub fn solution() -> Solution {
    Solution::parse("已处理").unwrap()
}

pub fn reply() -> ReplyText {
    ReplyText::parse("您好，已处理。").unwrap()
}

fn person(id: &str, any_unit: bool, units: &[&str]) -> Actor {
    Actor {
        id: PrincipalId::parse(id).unwrap(),
        name: id.to_owned(),
        kind: PrincipalKind::Person,
        any_unit,
        unit_ids: units.iter().map(|u| unit(u)).collect(),
    }
}

pub fn administrator() -> Actor {
    person("admin", true, &["centre"])
}

/// Asks for themselves.
pub fn citizen() -> Actor {
    Actor { kind: PrincipalKind::Citizen, name: "刘洋".to_owned(), ..person("citizen.liu", false, &[]) }
}

pub fn member(of: &str) -> Actor {
    person("li.wei", false, &[of])
}

pub fn intake() -> Intake {
    Intake {
        kind: TicketType::Complaint,
        item: "unclassified".to_owned(),
        item_path: vec!["unclassified".to_owned()],
        catalogue_version: 1,
        sla_policy: String::new(),
        subject: Subject::parse("噪音扰民").unwrap().into(),
        body: Body::parse("楼下夜里施工").unwrap().into(),
        region: RegionCode::parse("440106").unwrap(),
        channel: Channel::Phone,
        urgency: Urgency::Medium,
        impact: Impact::Low,
        priority: Priority::P4,
        priority_matrix_version: 1,
        priority_reason: String::new(),
        customer_id: None,
        sensitive: false,
        confidential: false,
        received_at: at(0),
        place: PlacePart::default(),
        form: FormPart::default(),
        custom_fields: String::new(),
    }
}

/// What the request says.
pub fn request() -> (Subject, Body) {
    (Subject::parse("噪音扰民").unwrap(), Body::parse("楼下夜里施工").unwrap())
}

pub fn new() -> New {
    New { id: Uuid::from_u128(1), number: "GD2611220000000001".to_owned(), external: None }
}

pub fn submitted() -> Ticket {
    Ticket::submitted(new(), intake(), &administrator(), at(0)).ticket
}
