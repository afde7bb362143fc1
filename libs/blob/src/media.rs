//! What kind of file some bytes are.
//!
//! The kind is read from the content. What a sender says about it only decides between kinds that cannot be told apart:
//! a text may be called a table.

use aho_corasick::AhoCorasick;
use std::{collections::BTreeSet, sync::LazyLock};

/// What is taken when nothing else is configured: pictures, documents, sound and film.
pub const USUAL: &[&str] = &[
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "image/bmp",
    "image/tiff",
    "image/heif",
    "application/pdf",
    "text/plain",
    "text/csv",
    DOC,
    XLS,
    PPT,
    DOCX,
    XLSX,
    PPTX,
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
    "audio/mpeg",
    "audio/mp4",
    "audio/aac",
    "audio/amr",
    "audio/ogg",
    "audio/wav",
    "video/mp4",
    "video/3gpp",
    "video/quicktime",
    "video/webm",
    "video/x-msvideo",
];

/// Bytes of which nothing is known.
pub const UNKNOWN: &str = "application/octet-stream";

const DOC: &str = "application/msword";
const XLS: &str = "application/vnd.ms-excel";
const PPT: &str = "application/vnd.ms-powerpoint";
const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PPTX: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";
const MACROS: &str = "application/vnd.ms-office.macro-enabled";
const ZIP: &str = "application/zip";
const OLE: &str = "application/x-ole-storage";
const TEXT: &str = "text/plain";
const CSV: &str = "text/csv";

/// Several names of one kind.
const ALIASES: &[(&str, &str)] = &[
    ("image/jpg", "image/jpeg"),
    ("image/pjpeg", "image/jpeg"),
    ("image/x-png", "image/png"),
    ("image/x-ms-bmp", "image/bmp"),
    ("image/heic", "image/heif"),
    ("application/x-pdf", "application/pdf"),
    ("application/csv", CSV),
    ("audio/mp3", "audio/mpeg"),
    ("audio/m4a", "audio/mp4"),
    ("audio/x-m4a", "audio/mp4"),
    ("audio/wave", "audio/wav"),
    ("audio/x-wav", "audio/wav"),
    ("audio/vnd.wave", "audio/wav"),
    ("audio/opus", "audio/ogg"),
    ("audio/flac", "audio/x-flac"),
    ("audio/x-aac", "audio/aac"),
    ("video/x-m4v", "video/mp4"),
    ("video/avi", "video/x-msvideo"),
    ("application/x-zip-compressed", ZIP),
];

/// The one name of a kind: lower case, without parameters, aliases resolved.
#[must_use]
pub fn canonical(name: &str) -> String {
    let name = name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, kind)| (*kind).to_owned())
}

/// The kinds that are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed(BTreeSet<String>);

impl Default for Allowed {
    fn default() -> Self {
        USUAL.iter().copied().collect()
    }
}

impl<'a> FromIterator<&'a str> for Allowed {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        Self(names.into_iter().map(canonical).collect())
    }
}

impl Allowed {
    /// Whether a kind is taken.
    #[must_use]
    pub fn has(&self, kind: &str) -> bool {
        self.0.contains(kind)
    }
}

/// Enough of the beginning for every signature.
const HEAD: usize = 16 * 1024;

/// Names inside office documents that tell what they are: in a zip they stand uncompressed before each entry and again at
/// the end, in an OLE container as UTF-16.
static MARKS: LazyLock<(Option<AhoCorasick>, usize)> = LazyLock::new(|| {
    let marks: Vec<Vec<u8>> = MARKED.iter().map(|(mark, _)| mark.to_bytes()).collect();
    let longest = marks.iter().map(Vec::len).max().unwrap_or_default();
    (AhoCorasick::new(&marks).ok(), longest)
});

enum Mark {
    Zip(&'static str),
    Ole(&'static str),
}

impl Mark {
    fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Zip(name) => name.as_bytes().to_vec(),
            Self::Ole(name) => name.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        }
    }
}

