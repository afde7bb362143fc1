//! `ticket lookup` (来电弹屏)

use anyhow::Result;
use clap::Args;
use gongdan_proto::tickets::v1::{
    LookupCustomerRequest, Ticket, customer_service_client::CustomerServiceClient,
    lookup_customer_request::Key,
};
use serde_json::json;

use super::{super::Context, show};

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Lookup {
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
    let key = args
        .phone
        .map(Key::Phone)
        .or(args.last_four.map(Key::PhoneLastFour))
        .or(args.customer.map(Key::CustomerId));
    let mut client = CustomerServiceClient::new(context.channel("tickets")?);
    let found = client.lookup_customer(LookupCustomerRequest { key }).await?.into_inner().customers;
    if context.is_json() {
        let profiles: Result<Vec<_>> =
            found.iter().map(|profile| context.json("gongdan.tickets.v1.CustomerProfile", profile)).collect();
        return context.print_json(&json!(profiles?));
    }
    if found.is_empty() {
        return context.say(context.text("no such customer", "无此客户"));
    }
    for profile in found {
        let contact = profile.contact.unwrap_or_default();
        let head = format!("{} {} {} ({})", contact.name, contact.phone, profile.customer_id, profile.total);
        context.say(head.trim())?;
        let tickets: Vec<Ticket> = profile.in_flight.into_iter().chain(profile.past).collect();
        context.print(|| Ok(json!([])), || show::table(context, &tickets))?;
    }
    Ok(())
}
