//! Sections that cannot work are refused by the key that is wrong.

use gongdan_tls::{
    ClientAuth, ClientTls, ClientTlsConfig, ServerTls, ServerTlsConfig, connect, testing::Authority,
};

fn refusal(config: &ServerTlsConfig) -> String {
    ServerTls::new(config).err().expect("the section must be refused").to_string()
}

#[tokio::test]
async fn an_empty_section_is_plaintext() {
    assert!(ServerTls::new(&ServerTlsConfig::default()).unwrap().is_none());
    assert!(!ClientTlsConfig::default().is_set());
}

#[tokio::test]
async fn a_key_that_needs_another_names_it() {
    let plain = ServerTlsConfig::default;
    let some = || "x.pem".to_owned();
    let optional = ClientAuth::Optional;
    for (config, words) in [
        (ServerTlsConfig { cert_file: some(), ..plain() }, "cert_file is set and key_file is not"),
        (ServerTlsConfig { key_file: some(), ..plain() }, "key_file is set and cert_file is not"),
        (ServerTlsConfig { client_ca_file: some(), ..plain() }, "client_ca_file is set and cert_file is not"),
        (ServerTlsConfig { client_auth: optional, ..plain() }, "client_auth is set and cert_file is not"),
        (
            ServerTlsConfig { cert_file: some(), key_file: some(), client_auth: optional, ..plain() },
            "client_auth is set and client_ca_file is not",
        ),
        (
            ServerTlsConfig { cert_file: some(), key_file: some(), client_ca_file: some(), ..plain() },
            "client_auth is \"none\"",
        ),
    ] {
        let refused = refusal(&config);
        assert!(refused.contains(words), "{refused}");
    }
    let client = ClientTlsConfig { cert_file: some(), ..ClientTlsConfig::default() };
    assert!(ClientTls::new(&client).err().unwrap().to_string().contains("key_file"));
    let client = ClientTlsConfig { server_name: "no name".to_owned(), ..ClientTlsConfig::default() };
    assert!(ClientTls::new(&client).err().unwrap().to_string().contains("no name"));
}

#[tokio::test]
async fn a_file_that_is_no_good_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let ours = Authority::new("ours");
    let (cert_file, key_file) = ours.issue(&["tickets"]).write(directory.path(), "good");
    let good = ServerTlsConfig { cert_file, key_file, ..ServerTlsConfig::default() };
    ServerTls::new(&good).unwrap().unwrap();

    let missing = directory.path().join("missing.pem").to_str().unwrap().to_owned();
    let refused = refusal(&ServerTlsConfig { cert_file: missing, ..good.clone() });
    assert!(refused.contains("missing.pem"), "{refused}");
    let refused = refusal(&ServerTlsConfig { cert_file: good.key_file.clone(), ..good.clone() });
    assert!(refused.contains("good.key holds no certificate"), "{refused}");
    let refused = refusal(&ServerTlsConfig { key_file: good.cert_file.clone(), ..good.clone() });
    assert!(refused.contains("good.pem holds no private key"), "{refused}");
    let (_, another) = ours.issue(&["tickets"]).write(directory.path(), "another");
    let refused = refusal(&ServerTlsConfig { key_file: another, ..good.clone() });
    assert!(refused.contains("good.pem"), "{refused}");
    let (cert_file, key_file) = ours.issue_expired(&["tickets"]).write(directory.path(), "expired");
    let refused = refusal(&ServerTlsConfig { cert_file, key_file, ..good.clone() });
    assert!(refused.contains("2020-01-01"), "{refused}");
    let authorities = ClientTlsConfig { ca_file: good.key_file, ..ClientTlsConfig::default() };
    assert!(
        ClientTls::new(&authorities).err().unwrap().to_string().contains("good.key holds no certificate")
    );
}

#[tokio::test]
async fn what_is_no_address_is_refused() {
    for address in ["", "tickets", "tickets:7101", "ftp://tickets", "https://tickets:7101", "https://:7101"] {
        let refused = connect(address, None, |endpoint| endpoint).expect_err(address).to_string();
        assert!(refused.contains(&format!("{address:?}")), "{refused}");
    }
}
