//! Tables `units` and `principals`, as far as dispatch and transfer ask: does this unit exist, is this person in it?

use super::save::small;
use gongdan_access::{Policies, sees_sensitive};
use gongdan_errors::{Error, Violations};
use gongdan_pg::error;
use gongdan_proto::routing::v1::{Unit, UnitKind};
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::{PrincipalId, PrincipalKind, UnitId};
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::{PgConnection, PgPool};
use tracing::Instrument as _;

/// The organisation as routing last described it.
pub(crate) struct Units {
    pool: PgPool,
}

/// An active principal.
pub(crate) struct Known {
    pub id: String,
    pub roles: Vec<String>,
    pub rights: Vec<String>,
}

impl Units {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Refuses a unit that is not there.
    ///
    /// # Errors
    /// INVALID_ARGUMENT naming `unit_id`.
    pub(crate) async fn check(&self, unit: &UnitId, at: Timestamp) -> Result<(), Error> {
        self.check_recipient(unit, None, None, at).await
    }

    /// Refuses a recipient that is not there, and with policies a person who may not see sensitive tickets by them.
    ///
    /// # Errors
    /// INVALID_ARGUMENT naming `unit_id`, `person_id`, or both.
    pub(crate) async fn check_recipient(
        &self,
        unit: &UnitId,
        person: Option<&PrincipalId>,
        sensitive_by: Option<&Policies>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let known = sqlx::query!(
            r#"SELECT EXISTS (SELECT FROM units WHERE id = $1 AND (valid_from IS NULL OR valid_from <= $3)
                              AND (valid_to IS NULL OR valid_to > $3)) AS "unit!",
                      p.id IS NOT NULL AS "person!", p.roles AS "roles?", p.rights AS "rights?"
               FROM (VALUES (true)) AS one
               LEFT JOIN principals p ON p.id = $2 AND p.active AND $1 = ANY(p.unit_ids)"#,
            unit.as_str(),
            person.map(PrincipalId::as_str),
            at.to_sqlx() as _
        )
        .fetch_one(&self.pool)
        .instrument(sql_span!("units.check", "SELECT"))
        .await
        .map_err(error)?;
        let mut violations = Violations::new();
        if !known.unit {
            violations.add("unit_id", "a unit that routing knows and that is in office");
        }
        let sees = |policies| {
            let (roles, rights) = (known.roles.as_deref(), known.rights.as_deref());
            sees_sensitive(policies, roles.unwrap_or_default(), rights.unwrap_or_default())
        };
        match person {
            Some(_) if !known.person => violations.add("person_id", "an active member of the unit"),
            Some(id) if !sensitive_by.is_none_or(sees) => {
                violations.add("person_id", format!("{id} may not see sensitive tickets"));
            }
            _ => {}
        }
        violations.finish()
    }

    /// Refuses a unit or person that routing never told of; they may be out of office by now.
    ///
    /// # Errors
    /// INVALID_ARGUMENT naming `unit_id`, `person_id`, or both.
    pub(crate) async fn check_known(
        &self,
        unit: Option<&UnitId>,
        person: Option<&PrincipalId>,
    ) -> Result<(), Error> {
        let known = sqlx::query!(
            r#"SELECT EXISTS (SELECT FROM units WHERE id = $1) AS "unit!",
                      EXISTS (SELECT FROM principals WHERE id = $2) AS "person!""#,
            unit.map(UnitId::as_str),
            person.map(PrincipalId::as_str)
        )
        .fetch_one(&self.pool)
        .instrument(sql_span!("units.check_known", "SELECT"))
        .await
        .map_err(error)?;
        let mut violations = Violations::new();
        if unit.is_some() && !known.unit {
            violations.add("unit_id", "a unit that routing knows");
        }
        if person.is_some() && !known.person {
            violations.add("person_id", "a person whom routing knows");
        }
        violations.finish()
    }

    /// Refuses persons who are no active members of the unit, each by name.
    ///
    /// # Errors
    /// INVALID_ARGUMENT naming each of `person_ids`.
    pub(crate) async fn check_members(&self, unit: &UnitId, persons: &[PrincipalId]) -> Result<(), Error> {
        let ids: Vec<String> = persons.iter().map(ToString::to_string).collect();
        let members = sqlx::query_scalar!(
            "SELECT id FROM principals WHERE id = ANY ($1) AND active AND kind = 1 AND $2 = ANY (unit_ids)",
            &ids,
            unit.as_str()
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("units.check_members", "SELECT"))
        .await
        .map_err(error)?;
        let mut violations = Violations::new();
        for (at, id) in ids.iter().enumerate().filter(|(_, id)| !members.contains(id)) {
            violations.add(format!("person_ids[{at}]"), format!("{id} is no active member of {unit}"));
        }
        violations.finish()
    }

    /// Whether one of these units is a hotline centre.
    pub(crate) async fn in_centre(&self, units: &[String]) -> Result<bool, Error> {
        sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM units WHERE id = ANY ($1) AND kind = $2) AS "centre!""#,
            units,
            i32::from(UnitKind::Centre)
        )
        .fetch_one(&self.pool)
        .instrument(sql_span!("units.in_centre", "SELECT"))
        .await
        .map_err(error)
    }

    /// Those of these people who are active principals, with their roles and rights.
    pub(crate) async fn known_people(&self, people: &[PrincipalId]) -> Result<Vec<Known>, Error> {
        let ids: Vec<String> = people.iter().map(ToString::to_string).collect();
        sqlx::query_as!(
            Known,
            "SELECT id, roles, rights FROM principals WHERE id = ANY ($1) AND active",
            &ids
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("principals.known", "SELECT"))
        .await
        .map_err(error)
    }

    /// Refuses people who are no active staff.
    ///
    /// # Errors
    /// INVALID_ARGUMENT naming those of the list `field`.
    pub(crate) async fn check_all_staff(&self, field: &str, people: &[PrincipalId]) -> Result<(), Error> {
        let known = self.staff_of(people).await?;
        let mut violations = Violations::new();
        for (at, id) in people.iter().enumerate().filter(|(_, id)| !known.iter().any(|k| k == id.as_str())) {
            violations.add(format!("{field}[{at}]"), no_staff(id));
        }
        violations.finish()
    }

    /// Refuses somebody who is no active staff.
    ///
    /// # Errors
    /// INVALID_ARGUMENT naming `field`.
    pub(crate) async fn check_staff(&self, field: &str, person: &PrincipalId) -> Result<(), Error> {
        if self.staff_of(std::slice::from_ref(person)).await?.is_empty() {
            return Err(Error::invalid_field(field, no_staff(person)));
        }
        Ok(())
    }

    /// Those of these people who are active staff.
    async fn staff_of(&self, people: &[PrincipalId]) -> Result<Vec<String>, Error> {
        if people.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = people.iter().map(ToString::to_string).collect();
        sqlx::query_scalar!(
            "SELECT id FROM principals WHERE id = ANY ($1) AND active AND kind = $2",
            &ids,
            small(PrincipalKind::Person.number())
        )
        .fetch_all(&self.pool)
        .instrument(sql_span!("principals.staff", "SELECT"))
        .await
        .map_err(error)
    }
}

fn no_staff(id: &PrincipalId) -> String {
    format!("{id} is no active member of staff")
}

/// Keeps a unit, unless what is there is newer.
pub(crate) async fn upsert(
    connection: &mut PgConnection,
    unit: &Unit,
    valid_from: Option<Timestamp>,
    valid_to: Option<Timestamp>,
    version: i64,
) -> Result<(), sqlx::Error> {
    let instant = |at: Option<Timestamp>| at.map(|at| at.to_sqlx());
    sqlx::query!(
        "INSERT INTO units AS u (id, name, valid_from, valid_to, version, kind) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE
         SET name = excluded.name, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
             version = excluded.version, kind = excluded.kind
         WHERE u.version < excluded.version",
        unit.id,
        unit.name,
        instant(valid_from) as Option<SqlTimestamp>,
        instant(valid_to) as Option<SqlTimestamp>,
        version,
        unit.kind
    )
    .execute(connection)
    .instrument(sql_span!("units.upsert", "INSERT"))
    .await?;
    Ok(())
}
