//! E-mail by SMTP.

use jiff::Timestamp;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use secrecy::ExposeSecret as _;

use super::outcome::Outcome;
use crate::{
    config::{EmailConfig, EmailTls},
    store::{Claimed, Store},
};

/// Sends through one SMTP server.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// The `[email]` section cannot work.
#[derive(Debug, thiserror::Error)]
pub enum InvalidEmail {
    /// The sender.
    #[error("from: {0}")]
    From(#[from] lettre::address::AddressError),
    /// The encryption.
    #[error("tls: {0}")]
    Tls(#[from] lettre::transport::smtp::Error),
}

impl Mailer {
    pub fn new(config: &EmailConfig) -> Result<Self, InvalidEmail> {
        let tls = match config.tls {
            EmailTls::None => Tls::None,
            EmailTls::Starttls => Tls::Required(TlsParameters::new(config.host.clone())?),
            EmailTls::Implicit => Tls::Wrapper(TlsParameters::new(config.host.clone())?),
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port)
            .tls(tls)
            .timeout(Some(config.timeout));
        if !config.username.is_empty() {
            let password = config.password.expose_secret().to_owned();
            transport = transport.credentials(Credentials::new(config.username.clone(), password));
        }
        Ok(Self { transport: transport.build(), from: config.from.parse()? })
    }

    async fn send(&self, to: &str, claimed: &Claimed, at: Timestamp) -> Outcome {
        let Ok(to) = to.parse::<Mailbox>() else {
            return Outcome::refused(0, "the address is none");
        };
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(claimed.subject.clone())
            .date(at.into())
            // The same for every attempt, so that a mailbox may drop what comes twice.
            .message_id(Some(format!("<{}@{}>", claimed.id, self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN)
            .body(claimed.body.clone());
        let Ok(message) = message else {
            return Outcome::refused(0, "no message could be made of it");
        };
        match self.transport.send(message).await {
            Ok(answer) => Outcome::Delivered { code: u16::from(answer.code()).into() },
            Err(error) => {
                let code = error.status().map_or(0, |code| u16::from(code).into());
                if error.is_permanent() {
                    Outcome::refused(code, "the server refuses it for good")
                } else if error.is_timeout() {
                    Outcome::failed(code, "no answer in time")
                } else if error.is_transient() {
                    Outcome::failed(code, "the server refuses it for the moment")
                } else {
                    Outcome::failed(code, "no conversation with the server")
                }
            }
        }
    }
}

/// To the address the principal has now; none is kept with the delivery.
pub async fn send(store: &Store, mailer: Option<&Mailer>, claimed: &Claimed, at: Timestamp) -> Outcome {
    let Some(mailer) = mailer else {
        return Outcome::refused(0, "e-mail is not enabled");
    };
    match store.email_of(&claimed.recipient).await {
        Ok(Some(address)) => mailer.send(&address, claimed, at).await,
        Ok(None) => Outcome::NoRecipient,
        Err(error) => {
            tracing::warn!(%error, "the address could not be read");
            Outcome::failed(0, "the address could not be read")
        }
    }
}
