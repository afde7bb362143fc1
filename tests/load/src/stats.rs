//! Latencies and what they amount to.

use std::time::Duration;

/// Latencies of one measured part.
#[derive(Debug, Default)]
pub(crate) struct Latencies {
    micros: Vec<u32>,
}

impl Latencies {
    pub fn add(&mut self, took: Duration) {
        self.micros.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    pub fn merge(&mut self, mut other: Self) {
        self.micros.append(&mut other.micros);
    }

    pub fn count(&self) -> usize {
        self.micros.len()
    }

    /// The latency that `percent` of the calls did not exceed, in milliseconds; zero without calls.
    pub fn percentile_ms(&mut self, percent: usize) -> f64 {
        if self.micros.is_empty() {
            return 0.0;
        }
        self.micros.sort_unstable();
        let rank = (self.micros.len() * percent).div_ceil(100).clamp(1, self.micros.len());
        f64::from(self.micros[rank - 1]) / 1_000.0
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
