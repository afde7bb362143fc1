//! No secret is shown: not by the configuration, not by an error, not in a log, not by the program.

use std::{
    fmt::Debug,
    fs,
    io::{self, Write},
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use gongdan_bus::{Bus, BusConfig};
use gongdan_pg::PgConfig;
use gongdan_runtime::{COMMON_DEFAULTS, Sources};
use gongdan_testkit::Env;
use serde::de::DeserializeOwned;
use toml::{Table, Value};
use tracing_subscriber::filter::LevelFilter;

/// What is put in place of every secret.
const PLANTED: &str = "hunter2-planted";

/// Names that look like secrets and are none: files that hold one, and how long one is good.
const HARMLESS: [&str; 1] = ["old_secret_valid"];

/// Whether the value of a key is a secret, by the key's name; so that one added later is planted too.
fn is_secret(key: &str) -> bool {
    !key.ends_with("_file")
        && !HARMLESS.contains(&key)
        && (key == "url" || ["password", "secret", "token", "key"].iter().any(|word| key.contains(word)))
}

/// The text keys of a table that are secrets, with something planted in each; and how many there are.
fn plant(defaults: &Table) -> (Table, usize) {
    let (mut planted, mut count) = (Table::new(), 0);
    for (key, value) in defaults {
        match value {
            Value::Table(below) => {
                let (below, more) = plant(below);
                if more > 0 {
                    planted.insert(key.clone(), Value::Table(below));
                }
                count += more;
            }
            Value::String(text) if is_secret(key) => {
                let text = match text.split_once("://") {
                    Some((scheme, _)) => format!("{scheme}://user:{PLANTED}@127.0.0.1:1/x"),
                    None => PLANTED.to_owned(),
                };
                planted.insert(key.clone(), Value::String(text));
                count += 1;
            }
            _ => {}
        }
    }
    (planted, count)
}

/// How many secrets were planted; none of them may show.
fn shows_none<C: DeserializeOwned + Debug>(defaults: &str, more: &str) -> usize {
    let (mut overrides, mut count) = plant(&COMMON_DEFAULTS.parse().unwrap());
    let (own, own_count) = plant(&defaults.parse().unwrap());
    count += own_count + more.matches(PLANTED).count();
    for table in [own, more.parse().unwrap()] {
        for (section, value) in table {
            match (overrides.get_mut(&section), value) {
                (Some(Value::Table(into)), Value::Table(from)) => into.extend(from),
                (_, value) => {
                    overrides.insert(section, value);
                }
            }
        }
    }
    let given = overrides.to_string();
    assert_eq!(given.matches(PLANTED).count(), count, "{given}");
    let config: C = Sources { defaults, overrides, ..Sources::default() }.load("test").unwrap();
    for shown in [format!("{config:?}"), format!("{config:#?}")] {
        assert!(!shown.contains(PLANTED), "{shown}");
    }
    count
}

#[test]
fn no_configuration_shows_its_secrets() {
    // The URLs of database and bus everywhere.
    let keys = format!("[contacts]\nkeys = [{{ version = 1, key = \"{PLANTED}\" }}]");
    assert!(shows_none::<gongdan_tickets::Config>(gongdan_tickets::DEFAULTS, &keys) >= 4);
    assert!(shows_none::<gongdan_notifications::Config>(gongdan_notifications::DEFAULTS, "") >= 3);
    assert!(shows_none::<gongdan_routing::Config>(gongdan_routing::DEFAULTS, "") >= 2);
    assert!(shows_none::<gongdan_sla::Config>(gongdan_sla::DEFAULTS, "") >= 2);
    assert!(shows_none::<gongdan_callback::Config>(gongdan_callback::DEFAULTS, "") >= 2);
    assert!(shows_none::<gongdan_reporting::Config>(gongdan_reporting::DEFAULTS, "") >= 2);
}

/// Lines of a log.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn password(url: &str) -> &str {
    url.split_once("://").unwrap().1.split_once('@').unwrap().0.split_once(':').unwrap().1
}

