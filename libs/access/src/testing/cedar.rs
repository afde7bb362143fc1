//! One request of Cedar about one caller and one ticket.

use super::{row::Row, somebody::Somebody};
use crate::policies::SCHEMA;
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request, RestrictedExpression,
    Schema,
};
use gongdan_region::{RegionCode, Regions};
use std::collections::{HashMap, HashSet};

/// Policies, asked directly.
pub struct Cedar {
    schema: Schema,
    actions: Entities,
    policies: PolicySet,
}

impl Cedar {
    /// By these policies.
    ///
    /// # Panics
    /// When they are no Cedar.
    #[must_use]
    pub fn of(policies: &str) -> Self {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).expect("the schema");
        let actions = schema.action_entities().expect("actions");
        Self { schema, actions, policies: policies.parse().expect("policies") }
    }

    /// Whether they permit this.
    ///
    /// # Panics
    /// When Cedar does not take the request, or has trouble with a policy.
    #[must_use]
    pub fn permits(&self, somebody: &Somebody, action: &str, row: &Row) -> bool {
        let (caller, ticket) = (uid("Caller", &somebody.id), uid("Ticket", &row.id.to_string()));
        let roles: HashSet<_> = somebody.roles.iter().map(|role| uid("Role", role)).collect();
        let right = |name: &str| RestrictedExpression::new_bool(somebody.rights.iter().any(|r| r == name));
        let rights = ["sensitive", "personal"].map(|name| (name.to_owned(), right(name)));
        let standing =
            standing(somebody, row).map(|(k, v)| (k.to_owned(), RestrictedExpression::new_bool(v)));
        let entities = roles.iter().cloned().map(Entity::with_uid).collect::<Vec<_>>().into_iter().chain([
            Entity::new(caller.clone(), HashMap::from(rights), roles).expect("a caller"),
            Entity::new(ticket.clone(), HashMap::from(standing), HashSet::new()).expect("a ticket"),
        ]);
        let world = self.actions.clone().add_entities(entities, Some(&self.schema)).expect("entities");
        let request =
            Request::new(caller, uid("Action", action), ticket, Context::empty(), Some(&self.schema))
                .expect("a request");
        let answer = Authorizer::new().is_authorized(&request, &self.policies, &world);
        assert_eq!(answer.diagnostics().errors().count(), 0, "{action}: {answer:?}");
        answer.decision() == Decision::Allow
    }
}

/// How the ticket stands to the caller, by the words of the schema.
fn standing(somebody: &Somebody, row: &Row) -> [(&'static str, bool); 6] {
    let mine = |unit: &String| somebody.units.contains(unit);
    let holds = mine(&row.lead) || mine(&row.pool);
    [
        ("in_region", somebody.areas.iter().any(|area| lies_in(row.region, area))),
        ("takes_part", holds || row.units.iter().any(mine)),
        ("holds", holds),
        ("own", somebody.customer.is_some_and(|customer| row.customer == Some(customer))),
        ("sensitive", row.sensitive),
        ("confidential", row.confidential),
    ]
}

/// Whether a region is the area or below it, by the parents in the nation's table, not by ranges of codes.
fn lies_in(region: &str, area: &str) -> bool {
    let (region, area) =
        (RegionCode::parse(region).expect("a code"), RegionCode::parse(area).expect("a code"));
    region == area || Regions::national().ancestors(region).iter().any(|above| above.code == area)
}

fn uid(kind: &str, id: &str) -> EntityUid {
    format!("Gongdan::{kind}::{id:?}").parse().expect("a name")
}
