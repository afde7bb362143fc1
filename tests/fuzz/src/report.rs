//! What came of a run.

use crate::memory::Processes;
use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

/// What a service may grow by between half of a run and its end, in megabytes: all that 16 callers can have it hold at
/// once, a message of 4 MiB each, once more. What is kept of every request goes past it.
pub const GROWTH_MB: f64 = 64.0;

/// A kind of wrong answer.
#[derive(Debug, Clone)]
pub struct Finding {
    /// How often.
    pub count: u64,
    /// The number of one such request.
    pub number: u64,
    /// By whom.
    pub caller: String,
    /// What it was.
    pub request: String,
}

/// What came of a run.
pub struct Report {
    /// What every value was made from.
    pub seed: u64,
    /// How many requests.
    pub requests: u64,
    /// How long it took.
    pub took: Duration,
    /// RPC to class of answer to how many.
    pub answers: BTreeMap<String, BTreeMap<String, u64>>,
    /// (RPC, what is wrong) to how often and one of them.
    pub findings: BTreeMap<(String, String), Finding>,
    /// Panics in the logs.
    pub panics: Vec<String>,
    /// What the logs say of calls that failed for no fault of their callers.
    pub complaints: Vec<String>,
    /// Services that ended and were started again.
    pub replaced: Vec<String>,
    /// Processes after the first tenth, after half, and at the end.
    pub memory: [Processes; 3],
}

impl Report {
    /// Everything that must not be.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let findings = self.findings.iter().map(|((path, what), finding)| {
            let Finding { count, number, caller, request } = finding;
            format!("{path}: {what} ({count} times, first request {number} by {caller}: {request})")
        });
        let panics = self.panics.iter().map(|line| format!("a panic: {line}"));
        let replaced = self.replaced.iter().map(|name| format!("{name} ended and was started again"));
        let grown = self.memory[2].grown_since(&self.memory[1]).into_iter();
        let grown = grown.filter(|(_, megabytes)| *megabytes > GROWTH_MB).map(|(name, megabytes)| {
            format!("{name} grew by {megabytes:.0} MB in the second half, more than {GROWTH_MB:.0}")
        });
        findings.chain(panics).chain(replaced).chain(grown).collect()
    }

    /// How many answers of a class.
    #[must_use]
    pub fn count(&self, class: &str) -> u64 {
        self.answers.values().filter_map(|answers| answers.get(class)).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let classes: BTreeSet<&String> = self.answers.values().flat_map(BTreeMap::keys).collect();
        let mut table = Table::new();
        let line = LineStyle::none().fill('─').junction('─');
        table.load_style(TableStyle::new().header_separator(line));
        table.set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(std::iter::once("RPC".to_owned()).chain(classes.iter().map(|class| short(class))));
        for (path, answers) in &self.answers {
            let name = path.rsplit('/').next().unwrap_or(path).to_owned();
            let counts =
                classes.iter().map(|class| answers.get(*class).map_or(String::new(), u64::to_string));
            table.add_row(std::iter::once(name).chain(counts));
        }
        let total = classes.iter().map(|class| self.count(class).to_string());
        table.add_row(std::iter::once("all".to_owned()).chain(total));
        writeln!(f, "{table}")?;
        for class in &classes {
            writeln!(f, "{class}: {}", self.count(class))?;
        }
        for (name, (_, first)) in &self.memory[0].0 {
            let at = |index: usize| self.memory[index].0.get(name).map_or(0.0, |(_, megabytes)| *megabytes);
            writeln!(
                f,
                "{name}: {first:.0} MB after a tenth, {:.0} MB after half, {:.0} MB at the end",
                at(1),
                at(2)
            )?;
        }
        let [tenth, half, end] = &self.memory;
        writeln!(f, "together: {:.0}, {:.0}, {:.0} MB", tenth.total(), half.total(), end.total())?;
        for complaint in &self.complaints {
            writeln!(f, "LOG {complaint}")?;
        }
        for fault in self.faults() {
            writeln!(f, "FAULT {fault}")?;
        }
        let seconds = self.took.as_secs_f64();
        write!(
            f,
            "{} requests in {seconds:.0} s, seed {}, {} faults",
            self.requests,
            self.seed,
            self.faults().len()
        )
    }
}

/// `INVALID_ARGUMENT` is INV_ARG in a heading.
fn short(class: &str) -> String {
    class.split('_').map(|word| word.chars().take(3).collect::<String>()).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(half: f64, end: f64) -> Report {
        let processes = |sla: f64| {
            Processes(BTreeMap::from([("routing".to_owned(), (1, 90.0)), ("sla".to_owned(), (2, sla))]))
        };
        Report {
            seed: 1,
            requests: 1,
            took: Duration::ZERO,
            answers: BTreeMap::new(),
            findings: BTreeMap::new(),
            panics: Vec::new(),
            complaints: Vec::new(),
            replaced: Vec::new(),
            memory: [processes(50.0), processes(half), processes(end)],
        }
    }

    #[test]
    fn a_service_that_grows_is_a_fault() {
        let faults = report(100.0, 101.0 + GROWTH_MB).faults();
        assert_eq!(faults, ["sla grew by 65 MB in the second half, more than 64"]);
    }

    #[test]
    fn one_that_keeps_its_size_or_shrinks_is_none() {
        assert_eq!(report(200.0, 199.0 + GROWTH_MB).faults(), Vec::<String>::new());
        assert_eq!(report(200.0, 90.0).faults(), Vec::<String>::new());
    }
}
