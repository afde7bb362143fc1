//! A scope as a condition in SQL, so that lists, counts, streams and reports are filtered where the rows are.

use crate::{
    facts::{Fact, Table},
    scope::Scope,
};
use sqlx::{Postgres, QueryBuilder};

/// How a table spells the facts. Each is a condition that is true or false, never null; `?` stands for the caller's
/// units, or for the caller's customer id.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    /// The column with the region code.
    pub region: &'static str,
    /// For example `EXISTS (SELECT 1 FROM participants p WHERE p.ticket_id = t.id AND p.unit_id = ANY (?))`.
    pub takes_part: &'static str,
    /// For example `COALESCE(t.lead_unit = ANY (?), false)`.
    pub holds: &'static str,
    /// For example `COALESCE(t.customer_id = ?, false)`.
    pub own: &'static str,
    /// For example `t.sensitive`.
    pub sensitive: &'static str,
    /// For example `t.confidential`.
    pub confidential: &'static str,
}

impl Scope {
    /// Adds the condition, in parentheses: it is true for exactly those rows that [`Scope::allows`].
    pub fn push(&self, sql: &mut QueryBuilder<Postgres>, columns: &Columns) {
        self.push_table(sql, columns, self.table(), 0);
    }

    fn push_table(&self, sql: &mut QueryBuilder<Postgres>, columns: &Columns, table: Table, from: usize) {
        if table == Table::NONE || table == Table::ALL {
            sql.push(if table.is_none() { "(false)" } else { "(true)" });
            return;
        }
        // One of the facts decides, or the table would be all or nothing.
        let Some((at, fact)) = Fact::ALL
            .into_iter()
            .enumerate()
            .skip(from)
            .find(|(_, fact)| table.given(*fact, true) != table.given(*fact, false))
        else {
            sql.push("(false)");
            return;
        };
        let (yes, no) = (table.given(fact, true), table.given(fact, false));
        sql.push("(");
        if no.implies(yes) {
            // no OR (fact AND yes)
            self.push_branch(sql, columns, fact, true, yes, at + 1);
            self.push_or(sql, columns, no, at + 1);
        } else if yes.implies(no) {
            self.push_branch(sql, columns, fact, false, no, at + 1);
            self.push_or(sql, columns, yes, at + 1);
        } else {
            self.push_branch(sql, columns, fact, true, yes, at + 1);
            sql.push(" OR ");
            self.push_branch(sql, columns, fact, false, no, at + 1);
        }
        sql.push(")");
    }

    fn push_or(&self, sql: &mut QueryBuilder<Postgres>, columns: &Columns, table: Table, from: usize) {
        if !table.is_none() {
            sql.push(" OR ");
            self.push_table(sql, columns, table, from);
        }
    }

    /// `fact AND …`
    fn push_branch(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        columns: &Columns,
        fact: Fact,
        value: bool,
        rest: Table,
        from: usize,
    ) {
        let rest_matters = rest != Table::ALL;
        if rest_matters {
            sql.push("(");
        }
        if !value {
            sql.push("NOT ");
        }
        self.push_fact(sql, columns, fact);
        if rest_matters {
            sql.push(" AND ");
            self.push_table(sql, columns, rest, from);
            sql.push(")");
        }
    }

    fn push_fact(&self, sql: &mut QueryBuilder<Postgres>, columns: &Columns, fact: Fact) {
        let units = || self.actor().unit_ids.clone();
        match fact {
            Fact::Sensitive => {
                sql.push("(").push(columns.sensitive).push(")");
            }
            Fact::Confidential => {
                sql.push("(").push(columns.confidential).push(")");
            }
            Fact::Own => match self.actor().customer_id {
                Some(customer) => bound(sql, columns.own, || customer),
                None => {
                    sql.push("(false)");
                }
            },
            Fact::Holds | Fact::TakesPart if self.actor().unit_ids.is_empty() => {
                sql.push("(false)");
            }
            Fact::Holds => bound(sql, columns.holds, units),
            Fact::TakesPart => bound(sql, columns.takes_part, units),
            Fact::InRegion => self.push_regions(sql, columns.region),
        }
    }

    fn push_regions(&self, sql: &mut QueryBuilder<Postgres>, column: &'static str) {
        let regions = &self.actor().regions;
        if regions.is_empty() {
            sql.push("(false)");
            return;
        }
        for (at, range) in regions.iter().enumerate() {
            sql.push(if at == 0 { "(" } else { " OR " });
            sql.push(column).push(" BETWEEN ").push_bind(range.start).push(" AND ").push_bind(range.end);
        }
        sql.push(")");
    }
}

/// Pushes a condition with a value for each `?`.
fn bound<T>(sql: &mut QueryBuilder<Postgres>, condition: &'static str, value: impl Fn() -> T)
where
    T: sqlx::Type<Postgres> + for<'q> sqlx::Encode<'q, Postgres> + Send + 'static,
{
    sql.push("(");
    for (at, part) in condition.split('?').enumerate() {
        if at > 0 {
            sql.push_bind(value());
        }
        sql.push(part);
    }
    sql.push(")");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{policies::Policies, roles::Rights};
    use gongdan_auth::Actor;
    use gongdan_proto::common::v1::PrincipalKind;
    use gongdan_region::{RegionCode, Regions};
    use std::sync::Arc;

    const COLUMNS: Columns = Columns {
        region: "region",
        takes_part: "units && ?",
        holds: "lead = ANY (?)",
        own: "customer = ?",
        sensitive: "sensitive",
        confidential: "confidential",
    };

    fn condition(roles: &[&str], rights: &[&str], action: &str) -> String {
        let actor = Actor {
            principal_id: "li.wei".into(),
            name: "Li".into(),
            kind: PrincipalKind::Person,
            roles: roles.iter().map(ToString::to_string).collect(),
            unit_ids: vec!["tianhe-env".into()],
            regions: vec![Regions::national().range(RegionCode::parse("440106").unwrap())],
            rights: rights.iter().map(ToString::to_string).collect(),
            language: "en".into(),
            customer_id: Some(uuid::Uuid::nil()),
        };
        let table = Policies::shipped().unwrap().table(Rights::of(&actor), action);
        let mut sql = QueryBuilder::new("");
        Scope::new(Arc::new(actor), table).push(&mut sql, &COLUMNS);
        sql.sql().as_str().to_owned()
    }

    #[test]
    fn conditions_are_as_short_as_the_policies() {
        assert_eq!(condition(&["service"], &[], "tickets.read"), "(true)");
        assert_eq!(condition(&["analyst"], &[], "tickets.read"), "(false)");
        assert_eq!(condition(&["citizen"], &[], "tickets.read"), "((customer = $1))");
        assert_eq!(condition(&["administrator"], &["sensitive"], "tickets.read"), "(true)");
        assert_eq!(
            condition(&["handler"], &["sensitive"], "tickets.read"),
            "((region BETWEEN $1 AND $2) OR ((units && $3)))"
        );
        assert_eq!(condition(&["handler"], &["sensitive"], "tickets.accept"), "((lead = ANY ($1)))");
    }

    #[test]
    fn without_the_right_sensitive_ones_are_left_out() {
        let condition = condition(&["handler"], &[], "tickets.read");
        assert!(condition.contains("NOT (sensitive)"), "{condition}");
    }
}
