//! With many tickets no page of a queue reads the table.

use super::*;
use crate::store::plans::caller;
use gongdan_testkit::Env;
use sqlx::Executor as _;

/// Most are over; each county of two provinces has some in flight, units and people hold them, a few are marked.
const FILL: &str = "
INSERT INTO tickets (id, number, version, phase, round, kind, item, region, channel, priority, origin, lead_unit, handler,
  received_at, subject, body, state, created_by, marks, due_at)
SELECT gen_random_uuid(), 'GD' || n, 3, CASE WHEN n % 20 = 0 THEN 5 WHEN n % 33 = 0 THEN 3 WHEN n % 500 = 7 THEN 1 ELSE 10 END,
  1, 2, 'item', 440100000000 + (n % 90) * 1000000 + (n % 7) * 1000, 1, 1 + n % 5, 1, 'unit-' || n % 60, 'person-' || n % 300,
  now() - n * interval '1 minute', 's', repeat('b', 300), convert_to(repeat('s', 600), 'utf8'), 'person-' || n % 200,
  CASE WHEN n % 20 = 0 AND n % 7 = 0 THEN 8 WHEN n % 33 = 0 AND n % 4 = 0 THEN 1 ELSE 0 END, now() + n % 90 * interval '1 hour'
FROM generate_series(1, 40000) n;
INSERT INTO doers SELECT 'person-' || (abs(hashtext(number)) % 200), received_at, id, lead_unit FROM tickets WHERE phase > 1;
INSERT INTO trackers (person, ticket_id, received_at) SELECT 'person-' || (abs(hashtext(number)) % 400), id, received_at FROM tickets WHERE abs(hashtext(number)) % 50 = 0;
INSERT INTO assisting (unit, ticket_id, received_at) SELECT 'unit-' || (abs(hashtext(number)) % 60), id, received_at FROM tickets WHERE phase BETWEEN 3 AND 7 AND abs(hashtext(number)) % 9 = 0;
INSERT INTO queue_counts
SELECT q, '', '', region, 0, count(*) FROM tickets, (VALUES (5), (6), (8), (9), (10), (11)) AS v (q)
WHERE CASE q WHEN 5 THEN phase BETWEEN 3 AND 7 WHEN 6 THEN phase >= 10 WHEN 8 THEN marks & 1 <> 0
      WHEN 10 THEN marks & 8 <> 0 ELSE false END
GROUP BY 1, 4;
ANALYZE tickets; ANALYZE doers; ANALYZE trackers; ANALYZE assisting; ANALYZE queue_counts;
";

#[tokio::test]
async fn no_page_of_a_queue_reads_the_table() {
    let env = Env::start(crate::schema()).await;
    let pool = env.pool();
    pool.execute(FILL).await.unwrap();
    let mut full = 0;
    for caller in [
        caller("handler", "unit-7", "440106"),
        caller("dispatcher", "unit-7", "44"),
        caller("administrator", "centre", "110101"),
    ] {
        let scope = caller.scope();
        let whose = Whose { person: &caller.principal_id, units: &caller.unit_ids, scope: &scope };
        for queue in Queue::ALL.iter().copied() {
            for order in [Order::Received, Order::Priority, Order::Due] {
                if order != Order::Received && matches!(queue, Queue::MyDone | Queue::History | Queue::Drafts)
                {
                    continue;
                }
                let filter = Filter::default();
                let mut page =
                    QueuePage { queue, whose: &whose, filter: &filter, order, after: None, limit: 51 };
                for _ in 0..2 {
                    let branches = branches(pool, &page).await.unwrap();
                    let branches: Vec<&Branch> = branches.iter().filter(|b| !b.each.is_empty()).collect();
                    let legs = match order {
                        Order::Received => vec![Leg::Received],
                        Order::Priority => vec![Leg::Priority],
                        Order::Due => vec![Leg::Due, Leg::NotDue],
                    };
                    let mut last = None;
                    for leg in legs {
                        if branches.is_empty() {
                            continue;
                        }
                        let plan: Vec<String> = statement("EXPLAIN ", &page, &branches, leg, 51)
                            .build_query_scalar()
                            .fetch_all(pool)
                            .await
                            .unwrap();
                        let plan = plan.join("\n");
                        assert!(!plan.contains("Seq Scan on tickets"), "{queue} {order:?}\n{plan}");
                        let rows: Vec<KeyRow> = statement("", &page, &branches, leg, 51)
                            .build_query_as()
                            .fetch_all(pool)
                            .await
                            .unwrap();
                        full += usize::from(rows.len() == 51);
                        last = rows.into_iter().next_back().map(Key::from).or(last);
                    }
                    page.after = last;
                }
            }
        }
    }
    assert!(full > 20, "only {full} pages were full");
}
