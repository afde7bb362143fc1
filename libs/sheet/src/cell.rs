//! What a cell holds, and what a spreadsheet program must not take it for.

use jiff::civil::DateTime;

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Empty,
    /// A text. Never a formula, whatever it begins with.
    Text(&'a str),
    /// A whole number.
    Number(i64),
    /// A local time.
    Time(DateTime),
}

/// Whether a spreadsheet program could take the text for a formula: it begins, after what programs skip, with `=`, `+`,
/// `-` or `@`, in their full width as well. Source: OWASP, CSV Injection.
pub(crate) fn looks_like_a_formula(text: &str) -> bool {
    if text.starts_with(['\t', '\r', '\n', '|', '%']) {
        return true;
    }
    let first = text
        .trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}')
        .chars()
        .next();
    matches!(first, Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_known_by_their_beginning() {
        for text in
            ["=1+1", "+86 20", "-1", "@SUM(A1)", "\t=1", " =1", "＝1", "\u{feff}=1", "\r\n-2", "|calc"]
        {
            assert!(looks_like_a_formula(text), "{text:?}");
        }
        for text in ["", "噪音扰民", "1=1", "a@b", "5-3", " 楼上"] {
            assert!(!looks_like_a_formula(text), "{text:?}");
        }
    }
}
