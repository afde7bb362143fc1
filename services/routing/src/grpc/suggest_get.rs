//! `SuggestService.GetSuggester`

use crate::{
    Rooms, error,
    store::{QualityRow, ScoreRow, SuggesterRow},
};
use gongdan_errors::Error;
use gongdan_proto::{routing::v1 as pb, to_timestamp};

pub(super) async fn get_suggester(rooms: &Rooms) -> Result<pb::Suggester, Error> {
    let row = rooms.store.suggester().await?.ok_or_else(error::suggester_untrained)?;
    Ok(show(row))
}

fn show(row: SuggesterRow) -> pb::Suggester {
    pb::Suggester {
        training: row.id,
        trained_at: Some(to_timestamp(row.trained_at)),
        trained_by: row.trained_by,
        tickets: row.tickets,
        items: Some(quality(row.quality.items)),
        units: row.quality.units.map(quality),
        learnt_since: row.learnt,
        items_since: Some(score(row.items)),
        units_since: Some(score(row.units)),
    }
}

fn quality(row: QualityRow) -> pb::SuggestionQuality {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let small = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    pb::SuggestionQuality {
        tickets: count(row.tickets),
        left_out: count(row.left_out),
        classes: small(row.classes),
        folds: small(row.folds),
        top1: row.top1,
        top3: row.top3,
        calibration_error: row.calibration_error,
        confusion: row
            .confusion
            .into_iter()
            .map(|(was, suggested, tickets)| pb::Confusion { was, suggested, tickets: tickets.into() })
            .collect(),
    }
}

fn score(row: ScoreRow) -> pb::Score {
    pb::Score { suggested: row.suggested, right: row.right }
}
