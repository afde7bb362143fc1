//! A ticket of the contract as the domain's facts.

use gongdan_proto::{
    from_timestamp,
    tickets::v1::{Channel, Impact, Ticket, TicketType, Urgency},
};
use gongdan_region::{RegionCode, Regions};
use gongdan_routing_domain::TicketFacts;

/// The facts of a ticket; subject and body come from elsewhere. The reason says what cannot be understood.
pub fn facts(ticket: &Ticket, subject: String, body: String) -> Result<TicketFacts, &'static str> {
    let number = |number: i32, what| u32::try_from(number).map_err(|_| what);
    let region = RegionCode::parse(&ticket.region).map_err(|_| "the ticket's region is no code")?;
    // Twelve digits below the region; any other code of a grid is nothing that areas know.
    let within =
        |grid: &RegionCode| ticket.grid.len() == 12 && Regions::national().range(region).contains(*grid);
    Ok(TicketFacts {
        ticket_type: ticket_type(ticket.r#type()),
        type_key: match ticket.type_key.as_str() {
            "" => ticket_type(ticket.r#type()).to_owned(),
            own => own.to_owned(),
        },
        item: ticket.item.clone(),
        region,
        grid: RegionCode::parse(&ticket.grid).ok().filter(within),
        priority: u8::try_from(ticket.priority).map_err(|_| "the ticket's priority is none")?,
        channel: channel(ticket.channel()),
        urgency: urgency(ticket.urgency()),
        impact: impact(ticket.impact()),
        subject,
        body,
        round: number(ticket.round, "the ticket's round is negative")?,
        return_count: number(ticket.return_count, "the ticket's return count is negative")?,
        repeat_count: number(ticket.repeat_count, "the ticket's count of repeats is negative")?,
        returned_by: ticket.returned_by_unit_ids.clone(),
        arbitration: ticket.arbitration,
        tier: u8::try_from(ticket.tier).map_err(|_| "the ticket's tier is none")?,
        sensitive: ticket.sensitive,
        received_at: ticket
            .received_at
            .as_ref()
            .and_then(|at| from_timestamp(at).ok())
            .ok_or("the ticket has no time of receipt")?,
        customer_known: !ticket.customer_id.is_empty(),
        customer_tier: ticket.customer_tier.clone(),
    })
}

const fn ticket_type(kind: TicketType) -> &'static str {
    match kind {
        TicketType::Unspecified => "",
        TicketType::Consultation => "consultation",
        TicketType::Complaint => "complaint",
        TicketType::Report => "report",
        TicketType::Suggestion => "suggestion",
        TicketType::Help => "help",
        TicketType::Praise => "praise",
        TicketType::Incident => "incident",
        TicketType::BusinessProcessing => "business_processing",
        TicketType::Maintenance => "maintenance",
        TicketType::Other => "other",
    }
}

const fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Unspecified => "",
        Channel::Phone => "phone",
        Channel::Web => "web",
        Channel::App => "app",
        Channel::MiniProgram => "mini_program",
        Channel::Wechat => "wechat",
        Channel::Weibo => "weibo",
        Channel::Email => "email",
        Channel::Fax => "fax",
        Channel::WalkIn => "walk_in",
        Channel::Api => "api",
        Channel::Device => "device",
        Channel::HandedDown => "handed_down",
        Channel::Sms => "sms",
    }
}

const fn urgency(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Unspecified => "",
        Urgency::Low => "low",
        Urgency::Medium => "medium",
        Urgency::High => "high",
        Urgency::Critical => "critical",
    }
}

const fn impact(impact: Impact) -> &'static str {
    match impact {
        Impact::Unspecified => "",
        Impact::Low => "low",
        Impact::Medium => "medium",
        Impact::High => "high",
        Impact::Critical => "critical",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_routing_domain::{CHANNELS, LEVELS, TICKET_TYPES};

    fn all<E: TryFrom<i32>>(word: impl Fn(E) -> &'static str) -> Vec<&'static str> {
        (1..100).filter_map(|number| E::try_from(number).ok()).map(word).collect()
    }

    #[test]
    fn conditions_know_every_word_of_the_contract() {
        assert_eq!(all(ticket_type), TICKET_TYPES);
        assert_eq!(all(channel), CHANNELS);
        assert_eq!(all(urgency), LEVELS);
        assert_eq!(all(impact), LEVELS);
    }
}
