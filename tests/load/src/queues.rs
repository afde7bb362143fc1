//! `queues`: how long the pages of work queues and their counts take among few tickets and among many. Source: T27.
//!
//! Both sizes have the same mixture: one in ten in flight, in a hundred counties, with three hundred units and a thousand
//! people, of which one unit and one person are the caller's, who has so much to do that a page of each queue is full at
//! both sizes. Calls are made in turn, queue by queue.

use crate::{
    bulk::{Indexes, execute},
    options::{Common, Output, QueuesOptions},
    output::round,
    setup,
    stats::Latencies,
    suite::Suite,
};
use anyhow::Context;
use gongdan_proto::tickets::v1::{CountQueuesRequest, ListQueueRequest, Queue};
use serde::Serialize;
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::time::{Duration, Instant};

/// Tickets written by one statement.
const CHUNK: u64 = 50_000;

/// Medians in milliseconds.
#[derive(Serialize)]
struct Row {
    queue: String,
    /// Tickets in it, at both sizes.
    standing: [i64; 2],
    list_ms: [f64; 2],
    ratio: f64,
}

/// The result, one JSON line.
#[derive(Serialize)]
struct Measured {
    scenario: &'static str,
    tickets: [u64; 2],
    count_ms: [f64; 2],
    count_ratio: f64,
    worst_ratio: f64,
    queues: Vec<Row>,
}

/// At one size.
struct Sized {
    count_ms: f64,
    standing: Vec<i64>,
    list_ms: Vec<f64>,
}

pub(crate) async fn run(suite: &Suite, common: &Common, options: &QueuesOptions) -> anyhow::Result<()> {
    let pool =
        PgPoolOptions::new().max_connections(2).connect(&suite.database_url("gongdan_tickets")?).await?;
    // Whoever administers has a unit here, so that the queues of units are measured too.
    execute(&pool, "UPDATE principals SET unit_ids = '{centre}' WHERE id = 'admin'".to_owned()).await?;
    // What lists show has to be a ticket: one that the service wrote.
    let sample = suite.tickets().await?.create_ticket(setup::request(0)).await?.into_inner();
    // Until the service has heard of the unit.
    tokio::time::sleep(Duration::from_secs(12)).await;
    let mut measured = Vec::new();
    let mut there = 0;
    for tickets in [options.few, options.many.max(options.few)] {
        fill(&pool, &sample.id, there, tickets).await.context("filling the database")?;
        there = tickets;
        measured.push(measure(suite, options.calls).await?);
    }
    let [few, many] = <[Sized; 2]>::try_from(measured).map_err(|_| anyhow::anyhow!("two sizes"))?;
    let queues: Vec<Row> = queues()
        .enumerate()
        .map(|(at, queue)| Row {
            queue: queue.as_str_name().trim_start_matches("QUEUE_").to_lowercase(),
            standing: [few.standing[at], many.standing[at]],
            list_ms: [round(few.list_ms[at]), round(many.list_ms[at])],
            ratio: round(many.list_ms[at] / few.list_ms[at]),
        })
        .collect();
    let count_ratio = round(many.count_ms / few.count_ms);
    let result = Measured {
        scenario: "queues",
        tickets: [options.few, there],
        count_ms: [round(few.count_ms), round(many.count_ms)],
        count_ratio,
        worst_ratio: queues.iter().map(|row| row.ratio).fold(count_ratio, f64::max),
        queues,
    };
    match common.output {
        Output::Json => println!("{}", serde_json::to_string(&result)?),
        Output::Text => {
            println!(
                "{:>16} {:>10} {:>10} {:>10} {:>10} {:>6}",
                "queue", "few", "many", "few ms", "many ms", "ratio"
            );
            for row in &result.queues {
                println!(
                    "{:>16} {:>10} {:>10} {:>10} {:>10} {:>6}",
                    row.queue, row.standing[0], row.standing[1], row.list_ms[0], row.list_ms[1], row.ratio
                );
            }
            let [few, many] = result.count_ms;
            println!("{:>16} {:>10} {:>10} {few:>10} {many:>10} {count_ratio:>6}", "all counts", "", "");
        }
    }
    Ok(())
}

fn queues() -> impl Iterator<Item = Queue> {
    (1..=12).filter_map(|number| Queue::try_from(number).ok())
}

async fn measure(suite: &Suite, calls: u32) -> anyhow::Result<Sized> {
    let mut client = suite.queues().await?;
    let mut counting = Latencies::default();
    let mut standing = Vec::new();
    // The first calls plan, and bring pages into memory.
    for call in 0..calls + 3 {
        let began = Instant::now();
        let counts = client.count_queues(CountQueuesRequest {}).await?.into_inner().counts;
        if call >= 3 {
            counting.add(began.elapsed());
        }
        standing = counts.into_iter().map(|count| count.tickets).collect();
    }
    let mut list_ms = Vec::new();
    for queue in queues() {
        let mut listing = Latencies::default();
        for call in 0..calls + 3 {
            let request = ListQueueRequest { queue: queue.into(), page_size: 50, ..Default::default() };
            let began = Instant::now();
            client.list_queue(request).await?;
            if call >= 3 {
                listing.add(began.elapsed());
            }
        }
        list_ms.push(listing.percentile_ms(50));
    }
    Ok(Sized { count_ms: counting.percentile_ms(50), standing, list_ms })
}

