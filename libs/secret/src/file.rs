//! Files of secrets.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use secrecy::SecretString;

/// Everybody who is neither the owner nor of the file's group, which a mounted secret in a cluster needs.
const OTHERS: u32 = 0o007;

/// Reads a file of secrets; the log warns when others may read it too.
///
/// # Errors
/// When it cannot be read, or is no UTF-8.
pub fn read(file: &Path) -> io::Result<SecretString> {
    warn_if_open(file);
    Ok(fs::read_to_string(file)?.into())
}

/// Writes a file whole or not at all, readable by its owner only, whatever the one before it was.
///
/// # Errors
/// When it cannot be written.
pub fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let partial = file.with_extension("partial");
    // One that a killed run left could be anybody's to read.
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial)?;
    out.write_all(bytes)?;
    out.sync_all()?;
    fs::rename(&partial, file)
}

/// Whether others on this machine may read, change or run the file; not when that cannot be told.
#[must_use]
pub fn is_open(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|found| found.permissions().mode() & OTHERS != 0)
}

/// Warns in the log when others on this machine may read the file.
pub fn warn_if_open(file: &Path) {
    if is_open(file) {
        tracing::warn!(
            file = %file.display(),
            "others on this machine may read this file, which holds a secret: chmod o= it, and replace the secret"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use secrecy::ExposeSecret as _;

    use super::*;

    fn mode(file: &Path) -> u32 {
        fs::metadata(file).unwrap().permissions().mode() & 0o777
    }

    /// What is logged while `work` runs.
    fn logged(work: impl FnOnce()) -> String {
        #[derive(Clone, Default)]
        struct Lines(Arc<Mutex<Vec<u8>>>);
        impl io::Write for Lines {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.lock().unwrap().extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber =
            tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
        tracing::subscriber::with_default(subscriber, work);
        String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_file_of_secrets_is_its_owner_s() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        fs::write(dir.path().join("token.partial"), "cut short").unwrap();
        write(&file, b"new").unwrap();
        assert_eq!((mode(&file), is_open(&file)), (0o600, false));
        let said = logged(|| assert_eq!(read(&file).unwrap().expose_secret(), "new"));
        assert_eq!(said, "");
    }

    #[test]
    fn a_file_that_others_may_read_is_warned_of_without_what_it_holds() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        write(&file, b"hidden").unwrap();
        for (mode, open) in [(0o600, false), (0o640, false), (0o644, true), (0o604, true), (0o602, true)] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let said = logged(|| drop(read(&file).unwrap()));
            assert_eq!(said.contains("others on this machine"), open, "{mode:o}: {said}");
            assert!(!said.contains("hidden"), "{said}");
            assert_eq!(said.contains("token"), open);
        }
    }
}
