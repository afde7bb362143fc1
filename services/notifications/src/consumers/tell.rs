//! What happened → inbox items and deliveries, for a whole batch at once.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use gongdan_access::sees_sensitive;
use gongdan_auth::role::{DISPATCHER, SUPERVISOR};
use gongdan_notifications_domain::{
    EventTypes, Happening, InvalidTemplate, Names, Person, Target, body, targets, told,
};
use gongdan_outbox::ApplyError;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Rooms,
    store::{
        Channel, Endpoint, NewDelivery, NewItem, endpoints, insert_deliveries, insert_items, recipients,
        unit_names, withdraw,
    },
};

/// Tells people and endpoints.
pub struct Teller {
    rooms: Arc<Rooms>,
}

/// What a batch leads to.
#[derive(Default)]
struct Told {
    items: Vec<NewItem>,
    deliveries: Vec<NewDelivery>,
}

/// Whom a batch may concern.
struct Known {
    people: Vec<Person>,
    /// Names by person.
    names: HashMap<String, String>,
    units: HashMap<String, String>,
    endpoints: Vec<Endpoint>,
}

impl Teller {
    pub const fn new(rooms: Arc<Rooms>) -> Self {
        Self { rooms }
    }

    /// Writes down whom to tell what; each recipient, channel and event once, however often the event comes.
    pub async fn tell(
        &self,
        connection: &mut PgConnection,
        happenings: &[Happening],
    ) -> Result<(), ApplyError> {
        if happenings.is_empty() {
            return Ok(());
        }
        let whom: Vec<_> = happenings.iter().map(targets).collect();
        let policies = self.rooms.access.policies();
        let sees = |roles: &[String], rights: &[String]| sees_sensitive(&policies, roles, rights);
        let known = look_up(connection, happenings, &whom, sees).await?;
        let mut batch = Told::default();
        for (happening, whom) in happenings.iter().zip(&whom) {
            self.people(happening, whom, &known, &mut batch).map_err(|why| ApplyError::Poison {
                event_id: happening.event_id,
                reason: why.to_string(),
            })?;
            webhooks(happening, &known.endpoints, &mut batch);
        }
        let now = self.rooms.clock.now();
        for item in &batch.items {
            self.rooms.metrics.told(item.kind, 1);
        }
        insert_items(connection, &batch.items, now).await?;
        insert_deliveries(connection, &batch.deliveries, self.rooms.backoff.attempts, now).await?;
        Ok(())
    }

    /// Takes back what was told of tickets that are sensitive now, where it was not read by who may not know of them.
    pub async fn withdraw(
        &self,
        connection: &mut PgConnection,
        sensitive: &[Uuid],
    ) -> Result<(), ApplyError> {
        if sensitive.is_empty() {
            return Ok(());
        }
        let policies = self.rooms.access.policies();
        let sees = |roles: &[String], rights: &[String]| sees_sensitive(&policies, roles, rights);
        Ok(withdraw(connection, sensitive, sees).await?)
    }

    /// What was written can be seen now: the stream and the sender look at once.
    pub fn committed(&self) {
        self.rooms.feed.wake();
        self.rooms.sender.notify_one();
    }

    fn people(
        &self,
        happening: &Happening,
        whom: &[Target],
        known: &Known,
        batch: &mut Told,
    ) -> Result<(), InvalidTemplate> {
        let Some(kind) = happening.kind else { return Ok(()) };
        let ticket = &happening.ticket;
        let names = Names { unit: known.units.get(&ticket.unit_id).cloned().unwrap_or_default() };
        for person in told(whom, ticket.sensitive, &known.people) {
            if person.id == happening.about.actor_id {
                continue;
            }
            let Some(message) = self.rooms.templates.message(happening, person.language, &names)? else {
                continue;
            };
            if self.rooms.emails && person.has_email {
                let name = known.names.get(&person.id).map_or("", String::as_str);
                let email = self.rooms.templates.email(&message, person.language, name)?;
                batch.deliveries.push(NewDelivery {
                    channel: Channel::Email,
                    recipient: person.id.clone(),
                    kind: kind.as_str().to_owned(),
                    event_id: happening.event_id,
                    ticket_id: ticket.id,
                    subject: email.title,
                    body: email.body,
                });
            }
            batch.items.push(NewItem {
                recipient: person.id.clone(),
                event_id: happening.event_id,
                kind,
                title: message.title,
                body: message.body,
                ticket_id: ticket.id,
                ticket_number: ticket.number.clone(),
                occurred_at: happening.occurred_at,
            });
        }
        Ok(())
    }
}

fn webhooks(happening: &Happening, endpoints: &[Endpoint], batch: &mut Told) {
    if !EventTypes::is_known(&happening.event_type) {
        return;
    }
    let mut content = None;
    let wants = |endpoint: &&Endpoint| endpoint.event_types.contains(&happening.event_type);
    let may = |endpoint: &&Endpoint| !happening.ticket.sensitive || endpoint.sees_sensitive;
    for endpoint in endpoints.iter().filter(wants).filter(may) {
        batch.deliveries.push(NewDelivery {
            channel: Channel::Webhook,
            recipient: endpoint.id.to_string(),
            kind: happening.event_type.clone(),
            event_id: happening.event_id,
            ticket_id: happening.ticket.id,
            subject: String::new(),
            body: content.get_or_insert_with(|| body(happening)).clone(),
        });
    }
}

async fn look_up(
    connection: &mut PgConnection,
    happenings: &[Happening],
    whom: &[Vec<Target>],
    sees: impl Fn(&[String], &[String]) -> bool,
) -> Result<Known, sqlx::Error> {
    let (mut people, mut units, mut roles) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for target in whom.iter().flatten() {
        match target {
            Target::Person(id) => {
                people.insert(id.clone());
            }
            Target::Members(unit) | Target::Leaders(unit) | Target::InUnit(unit, _) => {
                units.insert(unit.clone());
            }
            Target::Role(of, _) => roles.extend(of.iter().cloned()),
            Target::Dispatchers(_) => {
                roles.insert(DISPATCHER.to_owned());
            }
            Target::Deciders(unit, _) => {
                units.insert(unit.clone());
                roles.insert(DISPATCHER.to_owned());
            }
            Target::LeadersAbove(unit, _) | Target::Supervisors(unit, _) => {
                units.insert(unit.clone());
                roles.extend([SUPERVISOR, DISPATCHER].map(ToOwned::to_owned));
            }
        }
    }
    let named: BTreeSet<_> =
        happenings.iter().filter(|h| h.kind.is_some()).map(|h| &h.ticket.unit_id).collect();
    let named: Vec<_> = named.into_iter().filter(|id| !id.is_empty()).cloned().collect();
    let nobody = people.is_empty() && units.is_empty() && roles.is_empty();
    let recipients = if nobody {
        Vec::new()
    } else {
        let roles = Vec::from_iter(roles);
        recipients(connection, &Vec::from_iter(people), &Vec::from_iter(units), &roles, &sees).await?
    };
    Ok(Known {
        names: recipients.iter().map(|r| (r.person.id.clone(), r.name.clone())).collect(),
        people: recipients.into_iter().map(|r| r.person).collect(),
        units: if named.is_empty() { HashMap::new() } else { unit_names(connection, &named).await? },
        endpoints: endpoints(connection, sees).await?,
    })
}
