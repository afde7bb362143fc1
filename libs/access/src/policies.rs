//! Cedar policies, and what they answer for a caller and an action.

use crate::{
    error::InvalidPolicies,
    facts::{Facts, Table},
    roles::{ROLES, Rights},
};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
    RestrictedExpression, Schema, ValidationMode, Validator,
};
use gongdan_proto::METHODS;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    str::FromStr as _,
    sync::{Arc, OnceLock, RwLock},
};

/// The schema that policies are checked against.
pub const SCHEMA: &str = include_str!("../policies/gongdan.cedarschema");
/// The policies that ship with the product.
pub const DEFAULT_POLICIES: &str = include_str!("../policies/gongdan.cedar");

/// Actions that no RPC names, because they decide what an answer shows.
pub(crate) const SHOWN: [&str; 3] = ["personal.read", "reporter.read", "place.read"];

/// Policies that were checked. What they answer is remembered, so that a call costs a look.
pub struct Policies {
    set: PolicySet,
    world: Entities,
    actions: BTreeMap<String, Action>,
    known: RwLock<HashMap<(Rights, u16), Table>>,
}

struct Action {
    number: u16,
    uid: EntityUid,
    /// Whether it is about a ticket; else about the suite.
    about_tickets: bool,
}

impl Policies {
    /// Those that ship with the product.
    ///
    /// # Errors
    /// Never, as its tests show.
    pub fn shipped() -> Result<Self, InvalidPolicies> {
        Self::parse(DEFAULT_POLICIES)
    }

    /// Those that ship, with what was asked of them before by anybody in this process.
    ///
    /// # Errors
    /// As [`Self::shipped`].
    pub fn shared() -> Result<Arc<Self>, InvalidPolicies> {
        static SHARED: OnceLock<Arc<Policies>> = OnceLock::new();
        if let Some(known) = SHARED.get() {
            return Ok(known.clone());
        }
        let shipped = Arc::new(Self::shipped()?);
        Ok(SHARED.get_or_init(|| shipped).clone())
    }

    /// Reads and checks policies.
    ///
    /// # Errors
    /// Names line and rule of everything that speaks of something else than action, role and scope.
    pub fn parse(text: &str) -> Result<Self, InvalidPolicies> {
        let (schema, _) =
            Schema::from_cedarschema_str(SCHEMA).map_err(|e| InvalidPolicies::Schema(e.to_string()))?;
        let actions = actions(&schema)?;
        let set = PolicySet::from_str(text).map_err(|e| InvalidPolicies::Syntax(syntax(text, &e)))?;
        let mut wrong = Vec::new();
        for template in set.templates() {
            wrong.push(format!("policy {}: templates are not used", template.id()));
        }
        for policy in set.policies() {
            let name = policy.annotation("id").map_or_else(|| policy.id().to_string(), str::to_owned);
            for literal in policy.entity_literals() {
                if let Some(rule) = foreign(&literal, &schema) {
                    wrong.push(format!("policy {name}: {literal}: {rule}"));
                }
            }
        }
        let world = world(&schema).map_err(|e| InvalidPolicies::Schema(e.to_string()))?;
        let result = Validator::new(schema).validate(&set, ValidationMode::Strict);
        wrong.extend(result.validation_errors().map(ToString::to_string));
        if !wrong.is_empty() {
            return Err(InvalidPolicies::Rules(wrong));
        }
        if set.policies().next().is_none() {
            return Err(InvalidPolicies::Rules(vec!["no policy at all: nobody could do anything".into()]));
        }
        Ok(Self { set, world, actions, known: RwLock::default() })
    }

