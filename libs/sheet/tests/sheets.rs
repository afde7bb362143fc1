//! What is written is read again, by other means.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use gongdan_sheet::{Cell, Chunks, Format, Sheet, SheetError};
use jiff::civil::date;
use proptest::prelude::*;
use std::io::{Cursor, Read as _};

const CSV: Format = Format::Csv { byte_order_mark: false };

fn csv_of(header: &[&str], rows: &[Vec<Cell<'_>>]) -> Vec<u8> {
    let mut sheet = Sheet::begin(Vec::new(), CSV, "t", header).unwrap();
    for row in rows {
        sheet.row(row).unwrap();
    }
    sheet.finish().unwrap()
}

fn part(archive: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn csv_is_rfc_4180() {
    let at = date(2026, 11, 29).at(8, 5, 0, 0);
    let rows = vec![vec![Cell::Text("a,\"b\"\r\nc"), Cell::Number(-5), Cell::Time(at), Cell::Empty]];
    let text = String::from_utf8(csv_of(&["主题", "数", "时间", "空"], &rows)).unwrap();
    assert_eq!(text, "主题,数,时间,空\r\n\"a,\"\"b\"\"\r\nc\",-5,2026-11-29 08:05:00,\r\n");
}

#[test]
fn the_byte_order_mark_is_there_when_asked_for() {
    let sheet = Sheet::begin(Vec::new(), Format::Csv { byte_order_mark: true }, "t", &["a"])
        .unwrap()
        .finish()
        .unwrap();
    assert_eq!(sheet, b"\xef\xbb\xbfa\r\n");
}

#[test]
fn a_text_is_never_a_formula() {
    let text = String::from_utf8(csv_of(&["a"], &[vec![Cell::Text("=HYPERLINK(\"http://x\")")]])).unwrap();
    assert_eq!(text, "a\r\n\"'=HYPERLINK(\"\"http://x\"\")\"\r\n");
    let mut sheet = Sheet::begin(Vec::new(), Format::Xlsx, "t", &["a"]).unwrap();
    sheet.row(&[Cell::Text("=1+1")]).unwrap();
    let archive = sheet.finish().unwrap();
    let xml = part(&archive, "xl/worksheets/sheet1.xml");
    assert!(xml.contains("=1+1") && !xml.contains("<f>"), "{xml}");
    assert!(part(&archive, "xl/styles.xml").contains("quotePrefix=\"1\""));
}

#[test]
fn xlsx_has_texts_numbers_and_times() {
    let mut sheet = Sheet::begin(Vec::new(), Format::Xlsx, "工单", &["主题", "次数", "时间"]).unwrap();
    sheet
        .row(&[Cell::Text("<噪音>"), Cell::Number(7), Cell::Time(date(2026, 1, 1).at(12, 0, 0, 0))])
        .unwrap();
    sheet.row(&[Cell::Empty, Cell::Number(i64::MAX), Cell::Empty]).unwrap();
    assert_eq!(sheet.rows(), 2);
    let archive = sheet.finish().unwrap();
    let xml = part(&archive, "xl/worksheets/sheet1.xml");
    assert!(xml.contains("&lt;噪音&gt;") && xml.contains("<v>7</v>") && xml.contains("9223372036854775807"));
    assert!(xml.contains("<v>46023.5</v>"), "{xml}");
    assert!(part(&archive, "xl/workbook.xml").contains("工单"));
}

#[test]
fn a_row_has_as_many_cells_as_the_header() {
    let mut sheet = Sheet::begin(Vec::new(), CSV, "t", &["a", "b"]).unwrap();
    let error = sheet.row(&[Cell::Empty]).unwrap_err();
    assert!(matches!(error, SheetError::Width { expected: 2, found: 1 }));
}

#[test]
fn an_archive_in_pieces_is_the_archive() {
    let mut whole = Vec::new();
    let pieces = Chunks::new(1000, |piece: Vec<u8>| {
        assert!(piece.len() <= 1000);
        whole.extend(piece);
        Ok(())
    });
    let mut sheet = Sheet::begin(pieces, Format::Xlsx, "t", &["a"]).unwrap();
    for _ in 0..500 {
        sheet.row(&[Cell::Text("楼上装修噪音扰民")]).unwrap();
    }
    drop(sheet.finish().unwrap());
    assert_eq!(part(&whole, "xl/worksheets/sheet1.xml").matches("楼上装修噪音扰民").count(), 500);
}

proptest! {
    #[test]
    fn what_is_written_is_read(rows in prop::collection::vec(prop::collection::vec(".*", 3), 0..20)) {
        let cells: Vec<Vec<Cell<'_>>> = rows.iter().map(|row| row.iter().map(|t| Cell::Text(t)).collect()).collect();
        let bytes = csv_of(&["a", "b", "c"], &cells);
        let mut read = csv::Reader::from_reader(bytes.as_slice());
        let back: Vec<Vec<String>> =
            read.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
        prop_assert_eq!(back.len(), rows.len());
        for (written, read) in rows.iter().flatten().zip(back.iter().flatten()) {
            // What could be a formula has a quote in front.
            prop_assert!(read == written || read.strip_prefix('\'') == Some(written));
            prop_assert!(!read.starts_with(['=', '+', '-', '@', '\t', '\r']));
        }
    }
}
