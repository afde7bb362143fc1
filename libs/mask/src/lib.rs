//! What could name a person inside a text that somebody wrote, masked. Source: DESIGN rule 15.

/// The text with what could name a person in it masked; a few characters at both ends stay.
///
/// Masked are mobile numbers, fixed lines with area code, foreign numbers after a `+`, local numbers after a word such as
/// 电话, identity numbers of 18 and of 15 characters, passport numbers, bank cards and e-mail addresses, in full-width
/// characters too and in the usual groups. Other runs of digits, such as dates, amounts and ticket numbers, stay.
#[must_use]
pub fn mask_numbers(text: &str) -> String {
    if !text.chars().any(|c| is_digit(c) || is_at(c)) {
        return text.to_owned();
    }
    let mut chars: Vec<char> = text.chars().collect();
    hide_addresses(&mut chars);
    let groups = groups(&chars);
    let mut next = 0;
    while next < groups.len() {
        // The longest sequence of neighbouring groups that reads as a number.
        let taken = (1..=MOST_GROUPS)
            .rev()
            .filter(|count| next + count <= groups.len())
            .find(|count| Run::of(&chars, &groups[next..next + count]).is_some_and(|run| run.is_personal()));
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

/// Words after which a short number is a phone's, and how far before it they may be.
const LABELS: [&str; 11] =
    ["电话", "座机", "固话", "手机", "致电", "来电", "拨打", "联系", "回电", "tel", "phone"];
const LABEL_BEFORE: usize = 8;
/// A card has up to five groups.
const MOST_GROUPS: usize = 5;

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || ('０'..='９').contains(&c)
}

fn is_at(c: char) -> bool {
    matches!(c, '@' | '＠')
}

/// Of full-width characters the usual ones.
fn narrow(c: char) -> char {
    if ('\u{ff01}'..='\u{ff5e}').contains(&c) {
        char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c)
    } else {
        c
    }
}

fn is_x(c: Option<&char>) -> bool {
    c.is_some_and(|c| narrow(*c).eq_ignore_ascii_case(&'x'))
}

fn is_separator(c: char) -> bool {
    matches!(narrow(c), '-' | ' ' | '.' | '(' | ')') || matches!(c, '—' | '–' | '·' | '\u{a0}' | '\u{3000}')
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
        if at - start == 17 && is_x(chars.get(at)) {
            at += 1;
        }
        found.push((start, at));
    }
    found
}

/// Groups of digits with at most three separators between them, and what is around them.
struct Run {
    digits: String,
    lengths: Vec<usize>,
    /// The character right before.
    before: Option<char>,
    /// That before it.
    earlier: Option<char>,
    /// The character right after.
    after: Option<char>,
    /// After a country code of China.
    after_86: bool,
    labelled: bool,
}

impl Run {
    fn of(chars: &[char], groups: &[(usize, usize)]) -> Option<Self> {
        let joined = groups.windows(2).all(|pair| {
            let between = &chars[pair[0].1..pair[1].0];
            between.len() <= 3 && between.iter().all(|c| is_separator(*c))
        });
        let (start, end) = (groups.first()?.0, groups.last()?.1);
        let back = |by: usize| start.checked_sub(by).and_then(|at| chars.get(at)).map(|c| narrow(*c));
        let near: String =
            chars[start.saturating_sub(LABEL_BEFORE)..start].iter().map(|c| narrow(*c)).collect();
        let near = near.to_lowercase();
        let prefix: String = near.chars().filter(|c| !is_separator(*c)).collect();
        joined.then(|| Self {
            digits: groups.iter().flat_map(|(from, to)| &chars[*from..*to]).map(|c| narrow(*c)).collect(),
            lengths: groups.iter().map(|(from, to)| to - from).collect(),
            before: back(1),
            earlier: back(2),
            after: chars.get(end).map(|c| narrow(*c)),
            after_86: prefix.ends_with("+86") || prefix.ends_with("0086"),
            labelled: LABELS.iter().any(|label| near.contains(label)),
        })
    }

    fn is_personal(&self) -> bool {
        self.is_phone() || self.is_identity_number() || self.is_passport() || self.is_card()
    }

