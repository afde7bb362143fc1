//! How good it is, on texts it has not seen.

use crate::{
    Bag, Cannot, Sample, Settings,
    calibrate::{self, Said},
    folds::folds,
    train::{Trained, check, train},
};
use std::collections::BTreeMap;

/// What became of every sample when it was held out and the others were learnt from.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// How many samples.
    pub samples: usize,
    /// How many classes.
    pub classes: usize,
    /// How many parts.
    pub folds: usize,
    /// The share whose first answer was right.
    pub top1: f64,
    /// The share with the right answer among the first three.
    pub top3: f64,
    /// The mean distance between how sure first answers were and how often they were right, 0 to 1.
    pub calibration_error: f64,
    /// For [`crate::Classifier::train`].
    pub sharpness: f32,
    /// How many of a class were first said to be of another, or of their own: by (class, answer).
    pub confusion: BTreeMap<(u32, u32), u32>,
}

/// Trains on all parts but one and judges by that one, for each of `parts` that have their share of every class. `go_on` is
/// asked after each round of each.
///
/// # Errors
/// [`Cannot`].
pub fn evaluate(
    classes: usize,
    samples: &[Sample],
    parts: usize,
    settings: &Settings,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Evaluation, Cannot> {
    evaluate_asked(classes, samples, |sample| &samples[sample].bag, parts, settings, go_on)
}

/// As [`evaluate`], of samples that are asked with less than is learnt of them: `asked` is the text that is known then.
///
/// # Errors
/// [`Cannot`].
pub fn evaluate_asked<'a>(
    classes: usize,
    samples: &[Sample],
    asked: impl Fn(usize) -> &'a Bag,
    parts: usize,
    settings: &Settings,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Evaluation, Cannot> {
    check(classes, samples, parts.max(2))?;
    let labels: Vec<u32> = samples.iter().map(|sample| sample.label).collect();
    let part_of = folds(&labels, parts, settings.seed);
    let (mut said, mut confusion) = (Vec::with_capacity(samples.len()), BTreeMap::new());
    let (mut first, mut first_three) = (0_usize, 0_usize);
    for part in 0..parts {
        let of = |held_out: bool| {
            let part_of = &part_of;
            samples.iter().enumerate().filter(move |(at, _)| (part_of[*at] == part) == held_out)
        };
        let learnt: Vec<&Sample> = of(false).map(|(_, sample)| sample).collect();
        let Trained { vocabulary, linear } = train(classes, &learnt, settings, go_on)?;
        let mut scores = Vec::new();
        for (at, sample) in of(true) {
            linear.scores(&vocabulary.vector(asked(at)), &mut scores);
            let among: Vec<u32> = match &sample.among {
                Some(among) => among.to_vec(),
                None => (0..classes as u32).collect(),
            };
            let scores: Vec<f32> = among.iter().map(|class| scores[*class as usize]).collect();
            let Some(right) = among.iter().position(|class| *class == sample.label) else {
                return Err(Cannot::OutOfRange);
            };
            // Of equal scores the class that comes first, as in `rank`.
            let better = |at: usize| {
                let other = scores[at].total_cmp(&scores[right]);
                other.is_gt() || (other.is_eq() && among[at] < among[right])
            };
            let before = (0..scores.len()).filter(|at| better(*at)).count();
            first += usize::from(before == 0);
            first_three += usize::from(before < 3);
            let answer = (0..scores.len())
                .reduce(|best, at| {
                    let order = scores[at].total_cmp(&scores[best]);
                    if order.is_gt() || (order.is_eq() && among[at] < among[best]) { at } else { best }
                })
                .unwrap_or(right);
            *confusion.entry((sample.label, among[answer])).or_default() += 1;
            said.push(Said { scores, right });
        }
    }
    let sharpness = calibrate::sharpness(&said);
    let share = |number: usize| number as f64 / samples.len() as f64;
    Ok(Evaluation {
        samples: samples.len(),
        classes,
        folds: parts,
        top1: share(first),
        top3: share(first_three),
        calibration_error: calibrate::error(&said, sharpness),
        sharpness,
        confusion,
    })
}
