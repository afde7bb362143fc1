//! The messages of citizens that lie beside the project: seven categories, 495 messages.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use gongdan_classify::{Bag, Classifier, Sample, Settings, evaluate};
use std::{path::Path, sync::Arc};

/// None, and says so, when they are not there.
fn messages() -> Option<(Vec<String>, Vec<Sample>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/messages.csv");
    if !path.exists() {
        eprintln!("SKIPPED: {} is not there", path.display());
        return None;
    }
    let mut reader = csv::Reader::from_path(&path).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let mut labels: Vec<String> = rows.iter().map(|row| row[5].to_owned()).collect();
    labels.sort();
    labels.dedup();
    let sample = |row: &csv::StringRecord| Sample {
        bag: Arc::new(Bag::of(&row[2], &row[4])),
        label: u32::try_from(labels.iter().position(|label| *label == row[5]).unwrap()).unwrap(),
        among: None,
    };
    let samples = rows.iter().map(sample).collect();
    Some((labels, samples))
}

/// Not by luck: whatever parts the messages are held out in.
#[test]
fn four_of_five_messages_find_their_category() {
    let Some((labels, samples)) = messages() else { return };
    for seed in [Settings::default().seed, 1, 2] {
        let settings = Settings { seed, ..Settings::default() };
        let judged = evaluate(labels.len(), &samples, 5, &settings, &mut || true).unwrap();
        println!("seed {seed}: {:.4} {:.4} {:.3}", judged.top1, judged.top3, judged.calibration_error);
        assert_eq!((judged.samples, judged.classes), (495, 7));
        assert!(judged.top1 >= 0.80 && judged.top3 >= 0.95, "seed {seed}: {} {}", judged.top1, judged.top3);
        assert!(judged.calibration_error < 0.10, "seed {seed}: off by {}", judged.calibration_error);
    }
}

/// As tickets resolve: a classifier of the first half becomes better at the last fifth by what lies between, one at a time.
#[test]
fn it_learns_one_by_one() {
    let Some((labels, mut samples)) = messages() else { return };
    let parts =
        gongdan_classify::folds(&samples.iter().map(|sample| sample.label).collect::<Vec<_>>(), 10, 7);
    let mut by_part: Vec<_> = parts.into_iter().zip(samples.drain(..)).collect();
    by_part.sort_by_key(|(part, _)| *part);
    let of = |from: usize, to: usize| -> Vec<Sample> {
        by_part
            .iter()
            .filter(|(part, _)| (from..to).contains(part))
            .map(|(_, sample)| sample.clone())
            .collect()
    };
    let (held_out, settings) = (of(7, 10), Settings::default());
    let mut classifier = Classifier::train(labels, &of(0, 1), 4.5, &settings, &mut || true).unwrap();
    let right = |classifier: &Classifier| {
        held_out
            .iter()
            .filter(|s| classifier.rank(&s.bag, None).first().is_some_and(|r| r.class == s.label))
            .count()
    };
    let before = right(&classifier);
    for sample in of(1, 7) {
        classifier.learn(&sample.bag, sample.label, None);
    }
    let after = right(&classifier);
    assert!(after >= before + 5, "{before} of {} before, {after} after", held_out.len());
}
