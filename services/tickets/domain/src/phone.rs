//! Phone numbers in one spelling.

use phonenumber::country;
use std::fmt;

/// The text is no phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a phone number; without a country code it is a Chinese one")]
pub struct InvalidPhone;

/// A phone number as E.164: `+8613800001234`. Its `Debug` shows it masked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// From any spelling; a number without country code is Chinese. Source: T9.
    ///
    /// # Errors
    /// When it is no number that can exist.
    pub fn parse(text: &str) -> Result<Self, InvalidPhone> {
        let text = text.trim();
        if text.is_empty() || text.len() > 64 {
            return Err(InvalidPhone);
        }
        // Full-width digits and signs are what Chinese keyboards write.
        let text: String = text.chars().map(narrow).collect();
        let number = phonenumber::parse(Some(country::CN), &text).map_err(|_| InvalidPhone)?;
        if number.extension().is_some() || !number.is_valid() {
            return Err(InvalidPhone);
        }
        // As E.164 has it; the library's formatter would look for patterns first.
        Ok(Self(format!("+{}{}", number.code().value(), number.national())))
    }

    /// The number as it was kept.
    ///
    /// # Errors
    /// When it is no E.164 number.
    pub fn from_e164(text: String) -> Result<Self, InvalidPhone> {
        let digits = text.strip_prefix('+').ok_or(InvalidPhone)?;
        if (5..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(text))
        } else {
            Err(InvalidPhone)
        }
    }

    /// E.164.
    #[must_use]
    pub fn as_e164(&self) -> &str {
        &self.0
    }

    /// The last four digits.
    #[must_use]
    pub fn last_four(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::mask::mask_phone(self))
    }
}

fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_number_is_one_number() {
        for text in [
            "13800001234",
            "138 0000 1234",
            "138-0000-1234",
            "+86 138 0000 1234",
            "8613800001234",
            "0086 13800001234",
            "１３８００００１２３４",
            " (+86)13800001234 ",
        ] {
            assert_eq!(
                PhoneNumber::parse(text).map(|p| p.as_e164().to_owned()).as_deref(),
                Ok("+8613800001234"),
                "{text}"
            );
        }
        assert_eq!(PhoneNumber::parse("0731-88665566").unwrap().as_e164(), "+8673188665566");
        assert_eq!(PhoneNumber::parse("010 65238114").unwrap().as_e164(), "+861065238114");
        assert_eq!(PhoneNumber::parse("+1 650 253 0000").unwrap().as_e164(), "+16502530000");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "12", "abc", "138000012345678", "1380000123", "电话", "12345678901234567890123"] {
            assert_eq!(PhoneNumber::parse(text).err(), Some(InvalidPhone), "{text}");
        }
    }

    #[test]
    fn a_number_never_shows_itself() {
        assert_eq!(format!("{:?}", PhoneNumber::parse("13800001234").unwrap()), "138****1234");
    }
}
