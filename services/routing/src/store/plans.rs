//! DESIGN rule 12: the plans of the list of decisions, as a caller of one county asks for it, and of lists of a unit's
//! people. The county is one of a thousand, and so is the unit; nothing is read that belongs to the others.

use super::{
    DecisionFilter, DecisionName, PrincipalFilter,
    decision_list::list,
    past_tickets::past,
    principals,
    principals_at::{self, Ids},
};
use gongdan_access::{Caller, Policies, Scope};
use gongdan_auth::Actor;
use gongdan_proto::common::v1::PrincipalKind;
use gongdan_region::{RegionCode, Regions};
use gongdan_testkit::Env;
use sqlx::{Execute as _, PgPool, Postgres, QueryBuilder};
use uuid::Uuid;

const DECISIONS: &str = "
    INSERT INTO decisions (id, ticket_id, ticket_number, ticket_version, round, region, item, decided_at, pooled,
        unit_id, pool_reason, assisting_unit_ids, mark_sensitive, set_priority, summary, explanation, attempt, state,
        resend_at)
    SELECT gen_random_uuid(), gen_random_uuid(), 'GD' || n, 1, 1, 440000000000 + n % 1000 * 1000000, 'x', now(), false,
        'u', '', '{}', false, 0, '', '{}', 1, CASE WHEN n % 100 = 0 THEN 1 ELSE 2 END, now()
    FROM generate_series(1, 40000) AS n;
    INSERT INTO ticket_scopes (ticket_id, version, region, unit_ids, lead_unit, pool_unit, customer_id, sensitive,
                               confidential)
    SELECT ticket_id, 1, region, ARRAY['unit-' || right(ticket_number, 3)], '', '', NULL, false, false FROM decisions;
    ANALYZE decisions, ticket_scopes;";

fn county() -> Scope {
    let code = RegionCode::parse("440105").unwrap();
    let actor = Actor {
        principal_id: "li.wei".to_owned(),
        name: String::new(),
        kind: PrincipalKind::Person,
        roles: vec!["supervisor".to_owned()],
        unit_ids: vec!["haizhu-desk".to_owned()],
        regions: vec![Regions::national().range(code)],
        rights: Vec::new(),
        language: String::new(),
        customer_id: None,
    };
    Caller::with(actor, Policies::shared().unwrap(), "decisions.read").scope()
}

fn administrator() -> Actor {
    let rights = vec!["sensitive".to_owned(), "personal".to_owned()];
    let regions = vec![gongdan_region::RegionRange { start: 0, end: i64::MAX }];
    let roles = vec!["administrator".to_owned()];
    let (principal_id, kind) = ("admin".to_owned(), PrincipalKind::Person);
    let (name, language) = (String::new(), String::new());
    Actor {
        principal_id,
        name,
        kind,
        roles,
        unit_ids: Vec::new(),
        regions,
        rights,
        language,
        customer_id: None,
    }
}

async fn plan(pool: &PgPool, mut statement: QueryBuilder<Postgres>) -> String {
    let explain = format!("EXPLAIN {}", statement.sql().as_str());
    let arguments = statement.build().take_arguments().unwrap().unwrap();
    let rows: Vec<String> =
        sqlx::query_scalar_with(sqlx::AssertSqlSafe(explain), arguments).fetch_all(pool).await.unwrap();
    rows.join("\n")
}

#[tokio::test]
async fn what_a_county_asks_for_begins_with_its_own_tickets() {
    let env = Env::start(crate::schema()).await;
    sqlx::raw_sql(DECISIONS).execute(env.pool()).await.unwrap();
    let scope = county();
    let list = |filter: DecisionFilter| list(&scope, &filter, Some(Uuid::max()), 51);
    let number = Some(DecisionName::Number("GD77".to_owned()));
    for (what, statement, index) in [
        ("all", list(DecisionFilter::default()), "ticket_scopes_region_idx"),
        (
            "dispatched",
            list(DecisionFilter { state: Some(2), ..DecisionFilter::default() }),
            "ticket_scopes_region_idx",
        ),
        (
            "of a number",
            list(DecisionFilter { ticket: number, ..DecisionFilter::default() }),
            "decisions_by_number",
        ),
    ] {
        let plan = plan(env.pool(), statement).await;
        assert!(plan.contains(index), "{what} does not use {index}:\n{plan}");
        assert!(!plan.contains("Seq Scan"), "{what} reads a whole table:\n{plan}");
    }
}

