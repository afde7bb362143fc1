//! Keys for what is personal, from configuration or a file. Source: DESIGN rule 15.

use crate::config::ContactsConfig;
use anyhow::{Context as _, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use rand::RngCore as _;
use secrecy::{ExposeSecret as _, SecretString};
use std::{collections::BTreeMap, io::Write as _, path::Path};

const BYTES: usize = 32;
const INDEX: &str = "index";
const RULE: &str = "`VERSION BASE64`, or `index VERSION BASE64`, or `# …`";

/// A key.
pub(crate) type Key = [u8; BYTES];

/// The keys of this service, by version; neither is ever empty. Never shown, not even by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Keys {
    /// Encryption keys.
    pub encryption: BTreeMap<i32, Key>,
    /// Keys of the blind indexes.
    pub index: BTreeMap<i32, Key>,
}

impl Keys {
    /// From the file that the configuration names, or from the configuration itself.
    ///
    /// # Errors
    /// When there is no key, no index key, or one of them is not 32 bytes; names line or key and the rule.
    pub(crate) fn load(config: &ContactsConfig) -> anyhow::Result<Self> {
        if !config.key_file.as_os_str().is_empty() {
            return Self::read(&config.key_file);
        }
        let mut keys = Found::default();
        for (at, key) in config.keys.iter().enumerate() {
            let name = format!("contacts.keys[{at}]");
            add(&mut keys.encryption, &key.version.to_string(), key.key.expose_secret()).context(name)?;
        }
        for (at, key) in config.index_keys.iter().enumerate() {
            let name = format!("contacts.index_keys[{at}]");
            add(&mut keys.index, &key.version.to_string(), key.key.expose_secret()).context(name)?;
        }
        let first: &SecretString = &config.index_key;
        if !first.expose_secret().is_empty() {
            add(&mut keys.index, "1", first.expose_secret()).context("contacts.index_key")?;
        }
        keys.complete().context("contacts, which has no key_file")
    }

    /// From a file.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let name = || format!("contacts.key_file {}", path.display());
        Self::parse(gongdan_secret::read(path).with_context(name)?.expose_secret()).with_context(name)
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut keys = Found::default();
        for (at, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let added = match words.as_slice() {
                [] => Ok(()),
                [first, ..] if first.starts_with('#') => Ok(()),
                // As the first releases wrote it.
                [INDEX, key] => add(&mut keys.index, "1", key),
                [INDEX, version, key] => add(&mut keys.index, version, key),
                [version, key] => add(&mut keys.encryption, version, key),
                _ => bail!("line {}: {RULE}", at + 1),
            };
            added.with_context(|| format!("line {}", at + 1))?;
        }
        keys.complete()
    }
}

#[derive(Default)]
struct Found {
    encryption: BTreeMap<i32, Key>,
    index: BTreeMap<i32, Key>,
}

impl Found {
    fn complete(self) -> anyhow::Result<Keys> {
        ensure!(!self.encryption.is_empty(), "no encryption key: {RULE}");
        ensure!(!self.index.is_empty(), "no index key: {RULE}");
        Ok(Keys { encryption: self.encryption, index: self.index })
    }
}

fn add(keys: &mut BTreeMap<i32, Key>, version: &str, key: &str) -> anyhow::Result<()> {
    let number = version.parse().ok().filter(|number: &i32| *number >= 1);
    // Not the word itself: it may be a key in the wrong place.
    let number = number.with_context(|| format!("the version is a whole number from 1 on: {RULE}"))?;
    let key = bytes(key)?;
    ensure!(keys.insert(number, key).is_none(), "version {number} is given twice");
    Ok(())
}

fn bytes(text: &str) -> anyhow::Result<Key> {
    let Ok(bytes) = BASE64_STANDARD.decode(text.trim()) else { bail!("the key is no base64") };
    match bytes.try_into() {
        Ok(key) => Ok(key),
        Err(_) => bail!("a key has {BYTES} bytes"),
    }
}

/// Writes a file with a first encryption key and an index key, readable by its owner only; leaves one that is there.
///
/// # Errors
/// When the file cannot be written.
pub fn create_key_file(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let opened = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = match opened {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
        other => other?,
    };
    file.write_all(format!("1 {}\n{INDEX} 1 {}\n", fresh(), fresh()).as_bytes())?;
    file.sync_all()
}

