use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use gongdan_embedded::{Identity, Nats, NatsOptions, Postgres, PostgresOptions, is_free};

const PATIENCE: Duration = Duration::from_secs(60);

fn quick(dir: &Path) -> PostgresOptions {
    PostgresOptions { durable: false, ..PostgresOptions::new(dir) }
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn recorded(file: &Path) -> Identity {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

#[test]
fn postgres_keeps_its_data_and_its_port_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let first = Postgres::start(&quick(dir.path())).unwrap();
    let (port, url) = (first.port(), first.url("postgres"));
    let process = recorded(&dir.path().join("postgres.process.json"));
    assert!(process.is_alive());
    first.stop().unwrap();
    assert!(!process.is_alive());
    assert!(!dir.path().join("postgres.process.json").exists());

    let again = Postgres::start(&quick(dir.path())).unwrap();
    assert_eq!((again.port(), again.url("postgres")), (port, url));
}

#[test]
fn postgres_answers_over_its_socket_to_who_knows_the_password() {
    // A path with what has a meaning in URLs.
    let dir = tempfile::Builder::new().prefix("a b%").tempdir().unwrap();
    let server = Postgres::start(&quick(dir.path())).unwrap();
    let ask = |url: &str| {
        let mut psql = Command::new(server.programs().join("psql"));
        psql.args(["--no-password", "--no-psqlrc", "-At", "-c", "SELECT inet_server_port() IS NULL", url]);
        let output = psql.env_remove("PGPASSWORD").output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let (tcp, local) = (server.url("postgres"), server.local_url("postgres"));
    assert_eq!(ask(&tcp), (true, "f\n".to_owned()));
    assert_eq!(ask(&local), (true, "t\n".to_owned()));
    let (scheme, rest) = local.split_once("://postgres:").unwrap();
    let (_, place) = rest.split_once('@').unwrap();
    assert!(!ask(&format!("{scheme}://postgres@{place}")).0);
}

#[test]
fn the_pinned_version_runs_whatever_else_the_machine_has() {
    let dir = tempfile::tempdir().unwrap();
    let server = Postgres::start(&PostgresOptions { pinned: true, ..quick(dir.path()) }).unwrap();
    server.stop().unwrap();
    let again = Postgres::start(&quick(dir.path())).unwrap();
    drop(again);
}

#[test]
fn two_servers_run_beside_each_other() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let one = Postgres::start(&quick(one.path())).unwrap();
    let two = Postgres::start(&quick(two.path())).unwrap();
    assert_ne!(one.port(), two.port());
}

#[test]
fn an_ephemeral_server_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("server");
    let server = Postgres::start(&PostgresOptions { ephemeral: true, ..quick(&home) }).unwrap();
    server.stop().unwrap();
    until("the directory is gone", || !home.join("postgres").exists());
}

#[test]
fn below_a_home_nobody_else_may_enter_it_still_runs() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let dir = home.path().join("checkout/.gongdan");
    let options = PostgresOptions { ephemeral: true, ..quick(&dir) };
    let server = Postgres::start(&options).unwrap();
    let elsewhere = fs::read_to_string(dir.join("postgres.location")).ok();
    assert_eq!(elsewhere.is_some(), rustix::process::geteuid().is_root());
    server.stop().unwrap();
    if let Some(place) = elsewhere {
        assert!(!Path::new(&place).exists());
    }
}

#[test]
fn nats_starts_with_jetstream_and_stops() {
    let dir = tempfile::tempdir().unwrap();
    let server = Nats::start(&NatsOptions::new(dir.path())).unwrap();
    let port = server.port();
    assert!(dir.path().join("store/jetstream").is_dir());
    assert!(!is_free(port));
    server.stop().unwrap();
    assert!(is_free(port));
}

/// A process that starts a PostgreSQL as the example does, to be killed.
fn other_process() -> (Child, String) {
    let mut child = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "-p", "gongdan-embedded", "--example", "postgres"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    (child, url.trim().to_owned())
}

#[test]
fn the_server_ends_when_its_process_is_killed() {
    let (mut child, url) = other_process();
    let port: u16 = url.rsplit_once(':').unwrap().1.split('/').next().unwrap().parse().unwrap();
    assert!(!is_free(port));
    child.kill().unwrap();
    child.wait().unwrap();
    until("the port is free again", || is_free(port));
}

#[test]
fn what_a_killed_run_left_behind_is_stopped_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let server = Nats::start(&NatsOptions::new(dir.path())).unwrap();
    let left = recorded(&dir.path().join("nats.process.json"));
    // As after a kill: nobody stops the server, its record stays.
    std::mem::forget(server);
    let next = Nats::start(&NatsOptions::new(dir.path())).unwrap();
    assert!(!left.is_alive());
    next.stop().unwrap();
}
