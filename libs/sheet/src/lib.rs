//! Rows as CSV or XLSX, written a piece at a time: however many rows there are, a few of them are in memory.
//!
//! CSV leaves as it is made. XLSX is made in a temporary file that nobody else can open, and leaves when it is finished.

mod cell;
mod chunks;
mod csv;
mod xlsx;

pub use cell::Cell;
pub use chunks::Chunks;

use std::io::Write;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Source: RFC 4180, in UTF-8.
    Csv {
        /// Begins with the mark by which Excel knows UTF-8.
        byte_order_mark: bool,
    },
    /// Source: ECMA-376. A sheet holds 1,048,575 rows below its header; more go to further sheets.
    Xlsx,
}

/// Why nothing more can be written.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// Where it is written to does not take it.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// It is no row of this sheet.
    #[error("a row of {found} cells in a sheet of {expected} columns")]
    Width {
        /// Columns of the header.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// The spreadsheet cannot be made.
    #[error("spreadsheet: {0}")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
}

/// A sheet being written.
pub struct Sheet<W: Write + Send> {
    columns: usize,
    rows: u64,
    file: File<W>,
}

enum File<W: Write + Send> {
    Csv(Box<csv::File<W>>),
    Xlsx(Box<xlsx::File<W>>),
}

impl<W: Write + Send> Sheet<W> {
    /// Begins with a header.
    ///
    /// # Errors
    /// When `out` does not take it, or there is no place for a temporary file.
    pub fn begin(out: W, format: Format, name: &str, header: &[&str]) -> Result<Self, SheetError> {
        let file = match format {
            Format::Csv { byte_order_mark } => {
                File::Csv(Box::new(csv::File::begin(out, byte_order_mark, header)?))
            }
            Format::Xlsx => File::Xlsx(Box::new(xlsx::File::begin(out, name, header)?)),
        };
        Ok(Self { columns: header.len(), rows: 0, file })
    }

    /// The next row.
    ///
    /// # Errors
    /// When it has not as many cells as the header, or cannot be written.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), SheetError> {
        if cells.len() != self.columns {
            return Err(SheetError::Width { expected: self.columns, found: cells.len() });
        }
        match &mut self.file {
            File::Csv(file) => file.row(cells)?,
            File::Xlsx(file) => file.row(cells)?,
        }
        self.rows += 1;
        Ok(())
    }

    /// Rows written so far, without the header.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes what is left; answers where it was written to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> Result<W, SheetError> {
        match self.file {
            File::Csv(file) => file.finish(),
            File::Xlsx(file) => file.finish(),
        }
    }
}
