//! Files that map what a row says to what the suite knows: place names to regions, categories to catalogue items.

use std::{collections::HashMap, path::Path};

use anyhow::{Context, Result};
use gongdan_region::{RegionCode, Regions};

/// Names of places in a text, and the region each stands for.
#[derive(Debug, Default)]
pub struct Places(Vec<(String, String)>);

impl Places {
    /// Reads rows of name and region code; a head row is skipped.
    ///
    /// # Errors
    /// Names the line of a row that is none.
    pub fn read(file: &Path) -> Result<Places> {
        let mut places = pairs(file)?;
        for (line, (_, code)) in &places {
            known_region(code).with_context(|| format!("{} line {line}", file.display()))?;
        }
        // The longest name first: A3区东街 before A3区.
        places.sort_by_key(|(_, (name, _))| std::cmp::Reverse(name.len()));
        Ok(Places(places.into_iter().map(|(_, pair)| pair).collect()))
    }

    /// The region that the subject names, or else the body.
    pub fn region<'a>(&'a self, subject: &str, body: &str) -> Option<&'a str> {
        let find = |text: &str| self.0.iter().find(|(name, _)| text.contains(name.as_str()));
        find(subject).or_else(|| find(body)).map(|(_, code)| code.as_str())
    }
}

/// Categories and the catalogue item each stands for.
#[derive(Debug, Default)]
pub struct Items(HashMap<String, String>);

impl Items {
    /// Reads rows of category and item key; a head row is skipped.
    ///
    /// # Errors
    /// Names the line of a row that is none.
    pub fn read(file: &Path) -> Result<Items> {
        Ok(Items(pairs(file)?.into_iter().map(|(_, pair)| pair).collect()))
    }

    /// The item of a category.
    pub fn item(&self, category: &str) -> Option<&str> {
        self.0.get(category).map(String::as_str)
    }
}

/// Whether a code is one that tickets takes.
///
/// # Errors
/// When it is not.
pub fn known_region(code: &str) -> Result<()> {
    let known = RegionCode::parse(code).is_ok_and(|code| Regions::national().knows(code));
    anyhow::ensure!(known, "region: {code} is no known region code");
    Ok(())
}

fn pairs(file: &Path) -> Result<Vec<(u64, (String, String))>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(file)?;
    let mut pairs = Vec::new();
    for record in reader.records() {
        let record = record.with_context(|| format!("reading {}", file.display()))?;
        let line = record.position().map_or(0, csv::Position::line);
        if line == 1 && is_head(&record) {
            continue;
        }
        match (record.get(0).map(str::trim), record.get(1).map(str::trim)) {
            (Some(name), Some(value)) if !name.is_empty() && !value.is_empty() => {
                pairs.push((line, (name.to_owned(), value.to_owned())));
            }
            _ => anyhow::bail!("{} line {line}: two columns are needed", file.display()),
        }
    }
    Ok(pairs)
}

fn is_head(record: &csv::StringRecord) -> bool {
    matches!(record.get(0).map(str::trim), Some("name" | "category"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_that_is_not_utf8_is_refused_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("map.csv");
        std::fs::write(&file, b"name,region\nA3\xff,430103\n").unwrap();
        for error in [Places::read(&file).unwrap_err(), Items::read(&file).unwrap_err()] {
            let error = format!("{error:#}");
            assert!(error.contains("line 2") || error.contains("line: 2"), "{error}");
            assert!(error.to_lowercase().contains("utf-8"), "{error}");
        }
    }

    #[test]
    fn the_longest_name_wins_and_the_subject_goes_before_the_body() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("map.csv");
        std::fs::write(&file, "name,region\nA3区,430103\nA3区东街,430104\nB市,4301\n").unwrap();
        let places = Places::read(&file).unwrap();
        assert_eq!(places.region("A3区东街垃圾", ""), Some("430104"));
        assert_eq!(places.region("A3区垃圾", "B市"), Some("430103"));
        assert_eq!(places.region("垃圾", "在B市"), Some("4301"));
        assert_eq!(places.region("垃圾", "这里"), None);

        std::fs::write(&file, "A3区,990000\n").unwrap();
        let error = format!("{:#}", Places::read(&file).unwrap_err());
        assert!(error.contains("line 1") && error.contains("990000"), "{error}");
    }
}
