//! With many extensions no page of the list reads the table. Source: DESIGN rule 12.

use super::*;
use gongdan_access::{Caller, Policies};
use gongdan_auth::Actor;
use gongdan_clock::{Clock as _, SystemClock};
use gongdan_proto::common::v1::PrincipalKind;
use gongdan_region::Regions;
use gongdan_testkit::Env;
use sqlx::{AssertSqlSafe, Executor as _};
use std::sync::Arc;

fn supervisor() -> Caller {
    let actor = Actor {
        principal_id: "guo.qiang".into(),
        name: "Guo".into(),
        kind: PrincipalKind::Person,
        roles: vec!["supervisor".into()],
        unit_ids: vec!["centre".into()],
        regions: vec![Regions::national().range(RegionCode::parse("44").unwrap())],
        rights: Vec::new(),
        language: "en".into(),
        customer_id: None,
    };
    Caller::with(actor, Arc::new(Policies::shipped().unwrap()), "extensions.read")
}

const FILL: &str = "
INSERT INTO tickets (id, number, version, phase, round, kind, item, region, channel, priority, origin, lead_unit,
                     received_at, subject, body, state)
SELECT gen_random_uuid(), 'GD' || n, 3, 5, 1, 2, 'item', 440100000000 + (n % 90) * 1000000, 1, 3, 1, 'unit-' || n % 60,
       now() - n * interval '1 minute', 's', 'b', convert_to(repeat('s', 600), 'utf8')
FROM generate_series(1, 20000) n;
INSERT INTO extensions (extension_id, ticket_id, extension_state, requested_at)
SELECT gen_random_uuid(), id, CASE WHEN abs(hashtext(number)) % 200 = 0 THEN 1 ELSE 2 END, received_at FROM tickets;
ANALYZE tickets; ANALYZE extensions;
";

#[tokio::test]
async fn no_page_of_extensions_reads_the_table() {
    let env = Env::start(crate::schema()).await;
    env.pool().execute(FILL).await.unwrap();
    let caller = supervisor();
    let after = Some(After { received_at: SystemClock.now(), id: Uuid::nil() });
    let (waiting, both) =
        (&[ExtensionState::Requested][..], &[ExtensionState::Requested, ExtensionState::Approved][..]);
    for (states, after, index) in [
        (waiting, None, "extensions_requested_idx"),
        (waiting, after, "extensions_requested_idx"),
        (both, None, "extensions_list_idx"),
        (both, after, "extensions_list_idx"),
    ] {
        let sql = statement(&caller.scope(), states, &[], after, 51).sql().as_str().to_owned();
        let explain = format!("EXPLAIN (GENERIC_PLAN) {sql}");
        let plan: Vec<String> = sqlx::raw_sql(AssertSqlSafe(explain))
            .fetch_all(env.pool())
            .await
            .unwrap()
            .iter()
            .map(line)
            .collect();
        let plan = plan.join("\n");
        assert!(plan.contains(index) && !plan.contains("Seq Scan on extensions"), "{sql}\n{plan}");
        assert!(!plan.contains("Seq Scan on tickets"), "{sql}\n{plan}");
    }
}

fn line(row: &sqlx::postgres::PgRow) -> String {
    sqlx::Row::get(row, 0)
}
