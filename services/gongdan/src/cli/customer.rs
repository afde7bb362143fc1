//! Customers (客户): found, kept, verified. Source: T9, T12.

use anyhow::{Result, bail};
use clap::Subcommand;
use gongdan_proto::tickets::v1::{
    CustomerProfile, CustomerSettings, UpdateCustomerRequest, VerifyCustomerRequest,
    customer_service_client::CustomerServiceClient,
};

use super::{
    Context,
    ticket::{lookup, show},
};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Finds customers with their tickets (来电弹屏)
    Lookup(lookup::Lookup),
    /// Sets tier or region
    Update {
        /// The customer's id
        customer: String,
        /// `standard`, `gold`, …: what policies and rules ask for
        #[arg(long)]
        tier: Option<String>,
        /// Region code; empty: that of the last ticket
        #[arg(long)]
        region: Option<String>,
        /// Only if the customer is still at this etag
        #[arg(long, default_value = "")]
        etag: String,
    },
    /// Notes that the contact is theirs; what waits in the quarantine goes on (核实)
    Verify {
        /// The customer's id
        customer: String,
    },
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let mut client = CustomerServiceClient::new(context.channel("tickets")?);
    match command {
        Command::Lookup(args) => lookup::run(context, args).await,
        Command::Update { customer, tier, region, etag } => {
            let paths: Vec<String> = [tier.as_ref().map(|_| "tier"), region.as_ref().map(|_| "region")]
                .into_iter()
                .flatten()
                .map(str::to_owned)
                .collect();
            if paths.is_empty() {
                bail!("nothing to set: --tier or --region");
            }
            let request = UpdateCustomerRequest {
                request_id: context.request_id(),
                customer_id: customer,
                etag,
                customer: Some(CustomerSettings {
                    tier: tier.unwrap_or_default(),
                    region: region.unwrap_or_default(),
                }),
                update_mask: Some(prost_types::FieldMask { paths }),
            };
            profile(context, &client.update_customer(request).await?.into_inner())
        }
        Command::Verify { customer } => {
            let request = VerifyCustomerRequest { request_id: context.request_id(), customer_id: customer };
            let answer = client.verify_customer(request).await?.into_inner();
            context.print_details(
                || context.json("gongdan.tickets.v1.VerifyCustomerResponse", &answer),
                &[
                    (context.text("verified", "核实时间"), context.time(answer.verified_at.as_ref())),
                    (context.text("released", "解除隔离"), answer.released.to_string()),
                ],
            )
        }
    }
}

fn profile(context: &Context, profile: &CustomerProfile) -> Result<()> {
    let contact = profile.contact.clone().unwrap_or_default();
    context.print_details(
        || context.json("gongdan.tickets.v1.CustomerProfile", profile),
        &[
            (
                context.text("citizen", "市民"),
                format!("{} {}", contact.name, contact.phone).trim().to_owned(),
            ),
            (context.text("tier", "等级"), profile.tier.clone()),
            (context.text("region", "区域"), show::region(&profile.region)),
            (context.text("verified", "核实时间"), context.time(profile.verified_at.as_ref())),
            (context.text("tickets", "工单数"), profile.total.to_string()),
            (context.text("id", "标识"), profile.customer_id.clone()),
            ("etag", profile.etag.clone()),
        ],
    )
}
