//! Content lines of iCalendar, with the line of the file each begins on. Source: RFC 5545 §3.1.
//!
//! Crates that read iCalendar keep no positions, and a fault without its line is no help in a file of a thousand.

use crate::Faults;

/// `NAME;PARAM=VALUE:VALUE`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Property {
    pub(super) line: usize,
    /// In capitals.
    pub(super) name: String,
    /// Names in capitals, values without quotes.
    pub(super) params: Vec<(String, String)>,
    /// As it stands, escapes included.
    pub(super) value: String,
}

impl Property {
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(param, _)| param == name).map(|(_, value)| value.as_str())
    }

    /// The value as text, escapes taken out.
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(self.value.len());
        let mut letters = self.value.chars();
        while let Some(letter) = letters.next() {
            match (letter, letter == '\\') {
                (_, true) => match letters.next() {
                    Some('n' | 'N') => text.push(' '),
                    Some(other) => text.push(other),
                    None => {}
                },
                (letter, false) => text.push(letter),
            }
        }
        text.trim().to_owned()
    }
}

/// A position in the file, as the field of a fault.
pub(super) fn at(line: usize) -> String {
    format!("$:{line}")
}

/// Every content line, folded ones put together. What is none is a fault at its line.
pub(super) fn read(text: &str, faults: &mut Faults) -> Vec<Property> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some((_, open))) => open.push_str(rest),
            (None, _) if line.is_empty() => {}
            _ => lines.push((index + 1, line.to_owned())),
        }
    }
    lines
        .into_iter()
        .filter_map(|(line, text)| {
            let property = property(line, &text);
            if property.is_none() {
                faults.add(at(line), "a line is NAME:VALUE or NAME;PARAMETER=VALUE:VALUE");
            }
            property
        })
        .collect()
}

fn property(line: usize, text: &str) -> Option<Property> {
    let (name, mut rest) = name(text)?;
    let mut params = Vec::new();
    while let Some(more) = rest.strip_prefix(';') {
        let (param, after) = self::name(more)?;
        let (value, after) = param_value(after.strip_prefix('=')?)?;
        params.push((param, value));
        rest = after;
    }
    let value = rest.strip_prefix(':')?.to_owned();
    if value.chars().any(|letter| letter.is_control() && letter != '\t') {
        return None;
    }
    Some(Property { line, name, params, value })
}

fn name(text: &str) -> Option<(String, &str)> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    (!name.is_empty()).then(|| (name.to_ascii_uppercase(), rest))
}

/// One or more values, with commas between them; quoted ones may have `:`, `;` and `,` in them.
fn param_value(text: &str) -> Option<(String, &str)> {
    let (mut value, mut quoted) = (String::new(), false);
    for (index, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            ':' | ';' if !quoted => return Some((value, text.get(index..)?)),
            _ => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &str) -> (Vec<Property>, Vec<String>) {
        let mut faults = Faults::default();
        let lines = read(text, &mut faults);
        (lines, faults.0.into_iter().map(|fault| fault.field).collect())
    }

    #[test]
    fn folded_lines_are_one_and_keep_the_line_they_begin_on() {
        let (lines, faults) =
            read_all("\u{feff}BEGIN:VEVENT\r\nSUMMARY;LANGUAGE=zh:春\r\n 节\r\n\t\\, 休\r\nEND:VEVENT\r\n");
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(
            lines.iter().map(|p| (p.line, p.name.as_str())).collect::<Vec<_>>(),
            [(1, "BEGIN"), (2, "SUMMARY"), (5, "END")]
        );
        assert_eq!((lines[1].text().as_str(), lines[1].param("LANGUAGE")), ("春节, 休", Some("zh")));
    }

    #[test]
    fn quoted_parameters_may_hold_what_ends_others() {
        let (lines, _) = read_all("dtstart;tzid=\"a:b;c,d\";VALUE=DATE:20270101");
        assert_eq!((lines[0].name.as_str(), lines[0].value.as_str()), ("DTSTART", "20270101"));
        assert_eq!((lines[0].param("TZID"), lines[0].param("VALUE")), (Some("a:b;c,d"), Some("DATE")));
    }

    #[test]
    fn what_is_no_line_is_a_fault_where_it_stands() {
        let (lines, faults) = read_all("BEGIN:VEVENT\n\n<html>\nX;Y:z\nX;Y=\"a:b\n:x\n \nA:\u{0}\n");
        assert_eq!(lines.len(), 1);
        assert_eq!(faults, ["$:3", "$:4", "$:5", "$:6", "$:8"]);
    }
}
