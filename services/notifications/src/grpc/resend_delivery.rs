//! `DeliveryService.ResendDelivery`

use gongdan_errors::Error;
use gongdan_proto::notifications::v1::{Delivery, DeliveryState, ResendDeliveryRequest};

use super::decode::id;
use crate::{
    Rooms,
    error::{delivery_done, delivery_not_found},
};

pub(super) async fn resend_delivery(
    rooms: &Rooms,
    request: &ResendDeliveryRequest,
) -> Result<Delivery, Error> {
    let id = id(&request.id).map_err(|rule| Error::invalid_field("id", rule))?;
    let resent = rooms.store.resend(id, rooms.backoff.attempts, rooms.clock.now()).await?;
    let delivery = rooms.store.delivery(id).await?.ok_or_else(delivery_not_found)?.message;
    if !resent {
        let state = delivery.state();
        let name = DeliveryState::as_str_name(&state).trim_start_matches("DELIVERY_STATE_").to_lowercase();
        return Err(delivery_done(&name));
    }
    rooms.sender.notify_one();
    Ok(delivery)
}
