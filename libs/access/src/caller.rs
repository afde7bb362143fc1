//! The caller of an RPC, with what the policies answer for it.

use crate::{
    access::Access,
    facts::{Fact, Table},
    policies::Policies,
    roles::Rights,
    scope::{Item, Scope},
};
use gongdan_auth::{Actor, Credentials};
use gongdan_errors::{Error, Reason};
use std::{fmt, ops::Deref, sync::Arc};

/// Who calls, and for what. Reads as an [`Actor`].
#[derive(Clone)]
pub struct Caller {
    actor: Arc<Actor>,
    policies: Arc<Policies>,
    action: &'static str,
    rights: Rights,
    /// How to ask again; calls that do not last have nothing to ask by.
    source: Option<Arc<Source>>,
}

/// What a caller was made from.
struct Source {
    access: Access,
    credentials: Credentials,
}

impl Caller {
    pub(crate) fn new(actor: Arc<Actor>, policies: Arc<Policies>, action: &'static str) -> Self {
        let rights = Rights::of(&actor);
        Self { actor, policies, action, rights, source: None }
    }

    /// As one whose call lasts, and who is asked again.
    pub(crate) fn lasting(self, access: Access, credentials: Credentials) -> Self {
        Self { source: Some(Arc::new(Source { access, credentials })), ..self }
    }

    /// The caller of a stream as it is now, by its credentials and the policies in force; its scope may be another.
    /// Other calls are answered by what they began with.
    ///
    /// # Errors
    /// UNAUTHENTICATED when its token has ended, or is another principal's now; PERMISSION_DENIED when it is no longer
    /// active, or no policy permits the call to it any more; UNAVAILABLE when nobody can tell.
    pub async fn again(&self) -> Result<Self, Error> {
        let Some(source) = &self.source else { return Ok(self.clone()) };
        let actor = source.credentials.actor().await?;
        if actor.principal_id != self.actor.principal_id {
            return Err(Error::unauthenticated(
                Reason::CredentialsRefused,
                "the token is another principal's now",
            ));
        }
        let again = Self::new(Arc::new(actor), source.access.policies(), self.action);
        if again.table(self.action).is_none() {
            return Err(denied(self.action));
        }
        Ok(Self { source: Some(source.clone()), ..again })
    }

    /// Someone who does something by these policies; for background work and tests. RPCs have [`caller`].
    #[must_use]
    pub fn with(actor: Actor, policies: Arc<Policies>, action: &'static str) -> Self {
        Self::new(Arc::new(actor), policies, action)
    }

    /// The same caller, for something else that the call does in its name.
    #[must_use]
    pub fn doing(&self, action: &'static str) -> Self {
        Self { action, ..self.clone() }
    }

    /// What the RPC is, for example `tickets.dispatch`.
    #[must_use]
    pub fn action(&self) -> &'static str {
        self.action
    }

    /// The tickets for which the caller may do what it called for.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope_of(self.action)
    }

    /// The tickets for which the caller may do this.
    #[must_use]
    pub fn scope_of(&self, action: &str) -> Scope {
        Scope::new(self.actor.clone(), self.table(action))
    }

    /// Whether the caller may do this with every confidential ticket that it may see, which is to do `seen` with.
    #[must_use]
    pub fn covers_confidential(&self, action: &str, seen: &str) -> bool {
        let confidential = |action| self.table(action).given(Fact::Confidential, true);
        confidential(seen).implies(confidential(action))
    }

    pub(crate) fn table(&self, action: &str) -> Table {
        self.policies.table(self.rights, action)
    }

    /// Refuses what the caller may see but not do this with. What it may not even see is told as not found, by the
    /// caller of this.
    ///
    /// # Errors
    /// PERMISSION_DENIED.
    pub fn check(&self, item: &Item<'_>) -> Result<(), Error> {
        if self.scope().allows(item) { Ok(()) } else { Err(denied(self.action)) }
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("principal_id", &self.actor.principal_id)
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}

impl Deref for Caller {
    type Target = Actor;

    fn deref(&self) -> &Actor {
        &self.actor
    }
}

/// The caller of a request, as [`crate::AccessLayer`] let it in.
///
/// # Errors
/// UNAUTHENTICATED when the request did not pass the layer.
pub fn caller<T>(request: &tonic::Request<T>) -> Result<Caller, Error> {
    request.extensions().get::<Caller>().cloned().ok_or_else(no_caller)
}

/// For the services that every service serves beside its own: whoever the policies let in, by principal id.
#[must_use]
pub fn guard() -> gongdan_outbox::Guard {
    gongdan_outbox::Guard::new(move |extensions| {
        let caller = extensions.get::<Caller>().ok_or_else(no_caller)?;
        Ok(caller.principal_id.clone())
    })
}

fn no_caller() -> Error {
    Error::unauthenticated(Reason::CredentialsRefused, "the call carries no bearer token")
}

pub(crate) fn denied(action: &'static str) -> Error {
    Error::permission_denied(Reason::PermissionDenied, "no policy permits this to the caller")
        .with("action", action)
}
