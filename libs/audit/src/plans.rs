//! How the database reads pages of a log that has grown.

use crate::store::{Filter, plan};
use gongdan_pg::Schema;
use gongdan_testkit::Env;

/// Fifty thousand entries of a month, by a hundred callers, about ten thousand tickets.
const FILL: &str = "
    INSERT INTO audit.entries
    SELECT n, now(), sha256(int8send(n)), gen_random_uuid(), now() - n * interval '1 second', 'tickets', 'm', 'tickets.read',
           CASE WHEN n % 100 = 0 THEN 3 ELSE 2 END, 1, 'person-' || n % 100, 1, '{}', '', '127.0.0.1', md5(n::text), '',
           '{ticket}', ARRAY['GD' || n % 10000], CASE WHEN n % 100 = 1 THEN 7 ELSE 0 END, '', 0, '{}'
    FROM generate_series(1, 50000) AS n
    WHERE audit.ensure_partition(now()::date) IS NOT NULL";

#[tokio::test]
async fn each_page_has_its_index() {
    let schema = Schema::new(&[
        &gongdan_pg::MIGRATOR,
        &gongdan_outbox::MIGRATOR,
        &gongdan_auth::MIGRATOR,
        &crate::MIGRATOR,
    ]);
    let env = Env::start(schema).await;
    let mut connection = env.pool().acquire().await.unwrap();
    sqlx::query("SELECT audit.ensure_partition(now()::date)").execute(&mut *connection).await.unwrap();
    sqlx::query(FILL).execute(&mut *connection).await.unwrap();
    sqlx::query("VACUUM ANALYZE audit.entries").execute(&mut *connection).await.unwrap();
    let now: gongdan_clock::SharedClock = env.clock();
    for (index, filter) in [
        ("_at_number_idx", Filter::default()),
        ("_at_number_idx", Filter { from: Some(now.now()), ..Filter::default() }),
        ("_principal_id_at_number_idx", Filter { principal_id: "person-7".to_owned(), ..Filter::default() }),
        ("_at_number_idx1", Filter { codes: vec![7], ..Filter::default() }),
        ("_at_number_idx2", Filter { levels: vec![3], ..Filter::default() }),
        ("_resource_ids_array_idx", Filter { resource_id: "GD77".to_owned(), ..Filter::default() }),
        (
            "_resource_ids_array_idx",
            Filter { trace_id: "c4ca4238a0b923820dcc509a6f75849b".to_owned(), ..Filter::default() },
        ),
    ] {
        let plan = plan(&mut connection, &filter).await.unwrap();
        assert!(plan.contains(index) && !plan.contains("Seq Scan"), "{filter:?}\n{plan}");
        // One page is read, not all of the log sorted, but where few entries are found by a name.
        assert!(
            !plan.contains("Sort") || !filter.resource_id.is_empty() || !filter.trace_id.is_empty(),
            "{plan}"
        );
    }
}
