//! `WorkflowService.MigrateTickets`: a preview, then the same for good. Source: T31.

use super::decode::by;
use crate::{
    Rooms,
    store::in_flight::{self, InFlight},
};
use futures::StreamExt as _;
use gongdan_access::Caller;
use gongdan_errors::{Error, Reason, Violations};
use gongdan_pg::error;
use gongdan_proto::tickets::v1 as pb;
use gongdan_tickets_domain::{
    Actor, Changed, Refusal, Ticket,
    workflow::{Acting, DEFAULT, Workflow, govern},
};
use sha2::{Digest as _, Sha256};
use std::{fmt::Write as _, pin::Pin, sync::Arc};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::Status;

/// What the RPC answers with.
pub(super) type Migrated = Pin<Box<dyn Stream<Item = Result<pb::MigrateTicketsResponse, Status>> + Send>>;

const PAGE: i64 = 200;
/// Answers that wait for a reader.
const AHEAD: usize = 64;
/// Acts of others between which a ticket is tried.
const ATTEMPTS: usize = 5;

struct Migration {
    rooms: Arc<Rooms>,
    workflow: String,
    from_version: i32,
    to: Arc<Workflow>,
    steps: Vec<(String, String)>,
    preview: bool,
    token: String,
    by: Actor,
    looked_at: i64,
    moved: i64,
    refused: i64,
}

pub(super) async fn migrate_tickets(
    rooms: &Arc<Rooms>,
    caller: &Caller,
    request: pb::MigrateTicketsRequest,
) -> Result<Migrated, Error> {
    let mut violations = Violations::new();
    for (field, version) in [("from_version", request.from_version), ("to_version", request.to_version)] {
        if version < 1 {
            violations.add(field, "from 1");
        }
    }
    if request.from_version == request.to_version {
        violations.add("to_version", "another than from_version");
    }
    violations.finish()?;
    let workflows = &rooms.tickets.workflows;
    let from = workflows.get(&request.workflow, request.from_version).await?;
    let to = workflows.get(&request.workflow, request.to_version).await?;
    let mut violations = Violations::new();
    for (old, new) in &request.steps {
        let field = format!("steps[{old}]");
        match (from.step(old), to.step(new)) {
            (None, _) => violations.add(field, format!("version {} has no such step", request.from_version)),
            (_, None) => violations.add(field, format!("version {} has no step {new}", request.to_version)),
            (Some(a), Some(b)) if a.phase != b.phase => {
                violations.add(field, format!("{old} is {}, {new} is {}", a.phase, b.phase));
            }
            _ => {}
        }
    }
    violations.finish()?;
    let token = token(&request, &to);
    if !request.preview && request.preview_token != token {
        return Err(Error::precondition(
            Reason::NotPreviewed,
            "a preview of the same versions and steps gives the token that this needs",
        ));
    }
    let migration = Migration {
        rooms: rooms.clone(),
        workflow: request.workflow,
        from_version: request.from_version,
        to,
        steps: request.steps.into_iter().collect(),
        preview: request.preview,
        token,
        by: by(caller)?,
        looked_at: 0,
        moved: 0,
        refused: 0,
    };
    let (answers, reader) = mpsc::channel(AHEAD);
    tokio::spawn(migration.run(answers));
    Ok(ReceiverStream::new(reader).boxed())
}

/// What a preview was of.
fn token(request: &pb::MigrateTicketsRequest, to: &Workflow) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{}\n{}\n{}\n", request.workflow, request.from_version, request.to_version));
    hash.update(to.definition().to_toml());
    for (old, new) in &request.steps {
        hash.update(format!("\n{old}\n{new}"));
    }
    hash.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

type Answers = mpsc::Sender<Result<pb::MigrateTicketsResponse, Status>>;

impl Migration {
    /// Until all are done, or nobody reads any more.
    async fn run(mut self, answers: Answers) {
        match self.all(&answers).await {
            Ok(true) => {
                let preview_token = if self.preview { self.token.clone() } else { String::new() };
                let last = pb::MigrateTicketsResponse { preview_token, ..self.counts() };
                let _ = answers.send(Ok(last)).await;
            }
            Ok(false) => {}
            Err(error) => {
                let _ = answers.send(Err(error.into())).await;
            }
        }
    }

    async fn all(&mut self, answers: &Answers) -> Result<bool, Error> {
        for phase in in_flight::phases() {
            let mut after = None;
            loop {
                let page = in_flight::page(&self.rooms.pool, phase, after, PAGE).await.map_err(error)?;
                let Some(last) = page.last() else { break };
                after = Some((last.received_at, last.id));
                for found in page {
                    self.looked_at += 1;
                    let Some(answer) = self.one(found).await? else { continue };
                    if answers.send(Ok(answer)).await.is_err() || self.rooms.shutdown.is_cancelled() {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    /// None for a ticket that follows something else.
    async fn one(&mut self, found: InFlight) -> Result<Option<pb::MigrateTicketsResponse>, Error> {
        let mut ticket = found.ticket()?;
        for _ in 0..ATTEMPTS {
            let (follows, step) = self.follows(&ticket);
            if !follows {
                return Ok(None);
            }
            let (id, number) = (ticket.id, ticket.number.clone());
            let (to_step, reason) = match self.changed(ticket) {
                Ok(changed) => {
                    if !self.preview && !self.rooms.tickets.save_unasked(&changed).await? {
                        ticket = in_flight::again(&self.rooms.pool, id).await?;
                        continue;
                    }
                    self.moved += 1;
                    let place = changed.ticket.groups.workflow.place.as_ref();
                    (place.map(|place| place.step.clone()).unwrap_or_default(), String::new())
                }
                Err(refusal) => {
                    self.refused += 1;
                    (String::new(), refusal.to_string())
                }
            };
            let ticket_id = id.to_string();
            let from_step = step;
            return Ok(Some(pb::MigrateTicketsResponse {
                ticket_id,
                number,
                from_step,
                to_step,
                reason,
                ..self.counts()
            }));
        }
        self.refused += 1;
        let reason = "others keep changing it: try again".to_owned();
        Ok(Some(pb::MigrateTicketsResponse {
            ticket_id: ticket.id.to_string(),
            number: ticket.number.clone(),
            reason,
            ..self.counts()
        }))
    }

    /// Whether it follows the version that is left, and its step there.
    fn follows(&self, ticket: &Ticket) -> (bool, String) {
        match &ticket.groups.workflow.place {
            Some(place) => {
                let same = place.workflow == self.workflow && place.version == self.from_version;
                (same, place.step.clone())
            }
            // Made before there were workflows.
            None => (self.workflow == DEFAULT && self.from_version == 1, String::new()),
        }
    }

    fn changed(&self, ticket: Ticket) -> Result<Changed, Refusal> {
        let changed = ticket.migrate(&self.to, &self.steps, &self.by, self.rooms.clock.now())?;
        govern(&self.to, changed, Acting::Program)
    }

    fn counts(&self) -> pb::MigrateTicketsResponse {
        pb::MigrateTicketsResponse {
            looked_at: self.looked_at,
            moved: self.moved,
            refused: self.refused,
            ..Default::default()
        }
    }
}
