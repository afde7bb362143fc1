//! T1: channels and how soon a request is answered first.

use crate::suite::{Suite, complaint, fields, id, reason};
use gongdan_auth::AuthChannel;
use gongdan_proto::tickets::v1::{self as pb, Channel, channel_service_client::ChannelServiceClient};
use tonic::Code;

impl Suite {
    fn channels(&self, principal: &str) -> ChannelServiceClient<AuthChannel> {
        ChannelServiceClient::new(self.env.channel(&self.service, principal))
    }

    async fn came_by(&self, channel: Channel) -> pb::Ticket {
        let request = pb::CreateTicketRequest { channel: channel.into(), ..complaint() };
        self.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner()
    }
}

fn set(channel: Channel, response_seconds: i32) -> pb::SetChannelStandardRequest {
    pb::SetChannelStandardRequest { request_id: id(), channel: channel.into(), response_seconds }
}

#[tokio::test]
async fn t01_a_channel_is_kept_filterable_and_selects_its_response_standard() {
    let suite = Suite::start().await;
    let listed = suite.channels("zhao.min").list_channels(pb::ListChannelsRequest {}).await.unwrap();
    let listed = listed.into_inner().channels;
    let standard = |channel: Channel| {
        listed.iter().find(|c| c.channel() == channel).map(|c| (c.response_seconds, c.version)).unwrap()
    };
    assert_eq!(listed.len(), 13);
    assert_eq!(standard(Channel::Phone), (30, 1));
    assert_eq!(standard(Channel::Web), (60, 1));
    assert_eq!(standard(Channel::Sms), (180, 1));
    assert_eq!(standard(Channel::Email), (86_400, 1));
    assert_eq!(standard(Channel::Device), (0, 1));

    let mut made = Vec::new();
    for entry in &listed {
        let ticket = suite.came_by(entry.channel()).await;
        assert_eq!(ticket.channel(), entry.channel());
        assert_eq!(ticket.response_seconds, entry.response_seconds, "{:?}", entry.channel());
        made.push(ticket);
    }
    for ticket in &made {
        let filter = pb::TicketFilter { channels: vec![ticket.channel], ..Default::default() };
        let request = pb::ListTicketsRequest { filter: Some(filter), ..Default::default() };
        let found = suite.tickets("zhao.min").list_tickets(request).await.unwrap().into_inner().tickets;
        assert_eq!(found.iter().map(|t| &t.id).collect::<Vec<_>>(), [&ticket.id]);
    }

    // A new standard is for what comes now; what came before keeps its own.
    let mut admin = suite.channels("admin");
    let request = set(Channel::Phone, 15);
    let changed = admin.set_channel_standard(request.clone()).await.unwrap().into_inner();
    assert_eq!((changed.response_seconds, changed.version), (15, 2));
    assert_eq!(admin.set_channel_standard(request.clone()).await.unwrap().into_inner().version, 2, "a retry");
    let other = pb::SetChannelStandardRequest { response_seconds: 20, ..request };
    assert_eq!(reason(&admin.set_channel_standard(other).await.unwrap_err()), "REQUEST_ID_REUSED");
    assert_eq!(suite.came_by(Channel::Phone).await.response_seconds, 15);
    let before = made.iter().find(|t| t.channel() == Channel::Phone).unwrap();
    assert_eq!(suite.get(&before.id).await.response_seconds, 30);
}

#[tokio::test]
async fn a_standard_is_a_time_of_a_channel_and_an_administrators_to_set() {
    let suite = Suite::start().await;
    let mut admin = suite.channels("admin");
    for (bad, field) in [
        (set(Channel::Unspecified, 30), "channel"),
        (set(Channel::Phone, -1), "response_seconds"),
        (set(Channel::Phone, 32 * 24 * 3_600), "response_seconds"),
    ] {
        assert_eq!(fields(&admin.set_channel_standard(bad).await.unwrap_err()), [field]);
    }
    let refused = suite.channels("zhao.min").set_channel_standard(set(Channel::Phone, 10)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}
