//! One row of a file of messages, read and checked as far as can be done here; the service checks the rest.

use anyhow::Result;
use csv::{ByteRecord, StringRecord};

/// Where the columns are.
#[derive(Debug)]
pub struct Columns {
    names: Vec<String>,
    pub message_no: usize,
    pub subject: usize,
    pub body: usize,
    pub received_at: usize,
    pub citizen: Option<usize>,
    pub reply: Option<usize>,
    pub replied_at: Option<usize>,
    pub category: Option<usize>,
}

impl Columns {
    /// Finds the columns by their heads.
    ///
    /// # Errors
    /// Names the columns that are missing.
    pub fn find(heads: &ByteRecord) -> Result<Columns> {
        let heads = StringRecord::from_byte_record_lossy(heads.clone());
        let names: Vec<String> =
            heads.iter().map(|head| head.trim_start_matches('\u{feff}').trim().to_owned()).collect();
        let find = |name: &str| names.iter().position(|head| head == name);
        let required = ["message_no", "subject", "received_at", "body"];
        let missing: Vec<&str> = required.into_iter().filter(|name| find(name).is_none()).collect();
        let [Some(message_no), Some(subject), Some(received_at), Some(body)] = required.map(find) else {
            anyhow::bail!("the file has no column {}", missing.join(", "))
        };
        let (citizen, category) = (find("citizen"), find("category"));
        let (reply, replied_at) = (find("reply"), find("replied_at"));
        Ok(Columns { names, message_no, subject, body, received_at, citizen, reply, replied_at, category })
    }

    /// A row as text.
    ///
    /// # Errors
    /// The column that is not UTF-8, or that there are too few or too many.
    pub fn text(&self, record: ByteRecord) -> Result<StringRecord, RowError> {
        if record.len() != self.names.len() {
            let rule = format!("has {} fields, the head has {}", record.len(), self.names.len());
            return Err(RowError::new("", rule));
        }
        StringRecord::from_byte_record(record).map_err(|error| {
            let field = self.names.get(error.utf8_error().field()).cloned().unwrap_or_default();
            RowError { field, rule: "is not UTF-8".into() }
        })
    }
}

/// Why a row was not recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The column or field; empty when it is about the whole row.
    pub field: String,
    /// What is wrong with it.
    pub rule: String,
}

impl RowError {
    pub fn new(field: &str, rule: impl Into<String>) -> RowError {
        RowError { field: field.into(), rule: rule.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_in_any_order_and_missing_ones_named() {
        let heads =
            ByteRecord::from(vec!["\u{feff}body", "message_no", "received_at", "subject", "category"]);
        let columns = Columns::find(&heads).unwrap();
        assert_eq!((columns.body, columns.message_no, columns.category), (0, 1, Some(4)));
        assert_eq!(columns.reply, None);
        let error = Columns::find(&ByteRecord::from(vec!["message_no", "body"])).unwrap_err().to_string();
        assert!(error.contains("subject, received_at"), "{error}");
    }

    #[test]
    fn broken_utf8_is_named_by_its_column() {
        let columns =
            Columns::find(&ByteRecord::from(vec!["message_no", "subject", "received_at", "body"])).unwrap();
        let row = ByteRecord::from(vec![&b"1"[..], b"\xe5\x99", b"", b""]);
        assert_eq!(columns.text(row).unwrap_err(), RowError::new("subject", "is not UTF-8"));
    }

    #[test]
    fn a_row_with_a_comma_too_many_is_not_taken_for_a_shorter_text() {
        let columns =
            Columns::find(&ByteRecord::from(vec!["message_no", "subject", "received_at", "body"])).unwrap();
        let row = ByteRecord::from(vec!["1", "噪音", "2019-04-25T09:32:09+08:00", "夜里", "很吵"]);
        assert_eq!(columns.text(row).unwrap_err(), RowError::new("", "has 5 fields, the head has 4"));
    }
}