    /// All actions, in the order of their names.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.actions.keys().map(String::as_str)
    }

    /// Whether there is such an action.
    #[must_use]
    pub fn knows(&self, action: &str) -> bool {
        self.actions.contains_key(action)
    }

    /// Whether it is about a ticket, so that it depends on scope.
    #[must_use]
    pub fn is_about_tickets(&self, action: &str) -> bool {
        self.actions.get(action).is_some_and(|action| action.about_tickets)
    }

    /// For which standings a caller with these roles and rights may do this. Nothing for an action there is not.
    #[must_use]
    pub fn table(&self, rights: Rights, action: &str) -> Table {
        let Some(action) = self.actions.get(action) else { return Table::NONE };
        let key = (rights, action.number);
        if let Ok(known) = self.known.read()
            && let Some(table) = known.get(&key)
        {
            return *table;
        }
        let table = self.ask(rights, action);
        if let Ok(mut known) = self.known.write() {
            known.insert(key, table);
        }
        table
    }

    /// Asks Cedar; trouble refuses.
    fn ask(&self, rights: Rights, action: &Action) -> Table {
        self.try_ask(rights, action).unwrap_or_else(|why| {
            tracing::error!(error = %why, "a policy decision failed; it is refused");
            Table::NONE
        })
    }

    fn try_ask(&self, rights: Rights, action: &Action) -> Result<Table, Trouble> {
        let caller = uid("Caller", "caller")?;
        let roles = rights.roles().map(|role| uid("Role", role)).collect::<Result<HashSet<_>, _>>()?;
        let attributes = HashMap::from([
            ("sensitive".to_owned(), RestrictedExpression::new_bool(rights.sensitive())),
            ("personal".to_owned(), RestrictedExpression::new_bool(rights.personal())),
        ]);
        let caller_entity = Entity::new(caller.clone(), attributes, roles)?;
        let world = self.world.clone().add_entities([caller_entity], None)?;
        let authorizer = Authorizer::new();
        let decide = |resource: EntityUid| -> Result<bool, Trouble> {
            let request = Request::new(caller.clone(), action.uid.clone(), resource, Context::empty(), None)?;
            let answer = authorizer.is_authorized(&request, &self.set, &world);
            match answer.diagnostics().errors().next() {
                Some(error) => Err(error.to_string().into()),
                None => Ok(answer.decision() == Decision::Allow),
            }
        };
        if !action.about_tickets {
            return Ok(if decide(uid("Suite", "suite")?)? { Table::ALL } else { Table::NONE });
        }
        let mut allowed = Vec::new();
        for index in 0..Facts::COUNT {
            allowed.push(decide(ticket(index)?)?);
        }
        Ok(Table::build(|facts| usize::try_from(facts.index()).is_ok_and(|at| allowed[at])))
    }
}

type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// Everything but the caller: actions with their groups, roles, and a ticket for each way it may stand to the caller.
fn world(schema: &Schema) -> Result<Entities, Trouble> {
    let mut entities = vec![Entity::with_uid(uid("Suite", "suite")?)];
    for role in ROLES {
        entities.push(Entity::with_uid(uid("Role", role)?));
    }
    for index in 0..Facts::COUNT {
        let facts = Facts::from_index(index);
        let attributes = [
            ("in_region", facts.in_region),
            ("takes_part", facts.takes_part),
            ("holds", facts.holds),
            ("own", facts.own),
            ("sensitive", facts.sensitive),
            ("confidential", facts.confidential),
        ];
        let attributes =
            attributes.map(|(name, value)| (name.to_owned(), RestrictedExpression::new_bool(value)));
        entities.push(Entity::new(ticket(index)?, HashMap::from(attributes), HashSet::new())?);
    }
    Ok(schema.action_entities()?.add_entities(entities, Some(schema))?)
}

