//! `gongdan route train --evaluate --offline FILE`: how well categories are told from texts, on a CSV file.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Instant};

use anyhow::{Context as _, Result, bail};
use csv::{ByteRecord, StringRecord};
use gongdan_classify::{Bag, Evaluation, Sample, Settings, evaluate};
use serde_json::json;

use super::{Context, confusion};

const SUBJECTS: [&str; 6] = ["subject", "title", "headline", "主题", "标题", "留言主题"];
const TEXTS: [&str; 10] =
    ["body", "text", "content", "description", "message", "内容", "正文", "留言详情", "诉求内容", "描述"];
const CATEGORIES: [&str; 11] = [
    "category",
    "item",
    "label",
    "class",
    "类别",
    "分类",
    "事项",
    "目录",
    "一级标签",
    "一级分类",
    "诉求类别",
];
/// So many wrong rows are named.
const NAMED: usize = 20;

/// Columns that were asked for by name.
#[derive(Debug, Default)]
pub struct Wanted<'a> {
    pub subject: Option<&'a str>,
    pub text: Option<&'a str>,
    pub category: Option<&'a str>,
}

/// Where the columns are.
#[derive(Debug, PartialEq)]
struct Columns {
    names: Vec<String>,
    subject: Option<usize>,
    text: Option<usize>,
    category: usize,
}

/// Texts with their categories.
struct Rows {
    columns: Columns,
    labels: Vec<String>,
    samples: Vec<Sample>,
}

pub fn run(context: &Context, file: &Path, wanted: &Wanted<'_>, folds: usize) -> Result<()> {
    let rows = read(file, wanted).with_context(|| file.display().to_string())?;
    let settings = Settings::default();
    let bar = context.progress(Some((folds * settings.rounds) as u64), context.text("training", "训练中"));
    let begun = Instant::now();
    let judged = evaluate(rows.labels.len(), &rows.samples, folds, &settings, &mut || {
        bar.inc(1);
        true
    });
    bar.finish_and_clear();
    let judged = judged.map_err(|error| {
        let (texts, labels) = (rows.samples.len(), rows.labels.len());
        anyhow::anyhow!(
            "{}: {error}: {texts} rows of {labels} categories, held out in {folds} parts",
            file.display()
        )
    })?;
    show(context, &rows, &judged, begun.elapsed().as_secs_f64())
}

fn show(context: &Context, rows: &Rows, judged: &Evaluation, seconds: f64) -> Result<()> {
    let confused = confusion::named(&judged.confusion, &rows.labels);
    if context.is_json() {
        let round = |share: f64| (share * 1e4).round() / 1e4;
        let column = |at: Option<usize>| at.map(|at| rows.columns.names[at].as_str());
        return context.print_json(&json!({
            "top1": round(judged.top1),
            "top3": round(judged.top3),
            "n": judged.samples,
            "classes": judged.classes,
            "folds": judged.folds,
            "seconds": (seconds * 100.0).round() / 100.0,
            "calibration_error": round(judged.calibration_error),
            "columns": {
                "subject": column(rows.columns.subject),
                "text": column(rows.columns.text),
                "category": column(Some(rows.columns.category)),
            },
            "confusion": confused.iter().map(|(is, said, count)| {
                json!({ "category": is, "said": said, "count": count })
            }).collect::<Vec<_>>(),
        }));
    }
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let lines = [
        (context.text("texts", "文本数"), judged.samples.to_string()),
        (context.text("categories", "类别数"), judged.classes.to_string()),
        (
            context.text("held out in turn", "轮流留出"),
            format!(
                "{} {}",
                judged.folds,
                context.text("parts, each with its share of every category", "份，各类别按比例分层")
            ),
        ),
        (context.text("first answer right (top-1)", "首选正确率 (top-1)"), percent(judged.top1)),
        (context.text("among the first three (top-3)", "前三命中率 (top-3)"), percent(judged.top3)),
        (context.text("confidence off by", "置信度偏差"), percent(judged.calibration_error)),
        (context.text("time", "用时"), format!("{seconds:.1} s")),
    ];
    context.print_details(|| Ok(json!({})), &lines)?;
    context.say("")?;
    context.say(&confusion::show(context, &confused))
}

fn read(file: &Path, wanted: &Wanted<'_>) -> Result<Rows> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(file)?;
    let columns = Columns::find(reader.byte_headers()?, wanted)?;
    let (mut texts, mut wrong) = (Vec::new(), Vec::new());
    // Rows are counted as a spreadsheet shows them, the heads being the first.
    for (number, record) in (2_u64..).zip(reader.byte_records()) {
        match columns.row(record?) {
            Ok((bag, label)) => texts.push((bag, label)),
            Err((column, rule)) => {
                let column = if column.is_empty() { column } else { format!(" column {column}") };
                wrong.push(format!("row {number}{column}: {rule}"));
            }
        }
    }
    if !wrong.is_empty() {
        let more = wrong.len().saturating_sub(NAMED);
        wrong.truncate(NAMED);
        let more = if more == 0 { String::new() } else { format!("\n  and {more} more") };
        bail!("rows that cannot be used:\n  {}{more}", wrong.join("\n  "));
    }
    let labels: BTreeMap<String, u32> = texts.iter().map(|(_, label)| (label.clone(), 0)).collect();
    let labels: BTreeMap<String, u32> = labels.into_keys().zip(0..).collect();
    let samples = texts
        .into_iter()
        .map(|(bag, label)| Sample { bag: Arc::new(bag), label: labels[&label], among: None })
        .collect();
    Ok(Rows { columns, labels: labels.into_keys().collect(), samples })
}

