//! What stands for the planned time in texts.

use jiff::Zoned;

/// Puts the planned time in for `{date}`, `{month}` and `{time}`.
#[must_use]
pub fn fill_in(text: &str, planned: &Zoned) -> String {
    let words = [("{date}", "%Y-%m-%d"), ("{month}", "%Y-%m"), ("{time}", "%H:%M")];
    words.iter().fold(text.to_owned(), |text, (word, format)| {
        if text.contains(word) { text.replace(word, &planned.strftime(format).to_string()) } else { text }
    })
}
