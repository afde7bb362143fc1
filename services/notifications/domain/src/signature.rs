//! The Standard Webhooks signature. Source: N7, standardwebhooks.com.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use crate::Secret;

/// The three headers of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureHeaders {
    /// `webhook-id`: the same for every attempt.
    pub id: String,
    /// `webhook-timestamp`: seconds since 1970, of the attempt.
    pub timestamp: String,
    /// `webhook-signature`: `v1,<base64>`, one for each secret, separated by spaces.
    pub signature: String,
}

/// Signs a body for one attempt with every secret that is valid now.
#[must_use]
pub fn sign(id: &str, at: Timestamp, body: &[u8], secrets: &[&Secret]) -> SignatureHeaders {
    let timestamp = at.as_second().to_string();
    let signature: Vec<String> = secrets
        .iter()
        // HMAC takes keys of any length, so none is ever left out.
        .filter_map(|secret| Hmac::<Sha256>::new_from_slice(secret.bytes()).ok())
        .map(|mut mac| {
            mac.update(id.as_bytes());
            mac.update(b".");
            mac.update(timestamp.as_bytes());
            mac.update(b".");
            mac.update(body);
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        })
        .collect();
    SignatureHeaders { id: id.to_owned(), timestamp, signature: signature.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference implementations.
    #[test]
    fn the_specification_s_example_comes_out() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let headers = sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#, &[&secret]);
        assert_eq!(headers.timestamp, "1614265330");
        assert_eq!(headers.signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_secret_gives_a_signature() {
        let one = Secret::new([1; 32]);
        let two = Secret::new([2; 32]);
        let headers = sign("id", Timestamp::UNIX_EPOCH, b"{}", &[&one, &two]);
        let parts: Vec<_> = headers.signature.split(' ').collect();
        assert_eq!(parts.len(), 2);
        assert_ne!(parts[0], parts[1]);
    }
}
