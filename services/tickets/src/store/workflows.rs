//! Tables `workflows` and `workflow_rules`: which workflow a ticket follows, and what it says. Source: T31.

use super::{cached::Cached, save::small};
use crate::error::refused;
use gongdan_access::Caller;
use gongdan_clock::SharedClock;
use gongdan_errors::{Error, Reason};
use gongdan_pg::{RequestKey, error, requests};
use gongdan_proto::common::v1::PrincipalKind;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{
    Change, Changed, Phase, Ticket, TicketType, groups,
    workflow::{self, Acting, DEFAULT, Definition, Workflow},
};
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::PgPool;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError, RwLock},
};
use tracing::Instrument as _;
use uuid::Uuid;

/// Which workflow a new ticket follows, and which versions are the newest.
#[derive(Debug, Default)]
pub(crate) struct RuleBook {
    newest: BTreeMap<String, i32>,
    rules: HashMap<(i16, String), String>,
}

/// A rule: for a type, none being any, and a branch of the catalogue, empty being any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WorkflowRule {
    pub kind: Option<TicketType>,
    pub item: String,
    pub workflow: String,
}

/// A version as it is listed.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub workflow: Arc<Workflow>,
    /// As it was written.
    pub text: String,
    pub set_by: String,
    pub set_at: Option<Timestamp>,
}

impl RuleBook {
    /// Keys with their newest versions, in order.
    pub(crate) fn newest(&self) -> impl Iterator<Item = (&str, i32)> {
        self.newest.iter().map(|(key, version)| (key.as_str(), *version))
    }

    /// The rules, the most special first.
    pub(crate) fn rules(&self) -> Vec<WorkflowRule> {
        let mut rules: Vec<WorkflowRule> = self
            .rules
            .iter()
            .map(|((kind, item), workflow)| WorkflowRule {
                kind: TicketType::from_number((*kind).into()),
                item: item.clone(),
                workflow: workflow.clone(),
            })
            .collect();
        rules.sort_by(|a, b| (b.item.len(), &b.item, b.kind).cmp(&(a.item.len(), &a.item, a.kind)));
        rules
    }

    /// The key for a ticket: by its item or the nearest branch above it, there by its type first; then by its type alone;
    /// then the default.
    fn key_for(&self, ticket: &Ticket) -> &str {
        let branches = std::iter::once(&ticket.item).chain(ticket.item_path.iter().rev());
        let places = branches.map(String::as_str).chain(std::iter::once(""));
        let kinds = [small(ticket.kind.number()), 0];
        places
            .flat_map(|item| kinds.map(|kind| (kind, item.to_owned())))
            .find_map(|place| self.rules.get(&place))
            .map_or(DEFAULT, String::as_str)
    }
}

/// Where workflows are kept.
pub(crate) struct Workflows {
    pool: PgPool,
    clock: SharedClock,
    book: Cached<RuleBook>,
    checked: RwLock<HashMap<(String, i32), Arc<Workflow>>>,
}

impl Workflows {
    pub(crate) fn new(pool: PgPool, clock: SharedClock) -> Self {
        Self { pool, clock, book: Cached::default(), checked: RwLock::default() }
    }

    /// The rules and newest versions now.
    pub(crate) async fn book(&self) -> Result<Arc<RuleBook>, Error> {
        self.book.get(|| self.read()).await
    }

