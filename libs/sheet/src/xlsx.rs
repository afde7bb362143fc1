//! XLSX, a row at a time: rows go to a temporary file, and from there into the archive.

use crate::{
    SheetError,
    cell::{Cell, looks_like_a_formula},
};
use rust_xlsxwriter::{Format, Workbook, Worksheet};
use std::io::Write;

/// Rows of a sheet, its header among them.
const ROWS: u32 = 1_048_576;
/// UTF-16 units of a cell; longer texts end with an ellipsis.
const CELL: usize = 32_767;
/// UTF-16 units of a sheet's name, less what its number may take.
const NAME: usize = 27;

pub(crate) struct File<W> {
    out: W,
    book: Workbook,
    name: String,
    header: Vec<String>,
    sheets: usize,
    /// The next row of the last sheet.
    next: u32,
    /// Rows of a sheet.
    most: u32,
    bold: Format,
    time: Format,
    /// For a text that could be taken for a formula when somebody edits it.
    quoted: Format,
}

impl<W: Write + Send> File<W> {
    pub(crate) fn begin(out: W, name: &str, header: &[&str]) -> Result<Self, SheetError> {
        let mut file = Self {
            out,
            book: Workbook::new(),
            name: sheet_name(name),
            header: header.iter().map(ToString::to_string).collect(),
            sheets: 0,
            next: 0,
            most: ROWS,
            bold: Format::new().set_bold(),
            time: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
            quoted: Format::new().set_quote_prefix(),
        };
        file.next_sheet()?;
        Ok(file)
    }

    fn next_sheet(&mut self) -> Result<(), SheetError> {
        self.sheets += 1;
        let name =
            if self.sheets == 1 { self.name.clone() } else { format!("{} {}", self.name, self.sheets) };
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        for (column, title) in (0..).zip(&self.header) {
            sheet.write_string_with_format(0, column, title, &self.bold)?;
        }
        self.next = 1;
        Ok(())
    }

    pub(crate) fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), SheetError> {
        if self.next == self.most {
            self.next_sheet()?;
        }
        let sheet = self.book.worksheet_from_index(self.sheets - 1)?;
        for (column, cell) in (0..).zip(cells) {
            write(sheet, self.next, column, cell, &self.time, &self.quoted)?;
        }
        self.next += 1;
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<W, SheetError> {
        self.book.save_to_writer(&mut self.out)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

fn write(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    cell: &Cell<'_>,
    time: &Format,
    quoted: &Format,
) -> Result<(), SheetError> {
    match cell {
        Cell::Empty => return Ok(()),
        Cell::Text(text) if looks_like_a_formula(text) => {
            sheet.write_string_with_format(row, column, shortened(text), quoted)?
        }
        Cell::Text(text) => sheet.write_string(row, column, shortened(text))?,
        // Beyond 2^53 a spreadsheet's numbers have no unit digit.
        Cell::Number(number) => match i32::try_from(*number) {
            Ok(number) => sheet.write_number(row, column, number)?,
            Err(_) => sheet.write_string(row, column, number.to_string())?,
        },
        Cell::Time(at) => sheet.write_datetime_with_format(row, column, *at, time)?,
    };
    Ok(())
}

/// At most what a cell holds.
fn shortened(text: &str) -> String {
    // No character has more UTF-16 units than UTF-8 ones.
    if text.len() <= CELL || text.encode_utf16().count() <= CELL {
        return text.to_owned();
    }
    let mut left = CELL - 1;
    let mut short: String = text
        .chars()
        .take_while(|c| {
            let fits = c.len_utf16() <= left;
            left = left.saturating_sub(c.len_utf16());
            fits
        })
        .collect();
    short.push('…');
    short
}

/// A name that a sheet may have.
fn sheet_name(name: &str) -> String {
    let mut left = NAME;
    let name: String = name
        .chars()
        .map(|c| {
            if matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\'') || c.is_control() {
                ' '
            } else {
                c
            }
        })
        .take_while(|c| {
            let fits = c.len_utf16() <= left;
            left = left.saturating_sub(c.len_utf16());
            fits
        })
        .collect();
    if name.trim().is_empty() { "Sheet".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_too_long_for_a_cell_is_cut_and_says_so() {
        assert_eq!(shortened("短"), "短");
        assert_eq!(shortened(&"长".repeat(CELL)), "长".repeat(CELL));
        let cut = shortened(&"长".repeat(CELL + 1));
        assert_eq!(cut.encode_utf16().count(), CELL);
        assert!(cut.ends_with('…'));
        let pairs = shortened(&"𠮷".repeat(CELL));
        assert!(pairs.encode_utf16().count() <= CELL);
    }

    #[test]
    fn more_rows_than_a_sheet_holds_go_to_the_next_below_a_header_of_its_own() {
        let mut file = File::begin(Vec::new(), "t", &["title"]).unwrap();
        file.most = 3;
        for n in 0..5 {
            file.row(&[Cell::Number(n)]).unwrap();
        }
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(file.finish().unwrap())).unwrap();
        let mut sheet = |at: u8| {
            let mut text = String::new();
            let name = format!("xl/worksheets/sheet{at}.xml");
            std::io::Read::read_to_string(&mut archive.by_name(&name).unwrap(), &mut text).unwrap();
            text
        };
        for (at, values, rows) in [(1, [0, 1].as_slice(), 3), (2, &[2, 3], 3), (3, &[4], 2)] {
            let text = sheet(at);
            assert!(values.iter().all(|n| text.contains(&format!("<v>{n}</v>"))), "{text}");
            assert!(text.contains("title") && text.matches("<row").count() == rows, "{text}");
        }
    }

    #[test]
    fn any_name_becomes_a_name_of_a_sheet() {
        assert_eq!(sheet_name("工单[1]"), "工单 1 ");
        assert_eq!(sheet_name("//"), "Sheet");
        assert!(sheet_name(&"名".repeat(100)).chars().count() <= NAME);
    }
}