fn ticket(index: u32) -> Result<EntityUid, Trouble> {
    uid("Ticket", &index.to_string())
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, Trouble> {
    Ok(EntityUid::from_type_name_and_id(
        EntityTypeName::from_str(&format!("Gongdan::{kind}"))?,
        EntityId::from_str(id)?,
    ))
}

/// The actions of the schema, which must be those that the contracts name and those in [`SHOWN`].
fn actions(schema: &Schema) -> Result<BTreeMap<String, Action>, InvalidPolicies> {
    let groups: HashSet<&EntityUid> = schema.action_groups().collect();
    let uids: BTreeMap<String, EntityUid> = schema
        .actions()
        .filter(|uid| !groups.contains(uid))
        .map(|uid| (uid.id().unescaped().to_owned(), uid.clone()))
        .collect();
    let named: BTreeSet<&str> = METHODS.iter().map(|method| method.action).chain(SHOWN).collect();
    if let Some(missing) = named.iter().find(|name| !uids.contains_key(**name)) {
        return Err(InvalidPolicies::Schema(format!("action {missing:?} is not in the schema")));
    }
    let mut actions = BTreeMap::new();
    for (number, (name, uid)) in (0_u16..).zip(uids) {
        let about_tickets = schema
            .resources_for_action(&uid)
            .is_some_and(|mut kinds| kinds.any(|kind| kind.basename() == "Ticket"));
        actions.insert(name, Action { number, uid, about_tickets });
    }
    Ok(actions)
}

/// Why a policy may not name an entity.
fn foreign(literal: &EntityUid, schema: &Schema) -> Option<String> {
    match literal.type_name().basename() {
        "Action" if schema.actions().any(|known| known == literal) => None,
        "Action" => Some("no such action".into()),
        "Role" if ROLES.contains(&literal.id().unescaped()) => None,
        "Role" => Some(format!("no such role; one of {}", ROLES.join(", "))),
        _ => Some(
            "policies speak of actions, roles and the attributes of the scope, not of one caller or ticket"
                .into(),
        ),
    }
}

/// Cedar's message with line and column.
fn syntax(text: &str, error: &cedar_policy::ParseErrors) -> String {
    use miette::Diagnostic as _;
    let mut lines = Vec::new();
    for error in error.iter() {
        let place = error.labels().and_then(|mut labels| labels.next()).map(|label| {
            let before = text.get(..label.offset()).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            format!("line {line}, column {column}: ")
        });
        lines.push(place.unwrap_or_default() + &error.to_string());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        match Policies::parse(text) {
            Ok(_) => panic!("was taken in: {text}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_shipped_policies_are_good() {
        let policies = Policies::shipped().unwrap();
        assert!(policies.knows("tickets.read") && policies.is_about_tickets("tickets.read"));
        assert!(policies.knows("catalogue.import") && !policies.is_about_tickets("catalogue.import"));
        assert!(!policies.knows("see"), "a group is no action");
    }

    #[test]
    fn without_a_role_no_ticket_is_open() {
        let policies = Policies::shipped().unwrap();
        let open: Vec<_> = policies
            .actions()
            .filter(|action| !SHOWN.contains(action))
            .filter(|action| !policies.table(Rights::default(), action).is_none())
            .collect();
        assert_eq!(open, ["inbox.mark", "inbox.read"]);
    }

    #[test]
    fn the_event_log_is_for_services_alone() {
        let policies = Policies::shipped().unwrap();
        let may = |role| !policies.table(Rights::new(&[role], true, true), "events.replay").is_none();
        let readers: Vec<_> = ROLES.into_iter().filter(|role| may(*role)).collect();
        assert_eq!(readers, [gongdan_auth::role::SERVICE]);
    }

    #[test]
    fn what_is_no_cedar_names_the_place() {
        let refusal = refusal("permit (principal, action, resource)\n  when { resource.own ");
        assert!(refusal.contains("line 2"), "{refusal}");
    }

    #[test]
    fn policies_name_no_caller_and_no_ticket() {
        for text in [
            r#"@id("li") permit (principal == Gongdan::Caller::"li.wei", action, resource);"#,
            r#"@id("li") permit (principal, action, resource == Gongdan::Ticket::"1");"#,
            r#"@id("li") permit (principal, action, resource) when { principal == Gongdan::Caller::"li.wei" };"#,
        ] {
            assert!(refusal(text).contains("policy li"), "{text}");
        }
    }

    #[test]
    fn policies_see_nothing_but_the_scope() {
        for (text, named) in [
            (
                r#"permit (principal, action == Gongdan::Action::"tickets.read", resource) when { resource.region == 440106 };"#,
                "region",
            ),
            (r#"permit (principal, action, resource) when { principal.name == "li" };"#, "name"),
            (r#"permit (principal, action, resource) when { context.hour > 8 };"#, "hour"),
            (r#"permit (principal in Gongdan::Role::"boss", action, resource);"#, "no such role"),
            (r#"permit (principal, action == Gongdan::Action::"tickets.burn", resource);"#, "tickets.burn"),
            (r#"permit (principal == ?principal, action, resource);"#, "template"),
            ("", "no policy"),
        ] {
            let refusal = refusal(text);
            assert!(refusal.contains(named), "{text}: {refusal}");
        }
    }

    #[test]
    fn a_table_is_what_cedar_says() {
        let policies = Policies::parse(
            r#"permit (principal in Gongdan::Role::"handler", action in Gongdan::Action::"see", resource) when { resource.in_region };
               forbid (principal, action, resource is Gongdan::Ticket) when { resource.sensitive && !principal.sensitive };"#,
        )
        .unwrap();
        let plain = policies.table(Rights::new(&["handler"], false, false), "tickets.read");
        let trusted = policies.table(Rights::new(&["handler"], true, false), "tickets.read");
        let here = Facts { in_region: true, ..Facts::default() };
        let secret = Facts { sensitive: true, ..here };
        assert!(plain.allows(here) && !plain.allows(secret) && trusted.allows(secret));
        assert!(!trusted.allows(Facts { takes_part: true, ..Facts::default() }));
        assert_eq!(policies.table(Rights::new(&["handler"], true, true), "tickets.dispatch"), Table::NONE);
        assert_eq!(policies.table(Rights::new(&["agent"], true, true), "tickets.read"), Table::NONE);
    }
}
