//! The people of the sample at their desks: a client for each, with a token of their own.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context as _, Result, bail};
use gongdan_proto::{
    callback::v1::callback_service_client::CallbackServiceClient,
    tickets::v1::{GetTicketRequest, Ticket, ticket_service_client::TicketServiceClient},
};
use tokio::time::{Instant, sleep};
use tonic::{Code, Response, Status};
use tonic_types::StatusExt;

use super::sample::Sample;
use crate::cli::{Channel, Context, passes};

/// Who takes requests down and calls citizens back.
pub const AGENT: &str = "demo.agent";
/// Who dispatches what waits in the pool.
pub const DISPATCHER: &str = "demo.dispatcher";

const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(100);
const AGAIN: Duration = Duration::from_millis(500);

/// Everybody.
pub struct Desks<'a> {
    pub context: &'a Context,
    tickets: HashMap<String, TicketServiceClient<Channel>>,
    callback: CallbackServiceClient<Channel>,
    units: HashMap<String, String>,
    parents: HashMap<String, String>,
}

impl<'a> Desks<'a> {
    /// # Errors
    /// When no suite runs, or it has no local issuer.
    pub fn new(context: &'a Context, sample: &Sample) -> Result<Desks<'a>> {
        let mut tickets = HashMap::new();
        for person in &sample.people {
            let channel = context.channel_as("tickets", &person.id)?;
            tickets.insert(person.id.clone(), TicketServiceClient::new(channel));
        }
        let callback = CallbackServiceClient::new(context.channel_as("callback", AGENT)?);
        Ok(Desks { context, tickets, callback, units: sample.unit_names(), parents: sample.parents() })
    }

    /// Waits until tickets knows everybody: it learns people from routing's events.
    ///
    /// # Errors
    /// When they do not within a minute.
    pub async fn wait_until_known(&self, sample: &Sample) -> Result<()> {
        for person in &sample.people {
            let mut client = self.tickets(&person.id)?;
            until("the people are known to tickets", async || {
                let nothing = GetTicketRequest { ticket: "GD0000000000000000".into(), in_clear: false };
                let known = match client.get_ticket(nothing).await {
                    Err(status) => !matches!(status.code(), Code::PermissionDenied | Code::Unavailable),
                    Ok(_) => true,
                };
                Ok(known.then_some(()))
            })
            .await?;
        }
        Ok(())
    }

    /// Tickets, as somebody.
    pub fn tickets(&self, person: &str) -> Result<TicketServiceClient<Channel>> {
        self.tickets.get(person).cloned().with_context(|| format!("nobody is called {person}"))
    }

    /// Tickets, as somebody of a unit.
    pub fn staff(&self, unit: &str) -> Result<TicketServiceClient<Channel>> {
        self.tickets(&format!("{unit}.staff"))
    }

    /// Callback, as the agent.
    pub fn callback(&self) -> CallbackServiceClient<Channel> {
        self.callback.clone()
    }

    /// A unit's name.
    pub fn unit_name<'b>(&'b self, unit: &'b str) -> &'b str {
        self.units.get(unit).map_or(unit, String::as_str)
    }

    /// The unit above, or the unit itself at the top.
    pub fn above<'b>(&'b self, unit: &'b str) -> &'b str {
        self.parents.get(unit).map_or(unit, String::as_str)
    }

    /// The ticket, once it is as wanted.
    ///
    /// # Errors
    /// When it is not within a minute.
    pub async fn ticket_when(
        &self,
        id: &str,
        what: &str,
        wanted: impl Fn(&Ticket) -> bool,
    ) -> Result<Ticket> {
        let client = self.tickets(DISPATCHER)?;
        until(&format!("ticket {id}: {what}"), async || {
            let request = GetTicketRequest { ticket: id.to_owned(), in_clear: false };
            let ticket =
                call(client.clone(), async |client| client.get_ticket(request.clone()).await).await?;
            Ok(wanted(&ticket).then_some(ticket))
        })
        .await
    }
}

/// Calls, and calls again while the suite is busy or does not know the caller yet: the request's id makes a repetition the
/// same act.
///
/// # Errors
/// What the service refuses, or when it is still busy after a minute.
pub async fn call<C, T>(
    mut client: C,
    mut rpc: impl AsyncFnMut(&mut C) -> Result<Response<T>, Status>,
) -> Result<T> {
    let end = Instant::now() + PATIENCE;
    loop {
        match rpc(&mut client).await {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) if is_passing(&status) && Instant::now() < end => sleep(AGAIN).await,
            Err(status) => return Err(status.into()),
        }
    }
}

fn is_passing(status: &Status) -> bool {
    match status.code() {
        Code::PermissionDenied => {
            status.get_details_error_info().is_some_and(|info| info.reason == "PRINCIPAL_UNKNOWN")
        }
        // A lost race, for example: routing decided at the same moment.
        code => passes(code),
    }
}

/// Looks until there is something.
///
/// # Errors
/// When there is nothing within a minute, or looking fails.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if Instant::now() >= end {
            bail!("not within {} s: {what}", PATIENCE.as_secs());
        }
        sleep(LOOK).await;
    }
}
