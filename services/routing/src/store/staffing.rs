//! The people of units and their duty at one moment, for choosing among them without any rule but for what rules say of their
//! capacity.

use super::{book, principals, rules};
use gongdan_access::Policies;
use gongdan_errors::Error;
use gongdan_routing_domain::{AreaIndex, Directory};
use jiff::Timestamp;
use sqlx::PgConnection;
use std::collections::HashMap;

/// Of these units, from an instant on.
pub async fn of_units(
    connection: &mut PgConnection,
    units: &[String],
    policies: &Policies,
    at: Timestamp,
) -> Result<Directory, Error> {
    let people = principals::of_units(connection, units).await?;
    let duty = book::since(connection, units, at).await?;
    let ids: Vec<String> = people.keys().cloned().collect();
    let cleared = principals::cleared(connection, &ids, policies).await?;
    let rules = rules::all(connection).await?;
    let targets =
        rules.iter().filter(|one| !one.rule.disabled).filter_map(|one| one.rule.action.target.as_ref());
    let directory = Directory::new(HashMap::new(), people, AreaIndex::new(Vec::new()), Vec::new());
    Ok(directory.with_duty(duty).with_cleared(cleared).with_capacities(targets))
}
