//! What a command prints: tables and lines for people, JSON for programs, bars for long work.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use anyhow::Result;
use comfy_table::{ContentArrangement, LineStyle, TableStyle};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use super::Context;

/// Rows under heads.
pub struct Table(comfy_table::Table);

impl Table {
    /// A table with these heads, already in the language of the output.
    pub fn new<'a>(heads: impl IntoIterator<Item = &'a str>) -> Table {
        let mut table = comfy_table::Table::new();
        let line = LineStyle::none().fill('─').junction('─');
        table.load_style(TableStyle::new().header_separator(line));
        table.set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(heads);
        Table(table)
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.0.add_row(cells);
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Context {
    /// Prints an answer: its JSON for programs, the table for people.
    ///
    /// # Errors
    /// When nobody reads the output any more, or the JSON cannot be made.
    pub fn print(&self, json: impl FnOnce() -> Result<Value>, table: impl FnOnce() -> Table) -> Result<()> {
        if self.is_json() { self.print_json(&json()?) } else { write(&format!("{}\n", table())) }
    }

    /// Prints one thing: its JSON for programs, a line per name and value for people. Empty values are left out.
    ///
    /// # Errors
    /// As [`Context::print`].
    pub fn print_details(
        &self,
        json: impl FnOnce() -> Result<Value>,
        lines: &[(&str, String)],
    ) -> Result<()> {
        if self.is_json() {
            return self.print_json(&json()?);
        }
        let shown: Vec<_> = lines.iter().filter(|(_, value)| !value.is_empty()).collect();
        let width =
            shown.iter().map(|(name, _)| unicode_width::UnicodeWidthStr::width(*name)).max().unwrap_or(0);
        let mut text = String::new();
        for (name, value) in shown {
            let pad = width - unicode_width::UnicodeWidthStr::width(*name);
            text.push_str(name);
            text.extend(std::iter::repeat_n(' ', pad + 2));
            text.push_str(&value.replace('\n', &format!("\n{}", " ".repeat(width + 2))));
            text.push('\n');
        }
        write(&text)
    }

    /// Prints one JSON value on one line.
    ///
    /// # Errors
    /// When nobody reads the output any more.
    pub fn print_json(&self, value: &Value) -> Result<()> {
        write(&format!("{value}\n"))
    }

    /// Prints a line for people; nothing when a program reads.
    ///
    /// # Errors
    /// When nobody reads the output any more.
    pub fn say(&self, line: &str) -> Result<()> {
        if self.is_json() { Ok(()) } else { write(&format!("{line}\n")) }
    }

    /// The name of an enum value as people read it: `context.name(Phase::InProgress.as_str_name())`.
    pub fn name(&self, value: &str) -> String {
        super::names::of(self.lang(), value)
    }

    /// The JSON of a message of the contracts, by its full name.
    ///
    /// # Errors
    /// When the contracts have no such message.
    pub fn json(&self, name: &str, message: &impl prost::Message) -> Result<Value> {
        super::json::of(name, message)
    }

    /// A progress bar on stderr, when a person sees it; `total` is `None` when the end is not known.
    pub fn progress(&self, total: Option<u64>, what: &str) -> ProgressBar {
        let visible = !self.is_json() && io::stderr().is_terminal();
        let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let (bar, template) = match total {
            Some(total) => {
                (ProgressBar::new(total), "{prefix} {wide_bar} {human_pos}/{human_len} {per_sec} {eta} {msg}")
            }
            None => (ProgressBar::new_spinner(), "{prefix} {spinner} {human_pos} {per_sec} {msg}"),
        };
        bar.set_draw_target(target);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(what.to_owned());
        if visible {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        bar
    }
}

/// Writes to stdout.
pub fn write(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
