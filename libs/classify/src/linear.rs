//! A weight for each feature and class.

use crate::vocabulary::Vector;

/// The constant feature learns slower than those of texts, which are many.
const BIAS_RATE: f32 = 0.1;

/// One class against the rest, for each class.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Linear {
    /// By feature, then by class; to be multiplied by `scale`.
    pub(crate) weights: Vec<f32>,
    /// By class.
    pub(crate) bias: Vec<f32>,
    scale: f32,
}

impl Linear {
    pub(crate) fn new(features: usize, classes: usize) -> Self {
        Self::from_parts(vec![0.0; features * classes], vec![0.0; classes])
    }

    pub(crate) fn from_parts(weights: Vec<f32>, bias: Vec<f32>) -> Self {
        Self { weights, bias, scale: 1.0 }
    }

    pub(crate) fn classes(&self) -> usize {
        self.bias.len()
    }

    /// The score of each class: about one for its own, about minus one for others.
    pub(crate) fn scores(&self, vector: &Vector, scores: &mut Vec<f32>) {
        let classes = self.classes();
        scores.clear();
        scores.resize(classes, 0.0);
        for (feature, value) in vector {
            let row = &self.weights[*feature as usize * classes..][..classes];
            for (score, weight) in scores.iter_mut().zip(row) {
                *score += value * weight;
            }
        }
        for (score, bias) in scores.iter_mut().zip(&self.bias) {
            *score = *score * self.scale + bias;
        }
    }

    /// A step down the squared hinge loss of a text whose class is `label`; of the other classes only those `among`.
    pub(crate) fn step(
        &mut self,
        vector: &Vector,
        label: u32,
        among: Option<&[u32]>,
        rate: f32,
        scores: &mut Vec<f32>,
    ) {
        self.scores(vector, scores);
        let classes = self.classes();
        let mut moved: Vec<(usize, f32)> = Vec::new();
        let mut judge = |class: usize| {
            let side = if class == label as usize { 1.0 } else { -1.0 };
            let missing = 1.0 - side * scores[class];
            if missing > 0.0 {
                moved.push((class, 2.0 * rate * side * missing));
            }
        };
        match among {
            None => (0..classes).for_each(&mut judge),
            Some(among) => among.iter().for_each(|class| judge(*class as usize)),
        }
        for (feature, value) in vector {
            let row = &mut self.weights[*feature as usize * classes..][..classes];
            for (class, by) in &moved {
                row[*class] += by * value / self.scale;
            }
        }
        for (class, by) in moved {
            self.bias[class] += BIAS_RATE * by;
        }
    }

    /// Makes all weights smaller by a share.
    pub(crate) fn shrink(&mut self, share: f32) {
        self.scale *= 1.0 - share;
        if self.scale < 1e-3 {
            self.settle();
        }
    }

    /// Multiplies the scale in.
    pub(crate) fn settle(&mut self) {
        for weight in &mut self.weights {
            *weight *= self.scale;
        }
        self.scale = 1.0;
    }
}
