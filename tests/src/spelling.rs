//! The spellings a value may have in logs, rows and messages.

use base64::{Engine as _, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE};
use std::collections::BTreeSet;

/// Shorter ones would be found by chance.
const SHORTEST: usize = 7;

/// A text as UTF-8, in hexadecimal digits, in base64 wherever it begins, and escaped as JSON, URLs, Rust and C do it.
#[must_use]
pub fn spellings(text: &str) -> BTreeSet<Vec<u8>> {
    let bytes = text.as_bytes();
    let each = |write: &dyn Fn(u8) -> String| bytes.iter().map(|byte| write(*byte)).collect::<String>();
    let wide = |write: &dyn Fn(u16) -> String| {
        let units = |c: char| c.encode_utf16(&mut [0; 2]).to_vec();
        let escaped =
            |c: char| if c.is_ascii() { c.to_string() } else { units(c).into_iter().map(write).collect() };
        text.chars().map(escaped).collect::<String>()
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let mut found: BTreeSet<Vec<u8>> = [
        text.to_owned(),
        each(&|byte| format!("{byte:02x}")),
        each(&|byte| format!("{byte:02X}")),
        each(&|byte| if plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") }),
        each(&|byte| if plain(byte) { char::from(byte).into() } else { format!("%{byte:02x}") }),
        each(&|byte| if byte.is_ascii() { char::from(byte).into() } else { format!("\\{byte:03o}") }),
        each(&|byte| if byte.is_ascii() { char::from(byte).into() } else { format!("\\x{byte:02x}") }),
        wide(&|unit| format!("\\u{unit:04x}")),
        wide(&|unit| format!("\\u{unit:04X}")),
        wide(&|unit| format!("\\u{{{unit:x}}}")),
    ]
    .into_iter()
    .map(String::into_bytes)
    .collect();
    for before in 0..3 {
        let shifted = [&vec![0; before], bytes].concat();
        // Characters that hold a piece of what stands before or after say nothing.
        let (from, to) = ((before * 8).div_ceil(6), shifted.len() * 8 / 6);
        for encoded in [BASE64_STANDARD.encode(&shifted), BASE64_URL_SAFE.encode(&shifted)] {
            found.insert(encoded.as_bytes()[from..to].to_vec());
        }
    }
    found.retain(|spelling| spelling.len() >= SHORTEST);
    assert!(!found.is_empty(), "{text} is too short to be searched");
    found
}

/// Numbers as somebody would read them aloud: full-width digits as narrow ones, and nothing between them.
#[must_use]
pub fn read_aloud(bytes: &[u8]) -> Vec<u8> {
    let mut said = String::with_capacity(bytes.len());
    for c in String::from_utf8_lossy(bytes).chars() {
        let c = match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            other => other,
        };
        if !matches!(c, ' ' | '-' | '.' | '(' | ')' | '—' | '–' | '·' | '\u{a0}' | '\u{3000}') {
            said.push(c);
        }
    }
    said.into_bytes()
}
