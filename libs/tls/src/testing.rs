//! Authorities and certificates for tests.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use std::path::{Path, PathBuf};

/// Signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

/// A certificate and its key, in PEM.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

impl Authority {
    /// A new one with a key of its own.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// Its own certificate, in PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.certificate
    }

    /// Writes its own certificate; answers where.
    #[must_use]
    pub fn write(&self, directory: &Path, name: &str) -> String {
        replace(&directory.join(name), &self.certificate)
    }

    /// A certificate for DNS names and IP addresses, good today.
    #[must_use]
    pub fn issue(&self, names: &[&str]) -> Issued {
        self.sign(params(names))
    }

    /// One that names nobody but in its common name.
    #[must_use]
    pub fn issue_to(&self, common_name: &str) -> Issued {
        let mut params = params(&[]);
        params.distinguished_name.push(DnType::CommonName, common_name);
        self.sign(params)
    }

    /// One that ended years ago.
    #[must_use]
    pub fn issue_expired(&self, names: &[&str]) -> Issued {
        let mut params = params(names);
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 1, 1);
        self.sign(params)
    }

    fn sign(&self, params: CertificateParams) -> Issued {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Issued { certificate, key: key.serialize_pem() }
    }
}

impl Issued {
    /// Writes `{name}.pem` and `{name}.key`, each whole or not at all, one after the other as a person would; answers
    /// where.
    #[must_use]
    pub fn write(&self, directory: &Path, name: &str) -> (String, String) {
        let certificate = replace(&directory.join(format!("{name}.pem")), &self.certificate);
        (certificate, replace(&directory.join(format!("{name}.key")), &self.key))
    }
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, "test");
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params
}

fn replace(path: &Path, text: &str) -> String {
    let new: PathBuf = path.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(&new, path).unwrap();
    path.to_str().unwrap().to_owned()
}
