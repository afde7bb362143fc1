//! Passwords of the private servers: made once, whole on the disk before they are used, readable by their owner only.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::{Context, Result, bail};

/// The secret in `file`; made when there is none and nothing was `locked` with an earlier one.
///
/// # Errors
/// When the file cannot be read or written, or is gone although something is locked with it.
pub(crate) fn kept(file: &Path, locked: bool) -> Result<String> {
    let known = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
    };
    if !known.is_empty() {
        return Ok(known);
    }
    if locked {
        bail!("{} is missing or empty: put it back, or remove the data directory", file.display());
    }
    let secret = hex::encode(rand::random::<[u8; 16]>());
    write_private(file, secret.as_bytes())?;
    Ok(secret)
}

/// Writes a file whole or not at all, readable by its owner only.
///
/// # Errors
/// When it cannot be written.
pub fn write_private(file: &Path, bytes: &[u8]) -> Result<()> {
    let partial = file.with_extension("partial");
    let written = || -> io::Result<()> {
        let mut out =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
        out.write_all(bytes)?;
        out.sync_all()?;
        fs::rename(&partial, file)
    };
    written().with_context(|| format!("writing {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_never_made_anew_for_what_it_locks() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("password");
        let first = kept(&file, false).unwrap();
        assert_eq!((first.len(), kept(&file, true).unwrap()), (32, first.clone()));

        fs::write(&file, "").unwrap();
        assert!(format!("{:#}", kept(&file, true).unwrap_err()).contains("put it back"));
        assert_ne!(kept(&file, false).unwrap(), first, "one cut short locks nothing and is made anew");
    }
}