/// Writes tickets past the service until there are so many, and counts them as acts would have.
async fn fill(pool: &PgPool, sample: &str, from: u64, upto: u64) -> anyhow::Result<()> {
    let mut at = from;
    let indexes = Indexes::drop(pool, "tickets").await?;
    while at < upto {
        let end = (at + CHUNK).min(upto);
        sqlx::query(
            "WITH me AS (SELECT COALESCE((SELECT unit_ids[1] FROM principals WHERE id = 'admin'), 'centre') AS unit)
             INSERT INTO tickets (id, number, version, phase, round, kind, item, region, channel, priority, origin,
               lead_unit, handler, received_at, subject, body, state, created_by, marks, due_at)
             SELECT gen_random_uuid(), 'GDQ' || n, 1, s.phase, 1, 2, 'unclassified',
               440100000000 + (n % 100) * 1000000, 1, 1 + (n / 7) % 5, 1,
               CASE WHEN n % 30 = 1 THEN me.unit ELSE 'unit-' || n % 300 END,
               CASE WHEN n % 50 = 1 THEN 'admin' ELSE 'person-' || n % 1000 END,
               now() - n * interval '1 second', 's', 'b', (SELECT state FROM tickets WHERE id = $3::uuid),
               CASE WHEN s.phase = 1 OR (n / 10) % 1000 = 1 THEN 'admin' ELSE 'person-' || (n / 10) % 1000 END,
               CASE WHEN s.phase = 3 AND n % 3 = 0 THEN 1 WHEN s.phase = 5 THEN CASE (n / 20) % 20 WHEN 0 THEN 8 WHEN 1 THEN 2
                 ELSE 0 END WHEN s.phase = 10 AND (n / 11) % 100 = 0 THEN 4 ELSE 0 END,
               CASE WHEN s.phase BETWEEN 3 AND 7 THEN now() + (n % 1000) * interval '1 minute' END
             FROM generate_series($1::bigint + 1, $2::bigint) AS n, me,
               LATERAL (SELECT CASE WHEN (n / 13) % 20 = 0 THEN 5 WHEN (n / 13) % 20 = 1 THEN 3
                 WHEN (n / 13) % 500 = 2 THEN 1 ELSE 10 END AS phase) AS s",
        )
        .bind(i64::try_from(at)?)
        .bind(i64::try_from(end)?)
        .bind(sample)
        .execute(pool)
        .await?;
        at = end;
        if at.is_multiple_of(500_000) {
            eprintln!("{at} of {upto} tickets");
        }
    }
    indexes.make(pool).await?;
    for statement in [
        "INSERT INTO doers (person, received_at, ticket_id, unit)
         SELECT handler, received_at, id, lead_unit FROM tickets WHERE number LIKE 'GDQ%' AND phase >= 5 ON CONFLICT DO NOTHING",
        "INSERT INTO trackers (person, ticket_id, unit, received_at)
         SELECT handler, id, lead_unit, received_at FROM tickets WHERE number LIKE 'GDQ%' AND phase = 5
         ON CONFLICT DO NOTHING",
        "INSERT INTO assisting (unit, ticket_id, received_at)
         SELECT lead_unit, id, received_at FROM tickets WHERE number LIKE 'GDQ%' AND phase = 5 ON CONFLICT DO NOTHING",
        "TRUNCATE queue_deltas, queue_counts",
        "INSERT INTO queue_counts (queue, owner, unit, region, class, n)
         SELECT p.queue, p.owner, p.unit, t.region, 0, count(*)
         FROM tickets t CROSS JOIN LATERAL (VALUES
           (1, lead_unit, lead_unit, phase BETWEEN 3 AND 7 AND lead_unit IS NOT NULL),
           (2, handler, lead_unit, phase BETWEEN 3 AND 7 AND handler IS NOT NULL),
           (3, handler, lead_unit, phase >= 10 AND handler IS NOT NULL),
           (3, created_by, '', phase > 1 AND created_by IS NOT NULL AND created_by IS DISTINCT FROM handler),
           (4, handler, lead_unit, phase = 5),
           (12, lead_unit, lead_unit, phase = 5 AND lead_unit IS NOT NULL),
           (5, '', '', phase BETWEEN 3 AND 7),
           (6, '', '', phase >= 10), (6, lead_unit, lead_unit, phase >= 10 AND lead_unit IS NOT NULL),
           (7, created_by, '', phase = 1),
           (8, '', '', marks & 1 <> 0), (8, lead_unit, lead_unit, marks & 1 <> 0 AND lead_unit IS NOT NULL),
           (9, '', '', marks & 2 <> 0), (9, lead_unit, lead_unit, marks & 2 <> 0 AND lead_unit IS NOT NULL),
           (10, '', '', marks & 8 <> 0), (10, lead_unit, lead_unit, marks & 8 <> 0 AND lead_unit IS NOT NULL),
           (11, '', '', marks & 4 <> 0), (11, lead_unit, lead_unit, marks & 4 <> 0 AND lead_unit IS NOT NULL)
         ) AS p (queue, owner, unit, stands)
         WHERE p.stands AND p.owner IS NOT NULL AND p.unit IS NOT NULL GROUP BY 1, 2, 3, 4",
        "VACUUM ANALYZE tickets",
        "VACUUM ANALYZE doers",
        "VACUUM ANALYZE trackers",
        "VACUUM ANALYZE assisting",
        "VACUUM ANALYZE queue_counts",
    ] {
        execute(pool, statement.to_owned()).await?;
    }
    Ok(())
}
