//! How sure scores are.

/// Sharper than this is said of nothing.
const SHARPEST: f32 = 50.0;
/// Parts of 0…1 by which confidence is compared with what came of it.
const BINS: usize = 10;

/// What was said of a text that was held out: the scores of the classes in question, and which is right.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) scores: Vec<f32>,
    /// Place in `scores`.
    pub(crate) right: usize,
}

/// Scores as probabilities.
pub(crate) fn softmax(scores: &[f32], sharpness: f32) -> Vec<f32> {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let raised: Vec<f32> = scores.iter().map(|score| ((score - highest) * sharpness).exp()).collect();
    let sum: f32 = raised.iter().sum();
    raised.into_iter().map(|value| value / sum).collect()
}

/// The sharpness under which what was right was most likely: the only minimum of a convex function, by thirds.
pub(crate) fn sharpness(said: &[Said]) -> f32 {
    let surprise = |sharpness: f32| -> f64 {
        said.iter()
            .map(|said| {
                let highest = said.scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let sum: f32 = said.scores.iter().map(|score| ((score - highest) * sharpness).exp()).sum();
                f64::from(sum.ln() - (said.scores[said.right] - highest) * sharpness)
            })
            .sum()
    };
    let (mut low, mut high) = (0.0, SHARPEST);
    for _ in 0..60 {
        let third = (high - low) / 3.0;
        if surprise(low + third) <= surprise(high - third) {
            high -= third;
        } else {
            low += third;
        }
    }
    f32::midpoint(low, high)
}

/// The mean distance between how sure the first answer was and how often such answers were right, 0 to 1.
pub(crate) fn error(said: &[Said], sharpness: f32) -> f64 {
    let mut bins = [(0_u32, 0.0_f64, 0_u32); BINS];
    for said in said {
        let sure = softmax(&said.scores, sharpness);
        let (first, sure) = sure
            .iter()
            .enumerate()
            .fold((0, f32::MIN), |best, (at, sure)| if *sure > best.1 { (at, *sure) } else { best });
        let bin = &mut bins[((sure * BINS as f32) as usize).min(BINS - 1)];
        bin.0 += 1;
        bin.1 += f64::from(sure);
        bin.2 += u32::from(first == said.right);
    }
    let off: f64 = bins.iter().map(|(_, sure, right)| (sure - f64::from(*right)).abs()).sum();
    off / said.len().max(1) as f64
}
