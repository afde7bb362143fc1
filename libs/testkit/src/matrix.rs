//! `docs/reference/access-matrix.md`, which services are held to.

use std::{collections::BTreeMap, path::Path};

/// What came of a call, or is to come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was let through: done, or refused for another reason than who called.
    Done,
    /// PERMISSION_DENIED.
    Denied,
    /// NOT_FOUND, or left out of a list.
    Hidden,
}

/// The matrix that people read.
pub struct Matrix {
    places: Vec<String>,
    cells: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

impl Matrix {
    /// Of this repository.
    ///
    /// # Panics
    /// When it is not there, or no matrix.
    #[must_use]
    pub fn read() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/access-matrix.md");
        let text = std::fs::read_to_string(&file).expect("the matrix");
        let mut matrix = Self { places: Vec::new(), cells: BTreeMap::new() };
        let mut role = String::new();
        for line in text.lines() {
            if let Some(title) = line.strip_prefix("## ") {
                role = title.to_owned();
            }
            let Some(line) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) else {
                continue;
            };
            let mut cells = line.split(" | ").map(|cell| cell.trim_matches('`').to_owned());
            let (rpc, _action) = (cells.next().expect("an RPC"), cells.next().expect("an action"));
            if rpc == "RPC" {
                matrix.places = cells.collect();
            } else {
                matrix.cells.entry(role.clone()).or_default().insert(rpc, cells.collect());
            }
        }
        assert!(!matrix.places.is_empty() && !matrix.cells.is_empty(), "{} is no matrix", file.display());
        matrix
    }

    /// The roles.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.cells.keys().map(String::as_str)
    }

    /// The titles of the columns.
    #[must_use]
    pub fn places(&self) -> &[String] {
        &self.places
    }

    /// What must come of a call to `rpc` (`tickets.TicketService/GetTicket`), by somebody of this role, with the right
    /// `sensitive` or without, about a ticket in this place; `seen` is the RPC that shows one.
    ///
    /// # Panics
    /// When there is no such role, RPC or place.
    #[must_use]
    pub fn outcome(&self, role: &str, sensitive: bool, rpc: &str, seen: &str, place: &str) -> Outcome {
        let at = self.places.iter().position(|title| title == place);
        let at = at.unwrap_or_else(|| panic!("the matrix has no column {place}"));
        let permits = |rpc| match self.row(role, rpc)[at].as_str() {
            "✓" => true,
            "R" => sensitive,
            mark if never(mark) => false,
            mark => panic!("{mark} is no mark of an RPC: {role}, {rpc}, {place}"),
        };
        if permits(rpc) {
            Outcome::Done
        } else if self.refuses_everywhere(role, rpc) || permits(seen) {
            Outcome::Denied
        } else {
            Outcome::Hidden
        }
    }

    /// Whether somebody of this role may never call it.
    ///
    /// # Panics
    /// When there is no such role or RPC.
    #[must_use]
    pub fn refuses_everywhere(&self, role: &str, rpc: &str) -> bool {
        self.row(role, rpc).iter().all(|mark| never(mark))
    }

    fn row(&self, role: &str, rpc: &str) -> &[String] {
        let row = self.cells.get(role).and_then(|rows| rows.get(rpc));
        row.unwrap_or_else(|| panic!("the matrix has no line {rpc} for {role}"))
    }
}

/// Whether it is nothing for anybody here: nobody who tries it has the right `personal`.
fn never(mark: &str) -> bool {
    matches!(mark, "·" | "P" | "RP")
}