/// Everything the drivers say at their most talkative, with real servers that refuse, and with nobody there.
#[tokio::test]
async fn no_connection_shows_its_password_whether_it_works_or_not() {
    let env = Env::start(gongdan_sla::schema()).await;
    let (database, bus) = (env.database_url(), env.nats_url().to_owned());
    let lines = Lines::default();
    let writer = lines.clone();
    let _log = tracing::subscriber::set_default(
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish(),
    );
    let mut shown = Vec::new();

    let pool = gongdan_pg::connect(&PgConfig::at(&database), "test").await.unwrap();
    sqlx::query("SELECT 1").execute(&pool).await.unwrap();
    shown.push(format!("{pool:?}"));
    let connected = Bus::connect(&BusConfig::at(&bus, "test"), "test").await.unwrap();
    shown.push(format!("{connected:?} {:?}", connected.client()));

    let wrong = database.replace(password(&database), PLANTED);
    for url in [
        wrong.as_str(),
        &format!("postgres://user:{PLANTED}@127.0.0.1:port/x"),
        &format!("postgres://user:{PLANTED}@127.0.0.1:1/x?sslmode=sometimes"),
        &format!("//user:{PLANTED}"),
    ] {
        let refused = gongdan_pg::connect(&PgConfig::at(url), "test").await.expect_err(url);
        shown.push(format!("{refused} {refused:?} {refused:#?}"));
        let refused = anyhow::Error::new(refused).context("the [postgres] section");
        shown.push(format!("{refused:#} {refused:?}"));
    }
    let wrong = bus.replace(password(&bus), PLANTED);
    let nobody = format!("nats://user:{PLANTED}@127.0.0.1:1");
    for url in [wrong, nobody, format!("postgres://user:{PLANTED}@127.0.0.1:1/x")] {
        // A bus that refuses or is away is asked for ever.
        let config = BusConfig::at(&url, "test");
        let connecting = Bus::connect(&config, "test");
        if let Ok(Err(refused)) = tokio::time::timeout(Duration::from_secs(2), connecting).await {
            shown.push(format!("{refused} {refused:?}"));
        }
    }
    let nobody = PgConfig::at(format!("postgres://user:{PLANTED}@127.0.0.1:1/x"));
    let connecting = gongdan_pg::connect(&nobody, "test");
    assert!(tokio::time::timeout(Duration::from_secs(2), connecting).await.is_err(), "it is waited for");
    shown.push(lines.text());

    assert!(lines.text().contains("waiting for the database"), "the log was heard: {}", lines.text());
    assert!(lines.text().contains("waiting for the bus"), "the log was heard: {}", lines.text());
    let secrets = [PLANTED, password(&database), password(&bus)];
    let found: Vec<&str> = shown
        .iter()
        .flat_map(|text| text.lines())
        .filter(|line| secrets.iter().any(|secret| line.contains(secret)))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Runs the program where it must fail; everything it says.
fn said(arguments: &[&str], environment: &[(&str, &str)], directory: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_gongdan"))
        .args(arguments)
        .current_dir(directory)
        .env("RUST_LOG", "trace")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    assert!(!output.status.success(), "{arguments:?}");
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn the_program_does_not_repeat_a_secret_it_cannot_use() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tickets.toml");
    for text in [
        format!("[postgres]\nurl = \"postgres://user:{PLANTED}@127.0.0.1:port/x\""),
        format!("[postgres]\nurl = \"postgres://user:{PLANTED}"),
        format!("[contacts]\nkeys = \"{PLANTED}\""),
        format!("[contacts]\nkeys = [{{ version = \"{PLANTED}\", key = \"\" }}]"),
        format!("[contacts]\nindex_key = [\"{PLANTED}\"]"),
    ] {
        fs::write(&file, &text).unwrap();
        let said = said(&["migrate", "tickets", "--config", "tickets.toml"], &[], dir.path());
        assert!(said.contains("error") && !said.contains(PLANTED), "{text}: {said}");
    }
    let keys = format!("[{{ version = 1, key = \"{PLANTED}\" }}");
    let environment = [("GONGDAN_TICKETS__CONTACTS__KEYS", keys.as_str())];
    let said_of_keys = said(&["migrate", "tickets"], &environment, dir.path());
    assert!(said_of_keys.contains("GONGDAN_TICKETS__CONTACTS__KEYS"), "{said_of_keys}");
    assert!(!said_of_keys.contains(PLANTED), "{said_of_keys}");
    let url = format!("postgres://user:{PLANTED}@127.0.0.1:port/x");
    let nats = format!("nats://user:{PLANTED}@127.0.0.1:1");
    let environment = [("GONGDAN_POSTGRES_URL", url.as_str()), ("GONGDAN_NATS_URL", nats.as_str())];
    let said_of_up = said(&["up", "--port-base", "0"], &environment, dir.path());
    assert!(said_of_up.contains("PostgreSQL") && !said_of_up.contains(PLANTED), "{said_of_up}");
    let help = Command::new(env!("CARGO_BIN_EXE_gongdan"))
        .args(["up", "--help"])
        .envs(environment)
        .output()
        .unwrap();
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    assert!(help.contains("GONGDAN_POSTGRES_URL") && !help.contains(PLANTED), "{help}");
}
