//! Who is on duty, and what people have in hand.

pub mod leave;
pub mod load;
pub mod on_duty;
pub mod roster;
mod swaps;

use anyhow::Result;
use gongdan_proto::routing::v1::duty_service_client::DutyServiceClient;

use super::{Channel, Context, Table};

fn client(context: &Context) -> Result<DutyServiceClient<Channel>> {
    Ok(DutyServiceClient::new(context.channel("routing")?))
}
