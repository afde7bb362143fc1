//! What guards read, and the sample tickets that each is tried on.

use crate::{actor::Actor, ticket::Ticket, vocabulary::PrincipalKind};
use gongdan_cel::{Fact, Facts};

/// Every variable with its fields. Documented in `workflow_service.proto`; a test keeps it equal.
pub const VARIABLES: [(&str, &[&str]); 2] = [
    (
        "ticket",
        &[
            "type",
            "item",
            "item_path",
            "region",
            "priority",
            "channel",
            "urgency",
            "impact",
            "sensitive",
            "confidential",
            "customer_known",
            "lead_unit",
            "round",
            "return_count",
            "transfer_count",
            "urge_count",
            "arbitration",
            "tier",
        ],
    ),
    ("actor", &["id", "kind", "roles", "units"]),
];

/// What does not change by what people do at the step: a guard over nothing else is the same each time it is asked.
pub(super) const LASTING: [&str; 11] = [
    "ticket.type",
    "ticket.item",
    "ticket.item_path",
    "ticket.region",
    "ticket.priority",
    "ticket.channel",
    "ticket.urgency",
    "ticket.impact",
    "ticket.sensitive",
    "ticket.confidential",
    "ticket.customer_known",
];

/// A ticket and who acts on it.
pub(super) struct Seen<'a> {
    pub ticket: &'a Ticket,
    pub actor: &'a Actor,
    pub roles: &'a [&'a str],
}

impl Facts for Seen<'_> {
    fn fact(&self, name: &str) -> Option<Fact<'_>> {
        let (ticket, actor) = (self.ticket, self.actor);
        Some(match name {
            "ticket.type" => Fact::Text(ticket.kind.name()),
            "ticket.item" => Fact::Text(&ticket.item),
            "ticket.item_path" => Fact::List(ticket.item_path.iter().map(String::as_str).collect()),
            "ticket.region" => Fact::Made(ticket.region.to_string()),
            "ticket.priority" => Fact::Number(ticket.priority.number().into()),
            "ticket.channel" => Fact::Text(ticket.channel.name()),
            "ticket.urgency" => Fact::Text(ticket.urgency.name()),
            "ticket.impact" => Fact::Text(ticket.impact.name()),
            "ticket.sensitive" => Fact::Flag(ticket.sensitive),
            "ticket.confidential" => Fact::Flag(ticket.confidential),
            "ticket.customer_known" => Fact::Flag(ticket.customer_id.is_some()),
            "ticket.lead_unit" => Fact::Text(ticket.lead_unit.as_ref().map_or("", |unit| unit.as_str())),
            "ticket.round" => Fact::Number(ticket.round.into()),
            "ticket.return_count" => Fact::Number(ticket.return_count.into()),
            "ticket.transfer_count" => Fact::Number(ticket.transfer_count.into()),
            "ticket.urge_count" => Fact::Number(ticket.urge_count.into()),
            "ticket.arbitration" => Fact::Flag(ticket.arbitration),
            "ticket.tier" => Fact::Number(ticket.tier.into()),
            "actor.id" => Fact::Text(actor.id.as_str()),
            "actor.kind" => Fact::Text(kind(actor.kind)),
            "actor.roles" => Fact::List(self.roles.to_vec()),
            "actor.units" => Fact::List(actor.unit_ids.iter().map(|unit| unit.as_str()).collect()),
            _ => return None,
        })
    }
}

const fn kind(kind: PrincipalKind) -> &'static str {
    kind.name()
}

/// A shipped sample: what a guard could meet.
pub(super) struct Sample {
    pub name: &'static str,
    kind: &'static str,
    item_path: &'static [&'static str],
    priority: i64,
    channel: &'static str,
    sensitive: bool,
    confidential: bool,
    customer_known: bool,
    round: i64,
    returns: i64,
    actor: (&'static str, &'static str, &'static [&'static str]),
}

const USUAL: Sample = Sample {
    name: "usual complaint",
    kind: "complaint",
    item_path: &["urban", "urban.noise"],
    priority: 3,
    channel: "phone",
    sensitive: false,
    confidential: false,
    customer_known: true,
    round: 1,
    returns: 0,
    actor: ("li.wei", "person", &["handler"]),
};

/// The shipped samples.
pub(super) const SAMPLES: [Sample; 6] = [
    USUAL,
    Sample { name: "sensitive report", kind: "report", sensitive: true, confidential: true, ..USUAL },
    Sample {
        name: "anonymous consultation",
        kind: "consultation",
        item_path: &["unclassified"],
        priority: 5,
        channel: "web",
        customer_known: false,
        ..USUAL
    },
    Sample {
        name: "reopened incident, returned twice",
        kind: "incident",
        priority: 1,
        round: 2,
        returns: 2,
        ..USUAL
    },
    Sample {
        name: "maintenance by a device",
        kind: "maintenance",
        channel: "device",
        priority: 2,
        customer_known: false,
        actor: ("service.tickets", "service", &[]),
        ..USUAL
    },
    Sample {
        name: "citizen's own request",
        kind: "help",
        channel: "mini_program",
        actor: ("citizen.liu", "citizen", &["citizen"]),
        ..USUAL
    },
];

impl Facts for Sample {
    fn fact(&self, name: &str) -> Option<Fact<'_>> {
        Some(match name {
            "ticket.type" => Fact::Text(self.kind),
            "ticket.item" => Fact::Text(self.item_path.last().copied().unwrap_or_default()),
            "ticket.item_path" => Fact::List(self.item_path.to_vec()),
            "ticket.region" => Fact::Text("440106000000"),
            "ticket.priority" => Fact::Number(self.priority),
            "ticket.channel" => Fact::Text(self.channel),
            "ticket.urgency" | "ticket.impact" => Fact::Text("medium"),
            "ticket.sensitive" => Fact::Flag(self.sensitive),
            "ticket.confidential" => Fact::Flag(self.confidential),
            "ticket.customer_known" => Fact::Flag(self.customer_known),
            "ticket.lead_unit" => Fact::Text("tianhe-env"),
            "ticket.round" => Fact::Number(self.round),
            "ticket.return_count" => Fact::Number(self.returns),
            "ticket.transfer_count" | "ticket.urge_count" => Fact::Number(0),
            "ticket.arbitration" => Fact::Flag(false),
            "ticket.tier" => Fact::Number(1),
            "actor.id" => Fact::Text(self.actor.0),
            "actor.kind" => Fact::Text(self.actor.1),
            "actor.roles" => Fact::List(self.actor.2.to_vec()),
            "actor.units" => Fact::List(vec!["tianhe-env"]),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_field_has_a_value_in_every_sample() {
        for sample in &SAMPLES {
            for (root, fields) in VARIABLES {
                for field in fields {
                    assert!(
                        sample.fact(&format!("{root}.{field}")).is_some(),
                        "{}: {root}.{field}",
                        sample.name
                    );
                }
            }
            assert!(sample.fact("ticket").is_none());
        }
        let known = |name: &&str| {
            VARIABLES.iter().any(|(root, fields)| {
                name.strip_prefix(root)
                    .and_then(|rest| rest.strip_prefix('.'))
                    .is_some_and(|f| fields.contains(&f))
            })
        };
        assert!(LASTING.iter().all(known));
    }
}
