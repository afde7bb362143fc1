//! `ChannelService.ListChannels`. Source: T1.

use crate::{Rooms, store::channel_standards::Current};
use gongdan_errors::Error;
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::Channel;

pub(super) async fn list_channels(rooms: &Rooms) -> Result<pb::ListChannelsResponse, Error> {
    let current = rooms.channel_standards.current().await?;
    let channels = Channel::ALL.iter().map(|channel| present(&current, *channel)).collect();
    Ok(pb::ListChannelsResponse { channels })
}

fn present(current: &Current, channel: Channel) -> pb::ChannelStandard {
    pb::ChannelStandard {
        channel: channel.number(),
        response_seconds: current.standards.seconds(channel).unwrap_or(0),
        version: current.versions.get(&channel).copied().unwrap_or(0),
    }
}
