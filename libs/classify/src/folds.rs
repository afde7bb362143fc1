//! Parts of a set of samples, for judging by what was held out.

use crate::random::Random;

/// Which of `folds` parts each sample is in: every part has its share of every class, as even as whole numbers allow.
#[must_use]
pub fn folds(labels: &[u32], folds: usize, seed: u64) -> Vec<usize> {
    let mut of = vec![0; labels.len()];
    let mut by_label: Vec<usize> = (0..labels.len()).collect();
    Random::new(seed).shuffle(&mut by_label);
    by_label.sort_by_key(|sample| labels[*sample]);
    // Dealt out in turn, on from class to class, so that small classes do not all end in the first parts.
    for (turn, sample) in by_label.into_iter().enumerate() {
        of[sample] = turn % folds.max(1);
    }
    of
}
