//! `RebuildService.GetRebuild`

use crate::{
    Rooms,
    store::rebuilds::{RebuildRow, SourceProgress},
};
use gongdan_errors::Error;
use gongdan_proto::{
    reporting::v1::{GetRebuildRequest, Rebuild, RebuildSource},
    to_timestamp,
};

pub(super) async fn get_rebuild(rooms: &Rooms, request: GetRebuildRequest) -> Result<Rebuild, Error> {
    Ok(super::find(rooms, &request.id).await?.into())
}

impl From<RebuildRow> for Rebuild {
    fn from(row: RebuildRow) -> Self {
        Self {
            id: row.id.to_string(),
            state: i32::from(row.state),
            sources: row.sources.into_iter().map(RebuildSource::from).collect(),
            started_at: Some(to_timestamp(row.started_at)),
            ended_at: row.ended_at.map(to_timestamp),
            error: row.error,
        }
    }
}

impl From<SourceProgress> for RebuildSource {
    fn from(source: SourceProgress) -> Self {
        Self { source: source.source, applied: source.applied, expected: source.expected, done: source.done }
    }
}
