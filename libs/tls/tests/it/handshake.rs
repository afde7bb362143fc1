//! Who gets a connection and who does not.

use std::{io, sync::Arc};

use gongdan_tls::{
    ClientAuth, ClientTlsConfig, connect,
    testing::{Authority, Issued},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    },
};

use crate::support::{House, ask, serve, words};

#[tokio::test]
async fn a_client_that_trusts_the_authority_gets_in_and_no_other() {
    let house = House::new(ClientAuth::None).await;
    house.call(&house.client()).await.unwrap();
    assert_eq!(house.last_seen(), None);

    let other = Authority::new("another").write(house.path(), "another.ca");
    let refused = house.call(&ClientTlsConfig { ca_file: other, ..house.client() }).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unavailable);
    assert!(words(&refused).contains("authority that is not trusted here"), "{}", words(&refused));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused_unless_the_name_is_asked_for() {
    let house = House::new(ClientAuth::None).await;
    let named = |name: &str| ClientTlsConfig { server_name: name.to_owned(), ..house.client() };
    let refused = house.call(&named("tickets")).await.unwrap_err();
    assert!(words(&refused).contains("tickets"), "{}", words(&refused));
    house.call(&named("127.0.0.1")).await.unwrap();
}

#[tokio::test]
async fn a_server_in_plaintext_is_told_from_one_that_is_away() {
    let house = House::new(ClientAuth::None).await;
    let tls = gongdan_tls::ClientTls::new(&house.client()).unwrap();
    let plain = serve(None, Arc::default()).await;
    let channel = connect(&format!("https://{plain}"), Some(&tls), |endpoint| endpoint).unwrap();
    let refused = words(&ask(&channel).await.unwrap_err());
    assert!(refused.contains("does it speak TLS?"), "{refused}");

    let away = connect("https://127.0.0.1:1", Some(&tls), |endpoint| endpoint).unwrap();
    let refused = words(&ask(&away).await.unwrap_err());
    assert!(refused.contains("no connection to 127.0.0.1:1"), "{refused}");
}

#[tokio::test]
async fn plaintext_stays_plaintext() {
    let seen = Arc::default();
    let address = serve(None, Arc::clone(&seen)).await;
    let channel = connect(&format!("http://{address}"), None, |endpoint| endpoint).unwrap();
    ask(&channel).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [None]);
}

#[tokio::test]
async fn where_certificates_are_required_only_good_ones_get_in() {
    let house = House::new(ClientAuth::Required).await;
    house.call(&house.client_with(&house.authority, &["service.tickets", "tickets"])).await.unwrap();
    assert_eq!(house.last_seen().unwrap(), ["service.tickets", "tickets", "test"]);
    let before = house.seen.lock().unwrap().len();

    house.call(&house.client()).await.expect_err("no certificate");
    let another = Authority::new("another");
    house.call(&house.client_with(&another, &["tickets"])).await.expect_err("of another authority");
    // An authority of the same name is not the same authority.
    let namesake = Authority::new("ours");
    house.call(&house.client_with(&namesake, &["tickets"])).await.expect_err("of a namesake");
    raw(&house, Some(&house.authority.issue_expired(&["tickets"]))).await.expect_err("expired");
    assert_eq!(house.seen.lock().unwrap().len(), before, "nothing of theirs was read");

    // What is refused above is not refused for how it is tried.
    raw(&house, Some(&house.authority.issue(&["tickets"]))).await.unwrap();
}

#[tokio::test]
async fn where_certificates_are_optional_none_gets_in_and_a_bad_one_does_not() {
    let house = House::new(ClientAuth::Optional).await;
    house.call(&house.client()).await.unwrap();
    assert_eq!(house.last_seen(), None);
    house.call(&house.client_with(&house.authority, &["tickets"])).await.unwrap();
    assert_eq!(house.last_seen().unwrap(), ["tickets", "test"]);
    let another = Authority::new("another");
    house.call(&house.client_with(&another, &["tickets"])).await.expect_err("of another authority");
    raw(&house, Some(&house.authority.issue_expired(&["tickets"]))).await.expect_err("expired");
    raw(&house, None).await.unwrap();
}

#[tokio::test]
async fn a_common_name_is_a_name_too() {
    let house = House::new(ClientAuth::Required).await;
    let (cert_file, key_file) = house.authority.issue_to("service.sla").write(house.path(), "client");
    house.call(&ClientTlsConfig { cert_file, key_file, ..house.client() }).await.unwrap();
    assert_eq!(house.last_seen().unwrap(), ["service.sla"]);
}

#[tokio::test]
async fn those_who_never_shake_hands_hold_nobody_up() {
    let house = House::new(ClientAuth::None).await;
    let address = house.address.trim_start_matches("https://").to_owned();
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(TcpStream::connect(&address).await.unwrap());
    }
    house.call(&house.client()).await.unwrap();
}

/// A client of rustls alone, which lets itself be given any certificate: shakes hands and begins HTTP/2.
async fn raw(house: &House, certificate: Option<&Issued>) -> io::Result<()> {
    let mut authorities = RootCertStore::empty();
    authorities.add(CertificateDer::from_pem_slice(house.authority.pem().as_bytes()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(authorities);
    let mut config = match certificate {
        None => builder.with_no_client_auth(),
        Some(issued) => {
            let chain = vec![CertificateDer::from_pem_slice(issued.certificate.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    let tcp = TcpStream::connect(house.address.trim_start_matches("https://")).await?;
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await?;
    // The preface and empty settings; the server answers with settings of its own.
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await?;
    stream.read_exact(&mut [0; 9]).await.map(drop)
}
