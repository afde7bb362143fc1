//! Acts on one ticket: what each takes, and the request it makes.

use clap::Args;
use gongdan_proto::tickets::v1::{
    AcceptTicketRequest, CancelTicketRequest, DispatchTicketRequest, ReleaseTicketRequest,
    ReopenTicketRequest, ResolveTicketRequest, ReturnTicketRequest, SubmitTicketRequest,
    TransferTicketRequest, UrgeTicketRequest,
};

use super::{super::Context, words::Outcome};

/// Which ticket, and at which state.
#[derive(Debug, Args)]
pub struct Plain {
    /// Number or id
    ticket: String,
    /// Only if the ticket is still at this etag
    #[arg(long, default_value = "")]
    etag: String,
}

#[derive(Debug, Args)]
pub struct Reasoned {
    #[command(flatten)]
    on: Plain,
    /// Why
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Args)]
pub struct Return {
    #[command(flatten)]
    on: Plain,
    /// Why
    #[arg(long)]
    reason: String,
    /// Back into the pool it was claimed from, for others of the unit: the unit has not returned it
    #[arg(long)]
    to_pool: bool,
}

#[derive(Debug, Args)]
pub struct Dispatch {
    #[command(flatten)]
    on: Plain,
    /// The unit
    #[arg(long)]
    unit: String,
    /// A member of the unit; default: any
    #[arg(long, default_value = "", hide_default_value = true)]
    person: String,
    /// A word to the unit
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
}

#[derive(Debug, Args)]
pub struct Transfer {
    #[command(flatten)]
    on: Plain,
    /// The one recipient
    #[arg(long)]
    unit: String,
    /// A member of it; default: any
    #[arg(long, default_value = "", hide_default_value = true)]
    person: String,
    /// Why
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Args)]
pub struct Resolve {
    #[command(flatten)]
    on: Plain,
    /// What came of it
    #[arg(long, value_enum)]
    outcome: Outcome,
    /// What was done
    #[arg(long)]
    solution: String,
    /// What the citizen is told
    #[arg(long)]
    reply: String,
    /// Why it had happened
    #[arg(long, default_value = "", hide_default_value = true)]
    root_cause: String,
    /// The unit responsible for the cause; default: the one that resolves
    #[arg(long, default_value = "", hide_default_value = true)]
    responsible_unit: String,
}

#[derive(Debug, Args)]
pub struct Reopen {
    #[command(flatten)]
    on: Plain,
    /// Why
    #[arg(long)]
    reason: String,
    /// Back to the unit that had it, instead of being dispatched again
    #[arg(long)]
    same_unit: bool,
}

#[derive(Debug, Args)]
pub struct Urge {
    #[command(flatten)]
    on: Plain,
    /// What the citizen adds
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
}

impl Plain {
    pub fn submit(self, context: &Context) -> SubmitTicketRequest {
        SubmitTicketRequest { request_id: context.request_id(), ticket: self.ticket, etag: self.etag }
    }

    pub fn release(self, context: &Context) -> ReleaseTicketRequest {
        ReleaseTicketRequest { request_id: context.request_id(), ticket: self.ticket, etag: self.etag }
    }

    pub fn accept(self, context: &Context) -> AcceptTicketRequest {
        AcceptTicketRequest { request_id: context.request_id(), ticket: self.ticket, etag: self.etag }
    }
}

impl Return {
    pub fn give_back(self, context: &Context) -> ReturnTicketRequest {
        let Plain { ticket, etag } = self.on;
        let (request_id, reason) = (context.request_id(), self.reason);
        ReturnTicketRequest { request_id, ticket, etag, reason, to_pool: self.to_pool }
    }
}

impl Reasoned {
    pub fn cancel(self, context: &Context) -> CancelTicketRequest {
        let Plain { ticket, etag } = self.on;
        CancelTicketRequest { request_id: context.request_id(), ticket, etag, reason: self.reason }
    }
}

impl Dispatch {
    pub fn request(self, context: &Context) -> DispatchTicketRequest {
        DispatchTicketRequest {
            request_id: context.request_id(),
            ticket: self.on.ticket,
            etag: self.on.etag,
            unit_id: self.unit,
            person_id: self.person,
            note: self.note,
        }
    }
}

impl Transfer {
    pub fn request(self, context: &Context) -> TransferTicketRequest {
        TransferTicketRequest {
            request_id: context.request_id(),
            ticket: self.on.ticket,
            etag: self.on.etag,
            unit_id: self.unit,
            person_id: self.person,
            reason: self.reason,
        }
    }
}

impl Resolve {
    pub fn request(self, context: &Context) -> ResolveTicketRequest {
        ResolveTicketRequest {
            request_id: context.request_id(),
            ticket: self.on.ticket,
            etag: self.on.etag,
            outcome: self.outcome.into(),
            solution: self.solution,
            root_cause: self.root_cause,
            responsible_unit_id: self.responsible_unit,
            reply: self.reply,
        }
    }
}

impl Reopen {
    pub fn request(self, context: &Context) -> ReopenTicketRequest {
        ReopenTicketRequest {
            request_id: context.request_id(),
            ticket: self.on.ticket,
            etag: self.on.etag,
            reason: self.reason,
            same_unit: self.same_unit,
        }
    }
}

impl Urge {
    pub fn request(self, context: &Context) -> UrgeTicketRequest {
        let Plain { ticket, etag } = self.on;
        UrgeTicketRequest { request_id: context.request_id(), ticket, etag, note: self.note }
    }
}
