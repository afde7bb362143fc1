//! A classifier as bytes and back. Little-endian; begins with the version of the form.

use crate::{Classifier, linear::Linear, vocabulary::Vocabulary};

/// Of the form and of the way texts become bags: what was written with another is trained anew.
const VERSION: u32 = 1;

/// These bytes are no classifier of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no classifier of this version: {0}")]
pub struct Unreadable(&'static str);

impl Classifier {
    /// As bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.linear.weights.len() * 4 + self.vocabulary.len() * 8 + 1024);
        let counts = [self.labels.len(), self.vocabulary.grams.len(), self.vocabulary.marks.len()];
        put(&mut bytes, [VERSION].into_iter().chain(counts.map(|count| count as u32)).map(u32::to_le_bytes));
        put(&mut bytes, [self.sharpness, self.rate].map(f32::to_le_bytes));
        for label in &self.labels {
            put(&mut bytes, [(label.len() as u32).to_le_bytes()]);
            bytes.extend_from_slice(label.as_bytes());
        }
        put(&mut bytes, self.vocabulary.grams.iter().map(|gram| gram.to_le_bytes()));
        put(&mut bytes, self.vocabulary.idf.iter().map(|idf| idf.to_le_bytes()));
        put(&mut bytes, self.vocabulary.marks.iter().map(|mark| mark.to_le_bytes()));
        put(&mut bytes, self.linear.bias.iter().map(|bias| bias.to_le_bytes()));
        put(&mut bytes, self.linear.weights.iter().map(|weight| weight.to_le_bytes()));
        bytes
    }

    /// From bytes.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut rest = Reader(bytes);
        if rest.number()? != VERSION {
            return Err(Unreadable("another version"));
        }
        let (classes, grams, marks) =
            (rest.number()? as usize, rest.number()? as usize, rest.number()? as usize);
        let (sharpness, rate) = (f32::from_bits(rest.number()?), f32::from_bits(rest.number()?));
        let mut labels = Vec::new();
        for _ in 0..classes {
            let length = rest.number()? as usize;
            let label = std::str::from_utf8(rest.take(length)?).map_err(|_| Unreadable("a label"))?;
            labels.push(label.to_owned());
        }
        let grams_of = rest.numbers(grams)?;
        let idf = rest.floats(grams)?;
        let vocabulary = Vocabulary { grams: grams_of, idf, marks: rest.numbers(marks)? };
        let bias = rest.floats(classes)?;
        let weights = vocabulary.len().checked_mul(classes).ok_or(Unreadable("too large"))?;
        let linear = Linear::from_parts(rest.floats(weights)?, bias);
        let in_order = |keys: &[u32]| keys.is_sorted_by(|a, b| a < b);
        let sound = rest.0.is_empty()
            && in_order(&vocabulary.grams)
            && in_order(&vocabulary.marks)
            && [sharpness, rate]
                .iter()
                .chain(&linear.bias)
                .chain(&linear.weights)
                .all(|value| value.is_finite());
        if !sound {
            return Err(Unreadable("damaged"));
        }
        Ok(Self { labels, vocabulary, linear, sharpness, rate })
    }
}

fn put(bytes: &mut Vec<u8>, values: impl IntoIterator<Item = [u8; 4]>) {
    bytes.extend(values.into_iter().flatten());
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Unreadable> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Unreadable("too short"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, Unreadable> {
        let bytes = self.take(4)?;
        Ok(bytes.try_into().map_or(0, u32::from_le_bytes))
    }

    fn numbers(&mut self, count: usize) -> Result<Vec<u32>, Unreadable> {
        let bytes = self.take(count.checked_mul(4).ok_or(Unreadable("too large"))?)?;
        let (numbers, _) = bytes.as_chunks::<4>();
        Ok(numbers.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect())
    }

    fn floats(&mut self, count: usize) -> Result<Vec<f32>, Unreadable> {
        Ok(self.numbers(count)?.into_iter().map(f32::from_bits).collect())
    }
}
