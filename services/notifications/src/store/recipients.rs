//! Active staff of table `principals`, as those who may be told.

use gongdan_notifications_domain::{Language, Person};
use gongdan_region::{RegionCode, Regions};
use gongdan_telemetry::sql_span;
use sqlx::PgConnection;
use tracing::Instrument as _;

/// A member of staff and what people call them.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipient {
    /// What the domain judges by.
    pub person: Person,
    /// The name.
    pub name: String,
}

/// These people, all of these units, and all who have one of these roles; in the order of their ids. `sees` says by roles and
/// rights who sees sensitive tickets.
pub async fn recipients(
    connection: &mut PgConnection,
    people: &[String],
    units: &[String],
    roles: &[String],
    sees: impl Fn(&[String], &[String]) -> bool,
) -> Result<Vec<Recipient>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT id, name, roles, unit_ids, regions, language, email <> '' AS "has_email!", rights
           FROM principals
           WHERE active AND kind = 1
             AND (id = ANY($1) OR unit_ids && $2 OR roles && $3)
           ORDER BY id"#,
        people,
        units,
        roles,
    )
    .fetch_all(connection)
    .instrument(sql_span!("principals.recipients", "SELECT"))
    .await?;
    let recipient = |code: &i64| RegionCode::from_i64(*code).ok().map(|code| Regions::national().range(code));
    Ok(rows
        .into_iter()
        .map(|row| Recipient {
            person: Person {
                id: row.id,
                sees_sensitive: sees(&row.roles, &row.rights),
                roles: row.roles,
                unit_ids: row.unit_ids,
                regions: row.regions.iter().filter_map(recipient).collect(),
                language: Language::from_tag(&row.language),
                has_email: row.has_email,
            },
            name: row.name,
        })
        .collect())
}
