//! The client over TLS.

use std::{
    net::SocketAddr,
    path::Path,
    process::{Command, Output},
};

use gongdan_tls::{Incoming, ServerTls, ServerTlsConfig, testing::Authority};
use tokio::net::TcpListener;

/// A server of a certificate for 127.0.0.1 whose health is SERVING.
async fn serve(authority: &Authority, directory: &Path) -> SocketAddr {
    let (cert_file, key_file) = authority.issue(&["127.0.0.1"]).write(directory, "server");
    let config = ServerTlsConfig { cert_file, key_file, ..ServerTlsConfig::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = Incoming::new(listener, ServerTls::new(&config).unwrap());
    let (_, health) = tonic_health::server::health_reporter();
    tokio::spawn(async move {
        tonic::transport::Server::builder().serve_with_incoming(health, incoming).await.unwrap();
    });
    address
}

async fn gongdan(directory: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gongdan"));
    command.env_remove("GONGDAN_CA_CERT").arg("--data-dir").arg(directory).args(args);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_speaks_tls_with_whom_it_trusts_and_says_why_with_others_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let authority = Authority::new("ours");
    let grpc = format!("https://{}", serve(&authority, path).await);
    let services = ["tickets", "routing", "sla", "notifications", "callback", "reporting"]
        .map(|service| format!("{service:?}: {{\"grpc\": {grpc:?}}}"));
    std::fs::write(path.join("suite.json"), format!("{{\"services\": {{{}}}}}", services.join(","))).unwrap();
    std::fs::write(path.join("token"), "a.b.c").unwrap();
    let ca_file = authority.write(path, "ca.pem");
    let token_file = path.join("token").to_str().unwrap().to_owned();
    let list = ["ticket", "list", "--token-file", &token_file];

    // What answers is the server behind TLS: it has health, and no tickets.
    let status = gongdan(path, &["--ca-cert", &ca_file, "status", "-o", "json"]).await;
    assert!(status.status.success(), "{}", words(&status.stderr));
    assert_eq!(words(&status.stdout).matches("\"serving\":true").count(), 6, "{}", words(&status.stdout));
    let tickets = words(&gongdan(path, &[&list[..], &["--ca-cert", &ca_file]].concat()).await.stderr);
    assert!(tickets.contains("UNIMPLEMENTED"), "{tickets}");

    let other = Authority::new("another").write(path, "another.pem");
    let refused = gongdan(path, &[&list[..], &["--ca-cert", &other]].concat()).await;
    assert!(!refused.status.success());
    let refused = words(&refused.stderr);
    let address = grpc.trim_start_matches("https://");
    assert!(
        refused.contains(&format!("TLS with {address} failed")) && refused.contains("--ca-cert"),
        "{refused}"
    );
    let status = gongdan(path, &["--ca-cert", &other, "status", "-o", "json"]).await;
    assert!(!status.status.success());

    let missing = words(&gongdan(path, &[&list[..], &["--ca-cert", "missing.pem"]].concat()).await.stderr);
    assert!(missing.contains("--ca-cert") && missing.contains("missing.pem"), "{missing}");
}
