//! Latencies and what they amount to.

use std::time::Duration;

/// Latencies of one measured part.
#[derive(Debug, Default)]
pub(crate) struct Latencies {
    nanos: Vec<u64>,
}

impl Latencies {
    pub fn add(&mut self, took: Duration) {
        self.nanos.push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    pub fn merge(&mut self, mut other: Self) {
        self.nanos.append(&mut other.nanos);
    }

    pub fn count(&self) -> usize {
        self.nanos.len()
    }

    /// The latency that `percent` of the calls did not exceed, in milliseconds; zero without calls.
    pub fn percentile_ms(&mut self, percent: usize) -> f64 {
        if self.nanos.is_empty() {
            return 0.0;
        }
        self.nanos.sort_unstable();
        let rank = (self.nanos.len() * percent).div_ceil(100).clamp(1, self.nanos.len());
        Duration::from_nanos(self.nanos[rank - 1]).as_secs_f64() * 1_000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_the_nearest_rank() {
        let mut latencies = Latencies::default();
        for ms in (1..=100).rev() {
            latencies.add(Duration::from_millis(ms));
        }
        assert_eq!(
            (latencies.percentile_ms(50), latencies.percentile_ms(99), latencies.percentile_ms(100)),
            (50.0, 99.0, 100.0)
        );
        assert_eq!(Latencies::default().percentile_ms(50), 0.0);
    }
}
