//! What anybody may see of a name, a number and a text. Source: DESIGN rule 15.

use crate::phone::PhoneNumber;

/// `138****1234`; a foreign number keeps its country code: `+165****0000`.
#[must_use]
pub fn mask_phone(phone: &PhoneNumber) -> String {
    let national = phone.as_e164().strip_prefix("+86").unwrap_or(phone.as_e164());
    let head = national.len().saturating_sub(8).clamp(1, 4);
    format!("{}****{}", &national[..head], phone.last_four())
}

/// `张*`: the first character. Empty stays empty.
#[must_use]
pub fn mask_name(name: &str) -> String {
    name.chars().next().map_or_else(String::new, |first| format!("{first}*"))
}

/// The text with the phone and identity numbers in it masked: first three and last four characters stay.
///
/// Masked are mobile numbers (also with `86`, also in groups of 3-4-4), fixed lines with area code, and identity
/// numbers of 18 characters. Other runs of digits, such as dates and amounts, stay as they are.
#[must_use]
pub fn mask_numbers(text: &str) -> String {
    if !text.chars().any(is_digit) {
        return text.to_owned();
    }
    let mut chars: Vec<char> = text.chars().collect();
    let groups = groups(&chars);
    let mut next = 0;
    while next < groups.len() {
        // The longest sequence of neighbouring groups that reads as a number.
        let taken = (1..=4)
            .rev()
            .filter(|count| next + count <= groups.len())
            .find(|count| reads_as_number(&chars, &groups[next..next + count]));
        match taken {
            Some(count) => {
                hide(&mut chars, groups[next].0, groups[next + count - 1].1);
                next += count;
            }
            None => next += 1,
        }
    }
    chars.into_iter().collect()
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || ('０'..='９').contains(&c)
}

fn digit(c: char) -> char {
    if ('０'..='９').contains(&c) { char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c) } else { c }
}

/// Runs of digits as (first, one past the last); a trailing X of an identity number belongs to its run.
fn groups(chars: &[char]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if !is_digit(chars[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < chars.len() && is_digit(chars[at]) {
            at += 1;
        }
        if at - start == 17 && chars.get(at).is_some_and(|c| matches!(c, 'x' | 'X' | 'ｘ' | 'Ｘ')) {
            at += 1;
        }
        found.push((start, at));
    }
    found
}

/// Whether groups with single separators between them are a phone or identity number.
fn reads_as_number(chars: &[char], groups: &[(usize, usize)]) -> bool {
    let joined = groups.windows(2).all(|pair| {
        pair[1].0 - pair[0].1 == 1 && matches!(chars[pair[0].1], '-' | ' ' | '－' | '—' | '\u{a0}')
    });
    if !joined {
        return false;
    }
    let digits: String = groups.iter().flat_map(|(from, to)| &chars[*from..*to]).map(|c| digit(*c)).collect();
    let lengths: Vec<usize> = groups.iter().map(|(from, to)| to - from).collect();
    let local = digits.strip_prefix("0086").or_else(|| digits.strip_prefix("86"));
    match lengths.as_slice() {
        [18] => is_identity_number(&digits),
        [_] => is_mobile(&digits) || local.is_some_and(is_mobile) || is_fixed_line(&digits),
        [3, 4, 4] | [3, 8] | [7, 4] => is_mobile(&digits) || is_fixed_line(&digits),
        [4, 7 | 8] | [4, 4, 3 | 4] | [3, 7] => is_fixed_line(&digits),
        _ => false,
    }
}

fn is_mobile(digits: &str) -> bool {
    digits.len() == 11 && digits.starts_with('1') && matches!(digits.as_bytes()[1], b'3'..=b'9')
}

fn is_fixed_line(digits: &str) -> bool {
    (10..=12).contains(&digits.len()) && digits.starts_with('0') && !digits.starts_with("00")
}

fn is_identity_number(digits: &str) -> bool {
    let number =
        |from: usize, to: usize| digits.get(from..to).and_then(|d| d.parse::<u32>().ok()).unwrap_or(0);
    (1800..=2199).contains(&number(6, 10))
        && (1..=12).contains(&number(10, 12))
        && (1..=31).contains(&number(12, 14))
}

fn hide(chars: &mut [char], from: usize, to: usize) {
    for c in &mut chars[from + 3..to - 4] {
        *c = '*';
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_and_names_are_masked() {
        assert_eq!(mask_phone(&PhoneNumber::parse("13800001234").unwrap()), "138****1234");
        assert_eq!(mask_phone(&PhoneNumber::parse("+1 650 253 0000").unwrap()), "+165****0000");
        assert_eq!(mask_name("张三丰"), "张*");
        assert_eq!(mask_name(""), "");
    }

    #[test]
    fn numbers_inside_texts_are_masked() {
        for (text, masked) in [
            ("请致电13800001234谢谢", "请致电138****1234谢谢"),
            ("138-0000-1234", "138******1234"),
            ("+86 138 0000 1234。", "+86 138******1234。"),
            ("8613800001234", "861******1234"),
            ("１３８００００１２３４", "１３８****１２３４"),
            ("身份证43010219900307123X，", "身份证430***********123X，"),
            ("电话0731-88665566", "电话073******5566"),
            ("01065238114", "010****8114"),
        ] {
            assert_eq!(mask_numbers(text), masked);
        }
    }

    #[test]
    fn other_numbers_stay() {
        for text in [
            "2019-04-25 10:30",
            "20190425",
            "1,380,000元",
            "A3区12345",
            "123456789012345678",
            "1234567890123456789",
            "无",
        ] {
            assert_eq!(mask_numbers(text), text);
        }
    }
}
