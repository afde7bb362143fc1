//! Mutual TLS between services, over their sockets.

use super::{
    config,
    mirror::{House, Serving, ask, seen},
};
use crate::{CommonConfig, Listeners, Peers, PeersConfig, ServerConfig, Sources, server::Server};
use gongdan_access::{Access, Policies};
use gongdan_audit::Audit;
use gongdan_auth::AuthChannel;
use gongdan_clock::SystemClock;
use gongdan_proto::tickets::v1::priority_service_client::PriorityServiceClient;
use gongdan_tls::{
    ClientAuth, ClientTlsConfig, ServerTlsConfig,
    testing::{Authority, Issued},
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

const LOOK: Duration = Duration::from_millis(20);

/// A service `sla` behind TLS whose peers show certificates.
struct Suite {
    house: House,
    authority: Authority,
    serving: Serving,
}

impl Suite {
    async fn new(client_auth: ClientAuth) -> Self {
        let mut house = House::new();
        house.auth.service_certificates = true;
        let authority = Authority::new("ours");
        let path = house.directory.path();
        let (cert_file, key_file) = authority.issue(&["127.0.0.1", "sla"]).write(path, "sla");
        let client_ca_file = authority.write(path, "ca.pem");
        let tls = ServerTlsConfig { cert_file, key_file, client_ca_file, client_auth, reload_interval: LOOK };
        let serving = house.serve(ServerConfig { tls, ..config() }, None).await;
        Self { house, authority, serving }
    }

    fn path(&self) -> &Path {
        self.house.directory.path()
    }

    /// A peer's channel to it: with the token of a subject, and a certificate or none.
    fn peer(&self, subject: &str, certificate: Option<&Issued>) -> AuthChannel {
        let token_file = self.path().join(format!("{subject}.token"));
        std::fs::write(&token_file, self.house.token(subject)).unwrap();
        let (cert_file, key_file) =
            certificate.map_or_else(Default::default, |issued| issued.write(self.path(), "peer"));
        let ca_file = self.path().join("ca.pem").to_str().unwrap().to_owned();
        let tls = ClientTlsConfig {
            ca_file,
            cert_file,
            key_file,
            server_name: String::new(),
            reload_interval: LOOK,
        };
        let config = PeersConfig {
            token_file: token_file.to_str().unwrap().to_owned(),
            tls,
            addresses: [("sla".to_owned(), format!("https://{}", self.serving.address))].into(),
        };
        Peers::new(&config).unwrap().channel("sla").unwrap()
    }
}

async fn call(peer: &AuthChannel) -> Result<String, Status> {
    let answer = PriorityServiceClient::new(peer.clone()).get_priority_matrix(ask(0)).await?;
    Ok(seen(&answer).0.to_owned())
}

#[tokio::test]
async fn a_services_token_is_good_with_its_certificate_only() {
    let suite = Suite::new(ClientAuth::Optional).await;
    let own = suite.authority.issue(&["tickets"]);
    assert_eq!(call(&suite.peer("service.tickets", Some(&own))).await.unwrap(), "service.tickets");
    let long = suite.authority.issue_to("service.tickets");
    assert_eq!(call(&suite.peer("service.tickets", Some(&long))).await.unwrap(), "service.tickets");

    let none = call(&suite.peer("service.tickets", None)).await.unwrap_err();
    assert_eq!(none.code(), Code::Unauthenticated);
    assert!(none.message().contains("certificate"), "{none}");
    let anothers = suite.authority.issue(&["sla", "tickets.example"]);
    let anothers = call(&suite.peer("service.tickets", Some(&anothers))).await.unwrap_err();
    assert_eq!(anothers.code(), Code::Unauthenticated);
    // A certificate of another authority is no certificate at all.
    let forged = Authority::new("ours").issue(&["tickets"]);
    assert_ne!(
        call(&suite.peer("service.tickets", Some(&forged))).await.unwrap_err().code(),
        Code::Unauthenticated
    );

    // People's clients come by their token alone.
    assert_eq!(call(&suite.peer("li.wei", None)).await.unwrap(), "li.wei");
}

#[tokio::test]
async fn where_certificates_are_required_people_need_one_too() {
    let suite = Suite::new(ClientAuth::Required).await;
    call(&suite.peer("li.wei", None)).await.unwrap_err();
    let own = suite.authority.issue(&["li.wei"]);
    assert_eq!(call(&suite.peer("li.wei", Some(&own))).await.unwrap(), "li.wei");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_that_change_under_load_fail_no_call() {
    let suite = Suite::new(ClientAuth::Required).await;
    let issue = || suite.authority.issue(&["tickets"]);
    let running = suite.peer("service.tickets", Some(&issue()));
    let (stop, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut load = Vec::new();
    for _ in 0..8 {
        let (stop, calls, peer) = (Arc::clone(&stop), Arc::clone(&calls), running.clone());
        load.push(tokio::spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                call(&peer).await?;
                calls.fetch_add(1, Ordering::SeqCst);
            }
            Ok::<_, Status>(())
        }));
    }
    for _ in 0..5 {
        let until = calls.load(Ordering::SeqCst) + 100;
        let _ = suite.authority.issue(&["127.0.0.1", "sla"]).write(suite.path(), "sla");
        let _ = issue().write(suite.path(), "peer");
        while calls.load(Ordering::SeqCst) < until && load.iter().all(|task| !task.is_finished()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // A peer that connects in the midst of it.
        let newcomer = Issued::clone(&issue());
        call(&suite.peer("service.tickets", Some(&newcomer))).await.expect("a new connection comes about");
    }
    stop.store(true, Ordering::SeqCst);
    for task in load {
        task.await.unwrap().expect("no call fails");
    }
}

#[tokio::test]
async fn certificates_of_services_need_connections_that_can_show_them() {
    let mut house = House::new();
    house.auth.service_certificates = true;
    let listeners = Listeners::free().await.unwrap();
    let server = Server::listen(&config(), listeners, CancellationToken::new()).await.unwrap();
    let pool = sqlx::PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/none").unwrap();
    let common: CommonConfig = Sources::default().load("test").unwrap();
    let audit = Audit::start(pool, "test", Arc::new(SystemClock), common.audit);
    let access = Access::new(Policies::shipped().unwrap());
    let refused = server.serve(house.authenticator().await, &access, &audit).await.unwrap_err().to_string();
    assert!(
        refused.contains("auth.service_certificates") && refused.contains("server.tls.client_auth"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_section_that_cannot_work_stops_the_start_by_its_name() {
    let tls = ServerTlsConfig { cert_file: "x.pem".to_owned(), ..ServerTlsConfig::default() };
    let listeners = Listeners::free().await.unwrap();
    let server = Server::listen(&ServerConfig { tls, ..config() }, listeners, CancellationToken::new()).await;
    let refused = format!("{:#}", server.err().expect("no key"));
    assert!(refused.contains("[server.tls]") && refused.contains("key_file"), "{refused}");

    let common: CommonConfig = Sources::default().load("test").unwrap();
    let house = House::new();
    let ca_file = Authority::new("ours").write(house.directory.path(), "ca.pem");
    let mut peers = common.peers.clone();
    peers.tls.ca_file = ca_file;
    let refused = Peers::new(&peers).unwrap().channel("sla").err().expect("plaintext beside TLS").to_string();
    assert!(refused.contains("peers.addresses.sla") && refused.contains("https://"), "{refused}");
    peers.tls.ca_file = "missing.pem".to_owned();
    let refused = format!("{:#}", Peers::new(&peers).err().expect("no such file"));
    assert!(refused.contains("[peers.tls]") && refused.contains("missing.pem"), "{refused}");
    assert!(Peers::new(&common.peers).unwrap().channel("sla").is_ok(), "plaintext needs nothing");
}
