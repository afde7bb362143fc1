//! What anybody may see of a name and a number. Source: DESIGN rule 15.

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
}
