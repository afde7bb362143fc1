//! Processor time of a process and all below it, read from `/proc`.

use anyhow::Context;
use std::{collections::HashMap, fs};

/// The unit in which Linux tells user space processor time (USER_HZ).
const TICKS_PER_SECOND: f64 = 100.0;

/// What `/proc/<pid>/stat` says of a process.
struct Stat {
    parent: u32,
    ticks: u64,
}

/// Seconds of processor time of the trees below `roots`, children that ended included.
pub(crate) fn seconds_of_trees(roots: &[u32]) -> anyhow::Result<f64> {
    let stats = read_all()?;
    let inside = |pid: u32| {
        let mut at = pid;
        loop {
            if roots.contains(&at) {
                return true;
            }
            match stats.get(&at) {
                Some(stat) if stat.parent != 0 => at = stat.parent,
                _ => return false,
            }
        }
    };
    let ticks: u64 = stats.iter().filter(|(pid, _)| inside(**pid)).map(|(_, stat)| stat.ticks).sum();
    #[allow(clippy::cast_precision_loss, reason = "ticks of a run are far below 2^52")]
    let seconds = ticks as f64 / TICKS_PER_SECOND;
    Ok(seconds)
}

fn read_all() -> anyhow::Result<HashMap<u32, Stat>> {
    let mut stats = HashMap::new();
    for entry in fs::read_dir("/proc").context("reading /proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // A process may end between listing and reading.
        let Ok(text) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        if let Some(stat) = parse(&text) {
            stats.insert(pid, stat);
        }
    }
    Ok(stats)
}

/// Fields 4 and 14 to 17 of proc(5) stat; the name before them may hold blanks and brackets.
fn parse(text: &str) -> Option<Stat> {
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    let ticks = number(11)? + number(12)? + number(13)? + number(14)?;
    Some(Stat { parent: u32::try_from(number(1)?).ok()?, ticks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_brackets_does_not_shift_the_fields() {
        let stat = parse("42 (a (b) c) S 7 1 1 0 -1 0 0 0 0 0 10 20 3 4 20 0 1 0").unwrap();
        assert_eq!((stat.parent, stat.ticks), (7, 37));
    }

    #[test]
    fn this_process_has_used_some() {
        assert!(seconds_of_trees(&[std::process::id()]).unwrap() >= 0.0);
    }
}
