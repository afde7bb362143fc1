//! Puts the layers together.

use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Why a configuration was refused. Each names the key and where it came from.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A layer is no TOML.
    #[error("{origin} is no TOML: {message}")]
    Syntax {
        /// Which layer.
        origin: String,
        /// Where and why.
        message: String,
    },
    /// No such key.
    #[error("unknown key `{key}` in {origin}")]
    UnknownKey {
        /// Dotted path.
        key: String,
        /// Which layer.
        origin: String,
    },
    /// The value is not of the kind the default has, or out of its range.
    #[error("{message}")]
    Value {
        /// Which key and why.
        message: String,
    },
}

/// Where values come from, weakest first.
#[derive(Debug, Default, Clone)]
pub struct Sources<'a> {
    /// The service's `config.default.toml`.
    pub defaults: &'a str,
    /// A file given on the command line.
    pub file: Option<&'a Path>,
    /// Environment: all variables, of which those named for us are taken.
    pub env: Vec<(String, String)>,
    /// Values that win over everything, from the command line or a test.
    pub overrides: Table,
}

/// Configuration of `service`: its embedded defaults over the common ones, then the file, then the environment:
/// `GONGDAN__SECTION__KEY` for every service, `GONGDAN_<SERVICE>__SECTION__KEY` for this one.
///
/// # Errors
/// An unknown key or a wrong value, by its name.
pub fn load_config<T: DeserializeOwned>(
    defaults: &str,
    file: Option<&Path>,
    service: &str,
) -> Result<T, ConfigError> {
    // A variable that is no UTF-8 is none of ours.
    let env = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    Sources { defaults, file, env, overrides: Table::new() }.load(service)
}

impl Sources<'_> {
    /// The configuration of `service`.
    ///
    /// # Errors
    /// An unknown key or a wrong value, by its name.
    pub fn load<T: DeserializeOwned>(self, service: &str) -> Result<T, ConfigError> {
        let mut whole = parse(super::COMMON_DEFAULTS, "the common defaults")?;
        graft(&mut whole, parse(self.defaults, "the embedded defaults")?);
        if let Some(path) = self.file {
            let text = std::fs::read_to_string(path)
                .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
            let origin = path.display().to_string();
            overlay(&mut whole, parse(&text, &origin)?, "", &origin)?;
        }
        let own = format!("GONGDAN_{}__", service.to_uppercase().replace('-', "_"));
        for prefix in ["GONGDAN__", own.as_str()] {
            for (name, text) in &self.env {
                if let Some(path) = name.strip_prefix(prefix) {
                    set_from_env(&mut whole, path, text, name)?;
                }
            }
        }
        overlay(&mut whole, self.overrides, "", "the command line")?;
        Value::Table(whole)
            .try_into()
            .map_err(|e: toml::de::Error| ConfigError::Value { message: without_value(&e.to_string()) })
    }
}

fn parse(text: &str, origin: &str) -> Result<Table, ConfigError> {
    text.parse::<Table>().map_err(|e| {
        // Not the line itself, as the library would show it: a secret may stand there.
        let line = e.span().map(|span| text.get(..span.start).unwrap_or(text).lines().count().max(1));
        let message = match line {
            Some(line) => format!("line {line}: {}", e.message()),
            None => e.message().to_owned(),
        };
        ConfigError::Syntax { origin: origin.to_owned(), message }
    })
}

/// What serde says about a value of the wrong kind, without the value, which may be a secret in the wrong place.
fn without_value(message: &str) -> String {
    for wrong in ["invalid type: ", "invalid value: "] {
        if let Some(start) = message.find(wrong).map(|at| at + wrong.len())
            && let Some(end) = message.rfind(", expected ").filter(|end| *end > start)
        {
            let kind = message[start..end].split(['`', '"']).next().unwrap_or_default();
            return format!("{}{}{}", &message[..start], kind.trim_end(), &message[end..]);
        }
    }
    message.to_owned()
}

/// A service's defaults may add keys.
fn graft(into: &mut Table, from: Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(into)), Value::Table(from)) => graft(into, from),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// Later layers may only set keys that are there. A table whose default is empty is a map: any key is its own.
fn overlay(into: &mut Table, from: Table, path: &str, origin: &str) -> Result<(), ConfigError> {
    let map = into.is_empty();
    for (key, value) in from {
        let at = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match (into.get_mut(&key), value) {
            (Some(Value::Table(into)), Value::Table(from)) => overlay(into, from, &at, origin)?,
            (Some(place), value) => *place = value,
            (None, value) if map && !path.is_empty() => {
                into.insert(key, value);
            }
            (None, _) => return Err(ConfigError::UnknownKey { key: at, origin: origin.to_owned() }),
        }
    }
    Ok(())
}

