//! Conditions in CEL: refused when saved if they cannot work, evaluated fast when a ticket comes. Source: R4.

mod schema;
mod words;

use crate::{TicketFacts, Unit};
use gongdan_cel::{Expression, Facts, Language, Texts};
use gongdan_region::Regions;
use jiff::Timestamp;
use std::collections::HashMap;

pub(crate) use gongdan_cel::deep;
pub use gongdan_cel::{ExpressionError as ConditionError, Verdict, parts};
use schema::VARIABLES;
pub(crate) use schema::Variables;
pub use words::{CHANNELS, LEVELS, TICKET_TYPES};

/// A compiled condition.
#[derive(Debug, Clone)]
pub struct Condition(Expression);

impl Condition {
    /// Compiles a condition, and refuses what could not give true or false on a ticket: over the limits, not CEL, with
    /// unknown variables or functions, of another type, or compared with a word that the field never is.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn compile(source: &str) -> Result<Self, ConditionError> {
        compile(source, Some(&|field, text| words::known(field, text, None)))
    }

    /// As [`Condition::compile`]; units that it names must be there too.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn compile_among(source: &str, units: &HashMap<String, Unit>) -> Result<Self, ConditionError> {
        compile(source, Some(&|field, text| words::known(field, text, Some(units))))
    }

    /// Compiles a condition that was accepted once: words that have gone since are no reason to leave its rule out.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn compile_kept(source: &str) -> Result<Self, ConditionError> {
        compile(source, None)
    }

    /// Whether it asks for the ticket's subject or body.
    #[must_use]
    pub fn reads_text(&self) -> bool {
        self.0.reads("ticket.subject") || self.0.reads("ticket.body")
    }

    /// Whether it asks for the ticket's tier.
    #[must_use]
    pub fn reads_tier(&self) -> bool {
        self.0.reads("ticket.tier")
    }

    /// What it says about a ticket at an instant. Only on a deep stack.
    pub(crate) fn verdict(&self, variables: &Variables<'_>) -> Verdict {
        self.0.verdict(variables)
    }

    /// What it says about one ticket at an instant.
    #[must_use]
    pub fn evaluate(&self, ticket: &TicketFacts, at: Timestamp) -> Verdict {
        self.0.evaluate(&Variables::new(ticket, at))
    }
}

fn compile(source: &str, texts: Option<&Texts<'_>>) -> Result<Condition, ConditionError> {
    let sample = sample();
    let variables = sample.as_ref().map(|sample| Variables::new(sample, Timestamp::UNIX_EPOCH));
    let samples: Vec<(&str, &dyn Facts)> =
        variables.iter().map(|variables| ("complaint", variables as &dyn Facts)).collect();
    let language = Language { variables: &VARIABLES, samples: &samples, total: false, texts };
    Expression::compile(source, &language).map(Condition)
}

/// A ticket with a value in every field.
fn sample() -> Option<TicketFacts> {
    Some(TicketFacts {
        ticket_type: "complaint",
        type_key: "noise_complaint".to_owned(),
        item: "城乡建设/安全生产/事故处理".into(),
        region: Regions::national().find_by_name("天河区").first()?.code,
        priority: 3,
        channel: "phone",
        urgency: "medium",
        impact: "low",
        subject: "噪音扰民".into(),
        body: "楼下工地夜间施工".into(),
        round: 1,
        return_count: 1,
        repeat_count: 2,
        returned_by: vec!["a-unit".into()],
        arbitration: false,
        tier: 1,
        sensitive: false,
        received_at: Timestamp::UNIX_EPOCH,
        grid: None,
        customer_known: true,
        customer_tier: "standard".to_owned(),
    })
}

#[cfg(test)]
pub(crate) fn sample_ticket() -> TicketFacts {
    sample().unwrap()
}

#[cfg(test)]
mod tests;
