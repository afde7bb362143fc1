//! `PrivacyService.GetRetention` and `RunRetention`: how long what is kept, and the last pass. Source: X11.

use crate::{Rooms, jobs::retain::Pass};
use gongdan_errors::Error;
use gongdan_proto::{tickets::v1 as pb, to_timestamp};
use std::time::Duration;
use tokio::sync::oneshot;

const RETRY_AFTER: Duration = Duration::from_secs(1);

pub(super) fn get_retention(rooms: &Rooms) -> pb::Retention {
    present(rooms, rooms.retained.borrow().clone())
}

/// Asks for a pass, and answers what it came to.
pub(super) async fn run_retention(rooms: &Rooms) -> Result<pb::Retention, Error> {
    let away = || Error::unavailable("the service stops", RETRY_AFTER);
    let (ask, answered) = oneshot::channel();
    rooms.retain.send(ask).await.map_err(|_| away())?;
    Ok(present(rooms, answered.await.map_err(|_| away())?))
}

fn present(rooms: &Rooms, last: Pass) -> pb::Retention {
    let config = &rooms.config.retention;
    let days = |days: u32| i32::try_from(days).unwrap_or(i32::MAX);
    pb::Retention {
        contacts_days: days(config.contacts_days),
        texts_days: days(config.texts_days),
        contact_reads_days: days(config.contact_reads_days),
        last_run_at: last.at.map(to_timestamp),
        tickets_erased: last.tickets,
        tickets_held: last.held,
        contact_reads_forgotten: last.reads,
        error: last.error,
    }
}
