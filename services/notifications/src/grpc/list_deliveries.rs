//! `DeliveryService.ListDeliveries`

use gongdan_errors::{Error, Violations};
use gongdan_proto::notifications::v1::{
    DeliveryChannel, DeliveryState, ListDeliveriesRequest, ListDeliveriesResponse,
};

use super::{decode::text, list_inbox::page};
use crate::{
    Rooms,
    store::{Channel, DeliveryFilter, State},
};

const LONGEST_RECIPIENT: usize = 64;

pub(super) async fn list_deliveries(
    rooms: &Rooms,
    request: ListDeliveriesRequest,
) -> Result<ListDeliveriesResponse, Error> {
    let (size, after) = page(request.page_size, 200, &request.page_token)?;
    let filter = decode(request)?;
    let mut found = rooms.store.deliveries(&filter, after, size.limit()).await?;
    let next_page_token = size.cut(&mut found, |last| last.id);
    Ok(ListDeliveriesResponse { deliveries: found.into_iter().map(|d| d.message).collect(), next_page_token })
}

fn decode(request: ListDeliveriesRequest) -> Result<DeliveryFilter, Error> {
    let mut violations = Violations::new();
    let state = violations.field("state", state(request.state));
    let channel = violations.field("channel", channel(request.channel));
    let recipient = violations.field("recipient", text(request.recipient, LONGEST_RECIPIENT));
    match (state, channel, recipient) {
        (Some(state), Some(channel), Some(recipient)) => Ok(DeliveryFilter { state, channel, recipient }),
        _ => Err(violations.into_error()),
    }
}

fn state(number: i32) -> Result<Option<State>, &'static str> {
    let state = DeliveryState::try_from(number).map_err(|_| "an unknown state")?;
    Ok(match state {
        DeliveryState::Unspecified => None,
        DeliveryState::Pending => Some(State::Pending),
        DeliveryState::Delivered => Some(State::Delivered),
        DeliveryState::Dead => Some(State::Dead),
        DeliveryState::Dropped => Some(State::Dropped),
    })
}

fn channel(number: i32) -> Result<Option<Channel>, &'static str> {
    let channel = DeliveryChannel::try_from(number).map_err(|_| "an unknown channel")?;
    Ok(match channel {
        DeliveryChannel::Unspecified => None,
        DeliveryChannel::Email => Some(Channel::Email),
        DeliveryChannel::Webhook => Some(Channel::Webhook),
    })
}
