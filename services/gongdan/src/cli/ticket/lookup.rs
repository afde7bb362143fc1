//! `ticket lookup` (来电弹屏)

use anyhow::Result;
use clap::Args;
use gongdan_proto::tickets::v1::{
    CustomerProfile, LookupCustomerRequest, Ticket, customer_service_client::CustomerServiceClient,
    lookup_customer_request::Key,
};
use serde_json::json;

use super::{super::Context, show};

#[derive(Debug, Args)]
pub struct Lookup {
    #[command(flatten)]
    by: By,
    /// Contacts in clear; needs a right of its own, and is noted
    #[arg(long)]
    in_clear: bool,
}

/// What a customer is found by.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct By {
    /// A phone number in any spelling
    #[arg(long)]
    phone: Option<String>,
    /// The last four digits of a phone number
    #[arg(long, value_name = "DIGITS")]
    last_four: Option<String>,
    /// A customer's id
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
}

pub async fn run(context: &Context, args: Lookup) -> Result<()> {
    let Lookup { by, in_clear } = args;
    let key = by
        .phone
        .map(Key::Phone)
        .or(by.last_four.map(Key::PhoneLastFour))
        .or(by.customer.map(Key::CustomerId));
    let mut client = CustomerServiceClient::new(context.channel("tickets")?);
    let request = LookupCustomerRequest { key, in_clear };
    let found = client.lookup_customer(request).await?.into_inner().customers;
    if context.is_json() {
        let profiles: Result<Vec<_>> =
            found.iter().map(|profile| context.json("gongdan.tickets.v1.CustomerProfile", profile)).collect();
        return context.print_json(&json!(profiles?));
    }
    if found.is_empty() {
        return context.say(context.text("no such customer", "无此客户"));
    }
    found.iter().try_for_each(|found| profile(context, found))
}

/// A customer with their tickets: those in flight, then those that are over.
pub fn profile(context: &Context, profile: &CustomerProfile) -> Result<()> {
    context.say(&head(context, profile))?;
    if profile.total == 0 {
        return Ok(());
    }
    let tickets: Vec<Ticket> = profile.in_flight.iter().chain(&profile.past).cloned().collect();
    context.print(|| Ok(json!([])), || show::table(context, &tickets))
}

/// Who it is, in a line.
fn head(context: &Context, profile: &CustomerProfile) -> String {
    let masked = profile.contact.clone().unwrap_or_default();
    let clear = profile.contact_in_clear.clone();
    let (name, phone) =
        clear.as_ref().map_or((masked.name, masked.phone), |clear| (clear.name.clone(), clear.phone.clone()));
    let clear = clear.unwrap_or_default();
    let verified = if profile.verified_at.is_some() { context.text("verified", "已核实") } else { "" };
    let called = |what: &str, value: &str| {
        if value.is_empty() { String::new() } else { format!("{what} {value}") }
    };
    [
        name,
        phone,
        clear.identity_number,
        clear.address,
        called(context.text("tier", "等级"), &profile.tier),
        verified.to_owned(),
        show::region(&profile.region),
        called(context.text("customer", "客户"), &profile.customer_id),
        called(context.text("tickets", "工单数"), &profile.total.to_string()),
    ]
    .into_iter()
    .filter(|part| !part.is_empty())
    .collect::<Vec<_>>()
    .join("  ")
}