    fn is_phone(&self) -> bool {
        let digits = self.digits.as_str();
        let whole = self.lengths.len() == 1;
        // Amounts and dates come in short groups, numbers do not but for the country code.
        let grouped = self.lengths.iter().all(|length| *length >= 3);
        let local = digits.strip_prefix("0086").or_else(|| digits.strip_prefix("86"));
        (whole || grouped) && (is_mobile(digits) || is_fixed_line(digits))
            || whole && local.is_some_and(is_mobile)
            || self.after_86
                && self.lengths.iter().all(|length| *length >= 2)
                && (9..=11).contains(&digits.len())
                && !digits.starts_with('0')
            || self.before == Some('+') && (8..=15).contains(&digits.len()) && !digits.starts_with("86")
            || self.labelled
                && matches!(self.lengths.as_slice(), [7 | 8] | [4, 4] | [3, 4])
                && !digits.starts_with(['0', '1'])
                && !looks_like_date(digits)
    }

    fn is_identity_number(&self) -> bool {
        let birth = |from: usize| is_date(&self.digits, from);
        match self.lengths.as_slice() {
            [18] | [6, 8, 4] | [6, 4, 4, 4] => birth(6),
            [6, 8, 3] | [6, 4, 4, 3] => birth(6) && self.after.is_some_and(|c| c.eq_ignore_ascii_case(&'x')),
            // As they were until 1999: a province, and a year of two digits.
            [15] => {
                let number = |from: usize, to: usize| part(&self.digits, from, to);
                (11..=65).contains(&number(0, 2))
                    && (1..=12).contains(&number(8, 10))
                    && (1..=31).contains(&number(10, 12))
            }
            _ => false,
        }
    }

    /// One letter and eight digits, as Chinese passports and travel permits have them.
    fn is_passport(&self) -> bool {
        self.lengths == [8]
            && self.before.is_some_and(|c| "EGPDSHKMecgpdshkm".contains(c))
            && !self.earlier.is_some_and(|c| c.is_ascii_alphanumeric())
            && !looks_like_date(&self.digits)
    }

    fn is_card(&self) -> bool {
        let grouped =
            matches!(self.lengths.as_slice(), [16..=19] | [6, 10 | 13] | [4, 4, 4, 4] | [4, 4, 4, 4, 1..=3]);
        // Ticket and order numbers begin with letters.
        grouped
            && !self.before.is_some_and(|c| c.is_ascii_alphabetic())
            && self.digits.starts_with(['3', '4', '5', '6', '9'])
            && has_check_digit(&self.digits)
    }
}

fn is_mobile(digits: &str) -> bool {
    digits.len() == 11 && digits.starts_with('1') && matches!(digits.as_bytes()[1], b'3'..=b'9')
}

fn is_fixed_line(digits: &str) -> bool {
    (10..=12).contains(&digits.len()) && digits.starts_with('0') && !digits.starts_with("00")
}

