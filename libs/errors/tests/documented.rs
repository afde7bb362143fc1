//! `docs/errors/README.md` lists every reason as the enum has it, and no other.
//!
//! After adding a reason: `UPDATE_DOCS=1 cargo test -p gongdan-errors --test documented` writes the table anew.

use gongdan_errors::Reason;
use std::{env, fs, path::Path};

const BEGIN: &str = "<!-- reasons: begin -->\n";
const END: &str = "<!-- reasons: end -->";

/// The table of the page, in the order of the texts.
fn table() -> String {
    let mut rows: Vec<_> = Reason::ALL
        .iter()
        .map(|(_, reason, doc)| {
            let (meaning, code) = doc.split_once("Code ").unwrap_or((doc, ""));
            let code = code.trim_end().trim_end_matches('.');
            let (code, more) = code
                .split_once(',')
                .map_or((code, String::new()), |(code, more)| (code, format!(" Comes{more}.")));
            format!("| `{reason}` | {code} | {}{more} |\n", meaning.trim().replace('|', "\\|"))
        })
        .collect();
    rows.sort();
    format!("| Reason | Code | Meaning |\n|---|---|---|\n{}", rows.concat())
}

#[test]
fn the_page_lists_every_reason_and_no_other() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors/README.md");
    let text = fs::read_to_string(&page).expect("the page is there");
    let (before, rest) = text.split_once(BEGIN).expect("the page has the begin mark");
    let (listed, after) = rest.split_once(END).expect("the page has the end mark");
    let table = table();
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&page, format!("{before}{BEGIN}{table}{END}{after}")).expect("the page can be written");
        return;
    }
    assert_eq!(listed, table, "run it with UPDATE_DOCS=1 to write the table anew");
}
