//! Numbers in an agent's note that could name a person.

/// This many digits in a row are a phone or identity number.
const TOGETHER: usize = 7;
/// With single spaces or hyphens between them it takes more: a date has eight.
const SPREAD: usize = 11;

/// The text as every service masks it, and whatever long number is then left replaced by `*` but for its last two digits:
/// an agent notes numbers more often than a citizen does, and nobody needs them there. Source: DESIGN rule 15.
#[must_use]
pub fn mask_numbers(text: &str) -> String {
    let mut chars: Vec<char> = gongdan_mask::mask_numbers(text).chars().collect();
    let mut at = 0;
    while at < chars.len() {
        if !is_digit(chars[at]) {
            at += 1;
            continue;
        }
        let end = end_of_number(&chars, at);
        let digits: Vec<usize> = (at..end).filter(|i| is_digit(chars[*i])).collect();
        let needed = if digits.len() == end - at { TOGETHER } else { SPREAD };
        if digits.len() >= needed {
            mask(&mut chars, &digits);
        } else {
            mask_longest(&mut chars, at, end);
        }
        at = end;
    }
    chars.into_iter().collect()
}

/// Where a run of digits with single separators ends.
fn end_of_number(chars: &[char], start: usize) -> usize {
    let mut end = start;
    while end < chars.len() {
        if is_digit(chars[end]) {
            end += 1;
        } else if matches!(chars[end], ' ' | '-') && chars.get(end + 1).copied().is_some_and(is_digit) {
            end += 2;
        } else {
            break;
        }
    }
    end
}

/// A run that is too short as a whole may still hold a number without separators.
fn mask_longest(chars: &mut [char], start: usize, end: usize) {
    let mut from = start;
    for at in start..=end {
        if at == end || !is_digit(chars[at]) {
            if at - from >= TOGETHER {
                let digits: Vec<usize> = (from..at).collect();
                mask(chars, &digits);
            }
            from = at + 1;
        }
    }
}

fn mask(chars: &mut [char], digits: &[usize]) {
    for at in &digits[..digits.len().saturating_sub(2)] {
        chars[*at] = '*';
    }
}

const fn is_digit(c: char) -> bool {
    matches!(c, '0'..='9' | '０'..='９')
}
