//! Texts: real ones, ones at the edge, and nonsense.

use crate::pool::Pool;
use gongdan_clock::{Clock as _, SystemClock, new_id};
use rand::{Rng, seq::IndexedRandom as _};
use uuid::Uuid;

const ODD: &[&str] = &[
    "",
    " ",
    "\t",
    "\n",
    "\0",
    "a\0b",
    "\u{1}",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{200b}",
    "\u{202e}abc",
    "\u{feff}",
    "\u{fffd}",
    "\u{fdfa}",
    "\u{10ffff}",
    "e\u{301}\u{301}\u{301}",
    "👨‍👩‍👧‍👦",
    "噪音扰民",
    "İstanbul",
    "ﬀ",
    "ß",
    "Ǆ",
    "٣",
    "１２３",
    "-1",
    "0",
    "1",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "1e400",
    "NaN",
    "Infinity",
    "null",
    "true",
    "undefined",
    "[]",
    "{}",
    "\"",
    "'",
    "`",
    "\\",
    "\\u0000",
    "%00",
    "%s%n",
    "$1",
    "{{7*7}}",
    "{% x %}",
    "{{ x",
    "'; DROP TABLE tickets; --",
    "../../../etc/passwd",
    "<script>alert(1)</script>",
    "a,b;c|d",
    "*",
    "?",
    "%",
    "_",
    "(?i)(a+)+$",
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "urn:uuid:00000000-0000-0000-0000-000000000000",
    "{00000000-0000-0000-0000-000000000000}",
    "00000000000000000000000000000000",
    "00000000-0000-0000-0000-00000000000",
    "0000-00-00",
    "0001-01-01",
    "9999-12-31",
    "-9999-01-01",
    "2026-02-30",
    "2026-W01",
    "2026-13",
    "2026-01",
    "24:00",
    "23:59:60",
    "00:00",
    "-1:00",
    "9999-12-31T23:59:59.999999999Z",
    "PT1S",
    "P999999999Y",
    "-PT0S",
    "0",
    "44",
    "4401",
    "440106",
    "440106000000",
    "000000000000",
    "999999999999",
    "4401060000000",
    "４４０１０６",
    "44010x",
    "+8613800138000",
    "13800138000",
    "138 0013 8000",
    "+",
    "+999999999999999999999",
    "0086-138",
    "a@b",
    "http://",
    "http://[::1",
    "https://a.example/x",
    "https://user:pw@a.example:99999/",
    "file:///etc/passwd",
    "*/5 * * * *",
    "* * * * * * *",
    "0 0 31 2 *",
    "zh-CN",
    "en",
    "x-klingon",
    "Asia/Shanghai",
    "Mars/Olympus",
    "GD2611220001000001",
    "GD",
    "1.2.3",
    "a.b.c.d",
    "..",
    ".",
    "ticket.region == '440106'",
    "ticket.priority > 9223372036854775807",
    "1 / 0 == 1",
    "true",
    "1",
    "x.y.z",
    "[1][2]",
    "-9223372036854775808 / -1 == 0",
    "duration('999999999999h') > duration('1s')",
    "timestamp('9999-99-99') == 1",
    "'a'.matches('(a*)*b')",
    "{'a': 1}.b",
    "has(ticket.x)",
    "size('x') == 18446744073709551615u",
    "!!!!true",
];

/// A text for a field of this name; a sound one, if it can be.
pub fn sound(name: &str, pool: &Pool, dice: &mut impl Rng) -> String {
    if name == "request_id" {
        return new_id(SystemClock.now()).to_string();
    }
    if name == "etag" || name.ends_with("_token") {
        return if dice.random_bool(0.7) {
            String::new()
        } else {
            pool.named(name, dice).unwrap_or_default()
        };
    }
    if let Some(text) = pool.named(name, dice).filter(|_| dice.random_bool(0.9)) {
        return text;
    }
    match name {
        "region" | "regions" | "region_code" => {
            ["44", "4401", "440106", "440105"].choose(dice).copied().unwrap_or_default().into()
        }
        "phone" => format!("138001{:05}", dice.random_range(0..100_000)),
        "when" | "condition" | "expression" => "true".into(),
        "url" => "http://127.0.0.1:9/hook".into(),
        "language" => "zh-CN".into(),
        "timezone" | "time_zone" => "Asia/Shanghai".into(),
        _ => format!("{name}-{}", dice.random_range(0..1000)),
    }
}

/// Any text whatever.
pub fn any(name: &str, pool: &Pool, dice: &mut impl Rng) -> String {
    match dice.random_range(0..100) {
        0..30 => sound(name, pool, dice),
        30..40 => pool.any(dice).unwrap_or_default(),
        40..75 => (*ODD.choose(dice).unwrap_or(&"")).to_owned(),
        75..85 => bent(sound(name, pool, dice), dice),
        85..89 => Uuid::from_u128(dice.random()).to_string(),
        89..96 => (0..dice.random_range(0..40)).map(|_| dice.random::<char>()).collect(),
        _ => large(dice),
    }
}

/// One character other than it was, or gone, or more of them.
fn bent(text: String, dice: &mut impl Rng) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let place = dice.random_range(0..=letters.len());
    match dice.random_range(0..4) {
        0 => letters.insert(place, dice.random()),
        1 if place < letters.len() => {
            letters.remove(place);
        }
        2 if place < letters.len() => letters[place] = char::from(dice.random_range(0x20..0x7f_u8)),
        3 => letters.truncate(place),
        _ => letters.extend(letters.clone()),
    }
    letters.into_iter().collect()
}

/// Long, deep, or both.
fn large(dice: &mut impl Rng) -> String {
    let size = *[30_usize, 100, 255, 256, 1_000, 4_000, 20_000].choose(dice).unwrap_or(&30);
    match dice.random_range(0..12) {
        0 => "x".repeat(size),
        1 => "噪".repeat(size),
        2 => "e\u{301}".repeat(size),
        3 => format!("{}true{}", "(".repeat(size), ")".repeat(size)),
        4 => format!("0{} == 1", " + 1".repeat(size)),
        5 => format!("{}true", "!".repeat(size)),
        6 => format!("{}{}", "[".repeat(size), "]".repeat(size)),
        7 => "{\"a\":".repeat(size),
        8 => format!("x{}", ".y".repeat(size)),
        9 => format!("true{}", " ? true : false".repeat(size)),
        10 => "9".repeat(size),
        _ => "{{".repeat(size),
    }
}