/// The first that is found decides; macros before everything else.
const MARKED: &[(Mark, &str)] = &[
    (Mark::Zip("vbaProject.bin"), MACROS),
    (Mark::Zip("word/document.xml"), DOCX),
    (Mark::Zip("xl/workbook."), XLSX),
    (Mark::Zip("ppt/presentation.xml"), PPTX),
    (Mark::Ole("WordDocument"), DOC),
    (Mark::Ole("Workbook"), XLS),
    (Mark::Ole("PowerPoint Document"), PPT),
];

/// Watches bytes go by and says in the end what they were.
#[derive(Debug, Default)]
pub struct Sniffer {
    head: Vec<u8>,
    /// The end of what went by, in case a mark begins there.
    tail: Vec<u8>,
    found: [bool; MARKED.len()],
    text: Text,
}

impl Sniffer {
    /// More bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let missing = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..missing]);
        self.text.feed(bytes);
        if self.is_container() {
            self.look_for_marks(bytes);
        }
    }

    /// The kind, knowing what the sender calls it.
    #[must_use]
    pub fn kind(&self, claimed: &str) -> String {
        let inferred = infer::get(&self.head).map(|kind| kind.mime_type());
        if self.is_container() {
            return self.container(inferred).to_owned();
        }
        if self.text.is_text() && !self.head.starts_with(b"%PDF-") {
            // Letters may look like a signature, and a program or a page is text as well.
            return match inferred {
                Some(kind @ ("text/html" | "text/xml" | "text/x-shellscript")) => kind.to_owned(),
                _ if claimed == CSV => CSV.to_owned(),
                _ => TEXT.to_owned(),
            };
        }
        if self.head.get(4..7) == Some(b"fty") && self.head.get(8..11) == Some(b"3gp") {
            return "video/3gpp".to_owned();
        }
        if self.head.starts_with(b"#!AMR") {
            return "audio/amr".to_owned();
        }
        canonical(inferred.unwrap_or(UNKNOWN))
    }

    fn is_container(&self) -> bool {
        self.head.starts_with(b"PK\x03\x04") || self.head.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")
    }

    fn container(&self, inferred: Option<&'static str>) -> &'static str {
        let zip = self.head.starts_with(b"PK");
        let mark = self.found.iter().zip(MARKED).find_map(|(found, (mark, kind))| {
            (*found && matches!(mark, Mark::Zip(_)) == zip).then_some(*kind)
        });
        match (mark, inferred) {
            (Some(kind), _) => kind,
            (None, Some(kind)) if kind.starts_with("application/vnd.oasis.") => kind,
            (None, _) if zip => ZIP,
            (None, _) => OLE,
        }
    }

    fn look_for_marks(&mut self, bytes: &[u8]) {
        let (Some(marks), longest) = &*MARKS else { return };
        self.tail.extend_from_slice(bytes);
        for found in marks.find_overlapping_iter(&self.tail) {
            self.found[found.pattern().as_usize()] = true;
        }
        let done = self.tail.len().saturating_sub(longest - 1);
        self.tail.drain(..done);
    }
}

/// Whether bytes are a text in UTF-8 or GB 18030, which Chinese tables still come in.
#[derive(Debug, Clone, Copy)]
struct Text {
    controls: bool,
    /// Bytes that still belong to a character, and the least and most of the next one; none: it is not UTF-8.
    utf8: Option<(u8, u8, u8)>,
    gb: Option<Gb>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gb {
    Start,
    Second,
    Third,
    Fourth,
}

impl Default for Text {
    fn default() -> Self {
        Self { controls: false, utf8: Some((0, 0, 0)), gb: Some(Gb::Start) }
    }
}

impl Text {
    fn feed(&mut self, bytes: &[u8]) {
        if !self.may_be_text() {
            return;
        }
        for byte in bytes {
            self.controls |= matches!(byte, 0..=8 | 11 | 14..=31 | 127);
            self.utf8 = self.utf8.and_then(|state| next_utf8(state, *byte));
            self.gb = self.gb.and_then(|state| state.next(*byte));
            if !self.may_be_text() {
                return;
            }
        }
    }

