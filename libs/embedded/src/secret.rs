//! Passwords of the private servers: made once, whole on the disk before they are used, readable by their owner only.

use std::{io, path::Path};

use anyhow::{Context, Result, bail};
use secrecy::{ExposeSecret as _, SecretString};

/// The secret in `file`; made when there is none and nothing was `locked` with an earlier one.
///
/// # Errors
/// When the file cannot be read or written, or is gone although something is locked with it.
pub(crate) fn kept(file: &Path, locked: bool) -> Result<SecretString> {
    let known = match gongdan_secret::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => SecretString::default(),
        Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
    };
    if !known.expose_secret().is_empty() {
        return Ok(known);
    }
    if locked {
        bail!("{} is missing or empty: put it back, or remove the data directory", file.display());
    }
    let secret = SecretString::from(hex::encode(rand::random::<[u8; 16]>()));
    write_private(file, secret.expose_secret().as_bytes())?;
    Ok(secret)
}

/// Writes a file whole or not at all, readable by its owner only.
///
/// # Errors
/// When it cannot be written.
pub fn write_private(file: &Path, bytes: &[u8]) -> Result<()> {
    gongdan_secret::write(file, bytes).with_context(|| format!("writing {}", file.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_never_made_anew_for_what_it_locks() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("password");
        let known = |locked| kept(&file, locked).map(|secret| secret.expose_secret().to_owned());
        let first = known(false).unwrap();
        assert_eq!((first.len(), known(true).unwrap()), (32, first.clone()));

        fs::write(&file, "").unwrap();
        assert!(format!("{:#}", known(true).unwrap_err()).contains("put it back"));
        assert_ne!(known(false).unwrap(), first, "one cut short locks nothing and is made anew");
    }
}
