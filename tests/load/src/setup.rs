//! What a load run needs in the suite: a unit that answers for a province, so that routing dispatches.

use crate::suite::Suite;
use gongdan_clock::{Clock, SystemClock, new_id, stable_id};
use gongdan_proto::{
    routing::v1::{AreaRow, ImportOrganisationRequest, UnitKind, UnitRow},
    tickets::v1::{Channel, ContactInput, CreateTicketRequest, TicketType},
};

/// The unit that gets every ticket of a run.
pub(crate) const UNIT: &str = "load.bureau";

/// The county every ticket of a run is in.
pub(crate) const REGION: &str = "440106";

/// Imports the unit and its area; the second time changes nothing.
pub(crate) async fn organisation(suite: &Suite) -> anyhow::Result<()> {
    let request = ImportOrganisationRequest {
        request_id: stable_id("load", "organisation").to_string(),
        units: vec![UnitRow {
            id: UNIT.to_owned(),
            name: "压力测试局".to_owned(),
            kind: UnitKind::Unit.into(),
            region: REGION.to_owned(),
            ..UnitRow::default()
        }],
        areas: vec![AreaRow { region: REGION.to_owned(), unit_id: UNIT.to_owned(), ..AreaRow::default() }],
        ..ImportOrganisationRequest::default()
    };
    suite.organisation().await?.import_organisation(request).await?;
    Ok(())
}

/// A request as a citizen makes it, 12 characters of subject and 160 of body, from one of 10,000 numbers.
pub(crate) fn request(serial: u64) -> CreateTicketRequest {
    CreateTicketRequest {
        request_id: new_id(SystemClock.now()).to_string(),
        r#type: TicketType::Complaint.into(),
        subject: "小区夜间施工噪音扰民严重".to_owned(),
        body: "我家住在天河区的一个小区，楼下工地连续多日在夜间十一点以后仍在施工，噪音很大，老人和孩子都无法休息。".repeat(3),
        region: REGION.to_owned(),
        channel: Channel::Phone.into(),
        contact: Some(ContactInput {
            phone: format!("1380013{:04}", serial % 10_000),
            name: "张三".to_owned(),
            ..ContactInput::default()
        }),
        ..CreateTicketRequest::default()
    }
}