#[tokio::test]
async fn a_simulation_goes_back_along_an_index_however_much_the_caller_sees() {
    let env = Env::start(crate::schema()).await;
    sqlx::raw_sql(DECISIONS).execute(env.pool()).await.unwrap();
    let plan_of = async |scope: &Scope| {
        let plan = plan(env.pool(), past(scope, Some(Uuid::max()), 400)).await;
        assert!(!plan.contains("Seq Scan"), "a simulation reads a whole table:\n{plan}");
        plan
    };
    let everything = Caller::with(administrator(), Policies::shared().unwrap(), "decisions.read").scope();
    let plan = plan_of(&everything).await;
    assert!(plan.contains("ticket_scopes_pkey") && !plan.contains("Sort"), "{plan}");
    plan_of(&county()).await;
}

const PEOPLE: &str = "
    INSERT INTO principals (id, issuer, subject, name, kind, unit_ids, version)
    SELECT 'p' || n, '', '', 'p', 1, ARRAY['unit-' || n % 1000, 'all-' || n % 7], 1 FROM generate_series(1, 40000) AS n;
    ANALYZE principals;";

/// `ListPrincipals` and `ListLoads` by the statement itself, `ListOnDuty` and what is read with duty by their conditions.
#[tokio::test]
async fn people_of_a_unit_are_found_without_reading_the_others() {
    let env = Env::start(crate::schema()).await;
    sqlx::raw_sql(PEOPLE).execute(env.pool()).await.unwrap();
    let filter = PrincipalFilter { unit_id: Some("unit-77".to_owned()), ..PrincipalFilter::default() };
    let then = PrincipalFilter { at: Some(env.clock().now()), ..filter.clone() };
    let of = |condition: &str| {
        QueryBuilder::new(format!(
            "SELECT id, name FROM principals WHERE {condition} AND kind = 1 ORDER BY id"
        ))
    };
    for (what, statement) in [
        ("a list", principals_at::list(&filter, Ids::After("p1"), 101)),
        ("a list of then", principals_at::list(&then, Ids::After("p1"), 101)),
        ("members", of("unit_ids @> ARRAY['unit-77'::text]")),
        ("of units", of("unit_ids && ARRAY['unit-77', 'unit-78']")),
    ] {
        let plan = plan(env.pool(), statement).await;
        assert!(plan.contains("principals_by_unit"), "{what}:\n{plan}");
        assert!(!plan.contains("Seq Scan"), "{what} reads a whole table:\n{plan}");
    }
}

/// An import of a few reads these and who has their tokens, however many citizens there are.
#[tokio::test]
async fn principals_of_an_import_are_found_without_reading_the_others() {
    let env = Env::start(crate::schema()).await;
    sqlx::raw_sql(
        "INSERT INTO principals (id, issuer, subject, name, kind, version)
         SELECT 'c' || n, 'issuer', 's' || n, 'c', 3, 1 FROM generate_series(1, 40000) AS n;
         ANALYZE principals;",
    )
    .execute(env.pool())
    .await
    .unwrap();
    let names = |of: &str| -> Vec<String> { (7..12).map(|n| format!("{of}{n}")).collect() };
    let tokens: Vec<_> = names("s").into_iter().map(|subject| ("issuer".to_owned(), subject)).collect();
    let plan = plan(env.pool(), principals::named(&names("c"), &tokens)).await;
    assert!(plan.contains("principals_pkey") && plan.contains("principals_by_token"), "{plan}");
    assert!(!plan.contains("Seq Scan"), "{plan}");
}
