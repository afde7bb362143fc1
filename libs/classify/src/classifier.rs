//! A trained classifier.

use crate::{
    Bag, Cannot, Sample, Settings, calibrate,
    linear::Linear,
    train::{Trained, check, train},
    vocabulary::Vocabulary,
};

/// A class and how sure it is, 0 to 1; of all that came into question the sum is 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    /// The class.
    pub class: u32,
    /// How sure.
    pub confidence: f32,
}

/// Says which class a text is of.
#[derive(Debug, Clone, PartialEq)]
pub struct Classifier {
    pub(crate) labels: Vec<String>,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) linear: Linear,
    pub(crate) sharpness: f32,
    pub(crate) rate: f32,
}

impl Classifier {
    /// Of samples; `labels` name the classes, `sharpness` is an evaluation's. `go_on` is asked after each round.
    ///
    /// # Errors
    /// [`Cannot`].
    pub fn train(
        labels: Vec<String>,
        samples: &[Sample],
        sharpness: f32,
        settings: &Settings,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Self, Cannot> {
        check(labels.len(), samples, 1)?;
        let all: Vec<&Sample> = samples.iter().collect();
        let Trained { vocabulary, linear } = train(labels.len(), &all, settings, go_on)?;
        Ok(Self { labels, vocabulary, linear, sharpness, rate: settings.rate })
    }

    /// The classes' names.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The class of a name.
    #[must_use]
    pub fn class(&self, label: &str) -> Option<u32> {
        self.labels.iter().position(|known| known == label).and_then(|at| u32::try_from(at).ok())
    }

    /// How many n-grams and marks are looked at.
    #[must_use]
    pub fn features(&self) -> usize {
        self.vocabulary.len()
    }

    /// The classes of a text, the likeliest first; only those `among`, where given. None when nothing of the text was ever
    /// seen: any answer would be a guess.
    #[must_use]
    pub fn rank(&self, bag: &Bag, among: Option<&[u32]>) -> Vec<Ranked> {
        let vector = self.vocabulary.vector(bag);
        if vector.is_empty() {
            return Vec::new();
        }
        let mut scores = Vec::new();
        self.linear.scores(&vector, &mut scores);
        let classes: Vec<u32> = match among {
            None => (0..).take(scores.len()).collect(),
            Some(among) => among.iter().copied().filter(|class| (*class as usize) < scores.len()).collect(),
        };
        if classes.is_empty() {
            return Vec::new();
        }
        let of_classes: Vec<f32> = classes.iter().map(|class| scores[*class as usize]).collect();
        let sure = calibrate::softmax(&of_classes, self.sharpness);
        let mut ranked: Vec<Ranked> =
            classes.into_iter().zip(sure).map(|(class, confidence)| Ranked { class, confidence }).collect();
        ranked.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.class.cmp(&b.class)));
        ranked
    }

    /// Takes one more text in. What the classifier does not look at, a new class or an n-gram, waits for the next training.
    pub fn learn(&mut self, bag: &Bag, class: u32, among: Option<&[u32]>) {
        if class as usize >= self.labels.len() {
            return;
        }
        let vector = self.vocabulary.vector(bag);
        let known: Option<Vec<u32>> = among.map(|among| {
            let others = among.iter().copied().filter(|other| *other != class);
            others.filter(|other| (*other as usize) < self.labels.len()).chain([class]).collect()
        });
        self.linear.step(&vector, class, known.as_deref(), self.rate, &mut Vec::new());
    }
}
