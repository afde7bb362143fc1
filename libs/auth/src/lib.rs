//! Who the caller is.
//!
//! A token proves issuer and subject and nothing else. Kind, roles, units, regions and rights are what routing's
//! `principal_changed` events last said about the principal with that issuer and subject (DESIGN rule 16).
//!
//! - [`Authenticator`] and its [`AuthLayer`]: the door. Every RPC but health and reflection needs a bearer token;
//!   handlers read the [`Actor`] with [`actor`], and with [`on_behalf_of`] whom a calling service serves.
//! - [`Credentials`]: whether a caller whose call lasts is still who it was.
//! - [`PrincipalProjection`]: keeps table `principals` and the authenticator's cache up to date.
//! - [`LocalIssuer`]: an issuer of one machine's own, for `gongdan up` and tests.
//! - [`TokenSource`] and [`AuthChannel`]: calls to other services.

mod actor;
mod authenticator;
mod caller;
mod channel;
mod config;
mod credentials;
mod deadline;
mod jwks;
mod layer;
mod local_issuer;
mod principals;
mod projection;
mod token_source;
mod verifier;

pub use actor::{Actor, actor, guard, role};
pub use authenticator::Authenticator;
pub use caller::{CALLER_HEADER, OnBehalfOf, on_behalf_of};
pub use channel::AuthChannel;
pub use config::{AuthConfig, InvalidAuthConfig, IssuerConfig};
pub use credentials::Credentials;
pub use deadline::{remaining, with_deadline};
pub use layer::{AuthLayer, AuthService, is_exempt};
pub use local_issuer::{LocalIssuer, LocalIssuerError};
pub use principals::{InvalidPrincipal, upsert};
pub use projection::PrincipalProjection;
pub use token_source::{TokenSource, TokenSourceError};

/// Creates table `principals`; part of every service's schema.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");
