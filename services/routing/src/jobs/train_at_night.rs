//! Learning anew without being asked: at a time of the night, every so many days, when enough has resolved since.
//! Source: R11.
//!
//! Any replica does it, one at a time: who comes second finds that it was done for this night.

use crate::{Rooms, config::SuggestionsConfig, store::SuggesterRow};
use gongdan_errors::Reason;
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Time, tz::TimeZone};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Who trains then.
const BY: &str = "service.routing";
/// Nights are those of the national calendar.
const ZONE: &str = "Asia/Shanghai";

/// Runs until told to stop, unless it is switched off.
pub async fn run(rooms: Arc<Rooms>, config: SuggestionsConfig, shutdown: CancellationToken) {
    if config.train_every_days == 0 {
        return;
    }
    let zone = match TimeZone::get(ZONE) {
        Ok(zone) => zone,
        Err(error) => {
            tracing::error!(%error, "nothing is trained at night");
            return;
        }
    };
    loop {
        let Some(night) = next_night(rooms.clock.now(), config.train_at, &zone) else { return };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = rooms.clock.sleep_until(night) => {}
        }
        if let Err(error) = train(&rooms, &config, night).await {
            tracing::warn!(%error, "nothing was trained this night");
        }
    }
}

async fn train(
    rooms: &Arc<Rooms>,
    config: &SuggestionsConfig,
    night: Timestamp,
) -> Result<(), gongdan_errors::Error> {
    let last = rooms.store.suggester().await?;
    if !is_due(last.as_ref(), config, night) {
        return Ok(());
    }
    match rooms.trainer.start(rooms.clone(), BY.to_owned()).await {
        // What comes of it is logged there.
        Ok(_) => Ok(()),
        Err(error) if error.reason() == Reason::TrainingRunning => Ok(()),
        Err(error) => Err(error),
    }
}

/// The next time that the clocks of the zone show `at`, after `now`.
fn next_night(now: Timestamp, at: Time, zone: &TimeZone) -> Option<Timestamp> {
    let today = now.to_zoned(zone.clone()).date();
    [today, today.checked_add(1.day()).ok()?]
        .into_iter()
        .filter_map(|day| Some(day.to_datetime(at).to_zoned(zone.clone()).ok()?.timestamp()))
        .find(|night| *night > now)
}

/// Whether what was learnt is old enough by this night, and enough was learnt since. Nothing at all is always old enough.
fn is_due(last: Option<&SuggesterRow>, config: &SuggestionsConfig, night: Timestamp) -> bool {
    let Some(last) = last else { return true };
    // A training of an earlier night ended some time after its beginning.
    let age = SignedDuration::from_hours(24 * i64::from(config.train_every_days) - 12);
    night.duration_since(last.trained_at) >= age && last.learnt >= i64::from(config.train_after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{KeptQuality, QualityRow, ScoreRow};
    use jiff::civil::time;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn trained(text: &str, learnt: i64) -> SuggesterRow {
        let items = QualityRow {
            tickets: 0,
            left_out: 0,
            classes: 0,
            folds: 0,
            top1: 0.0,
            top3: 0.0,
            calibration_error: 0.0,
            confusion: Vec::new(),
        };
        SuggesterRow {
            id: 1,
            trained_at: at(text),
            trained_by: String::new(),
            tickets: 0,
            quality: KeptQuality { items, units: None },
            learnt,
            items: ScoreRow::default(),
            units: ScoreRow::default(),
        }
    }

    #[test]
    fn a_night_is_one_of_shanghai() {
        let zone = TimeZone::get(ZONE).unwrap();
        let next = |now| next_night(at(now), time(2, 30, 0, 0), &zone).unwrap();
        assert_eq!(next("2026-11-30T18:29:59Z"), at("2026-11-30T18:30:00Z"));
        assert_eq!(next("2026-11-30T18:30:00Z"), at("2026-12-01T18:30:00Z"));
        assert_eq!(next("2026-11-30T10:00:00Z"), at("2026-11-30T18:30:00Z"));
    }

    #[test]
    fn it_is_due_every_so_many_days_when_enough_was_learnt() {
        let config = |days, after| SuggestionsConfig {
            learn_every: SignedDuration::from_secs(30),
            learn_at_once: 1,
            train_on: 1,
            catalogue_every: SignedDuration::from_secs(60),
            train_every_days: days,
            train_at: time(2, 30, 0, 0),
            train_after: after,
        };
        let night = at("2026-12-01T18:30:00Z");
        assert!(is_due(None, &config(1, 100), night));
        // Of the night before, some minutes after its beginning.
        let last = trained("2026-11-30T18:41:00Z", 100);
        assert!(is_due(Some(&last), &config(1, 100), night));
        assert!(!is_due(Some(&last), &config(1, 101), night), "too little was learnt");
        assert!(!is_due(Some(&last), &config(2, 100), night));
        // Another replica, in this very night.
        assert!(!is_due(Some(&trained("2026-12-01T18:30:02Z", 500)), &config(1, 0), night));
    }
}