/// Which keys a new version is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewKeys {
    /// Encryption and index.
    Both,
    /// Encryption only.
    Encryption,
    /// Index only.
    Index,
}

/// Adds the next version of these keys to a file; answers their versions. The file is replaced as a whole, so that who
/// reads it meanwhile reads the old or the new one.
///
/// # Errors
/// When the file is not there, is no key file, or cannot be written.
pub fn add_key_version(path: &Path, which: NewKeys) -> anyhow::Result<(Option<i32>, Option<i32>)> {
    let old = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let keys = Keys::parse(&old).with_context(|| format!("{}", path.display()))?;
    let next = |keys: &BTreeMap<i32, Key>| keys.last_key_value().map_or(1, |(version, _)| version + 1);
    let encryption = (which != NewKeys::Index).then(|| next(&keys.encryption));
    let index = (which != NewKeys::Encryption).then(|| next(&keys.index));
    let mut text = old;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    if let Some(version) = encryption {
        text.push_str(&format!("{version} {}\n", fresh()));
    }
    if let Some(version) = index {
        text.push_str(&format!("{INDEX} {version} {}\n", fresh()));
    }
    replace(path, &text).with_context(|| format!("writing {}", path.display()))?;
    Ok((encryption, index))
}

fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(beside, path)
}

fn fresh() -> String {
    let mut key = [0; BYTES];
    rand::rng().fill_bytes(&mut key);
    BASE64_STANDARD.encode(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> String {
        BASE64_STANDARD.encode([byte; BYTES])
    }

    #[test]
    fn a_key_file_is_made_once_and_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("contacts.keys");
        create_key_file(&path).unwrap();
        let first = std::fs::read_to_string(&path).unwrap();
        create_key_file(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
        let keys = Keys::parse(&first).unwrap();
        assert_eq!(keys.encryption.keys().copied().collect::<Vec<_>>(), [1]);
        assert_eq!(keys.index.keys().copied().collect::<Vec<_>>(), [1]);
        assert_ne!(keys.encryption[&1], keys.index[&1]);
    }

    #[test]
    fn the_first_format_is_index_version_one() {
        let old = Keys::parse(&format!("1 {}\nindex {}\n", key(1), key(9))).unwrap();
        let new = Keys::parse(&format!("# made by hand\n1 {}\n\nindex 1 {}", key(1), key(9))).unwrap();
        assert!(old == new);
    }

    #[test]
    fn a_new_version_comes_after_the_highest_and_keeps_the_others() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        std::fs::write(&path, format!("7 {}\nindex {}", key(1), key(9))).unwrap();
        assert_eq!(add_key_version(&path, NewKeys::Both).unwrap(), (Some(8), Some(2)));
        assert_eq!(add_key_version(&path, NewKeys::Encryption).unwrap(), (Some(9), None));
        assert_eq!(add_key_version(&path, NewKeys::Index).unwrap(), (None, Some(3)));
        let keys = Keys::read(&path).unwrap();
        assert_eq!(keys.encryption.keys().copied().collect::<Vec<_>>(), [7, 8, 9]);
        assert_eq!(keys.index.keys().copied().collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!((keys.encryption[&7], keys.index[&1]), ([1; BYTES], [9; BYTES]));
        let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&path).unwrap());
        assert_eq!(mode & 0o077, 0, "for its owner only");
    }

    #[test]
    fn a_bad_key_file_is_refused_by_its_line() {
        let good = key(1);
        for (text, said) in [
            (String::new(), "no encryption key"),
            (format!("1 {good}"), "no index key"),
            (format!("index 1 {good}"), "no encryption key"),
            (format!("1 {good}\n1"), "line 2"),
            (format!("1 {good}\nindex 1 AAAA"), "a key has 32 bytes"),
            (format!("\none {good}"), "line 2: the version is a whole number"),
            (format!("0 {good}"), "whole number from 1 on"),
            (format!("1 {good}\nindex x {good}"), "line 2"),
            ("1 ????".to_owned(), "no base64"),
            (format!("1 {good}\n1 {good}"), "line 2: version 1 is given twice"),
            (format!("1 {good}\nindex {good}\nindex 1 {good}"), "line 3"),
            (format!("1 {good} {good} x"), "line 1"),
        ] {
            let error = format!("{:#}", Keys::parse(&text).err().unwrap());
            assert!(error.contains(said), "{text:?}: {error}");
            assert!(!error.contains(&good), "a key is shown: {error}");
        }
    }
}
