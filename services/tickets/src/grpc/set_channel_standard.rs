//! `ChannelService.SetChannelStandard`. Source: T1.

use super::decode::{given, uuid};
use crate::Rooms;
use gongdan_access::Caller;
use gongdan_errors::{Error, Violations};
use gongdan_pg::{RequestKey, requests::hash_of};
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Channel, channel_standard::Standards};

pub(super) async fn set_channel_standard(
    rooms: &Rooms,
    caller: &Caller,
    mut request: pb::SetChannelStandardRequest,
) -> Result<pb::ChannelStandard, Error> {
    let mut violations = Violations::new();
    let request_id = violations.field("request_id", uuid(&std::mem::take(&mut request.request_id)));
    let hash = hash_of(&request);
    let channel = given("channel", Channel::from_number(request.channel), &mut violations);
    let seconds = request.response_seconds;
    if let Some(channel) = channel {
        violations.field("response_seconds", Standards::default().set(channel, seconds));
    }
    let (Some(request_id), Some(channel), true) = (request_id, channel, violations.is_empty()) else {
        return Err(violations.into_error());
    };
    let key =
        RequestKey { caller: caller.principal_id.clone(), method: "SetChannelStandard", request_id, hash };
    let version = rooms.channel_standards.set(channel, seconds, &key).await?;
    Ok(pb::ChannelStandard { channel: channel.number(), response_seconds: seconds, version })
}