impl Columns {
    /// Those that are asked for, else those that are called as such columns are.
    ///
    /// # Errors
    /// Names what is missing and what there is.
    fn find(heads: &ByteRecord, wanted: &Wanted<'_>) -> Result<Self> {
        let heads = StringRecord::from_byte_record_lossy(heads.clone());
        let names: Vec<String> =
            heads.iter().map(|head| head.trim_start_matches('\u{feff}').trim().to_owned()).collect();
        let all = names.join(", ");
        let place = |flag: &str, wanted: Option<&str>, usual: &[&str]| -> Result<Option<usize>> {
            if let Some(wanted) = wanted {
                let at = names.iter().position(|name| name == wanted);
                let at = at.with_context(|| format!("--{flag}: no column {wanted:?}; there are: {all}"))?;
                return Ok(Some(at));
            }
            Ok(usual.iter().find_map(|usual| names.iter().position(|name| name.eq_ignore_ascii_case(usual))))
        };
        let subject = place("subject", wanted.subject, &SUBJECTS)?;
        let text = place("text", wanted.text, &TEXTS)?;
        let category = place("category", wanted.category, &CATEGORIES)?;
        let category = category.with_context(|| {
            format!("no column looks like a category; name it with --category; there are: {all}")
        })?;
        if subject.is_none() && text.is_none() {
            bail!("no column looks like a text; name it with --text; there are: {all}");
        }
        if [subject, text].contains(&Some(category)) || (subject.is_some() && subject == text) {
            bail!("subject, text and category must be columns of their own; there are: {all}");
        }
        Ok(Self { names, subject, text, category })
    }

    /// A row's text and category.
    ///
    /// # Errors
    /// The column and what is wrong with it.
    fn row(&self, record: ByteRecord) -> Result<(Bag, String), (String, String)> {
        if record.len() != self.names.len() {
            let rule = format!("has {} fields, the heads are {}", record.len(), self.names.len());
            return Err((String::new(), rule));
        }
        let row = StringRecord::from_byte_record(record).map_err(|error| {
            let name = self.names.get(error.utf8_error().field()).cloned().unwrap_or_default();
            (name, "is not UTF-8".to_owned())
        })?;
        let at = |at: Option<usize>| at.and_then(|at| row.get(at)).unwrap_or_default().trim();
        let label = at(Some(self.category));
        if label.is_empty() {
            return Err((self.names[self.category].clone(), "is empty".to_owned()));
        }
        let bag = Bag::of(at(self.subject), at(self.text));
        if bag.is_empty() {
            let name = self.text.or(self.subject).map(|at| self.names[at].clone());
            return Err((name.unwrap_or_default(), "has no words".to_owned()));
        }
        Ok((bag, label.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(names: &[&str]) -> ByteRecord {
        ByteRecord::from(names.to_vec())
    }

    #[test]
    fn columns_are_known_by_what_they_are_usually_called() {
        for (names, subject, text, category) in [
            (&["message_no", "subject", "body", "category"][..], Some(1), Some(2), 3),
            (&["\u{feff}分类", "标题", "内容"][..], Some(1), Some(2), 0),
            (&["Label", "Text"][..], None, Some(1), 0),
        ] {
            let found = Columns::find(&heads(names), &Wanted::default()).unwrap();
            assert_eq!((found.subject, found.text, found.category), (subject, text, category), "{names:?}");
        }
    }

    #[test]
    fn a_column_that_is_missing_or_meant_twice_is_said_with_those_there_are() {
        let said = |names: &[&str], wanted: Wanted<'_>| {
            Columns::find(&heads(names), &wanted).unwrap_err().to_string()
        };
        let none = said(&["a", "body"], Wanted::default());
        assert!(none.contains("--category") && none.contains("a, body"), "{none}");
        let other = said(&["a", "category"], Wanted { text: Some("b"), ..Wanted::default() });
        assert!(other.contains("--text: no column \"b\""), "{other}");
        let twice = said(&["body", "category"], Wanted { category: Some("body"), ..Wanted::default() });
        assert!(twice.contains("columns of their own"), "{twice}");
    }

    #[test]
    fn a_row_that_cannot_be_used_names_its_column() {
        let columns = Columns::find(&heads(&["body", "category"]), &Wanted::default()).unwrap();
        let wrong = |fields: &[&[u8]]| columns.row(ByteRecord::from(fields.to_vec())).unwrap_err();
        assert_eq!(wrong(&["路灯".as_bytes(), b" "]), ("category".into(), "is empty".into()));
        assert_eq!(wrong(&["…".as_bytes(), b"x"]), ("body".into(), "has no words".into()));
        assert_eq!(wrong(&[b"\xe5\x99", b"x"]), ("body".into(), "is not UTF-8".into()));
        assert_eq!(wrong(&[b"a", b"b", b"c"]).1, "has 3 fields, the heads are 2");
    }
}
