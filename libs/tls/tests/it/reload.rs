//! Files that change while calls go on.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use gongdan_tls::{
    ClientAuth, ClientTls, ClientTlsConfig, ServerTls, ServerTlsConfig, connect, testing::Authority,
};

use crate::support::{House, ask, eventually, refused_reloads, serve};

#[tokio::test]
async fn a_new_certificate_is_shown_and_running_connections_go_on() {
    let house = House::new(ClientAuth::None).await;
    let running = house.channel(&house.client());
    ask(&running).await.unwrap();

    let next = Authority::new("next");
    let trusts_next = ClientTlsConfig { ca_file: next.write(house.path(), "next.ca"), ..house.client() };
    house.call(&trusts_next).await.expect_err("it is not shown yet");
    let _ = next.issue(&["127.0.0.1"]).write(house.path(), "server");
    eventually("the new certificate is shown", async || house.call(&trusts_next).await.is_ok()).await;
    house.call(&house.client()).await.expect_err("the old one is not shown any more");
    ask(&running).await.expect("the connection is older than the change");
}

#[tokio::test]
async fn files_that_are_no_good_leave_the_last_good_ones() {
    let house = House::new(ClientAuth::None).await;
    let other = house.authority.issue(&["127.0.0.1"]);
    let expired = house.authority.issue_expired(&["127.0.0.1"]);
    for bad in ["", "nonsense", other.certificate.as_str(), expired.certificate.as_str()] {
        let before = refused_reloads();
        std::fs::write(house.path().join("server.pem"), bad).unwrap();
        eventually("it is looked at and refused", async || refused_reloads() > before).await;
        house.call(&house.client()).await.unwrap_or_else(|why| panic!("{bad:?}: {why}"));
    }
    let before = refused_reloads();
    std::fs::remove_file(house.path().join("server.pem")).unwrap();
    eventually("its absence is seen", async || refused_reloads() > before).await;
    house.call(&house.client()).await.expect("a file that is away changes nothing");

    // And what is good again is taken in.
    let next = Authority::new("next");
    let trusts_next = ClientTlsConfig { ca_file: next.write(house.path(), "next.ca"), ..house.client() };
    let _ = next.issue(&["127.0.0.1"]).write(house.path(), "server");
    eventually("the good one is taken in", async || house.call(&trusts_next).await.is_ok()).await;
}

#[tokio::test]
async fn a_rotation_of_everything_fails_no_call() {
    let house = House::new(ClientAuth::Required).await;
    let tls = ClientTls::new(&house.client_with(&house.authority, &["tickets"])).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let calls = Arc::new(AtomicUsize::new(0));
    let mut load = Vec::new();
    for _ in 0..8 {
        let (tls, stop, calls, address) =
            (tls.clone(), Arc::clone(&stop), Arc::clone(&calls), house.address.clone());
        load.push(tokio::spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                // A connection of its own for every call, so that each shakes hands with what is there now.
                let channel = connect(&address, Some(&tls), |endpoint| endpoint).unwrap();
                ask(&channel).await?;
                calls.fetch_add(1, Ordering::SeqCst);
            }
            Ok::<_, tonic::Status>(())
        }));
    }
    let made = async |more: usize| {
        let until = calls.load(Ordering::SeqCst) + more;
        let going = || load.iter().all(|task| !task.is_finished());
        eventually("calls go on", async || !going() || calls.load(Ordering::SeqCst) >= until).await;
    };
    made(10).await;
    let mut old = Authority::new("nobody's");
    for round in 0..3 {
        // As a person rotates: first both authorities are trusted, then certificates change, then the old one goes.
        let next = Authority::new(&format!("next {round}"));
        let authorities = ["clients.ca", "servers.ca"].map(|name| house.path().join(name));
        let before = std::fs::read_to_string(&authorities[0]).unwrap();
        for file in &authorities {
            std::fs::write(file, format!("{before}{}", next.pem())).unwrap();
        }
        let probe = probe(&next, house.path()).await;
        eventually("the clients trust the new authority", async || {
            ask(&connect(&probe, Some(&tls), |endpoint| endpoint).unwrap()).await.is_ok()
        })
        .await;
        let ca_file = both(&house, &next);
        let (cert_file, key_file) = next.issue(&["probe"]).write(house.path(), "probe");
        let newcomer = ClientTlsConfig { ca_file, cert_file, key_file, ..ClientTlsConfig::default() };
        eventually("the server trusts the new authority", async || house.call(&newcomer).await.is_ok()).await;

        let me = format!("tickets-{round}");
        let _ = next.issue(&["127.0.0.1"]).write(house.path(), "server");
        let _ = next.issue(&[&me]).write(house.path(), "client");
        let seen = async || house.last_seen().is_some_and(|names| names.contains(&me));
        eventually("the clients show their new certificate", seen).await;
        let ca_file = next.write(house.path(), "only-next.ca");
        let newcomer = ClientTlsConfig { ca_file, ..newcomer };
        eventually("the server shows its new certificate", async || house.call(&newcomer).await.is_ok())
            .await;

        for file in &authorities {
            std::fs::write(file, next.pem()).unwrap();
        }
        let (cert_file, key_file) = old.issue(&["probe"]).write(house.path(), "gone");
        let latecomer = ClientTlsConfig { cert_file, key_file, ..newcomer };
        eventually("the old authority is gone", async || house.call(&latecomer).await.is_err()).await;
        made(10).await;
        old = next;
    }
    stop.store(true, Ordering::SeqCst);
    for task in load {
        task.await.unwrap().expect("no call fails");
    }
}

/// Another server, with a certificate of an authority.
async fn probe(authority: &Authority, directory: &Path) -> String {
    let (cert_file, key_file) = authority.issue(&["127.0.0.1"]).write(directory, "another-server");
    let config = ServerTlsConfig { cert_file, key_file, ..ServerTlsConfig::default() };
    format!("https://{}", serve(ServerTls::new(&config).unwrap(), Arc::default()).await)
}

/// A file with what the house's clients trust, and another authority.
fn both(house: &House, other: &Authority) -> String {
    let known = std::fs::read_to_string(house.path().join("servers.ca")).unwrap();
    let path = house.path().join("both.ca");
    std::fs::write(&path, format!("{known}{}", other.pem())).unwrap();
    path.to_str().unwrap().to_owned()
}
