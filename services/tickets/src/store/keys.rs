//! Keys for what is personal, from configuration or a file. Source: DESIGN rule 15.

use crate::config::ContactsConfig;
use anyhow::{Context as _, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use rand::RngCore as _;
use secrecy::ExposeSecret as _;
use std::{collections::BTreeMap, io::Write as _, path::Path};

const BYTES: usize = 32;
const INDEX: &str = "index";

/// The keys of this service. Never shown, not even by `Debug`.
pub(crate) struct Keys {
    /// Encryption keys by version; never empty.
    pub encryption: BTreeMap<i32, [u8; BYTES]>,
    /// Key of the blind indexes.
    pub index: [u8; BYTES],
}

impl Keys {
    /// From the file that the configuration names, or from the configuration itself.
    ///
    /// # Errors
    /// When there is no key, no index key, or one of them is not 32 bytes.
    pub(crate) fn load(config: &ContactsConfig) -> anyhow::Result<Self> {
        if !config.key_file.as_os_str().is_empty() {
            let text = gongdan_secret::read(&config.key_file)
                .with_context(|| format!("contacts.key_file {}", config.key_file.display()))?;
            return Self::parse(text.expose_secret())
                .with_context(|| format!("contacts.key_file {}", config.key_file.display()));
        }
        let encryption = config
            .keys
            .iter()
            .map(|key| Ok((key.version, bytes(key.key.expose_secret()).context("contacts.keys")?)))
            .collect::<anyhow::Result<BTreeMap<_, _>>>()?;
        ensure!(!encryption.is_empty(), "contacts: neither key_file nor keys are set");
        let index = bytes(config.index_key.expose_secret()).context("contacts.index_key")?;
        Ok(Self { encryption, index })
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut encryption = BTreeMap::new();
        let mut index = None;
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let Some((name, key)) = line.trim().split_once(char::is_whitespace) else {
                bail!("line {}: VERSION BASE64, or {INDEX} BASE64", at + 1)
            };
            let key = bytes(key.trim()).with_context(|| format!("line {}", at + 1))?;
            if name == INDEX {
                index = Some(key);
            } else {
                let version = name.parse().with_context(|| format!("line {}: the version", at + 1))?;
                encryption.insert(version, key);
            }
        }
        ensure!(!encryption.is_empty(), "no key in it");
        let Some(index) = index else { bail!("no line `{INDEX} BASE64`") };
        Ok(Self { encryption, index })
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
    let key = || {
        let mut key = [0; BYTES];
        rand::rng().fill_bytes(&mut key);
        BASE64_STANDARD.encode(key)
    };
    file.write_all(format!("1 {}\n{INDEX} {}\n", key(), key()).as_bytes())?;
    file.sync_all()
}

fn bytes(text: &str) -> anyhow::Result<[u8; BYTES]> {
    // The library would name the byte that is wrong.
    let bytes = BASE64_STANDARD.decode(text.trim()).ok().context("no base64")?;
    match bytes.try_into() {
        Ok(key) => Ok(key),
        Err(_) => bail!("a key has {BYTES} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_ne!(keys.encryption[&1], keys.index);
    }

    #[test]
    fn a_bad_key_file_is_refused() {
        for text in ["", "1", "1 AAAA", "one AAAA", "index AAAA", "1 ????"] {
            assert!(Keys::parse(text).is_err(), "{text:?}");
        }
    }
}
