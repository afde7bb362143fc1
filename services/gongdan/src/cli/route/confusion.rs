//! What was taken for what.

use std::collections::BTreeMap;

use super::{Context, Table};

/// With more classes a table is too wide to be read: the commonest mistakes are listed instead.
const WIDE: usize = 12;
/// So many mistakes are listed.
const LISTED: usize = 25;

/// (is, said, how many).
pub type Confused = Vec<(String, String, u64)>;

/// Classes by their names.
pub fn named(confusion: &BTreeMap<(u32, u32), u32>, labels: &[String]) -> Confused {
    let name = |class: u32| labels.get(class as usize).cloned().unwrap_or_default();
    confusion.iter().map(|((is, said), count)| (name(*is), name(*said), u64::from(*count))).collect()
}

/// Rows are what texts are of, columns what was said of them.
pub fn show(context: &Context, confused: &Confused) -> String {
    let mut totals: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (is, said, count) in confused {
        let (all, right) = totals.entry(is).or_default();
        *all += count;
        *right += if is == said { *count } else { 0 };
        totals.entry(said).or_default();
    }
    if totals.len() > WIDE {
        return mistakes(context, confused);
    }
    let numbers: Vec<String> = (1..=totals.len()).map(|number| number.to_string()).collect();
    let heads = [context.text("is \\ said", "实际 \\ 建议"), context.text("right", "正确率")];
    let mut table =
        Table::new(heads[..1].iter().copied().chain(numbers.iter().map(String::as_str)).chain([heads[1]]));
    for (number, (is, (all, right))) in totals.iter().enumerate() {
        let mut cells = vec![format!("{} {is}", number + 1)];
        cells.extend(totals.keys().map(|said| {
            let found = confused.iter().find(|(a, b, _)| a == is && b == said);
            found.map_or_else(|| "·".to_owned(), |(_, _, count)| count.to_string())
        }));
        cells.push(percent(*right, *all));
        table.row(cells);
    }
    table.to_string()
}

fn mistakes(context: &Context, confused: &Confused) -> String {
    let mut wrong: Vec<_> = confused.iter().filter(|(is, said, _)| is != said).collect();
    wrong.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| (&a.0, &a.1).cmp(&(&b.0, &b.1))));
    let heads = [("is", "实际"), ("said", "建议"), ("times", "次数")];
    let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
    for (is, said, count) in wrong.into_iter().take(LISTED) {
        table.row([is.clone(), said.clone(), count.to_string()]);
    }
    table.to_string()
}

fn percent(part: u64, all: u64) -> String {
    if all == 0 { "–".to_owned() } else { format!("{:.0} %", part as f64 / all as f64 * 100.0) }
}
