//! The people of units and their duty at one moment, for choosing among them without any rule.

use super::{book, principals};
use gongdan_errors::Error;
use gongdan_routing_domain::{AreaIndex, Directory};
use jiff::Timestamp;
use sqlx::PgConnection;
use std::collections::HashMap;

/// Of these units, from an instant on.
pub async fn of_units(
    connection: &mut PgConnection,
    units: &[String],
    at: Timestamp,
) -> Result<Directory, Error> {
    let people = principals::of_units(connection, units).await?;
    let duty = book::since(connection, units, at).await?;
    Ok(Directory::new(HashMap::new(), people, AreaIndex::new(Vec::new()), Vec::new()).with_duty(duty))
}
