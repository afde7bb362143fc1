//! Everything a suite leaves behind, as pieces to search: rows, messages, metrics, files, command lines.

use crate::{
    search::Piece,
    suite::{Suite, processes},
};
use futures::TryStreamExt as _;
use gongdan_bus::{Bus, BusConfig};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool};
use std::{collections::BTreeMap, fs};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Every column of every table, but PostgreSQL's own, in the database of a service: `row <service> <table>.<column>`. A
/// table whose rows have a type has one for each: `row tickets public.events(gongdan.tickets.v1.saved).payload`. Bytes
/// are searched as they are.
///
/// # Panics
/// When the database is away.
pub async fn rows(suite: &Suite, service: &str) -> Vec<Piece> {
    let pool = suite.database(service).await;
    let mut columns = BTreeMap::new();
    for (schema, table) in tables(&pool).await {
        let query = format!("SELECT to_jsonb(t) FROM {schema}.{table} AS t");
        let rows: Vec<Value> =
            sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(&pool).await.expect("the table is read");
        for row in rows.iter().filter_map(Value::as_object) {
            let kind =
                row.get("type").and_then(Value::as_str).map_or(String::new(), |kind| format!("({kind})"));
            for (column, value) in row {
                let place = format!("row {service} {schema}.{table}{kind}.{column}");
                write(value, columns.entry(place).or_default());
            }
        }
    }
    columns.into_iter().map(|(place, bytes)| Piece { place, bytes }).collect()
}

/// Partitions are read with what they are parts of.
async fn tables(pool: &PgPool) -> Vec<(String, String)> {
    sqlx::query_as(
        "SELECT quote_ident(s.nspname), quote_ident(c.relname)
         FROM pg_class AS c JOIN pg_namespace AS s ON s.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition
           AND s.nspname NOT IN ('pg_catalog', 'information_schema') AND s.nspname NOT LIKE 'pg_toast%'
         ORDER BY 1, 2",
    )
    .fetch_all(pool)
    .await
    .expect("the tables are listed")
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::String(text) => out.extend(bytea(text).unwrap_or_else(|| text.clone().into_bytes())),
        Value::Array(values) => values.iter().for_each(|value| write(value, out)),
        Value::Object(values) => values.iter().for_each(|(key, value)| {
            out.extend(key.as_bytes());
            write(value, out);
        }),
        other => out.extend(other.to_string().into_bytes()),
    }
    out.push(b'\n');
}

/// The bytes of `\x…`.
fn bytea(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x")?;
    let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// Every message of every stream with subject and headers: `stream GONGDAN_TICKETS gongdan.tickets.v1.submitted`.
///
/// # Panics
/// When the bus is away.
pub async fn messages(suite: &Suite) -> Vec<Piece> {
    let bus = Bus::connect(&BusConfig::at(&suite.file().nats_url, "gongdan"), "e2e").await.expect("the bus");
    let names: Vec<String> = bus.context().stream_names().try_collect().await.expect("streams");
    let mut pieces = Vec::new();
    for name in names {
        let stream = bus.context().get_stream(&name).await.expect("the stream");
        let state = stream.get_info().await.expect("its state").state;
        for sequence in state.first_sequence..=state.last_sequence {
            // One that was deleted is not there.
            let Ok(message) = stream.get_raw_message(sequence).await else { continue };
            let kind: Vec<&str> = message.subject.split('.').take(4).collect();
            let mut bytes = format!("{}\n", message.subject).into_bytes();
            for (header, values) in message.headers.iter() {
                values.iter().for_each(|value| bytes.extend(format!("{header}: {value}\n").into_bytes()));
            }
            bytes.extend_from_slice(&message.payload);
            pieces.push(Piece { place: format!("stream {name} {}", kind.join(".")), bytes });
        }
    }
    pieces
}

/// What each service shows at `/metrics`: `/metrics tickets`.
///
/// # Panics
/// When a service does not answer.
pub async fn metrics(suite: &Suite) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (service, endpoints) in &suite.file().services {
        let address = endpoints.metrics.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(address).await.expect("the metrics are served");
        let request = format!("GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("asked");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.expect("answered");
        assert!(bytes.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&bytes));
        pieces.push(Piece { place: format!("/metrics {service}"), bytes });
    }
    pieces
}

/// The command lines of a suite's own processes: `process <program>`.
#[must_use]
pub fn command_lines(suite: &Suite) -> Vec<Piece> {
    let directory = suite.data_dir().to_string_lossy().into_owned();
    let ours = |(_, words): &(u32, Vec<String>)| words.iter().any(|word| word.contains(&directory));
    processes()
        .into_iter()
        .filter(ours)
        .map(|(_, words)| {
            let program = words.first().and_then(|word| word.rsplit('/').next()).unwrap_or_default();
            Piece { place: format!("process {program}"), bytes: words.join(" ").into_bytes() }
        })
        .collect()
}

/// Shows every file of the data directory, and what the supervisor says: `log logs/tickets.log`, `file nats/…`.
///
/// # Panics
/// When a file cannot be read.
pub fn files(suite: &Suite, mut show: impl FnMut(&Piece)) {
    let root = suite.data_dir();
    let mut directories = vec![root.clone()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
            } else if path.is_file() {
                let is_log = path.extension().is_some_and(|extension| extension == "log");
                let name = path.strip_prefix(&root).unwrap_or(&path).display();
                let place = format!("{} {name}", if is_log { "log" } else { "file" });
                show(&Piece { place, bytes: fs::read(&path).expect("a file") });
            }
        }
    }
    let bytes = fs::read(root.with_extension("log")).expect("the supervisor's log");
    show(&Piece { place: "log up".to_owned(), bytes });
}
