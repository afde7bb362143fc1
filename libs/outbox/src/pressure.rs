//! Whether the machine is busy, so that what can wait gives way to callers who do.
//!
//! Source: the kernel's pressure stall information, <https://docs.kernel.org/accounting/psi.html>.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

/// Time in which somebody waits for a processor, in microseconds, since the start of the machine.
const SOURCE: &str = "/proc/pressure/cpu";
/// How often it is looked at.
const EVERY: Duration = Duration::from_millis(250);
/// From this share of the time on, the machine is busy, and until it falls below [`CALM`]. Consumers that catch up on their
/// own, with nobody calling, stay below it: seen on two processors were 0.45 to 0.6 then, and 0.7 to 0.9 under 32 callers.
const BUSY: f64 = 0.62;
/// Consumers that rest leave less waiting behind, which alone is no sign that the callers are gone.
const CALM: f64 = 0.5;

struct Seen {
    at: Instant,
    waited: Duration,
    busy: bool,
}

static SEEN: Mutex<Option<Seen>> = Mutex::new(None);

/// Whether somebody waited for a processor much of the last moments. Where the kernel does not tell, it is not known to
/// be busy.
pub(crate) fn is_busy() -> bool {
    let mut seen = SEEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(seen) = seen.as_ref()
        && seen.at.elapsed() < EVERY
    {
        return seen.busy;
    }
    let (at, waited) = (Instant::now(), waited());
    let busy = match (seen.as_ref(), waited) {
        (Some(before), Some(waited)) => {
            let share = waited.saturating_sub(before.waited).as_secs_f64() / (at - before.at).as_secs_f64();
            is_busy_at(share, before.busy)
        }
        _ => false,
    };
    *seen = Some(Seen { at, waited: waited.unwrap_or_default(), busy });
    busy
}

fn is_busy_at(share: f64, before: bool) -> bool {
    share >= if before { CALM } else { BUSY }
}

fn waited() -> Option<Duration> {
    parse(&std::fs::read_to_string(SOURCE).ok()?)
}

fn parse(text: &str) -> Option<Duration> {
    let some = text.lines().find(|line| line.starts_with("some "))?;
    let total = some.split_whitespace().find_map(|word| word.strip_prefix("total="))?;
    Some(Duration::from_micros(total.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_begins_late_and_lasts_until_it_is_calm() {
        assert_eq!([0.3, 0.55, 0.7].map(|share| is_busy_at(share, false)), [false, false, true]);
        assert_eq!([0.3, 0.55, 0.7].map(|share| is_busy_at(share, true)), [false, true, true]);
    }

    #[test]
    fn the_total_is_read_and_anything_else_is_not_known() {
        let text = "some avg10=0.00 avg60=0.69 avg300=7.20 total=10716410493\nfull avg10=0.00 total=7\n";
        assert_eq!(parse(text), Some(Duration::from_micros(10_716_410_493)));
        assert_eq!(parse("full avg10=0.00 total=7\n"), None);
        assert_eq!(parse("some total=x"), None);
        assert_eq!(parse(""), None);
    }
}
