//! What an import came to.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use super::row::RowError;
use crate::cli::Context;

/// Errors of more rows than this are counted but not printed.
const PRINTED: usize = 1000;

/// Counts, and what was wrong with which row.
#[derive(Debug, Default)]
pub struct Outcome {
    pub rows: u64,
    pub imported: u64,
    pub already_there: u64,
    /// Line of the file and what is wrong there.
    pub failed: Vec<(u64, Vec<RowError>)>,
}

impl Outcome {
    /// Notes that the row at `line` was not recorded.
    pub fn fail(&mut self, line: u64, errors: Vec<RowError>) {
        self.failed.push((line, errors));
    }

    /// Prints the errors to stderr and the counts to stdout; the code is 1 when rows failed.
    ///
    /// # Errors
    /// When nobody reads the output any more.
    pub fn print(&mut self, context: &Context) -> Result<ExitCode> {
        self.failed.sort_by_key(|(line, _)| *line);
        if context.is_json() {
            let errors: Vec<_> = self
                .failed
                .iter()
                .flat_map(|(line, errors)| {
                    errors.iter().map(move |e| json!({ "line": line, "field": e.field, "rule": e.rule }))
                })
                .collect();
            context.print_json(&json!({
                "rows": self.rows,
                "imported": self.imported,
                "already_there": self.already_there,
                "failed": self.failed.len(),
                "errors": errors,
            }))?;
        } else {
            for (line, errors) in self.failed.iter().take(PRINTED) {
                for error in errors {
                    let colon = if error.field.is_empty() { "" } else { ": " };
                    eprintln!("{} {line}: {}{colon}{}", context.text("line", "行"), error.field, error.rule);
                }
            }
            if self.failed.len() > PRINTED {
                eprintln!(
                    "{} {}",
                    self.failed.len() - PRINTED,
                    context.text("more rows failed", "行另有错误")
                );
            }
            context.print_details(
                || Ok(serde_json::Value::Null),
                &[
                    (context.text("rows", "行数"), self.rows.to_string()),
                    (context.text("imported", "已导入"), self.imported.to_string()),
                    (context.text("already there", "已存在"), self.already_there.to_string()),
                    (context.text("failed", "失败"), self.failed.len().to_string()),
                ],
            )?;
        }
        Ok(if self.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