/// The number at these places; 0 when there is none.
fn part(digits: &str, from: usize, to: usize) -> u32 {
    digits.get(from..to).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// Year, month and day of eight digits.
fn is_date(digits: &str, from: usize) -> bool {
    (1800..=2199).contains(&part(digits, from, from + 4))
        && (1..=12).contains(&part(digits, from + 4, from + 6))
        && (1..=31).contains(&part(digits, from + 6, from + 8))
}

fn looks_like_date(digits: &str) -> bool {
    digits.len() == 8 && is_date(digits, 0)
}

/// Luhn's check digit. Source: ISO/IEC 7812-1.
fn has_check_digit(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let digit = u32::from(digit.wrapping_sub(b'0'));
            match (at % 2, digit * 2) {
                (0, _) => digit,
                (_, twice) => twice / 10 + twice % 10,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The middle becomes stars: three and four characters stay of long numbers, two and two of short ones.
fn hide(chars: &mut [char], from: usize, to: usize) {
    let (head, tail) = if to - from >= 10 { (3, 4) } else { (2, 2) };
    for c in &mut chars[from + head..to - tail] {
        *c = '*';
    }
}

/// Of an e-mail address the first character and the domain stay: `z***@example.cn`.
fn hide_addresses(chars: &mut [char]) {
    for at in 1..chars.len() {
        if !is_at(chars[at]) {
            continue;
        }
        let local = |c: &char| {
            let c = narrow(*c);
            c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '*')
        };
        let length = chars[..at].iter().rev().take_while(|c| local(c)).count();
        let domain: String = chars[at + 1..]
            .iter()
            .map(|c| narrow(*c))
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
            .collect();
        if length == 0 || !domain.trim_end_matches('.').contains('.') {
            continue;
        }
        for c in &mut chars[at - length + 1..at] {
            *c = '*';
        }
        if length == 1 {
            chars[at - 1] = '*';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_numbers_inside_texts_are_masked() {
        for (text, masked) in [
            ("请致电13800001234谢谢", "请致电138****1234谢谢"),
            ("138-0000-1234", "138******1234"),
            ("138.0000.1234", "138******1234"),
            ("1380 000 1234", "138******1234"),
            ("+86 138 0000 1234。", "+86 138******1234。"),
            ("0086-138-0000-1234", "0086-138******1234"),
            ("8613800001234", "861******1234"),
            ("１３８００００１２３４", "１３８****１２３４"),
            ("138　0000　1234", "138******1234"),
            ("电话0731-88665566", "电话073******5566"),
            ("(0731)88665566", "(073******5566"),
            ("（0731）8866 5566", "（073*******5566"),
            ("0731 - 88665566 转 8001", "073********5566 转 8001"),
            ("01065238114", "010****8114"),
            ("+86 731 8866 5566", "+86 731******5566"),
            ("+86(10)65238114", "+86(10)****8114"),
            ("+1 650 253 0000", "+1 6*******0000"),
            ("+85291234567", "+852****4567"),
            ("家里电话88665566", "家里电话88****66"),
            ("座机：8866-5566", "座机：88*****66"),
            ("Tel: 6523811", "Tel: 65***11"),
        ] {
            assert_eq!(mask_numbers(text), masked, "{text}");
        }
    }

    #[test]
    fn numbers_of_documents_and_cards_are_masked() {
        for (text, masked) in [
            ("身份证43010219900307123X，", "身份证430***********123X，"),
            ("430102 19900307 123X", "430************ 123X"),
            ("430102 1990 0307 1234", "430**************1234"),
            ("４３０１０２１９９００３０７１２３Ｘ", "４３０***********１２３Ｘ"),
            ("老证号430102900307123", "老证号430********7123"),
            ("护照E12345678", "护照E12****78"),
            ("卡号6222021234567894", "卡号622*********7894"),
            ("6222 0212 3456 7894", "622************7894"),
            ("6222021234567890128", "622************0128"),
        ] {
            assert_eq!(mask_numbers(text), masked, "{text}");
        }
    }

    #[test]
    fn mail_addresses_are_masked() {
        for (text, masked) in [
            ("请发到zhang.san@example.cn，", "请发到z********@example.cn，"),
            ("a@b.cn", "*@b.cn"),
            ("13800001234@139.com", "1**********@139.com"),
            ("zhang＠example．cn", "z****＠example．cn"),
            ("@所有人 3@家", "@所有人 3@家"),
        ] {
            assert_eq!(mask_numbers(text), masked, "{text}");
        }
    }

    #[test]
    fn other_numbers_stay() {
        for text in [
            "2019-04-25 10:30",
            "20190425",
            "联系时间20190425",
            "1,380,000元",
            "A3区12345",
            "123456789012345678",
            "1234567890123456789",
            "6222021234567895",
            "工单GD2611220000000123",
            "工单GD2611220000000008",
            "请于2026年11月22日前回复",
            "3.1415926",
            "12345热线",
            "10 000 000 元",
            "无",
        ] {
            assert_eq!(mask_numbers(text), text);
        }
    }

    #[test]
    fn masking_twice_is_masking_once() {
        for text in
            ["13800001234", "zhang.san@example.cn", "6222 0212 3456 7894", "家里电话88665566", "E12345678"]
        {
            let once = mask_numbers(text);
            assert_eq!(mask_numbers(&once), once);
        }
    }
}
