//! CSV. Source: RFC 4180.

use crate::{
    SheetError,
    cell::{Cell, looks_like_a_formula},
};
use std::io::Write;

pub(crate) struct File<W: Write> {
    out: csv::Writer<W>,
    /// The cell being written, kept for its room.
    text: String,
}

impl<W: Write> File<W> {
    pub(crate) fn begin(mut out: W, byte_order_mark: bool, header: &[&str]) -> Result<Self, SheetError> {
        if byte_order_mark {
            out.write_all("\u{feff}".as_bytes())?;
        }
        let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        out.write_record(header).map_err(io)?;
        Ok(Self { out, text: String::new() })
    }

    pub(crate) fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), SheetError> {
        for cell in cells {
            self.text.clear();
            match cell {
                Cell::Empty => {}
                Cell::Text(text) => {
                    // A quote in front is what spreadsheet programs know as "this is a text".
                    if looks_like_a_formula(text) {
                        self.text.push('\'');
                    }
                    self.text.push_str(text);
                }
                Cell::Number(number) => self.text.push_str(&number.to_string()),
                Cell::Time(at) => self.text.push_str(&at.strftime("%Y-%m-%d %H:%M:%S").to_string()),
            }
            self.out.write_field(&self.text).map_err(io)?;
        }
        self.out.write_record(None::<&[u8]>).map_err(io)?;
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<W, SheetError> {
        let mut out = self.out.into_inner().map_err(|error| SheetError::Io(error.into_error()))?;
        out.flush()?;
        Ok(out)
    }
}

fn io(error: csv::Error) -> SheetError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => SheetError::Io(error),
        other => SheetError::Io(std::io::Error::other(format!("{other:?}"))),
    }
}
