//! Channels (渠道) and how soon a request is answered first. Source: T1.

use anyhow::Result;
use clap::Subcommand;
use gongdan_proto::tickets::v1::{
    ChannelStandard, ListChannelsRequest, SetChannelStandardRequest,
    channel_service_client::ChannelServiceClient,
};
use serde_json::json;

use super::{Context, Table, ticket::words};

const STANDARD: &str = "gongdan.tickets.v1.ChannelStandard";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// All channels with their standards
    List,
    /// Sets a channel's standard; tickets keep that under which they were received
    Set {
        /// The channel
        #[arg(value_enum)]
        channel: words::Channel,
        /// Seconds to the first response; 0: none
        seconds: i32,
    },
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let mut client = ChannelServiceClient::new(context.channel("tickets")?);
    let channels = match command {
        Command::List => client.list_channels(ListChannelsRequest {}).await?.into_inner().channels,
        Command::Set { channel, seconds } => {
            let request = SetChannelStandardRequest {
                request_id: context.request_id(),
                channel: channel.into(),
                response_seconds: seconds,
            };
            vec![client.set_channel_standard(request).await?.into_inner()]
        }
    };
    let json = || {
        let channels: Result<Vec<_>> = channels.iter().map(|one| context.json(STANDARD, one)).collect();
        Ok(json!(channels?))
    };
    context.print(json, || table(context, &channels))
}

fn table(context: &Context, channels: &[ChannelStandard]) -> Table {
    let mut table = Table::new([
        context.text("channel", "渠道"),
        context.text("first response", "首次响应"),
        context.text("version", "版本"),
    ]);
    for one in channels {
        let within = match one.response_seconds {
            0 => "—".to_owned(),
            seconds => format!("{seconds} s"),
        };
        table.row([context.name(one.channel().as_str_name()), within, one.version.to_string()]);
    }
    table
}