fn set_from_env(whole: &mut Table, path: &str, text: &str, name: &str) -> Result<(), ConfigError> {
    let keys: Vec<String> = path.split("__").map(str::to_lowercase).collect();
    let unknown =
        || ConfigError::UnknownKey { key: keys.join("."), origin: format!("the environment ({name})") };
    let (last, sections) = keys.split_last().ok_or_else(unknown)?;
    let mut table = whole;
    for section in sections {
        table = match table.get_mut(section) {
            Some(Value::Table(table)) => table,
            _ => return Err(unknown()),
        };
    }
    let map = table.is_empty() && !sections.is_empty();
    let value = match table.get(last) {
        Some(Value::String(_)) => Value::String(text.to_owned()),
        Some(_) => format!("value = {text}")
            .parse::<Table>()
            .ok()
            .and_then(|mut t| t.remove("value"))
            .ok_or_else(|| ConfigError::Value { message: format!("{name}: no value for this key") })?,
        None if map => Value::String(text.to_owned()),
        None => return Err(unknown()),
    };
    table.insert(last.clone(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    const DEFAULTS: &str = "[widget]\nsize = 3\nname = \"a\"\ncolours = [\"red\"]\n[widget.labels]\n";

    #[derive(Debug, Deserialize)]
    struct Config {
        widget: Widget,
        #[serde(flatten)]
        common: super::super::CommonConfig,
    }

    #[derive(Debug, Deserialize)]
    struct Widget {
        size: u16,
        name: String,
        colours: Vec<String>,
        labels: std::collections::BTreeMap<String, String>,
    }

    fn load(file: Option<&str>, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("widget.toml");
        if let Some(text) = file {
            std::fs::write(&path, text).unwrap();
        }
        Sources {
            defaults: DEFAULTS,
            file: file.map(|_| path.as_path()),
            env: env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            overrides: Table::new(),
        }
        .load("widget")
    }

    #[test]
    fn later_layers_win() {
        let config =
            load(Some("[widget]\nsize = 5\nname = \"file\""), &[("GONGDAN__WIDGET__NAME", "all")]).unwrap();
        assert_eq!((config.widget.size, config.widget.name.as_str()), (5, "all"));
        let config = load(
            None,
            &[
                ("GONGDAN_WIDGET__WIDGET__NAME", "123"),
                ("GONGDAN__WIDGET__NAME", "all"),
                ("GONGDAN__WIDGET__COLOURS", "[\"blue\", \"green\"]"),
                ("GONGDAN__SERVER__CONCURRENCY", "7"),
                ("GONGDAN_OTHER__WIDGET__SIZE", "9"),
                ("GONGDAN__WIDGET__LABELS__A", "b"),
            ],
        )
        .unwrap();
        assert_eq!((config.widget.size, config.widget.name.as_str()), (3, "123"));
        assert_eq!(config.widget.colours, ["blue", "green"]);
        assert_eq!(config.common.server.concurrency, 7);
        assert_eq!(config.widget.labels["a"], "b");
    }

    #[test]
    fn an_unknown_key_is_refused_by_its_name() {
        let error = load(Some("[widget]\nsice = 5"), &[]).unwrap_err().to_string();
        assert!(error.contains("unknown key `widget.sice`"), "{error}");
        let error = load(Some("[wigdet]\nsize = 5"), &[]).unwrap_err().to_string();
        assert!(error.contains("unknown key `wigdet`"), "{error}");
        let error = load(None, &[("GONGDAN_WIDGET__SERVER__LISTENN", "x")]).unwrap_err().to_string();
        assert!(
            error.contains("`server.listenn`") && error.contains("GONGDAN_WIDGET__SERVER__LISTENN"),
            "{error}"
        );
    }

    #[test]
    fn a_wrong_value_is_refused_and_not_repeated() {
        let secret = "hunter2, expected";
        for file in [
            format!("[widget]\nsize = \"{secret}\""),
            format!("[widget]\nlabels = \"{secret}\""),
            format!("[widget]\ncolours = [\"a\", {{ b = \"{secret}\" }}]"),
            format!("[server]\nconcurrency = \"{secret}\""),
            format!("[postgres]\nmax_connections = \"{secret}\""),
            format!("[postgres]\nurl = \"{secret}"),
            format!("[postgres]\n\nurl = {secret}"),
            format!("[postgres]\nurl = \"a\"\nurl = \"{secret}\""),
        ] {
            let error = load(Some(&file), &[]).unwrap_err();
            let said = format!("{error} {error:?}");
            assert!(!said.contains("hunter2"), "{file}: {said}");
        }
        let error = load(None, &[("GONGDAN__WIDGET__SIZE", secret)]).unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(said.contains("GONGDAN__WIDGET__SIZE") && !said.contains("hunter2"), "{said}");
        let error = load(Some("[widget]\nsize = \"big\""), &[]).unwrap_err().to_string();
        assert!(error.contains("invalid type: string, expected u16") && error.contains("size"), "{error}");
        let error = load(Some("[widget]\nsize = 3\nname = "), &[]).unwrap_err().to_string();
        assert!(error.contains("line 3"), "{error}");
    }
}
