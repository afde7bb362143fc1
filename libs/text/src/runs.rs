//! A text as runs of Chinese characters, and words of other letters.

use gongdan_mask::mask_numbers;

/// So many digits are a number of somebody or something: it is found by its own field, never by text.
const LONG: usize = 7;

/// A part of a text without punctuation in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Run {
    /// Characters that are written without spaces between words.
    Joined(Vec<char>),
    /// A word of other letters, or a number.
    Word(String),
}

/// One character as search sees it: of full-width forms the usual one, of capitals the small one. Always one for one, so
/// that places in the text stay the same.
pub(crate) fn fold(c: char) -> char {
    let c = match u32::from(c) {
        0x3000 => ' ',
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(c),
        _ => c,
    };
    let mut small = c.to_lowercase();
    match (small.next(), small.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// Ideographs, kana and hangul.
pub(crate) fn is_joined(c: char) -> bool {
    matches!(
        u32::from(c),
        0x3005 | 0x3007 | 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff
            | 0x20000..=0x3ffff
    )
}

/// The runs in order. Personal numbers, and all long ones, are in none of them.
pub(crate) fn runs(text: &str) -> Vec<Run> {
    let mut chars: Vec<char> = mask_numbers(text).chars().map(fold).collect();
    blot(&mut chars);
    let mut found = Vec::new();
    let mut rest = chars.as_slice();
    while let Some(first) = rest.first() {
        let same: fn(char) -> bool = match *first {
            c if is_joined(c) => is_joined,
            c if is_letter(c) => is_letter,
            _ => {
                rest = &rest[1..];
                continue;
            }
        };
        let length = rest.iter().position(|c| !same(*c)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(length);
        rest = after;
        if is_joined(*first) {
            found.push(Run::Joined(run.to_vec()));
        } else if !has_long_number(run) {
            found.push(Run::Word(run.iter().collect()));
        }
    }
    found
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() && !is_joined(c)
}

fn has_long_number(word: &[char]) -> bool {
    word.split(|c| !c.is_numeric()).any(|digits| digits.len() >= LONG)
}

/// What masking left of a number goes too: the digits at both ends of the stars.
fn blot(chars: &mut [char]) {
    let belongs = |c: &char| c.is_numeric() || matches!(c, '*' | '-' | ' ' | '.' | '(' | ')' | '+' | 'x');
    let mut at = 0;
    while at < chars.len() {
        if !belongs(&chars[at]) {
            at += 1;
            continue;
        }
        let end = chars[at..].iter().position(|c| !belongs(c)).map_or(chars.len(), |length| at + length);
        if chars[at..end].contains(&'*') {
            chars[at..end].fill(' ');
        }
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        runs(text)
            .into_iter()
            .map(|run| match run {
                Run::Joined(chars) => chars.into_iter().collect(),
                Run::Word(word) => format!("<{word}>"),
            })
            .collect()
    }

    #[test]
    fn runs_end_at_punctuation_and_at_other_letters() {
        assert_eq!(shown("A3区大道，ＫＴＶ噪音！"), ["<a3>", "区大道", "<ktv>", "噪音"]);
        assert_eq!(shown("  \n"), Vec::<String>::new());
    }

    #[test]
    fn nothing_of_a_personal_number_is_in_a_run() {
        for text in [
            "请回电13800138000谢谢",
            "请回电138 0013 8000谢谢",
            "请回电138-0013-8000谢谢",
            "请回电+86 13800138000谢谢",
            "请回电１３８００１３８０００谢谢",
            "请回电020-12345678谢谢",
            "请回电440106199001011234谢谢",
            "请回电1234567谢谢",
            "请回电gd261129000000123456谢谢",
        ] {
            assert_eq!(shown(text), ["请回电", "谢谢"], "{text}");
        }
        assert_eq!(shown("3栋1202室"), ["<3>", "栋", "<1202>", "室"]);
    }
}
