//! Runs a private PostgreSQL until its input ends, and prints its URL and
//! the directory of its programs: `cargo run -p gongdan-embedded --example postgres`.
//! What `.ci/sqlx` uses on a machine without a server.

use std::io::{Read, Write};

use gongdan_embedded::{Postgres, PostgresOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let dir = std::env::temp_dir().join(format!("gongdan-postgres-{}", std::process::id()));
    let options = PostgresOptions { durable: false, ephemeral: true, ..PostgresOptions::new(dir) };
    let server = Postgres::start(&options)?;
    println!("{}", server.url("postgres"));
    println!("{}", server.programs().display());
    std::io::stdout().flush()?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    server.stop()?;
    Ok(())
}
