//! The account PostgreSQL runs under: it refuses to run as root.

use std::{fs, os::unix::process::CommandExt, path::Path, process::Command};

use anyhow::{Context, Result, bail};

/// An unprivileged account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Account {
    /// The account to drop to, or `None` when this process is not root and needs none: the one named by
    /// `GONGDAN_POSTGRES_USER`, else `postgres`, else `nobody`.
    pub(crate) fn to_drop_to() -> Result<Option<Account>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let passwd = fs::read_to_string("/etc/passwd").context("reading /etc/passwd")?;
        if let Ok(name) = std::env::var("GONGDAN_POSTGRES_USER") {
            return find(&passwd, &name)
                .map(Some)
                .with_context(|| format!("GONGDAN_POSTGRES_USER names {name}, which is no account here"));
        }
        match find(&passwd, "postgres").or_else(|| find(&passwd, "nobody")) {
            Some(account) if account.uid != 0 => Ok(Some(account)),
            _ => bail!(
                "PostgreSQL refuses to run as root and there is neither an account `postgres` nor `nobody`: \
                 name one in GONGDAN_POSTGRES_USER, or run as another user"
            ),
        }
    }

    /// Makes `command` run under this account, outside of directories it may not enter.
    pub(crate) fn applies_to(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid).current_dir("/").env("HOME", "/").env("USER", &self.name);
    }

    /// Gives a file or directory to this account.
    pub(crate) fn own(&self, path: &Path) -> Result<()> {
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))
            .with_context(|| format!("giving {} to the account {}", path.display(), self.name))
    }
}

/// A command that runs under `account`, or under our own when there is none, in `/`.
pub(crate) fn command(program: &Path, account: Option<&Account>) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/");
    if let Some(account) = account {
        account.applies_to(&mut command);
    }
    command
}

fn find(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next()? != name {
            return None;
        }
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Account { name: name.to_owned(), uid, gid })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let passwd =
            "root:x:0:0:root:/root:/bin/bash\nnobody2:x:7:8::/:/bin/sh\nnobody:x:65534:65533::/:/bin/sh\n";
        assert_eq!(find(passwd, "nobody"), Some(Account { name: "nobody".into(), uid: 65534, gid: 65533 }));
        assert_eq!(find(passwd, "postgres"), None);
    }
}