    async fn read(&self) -> Result<RuleBook, Error> {
        let versions = sqlx::query!(r#"SELECT key, max(version) AS "version!" FROM workflows GROUP BY key"#)
            .fetch_all(&self.pool)
            .instrument(sql_span!("workflows.newest", "SELECT"))
            .await
            .map_err(error)?;
        let rules = sqlx::query!("SELECT kind, item, workflow FROM workflow_rules")
            .fetch_all(&self.pool)
            .instrument(sql_span!("workflow_rules.all", "SELECT"))
            .await
            .map_err(error)?;
        let mut newest: BTreeMap<String, i32> =
            workflow::shipped().iter().map(|shipped| (shipped.key().to_owned(), shipped.version())).collect();
        newest.extend(versions.into_iter().map(|row| (row.key, row.version)));
        let rules = rules.into_iter().map(|row| ((row.kind, row.item), row.workflow)).collect();
        Ok(RuleBook { newest, rules })
    }

    /// A workflow; version 0 is the newest.
    pub(crate) async fn get(&self, key: &str, version: i32) -> Result<Arc<Workflow>, Error> {
        let version = match version {
            0 => self.book().await?.newest.get(key).copied().ok_or_else(|| not_found(key, 0))?,
            version => version,
        };
        let shipped = workflow::shipped().iter().find(|w| (w.key(), w.version()) == (key, version));
        if let Some(shipped) = shipped {
            return Ok(shipped.clone());
        }
        let known = (key.to_owned(), version);
        if let Some(workflow) = self.checked.read().unwrap_or_else(PoisonError::into_inner).get(&known) {
            return Ok(workflow.clone());
        }
        let text = sqlx::query_scalar!(
            "SELECT definition FROM workflows WHERE key = $1 AND version = $2",
            key,
            version
        )
        .fetch_optional(&self.pool)
        .instrument(sql_span!("workflows.get", "SELECT"))
        .await
        .map_err(error)?
        .ok_or_else(|| not_found(key, version))?;
        let workflow = Arc::new(stored(&text, version)?);
        self.checked.write().unwrap_or_else(PoisonError::into_inner).insert(known, workflow.clone());
        Ok(workflow)
    }

    /// The workflow that a ticket follows.
    pub(crate) async fn of(&self, ticket: &Ticket) -> Result<Arc<Workflow>, Error> {
        match &ticket.groups.workflow.place {
            Some(place) => self.get(&place.workflow, place.version).await,
            None => self.get(DEFAULT, 1).await,
        }
    }

    /// The newest version of the workflow that a new ticket is to follow.
    async fn assigned(&self, ticket: &Ticket) -> Result<Arc<Workflow>, Error> {
        let book = self.book().await?;
        self.get(book.key_for(ticket), 0).await
    }

    /// The workflow to which an act is held: a ticket begins with the newest version of the one that is set for it, and
    /// stays with it.
    async fn for_act(&self, changed: &Changed) -> Result<Arc<Workflow>, Error> {
        let Some((event, after)) = changed.steps.first() else { return self.of(&changed.ticket).await };
        let begins = matches!(event.from_phase, None | Some(Phase::Draft))
            && !matches!(after.phase, Phase::Cancelled)
            && event.from_phase != Some(after.phase);
        match &event.change {
            Change::Workflow(groups::workflow::Change::Migrated { workflow, to_version, .. }) => {
                self.get(workflow, *to_version).await
            }
            _ if begins => self.assigned(after).await,
            _ => self.of(&changed.ticket).await,
        }
    }

    /// An act with the steps it leads to, or the refusal that its ticket's workflow has for it.
    pub(crate) async fn govern(&self, changed: &Changed, who: Who<'_>) -> Result<Changed, Error> {
        let workflow = self.for_act(changed).await?;
        let roles = who.roles();
        let acting = Who::acting(roles.as_deref());
        workflow::govern(&workflow, changed.clone(), acting).map_err(refused)
    }

    /// Keeps a new version; a repeated request gets the one it made.
    pub(crate) async fn put(
        &self,
        workflow: &str,
        text: &str,
        by: &Caller,
        key: &RequestKey,
    ) -> Result<i32, Error> {
        let mut transaction = self.pool.begin().await.map_err(error)?;
        // Two changes of one workflow make two versions, one after the other.
        sqlx::query!(
            "SELECT pg_advisory_xact_lock(hashtextextended('gongdan.workflows.' || $1, 0))",
            workflow
        )
        .execute(&mut *transaction)
        .await
        .map_err(error)?;
        if let Some(answered) = requests::lookup(&mut transaction, key).await? {
            return i32::try_from(answered.version).map_err(Error::internal);
        }
        let shipped = workflow::shipped().iter().find(|w| w.key() == workflow);
        let (now, first) = (self.clock.now(), shipped.map_or(0, |w| w.version()));
        let version = sqlx::query_scalar!(
            r#"INSERT INTO workflows (key, version, definition, set_by, set_at)
               SELECT $1, GREATEST(COALESCE(max(version), 0), $2::int) + 1, $3, $4, $5 FROM workflows WHERE key = $1
               RETURNING version"#,
            workflow,
            first,
            text,
            by.principal_id,
            now.to_sqlx() as _
        )
        .fetch_one(&mut *transaction)
        .instrument(sql_span!("workflows.insert", "INSERT"))
        .await
        .map_err(error)?;
        let answered = requests::Answered { resource_id: Uuid::nil(), version: version.into() };
        requests::insert(&mut transaction, key, answered, now).await?;
        transaction.commit().await.map_err(error)?;
        self.book.forget();
        Ok(version)
    }

    /// A version with who set it; 0 is the newest.
    pub(crate) async fn described(&self, key: &str, version: i32) -> Result<Listed, Error> {
        let workflow = self.get(key, version).await?;
        let shipped = workflow::SHIPPED.iter().find(|(shipped, _)| *shipped == key);
        if let (1, Some((_, text))) = (workflow.version(), shipped) {
            return Ok(Listed { workflow, text: (*text).to_owned(), set_by: String::new(), set_at: None });
        }
        let row = sqlx::query!(
            r#"SELECT definition, set_by, set_at AS "set_at: SqlTimestamp"
               FROM workflows WHERE key = $1 AND version = $2"#,
            key,
            workflow.version()
        )
        .fetch_optional(&self.pool)
        .instrument(sql_span!("workflows.describe", "SELECT"))
        .await
        .map_err(error)?
        .ok_or_else(|| not_found(key, version))?;
        Ok(Listed { workflow, text: row.definition, set_by: row.set_by, set_at: Some(row.set_at.to_jiff()) })
    }

    /// Sets or, with an empty workflow, removes a rule.
    pub(crate) async fn set_rule(&self, rule: &WorkflowRule, by: &Caller) -> Result<(), Error> {
        let kind = small(rule.kind.map_or(0, TicketType::number));
        if rule.workflow.is_empty() {
            sqlx::query!("DELETE FROM workflow_rules WHERE kind = $1 AND item = $2", kind, rule.item)
                .execute(&self.pool)
                .instrument(sql_span!("workflow_rules.delete", "DELETE"))
                .await
                .map_err(error)?;
        } else {
            sqlx::query!(
                "INSERT INTO workflow_rules (kind, item, workflow, set_by, set_at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (kind, item) DO UPDATE
                 SET workflow = EXCLUDED.workflow, set_by = EXCLUDED.set_by, set_at = EXCLUDED.set_at",
                kind,
                rule.item,
                rule.workflow,
                by.principal_id,
                self.clock.now().to_sqlx() as _
            )
            .execute(&self.pool)
            .instrument(sql_span!("workflow_rules.set", "INSERT"))
            .await
            .map_err(error)?;
        }
        self.book.forget();
        Ok(())
    }
}

/// For whom an act is held to its workflow.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Who<'a> {
    /// A caller.
    Caller(&'a Caller),
    /// One of the suite's own programs.
    Program,
}

impl<'a> Who<'a> {
    /// The roles that count; none for programs.
    pub(crate) fn roles(self) -> Option<Vec<&'a str>> {
        match self {
            Self::Caller(caller) if caller.kind != PrincipalKind::Service => Some(roles(caller)),
            Self::Caller(_) | Self::Program => None,
        }
    }

    /// As the domain takes it.
    pub(crate) fn acting<'r>(roles: Option<&'r [&'r str]>) -> Acting<'r> {
        roles.map_or(Acting::Program, Acting::Roles)
    }
}

/// A caller's roles as the domain takes them.
pub(crate) fn roles(caller: &Caller) -> Vec<&str> {
    caller.roles.iter().map(String::as_str).collect()
}

fn stored(text: &str, version: i32) -> Result<Workflow, Error> {
    let definition = Definition::parse(text).map_err(Error::internal)?;
    Workflow::check(definition, version).map_err(|faults| {
        let first = faults.first().map(ToString::to_string).unwrap_or_default();
        Error::internal(format!("a stored workflow is refused: {first}"))
    })
}

pub(crate) fn not_found(key: &str, version: i32) -> Error {
    Error::not_found(Reason::WorkflowNotFound, "no such workflow")
        .with("workflow", key)
        .with("version", version)
}
