//! `WebhookService.ListWebhooks`

use gongdan_errors::Error;
use gongdan_proto::notifications::v1::{ListWebhooksRequest, ListWebhooksResponse};

use super::list_inbox::page;
use crate::Rooms;

pub(super) async fn list_webhooks(
    rooms: &Rooms,
    request: &ListWebhooksRequest,
) -> Result<ListWebhooksResponse, Error> {
    let (size, after) = page(request.page_size, 500, &request.page_token)?;
    let mut webhooks = rooms.store.webhooks(after, size.limit()).await?;
    let next_page_token = size.cut(&mut webhooks, |last| last.id);
    Ok(ListWebhooksResponse {
        webhooks: webhooks.iter().map(|w| w.to_proto(false)).collect(),
        next_page_token,
    })
}
