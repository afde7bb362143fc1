//! What a certificate says: whom it names, and for how long.

use jiff::Timestamp;
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer};

/// What is read of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Certificate {
    /// DNS names and URIs of its subjectAltName, and its common names.
    pub(crate) names: Vec<String>,
    /// The first second it is good at.
    pub(crate) from: Timestamp,
    /// The last second it is good at.
    pub(crate) until: Timestamp,
}

impl Certificate {
    /// Reads one, without verifying it.
    pub(crate) fn parse(der: &[u8]) -> Result<Self, String> {
        let (_, parsed) = X509Certificate::from_der(der).map_err(|e| e.to_string())?;
        let mut names = Vec::new();
        if let Some(alternative) = parsed.subject_alternative_name().map_err(|e| e.to_string())? {
            for name in &alternative.value.general_names {
                match name {
                    GeneralName::DNSName(name) | GeneralName::URI(name) => names.push((*name).to_owned()),
                    _ => {}
                }
            }
        }
        // One in an alphabet of old names nobody here.
        names.extend(
            parsed.subject().iter_common_name().filter_map(|name| Some(name.as_str().ok()?.to_owned())),
        );
        let validity = parsed.validity();
        Ok(Self {
            names,
            from: instant(validity.not_before.timestamp())?,
            until: instant(validity.not_after.timestamp())?,
        })
    }
}

fn instant(second: i64) -> Result<Timestamp, String> {
    Timestamp::from_second(second).map_err(|e| e.to_string())
}
