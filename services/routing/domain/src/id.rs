//! Ids of units, principals and rules, chosen by people.

/// The text is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("1 to 64 of a-z, 0-9, '.', '-', '_'")]
pub struct InvalidId;

/// Accepts 1 to 64 of a-z, 0-9, '.', '-', '_'.
///
/// # Errors
/// When the text is anything else.
pub fn check_id(text: &str) -> Result<&str, InvalidId> {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_');
    if (1..=64).contains(&text.len()) && text.bytes().all(good) { Ok(text) } else { Err(InvalidId) }
}

/// What somebody wrote, to be said back to them: of a long text the beginning.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(64) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

/// Accepts one line of `min` to `max` characters that is not blank.
pub(crate) fn check_line(text: &str, min: usize, max: usize) -> Result<(), String> {
    let length = text.chars().count();
    let blank = min > 0 && text.trim().is_empty();
    if blank || length < min || length > max || text.chars().any(char::is_control) {
        return Err(if min == 0 {
            format!("up to {max} characters, one line")
        } else {
            format!("{min} to {max} characters, one line")
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_text_the_beginning_is_said_back() {
        assert_eq!(quoted("天河"), "`天河`");
        assert_eq!(quoted(&"天".repeat(64)), format!("`{}`", "天".repeat(64)));
        assert_eq!(quoted(&"天".repeat(1_000_000)), format!("`{}…`", "天".repeat(64)));
    }

    #[test]
    fn ids_are_short_and_plain() {
        for good in ["tianhe-env", "service.tickets", "a", "9_9"] {
            assert_eq!(check_id(good), Ok(good));
        }
        for bad in ["", "Tianhe", "天河", "a b", "a/b", &"a".repeat(65)] {
            assert_eq!(check_id(bad), Err(InvalidId), "{bad:?}");
        }
    }
}
