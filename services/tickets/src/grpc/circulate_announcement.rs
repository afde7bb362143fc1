//! `CirculationService.CirculateAnnouncement` (公告). Source: T34.

use super::{
    decode::{given, uuid},
    list_circulations::{find, present, reader_units},
};
use crate::{
    Rooms,
    error::refused,
    events,
    store::circulations::{self, NewCirculation},
};
use gongdan_access::Caller;
use gongdan_clock::stable_id;
use gongdan_errors::{Error, Reason, Violations};
use gongdan_pg::error;
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{Line, Refusal, Text, UnitId, mask_numbers};

type Title = Line<1, 200>;
type Announcement = Text<1, 10_000>;

pub(super) async fn circulate_announcement(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::CirculateAnnouncementRequest,
) -> Result<pb::Circulation, Error> {
    let mut violations = Violations::new();
    let request_id = violations.field("request_id", uuid(&request.request_id));
    let unit = given("unit_id", UnitId::parse(&request.unit_id).ok(), &mut violations);
    let title = violations.field("title", Title::parse(&request.title));
    let text = violations.field("text", Announcement::parse(&request.text));
    let (Some(request_id), Some(unit), Some(title), Some(text)) = (request_id, unit, title, text) else {
        return Err(violations.into_error());
    };
    if !reader_units(caller).contains(&request.unit_id) {
        return Err(refused(Refusal::NotRecipient));
    }
    let id = stable_id("circulation", &format!("{}/{request_id}", caller.principal_id));
    let new = NewCirculation {
        id,
        ticket: None,
        unit: unit.to_string(),
        persons: Vec::new(),
        title: mask_numbers(title.as_str()),
        text: mask_numbers(text.as_str()),
        by: caller.principal_id.clone(),
        by_name: caller.name.clone(),
        at: rooms.clock.now(),
    };
    let mut transaction = rooms.pool.begin().await.map_err(error)?;
    if circulations::insert(&mut transaction, &new).await.map_err(error)? {
        gongdan_outbox::append(&mut transaction, &[events::announced(&new, new.at)]).await?;
    }
    transaction.commit().await.map_err(error)?;
    rooms.wake();
    let there = find(rooms, caller, id).await?;
    if (&there.unit_id, &there.title, &there.text) != (&new.unit, &new.title, &new.text) {
        return Err(Error::already_exists(
            Reason::RequestIdReused,
            "this request_id was used for another request",
        ));
    }
    gongdan_audit::touched("circulation", id);
    present(rooms, caller, vec![there]).await?.pop().ok_or_else(|| Error::internal("one in, none out"))
}