    const fn may_be_text(self) -> bool {
        !self.controls && (self.utf8.is_some() || self.gb.is_some())
    }

    fn is_text(self) -> bool {
        let whole = matches!(self.utf8, Some((0, _, _))) || self.gb == Some(Gb::Start);
        !self.controls && whole
    }
}

/// The well-formed sequences of the Unicode standard, table 3-7.
const fn next_utf8((left, low, high): (u8, u8, u8), byte: u8) -> Option<(u8, u8, u8)> {
    if left > 0 {
        return if byte >= low && byte <= high { Some((left - 1, 0x80, 0xBF)) } else { None };
    }
    match byte {
        0..=0x7F => Some((0, 0, 0)),
        0xC2..=0xDF => Some((1, 0x80, 0xBF)),
        0xE0 => Some((2, 0xA0, 0xBF)),
        0xED => Some((2, 0x80, 0x9F)),
        0xE1..=0xEF => Some((2, 0x80, 0xBF)),
        0xF0 => Some((3, 0x90, 0xBF)),
        0xF1..=0xF3 => Some((3, 0x80, 0xBF)),
        0xF4 => Some((3, 0x80, 0x8F)),
        _ => None,
    }
}

impl Gb {
    const fn next(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Start, 0..=0x7F) | (Self::Second, 0x40..=0x7E | 0x80..=0xFE) => Some(Self::Start),
            (Self::Start, 0x81..=0xFE) => Some(Self::Second),
            (Self::Second, 0x30..=0x39) => Some(Self::Third),
            (Self::Third, 0x81..=0xFE) => Some(Self::Fourth),
            (Self::Fourth, 0x30..=0x39) => Some(Self::Start),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kind(bytes: &[u8], claimed: &str) -> String {
        let mut sniffer = Sniffer::default();
        sniffer.feed(bytes);
        sniffer.kind(claimed)
    }

    /// A zip's local header of an entry without content.
    fn entry(name: &str) -> Vec<u8> {
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.extend([0; 22]);
        bytes.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        bytes.extend([0, 0]);
        bytes.extend(name.as_bytes());
        bytes
    }

    fn zip(names: &[&str]) -> Vec<u8> {
        names.iter().flat_map(|name| entry(name)).collect()
    }

    fn ole(stream: &str) -> Vec<u8> {
        let mut bytes = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
        bytes.extend([0; 5_000]);
        bytes.extend(stream.encode_utf16().flat_map(u16::to_le_bytes));
        bytes.extend([0; 100]);
        bytes
    }

