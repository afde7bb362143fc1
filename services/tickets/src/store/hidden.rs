//! What a confidential reporter is known by, taken out of the texts that are shown to those who may not know. Source: T36.

use super::seal::Contact;
use gongdan_tickets_domain::mask_numbers;
use serde_json::Value;

/// Stands in the place of what is taken out.
const GONE: &str = "***";
/// Shorter words are parts of others.
const SHORTEST: usize = 2;

/// The words that a reporter is known by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hidden(Vec<String>);

impl Hidden {
    /// Of what was given with a ticket.
    pub(crate) fn of(contact: Option<&Contact>) -> Self {
        let Some(contact) = contact else { return Self::default() };
        let mut words = vec![
            contact.name.as_str().to_owned(),
            contact.identity.as_str().to_owned(),
            contact.address.as_str().to_owned(),
        ];
        if let Some(phone) = &contact.phone {
            let e164 = phone.as_e164();
            words.extend([e164.to_owned(), e164.strip_prefix("+86").unwrap_or(e164).to_owned()]);
        }
        let mut fields = contact.fields.clone();
        gongdan_tickets_domain::form::each_scalar(&mut fields, &mut |value| {
            if let Value::String(text) = value {
                words.push(text.clone());
            }
        });
        words.retain(|word| word.chars().count() >= SHORTEST);
        // The longest first: a part of another does not leave the rest of it.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        Self(words)
    }

    /// The text without them, and with nothing left of the numbers in it.
    pub(crate) fn take_out(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for word in &self.0 {
            text = text.replace(word, GONE);
        }
        bare(&mask_numbers(&text))
    }
}

/// What masking leaves at both ends of a number goes too: `138****1234` becomes `***********`.
fn bare(masked: &str) -> String {
    let mut chars: Vec<char> = masked.chars().collect();
    let stars: Vec<usize> = (0..chars.len()).filter(|at| chars[*at] == '*').collect();
    for at in stars {
        cover(&mut chars, (0..at).rev());
        let end = chars.len();
        cover(&mut chars, at + 1..end);
    }
    chars.into_iter().collect()
}

/// Covers what belongs to the number, beginning at a star; one separator may be between two groups.
fn cover(chars: &mut [char], places: impl Iterator<Item = usize>) {
    let mut separated = false;
    for at in places {
        match chars[at] {
            '*' => separated = false,
            c if c.is_ascii_alphanumeric() || ('０'..='９').contains(&c) => {
                chars[at] = '*';
                separated = false;
            }
            '-' | ' ' | '－' if !separated => separated = true,
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_tickets_domain::{Address, IdentityNumber, PersonName, PhoneNumber};

    fn hidden() -> Hidden {
        Hidden::of(Some(&Contact {
            phone: Some(PhoneNumber::parse("13988887777").unwrap()),
            name: PersonName::parse("欧阳明").unwrap(),
            identity: IdentityNumber::parse("43010219900307123X").unwrap(),
            address: Address::parse("黄埔大道西1号").unwrap(),
            fields: [("plate".to_owned(), "粤A12345".into())].into_iter().collect(),
        }))
    }

    #[test]
    fn nothing_of_the_reporter_stays_in_a_text() {
        let told = hidden().take_out(
            "我是欧阳明，住黄埔大道西1号，电话13988887777或139-8888-7777，证件43010219900307123X，车牌粤A12345。",
        );
        for part in ["欧阳", "黄埔", "139", "7777", "4301", "123X", "粤A"] {
            assert!(!told.contains(part), "{part} in {told}");
        }
        assert!(told.starts_with("我是***，住***，电话*"), "{told}");
    }

    #[test]
    fn nothing_stays_of_other_numbers_and_the_rest_of_the_text_does() {
        let told =
            Hidden::default().take_out("请回电13800001234，2026年11月29日前，共15元，邮箱zhang@example.cn");
        assert!(!told.contains("138") && !told.contains("1234"), "{told}");
        assert!(told.contains("2026年11月29日前，共15元"), "{told}");
    }
}