    #[test]
    fn files_are_what_their_bytes_are() {
        let riff = |kind: &[u8]| [b"RIFF\x24\0\0\0".as_slice(), kind, b"fmt ", &[0; 32]].concat();
        let ftyp =
            |brand: &[u8]| [b"\0\0\0\x18ftyp".as_slice(), brand, b"\0\0\0\0isommp42", &[0; 32]].concat();
        for (bytes, is) in [
            (b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01".to_vec(), "image/jpeg"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), "image/png"),
            (b"GIF89a\x01\0\x01\0".to_vec(), "image/gif"),
            (b"%PDF-1.7\n1 0 obj\n".to_vec(), "application/pdf"),
            (b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".to_vec(), "application/pdf"),
            (b"ID3\x03\0\0\0\0\0\0".to_vec(), "audio/mpeg"),
            (b"#!AMR\n\x3c\0\0".to_vec(), "audio/amr"),
            (riff(b"WAVE"), "audio/wav"),
            (riff(b"AVI "), "video/x-msvideo"),
            (ftyp(b"isom"), "video/mp4"),
            (ftyp(b"3gp4"), "video/3gpp"),
            (ftyp(b"M4A "), "audio/mp4"),
            (zip(&["[Content_Types].xml", "_rels/.rels", "word/document.xml"]), DOCX),
            (zip(&["xl/workbook.xml", "[Content_Types].xml"]), XLSX),
            (zip(&["docProps/app.xml", "ppt/presentation.xml"]), PPTX),
            (zip(&["word/document.xml", "word/vbaProject.bin"]), MACROS),
            (zip(&["setup.exe"]), ZIP),
            (ole("WordDocument"), DOC),
            (ole("Workbook"), XLS),
            (ole("PowerPoint Document"), PPT),
            (ole("Installer"), OLE),
            (
                b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xFF\xFF".to_vec(),
                "application/vnd.microsoft.portable-executable",
            ),
            (b"\x7FELF\x02\x01\x01\0".repeat(8), "application/x-executable"),
            (b"<!DOCTYPE html><html>".to_vec(), "text/html"),
            (b"<?xml version=\"1.0\"?><svg/>".to_vec(), "text/xml"),
            (b"#!/bin/sh\nrm -rf /\n".to_vec(), "text/x-shellscript"),
            ("噪音扰民\r\n第二行".as_bytes().to_vec(), "text/plain"),
            (b"BMW\xA3\xAC\xB3\xB5\xC5\xC6".to_vec(), "text/plain"),
            (vec![0, 1, 2, 3, 4, 5, 6, 7], UNKNOWN),
        ] {
            assert_eq!(kind(&bytes, ""), is, "{:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(20)]));
        }
    }

    #[test]
    fn what_a_sender_says_only_decides_between_texts() {
        assert_eq!(kind("姓名,电话\n".as_bytes(), "text/csv"), "text/csv");
        assert_eq!(kind(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "text/csv"), "image/png");
        assert_eq!(kind(b"MZ\x90\0\x03\0\0\0", "image/png"), "application/vnd.microsoft.portable-executable");
    }

    #[test]
    fn names_of_one_kind_are_one() {
        assert_eq!(canonical("Image/JPG"), "image/jpeg");
        assert_eq!(canonical("text/csv; charset=gb18030"), "text/csv");
        assert!(USUAL.iter().all(|kind| canonical(kind) == *kind));
        assert!(Allowed::default().has("image/jpeg") && !Allowed::default().has(MACROS));
    }

    #[test]
    fn half_a_character_at_the_end_is_no_utf8() {
        let cut = &"投诉".as_bytes()[..5];
        let mut text = Text::default();
        text.feed(cut);
        assert!(text.utf8.is_some_and(|(left, _, _)| left > 0));
    }

    proptest! {
        #[test]
        fn how_the_bytes_are_cut_does_not_matter(
            which in 0..4_usize, noise in proptest::collection::vec(any::<u8>(), 0..200), cut in 1..50_usize,
        ) {
            let mut bytes = [zip(&["[Content_Types].xml"]), ole("x"), "文字".as_bytes().to_vec(), vec![]][which].clone();
            bytes.extend(noise);
            bytes.extend([entry("word/document.xml"), ole("Workbook"), vec![], vec![]][which].clone());
            let mut sniffer = Sniffer::default();
            bytes.chunks(cut).for_each(|chunk| sniffer.feed(chunk));
            prop_assert_eq!(sniffer.kind(""), kind(&bytes, ""));
        }

        #[test]
        fn every_string_without_control_characters_is_a_text(text in "[^\\x00-\\x08\\x0b\\x0e-\\x1f\\x7f]{1,100}") {
            let mut sniffed = Text::default();
            sniffed.feed(text.as_bytes());
            prop_assert!(sniffed.is_text());
            prop_assert_eq!(sniffed.utf8.map(|(left, _, _)| left), Some(0));
        }

        #[test]
        fn utf8_is_judged_as_the_standard_library_does(bytes in proptest::collection::vec(any::<u8>(), 0..8)) {
            let state = bytes.iter().try_fold((0, 0, 0), |state, byte| next_utf8(state, *byte));
            prop_assert_eq!(matches!(state, Some((0, _, _))), std::str::from_utf8(&bytes).is_ok());
        }
    }
}
