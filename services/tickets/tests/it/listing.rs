//! Lists: filters, keyset pages, and the plans behind them.

use crate::suite::{Suite, complaint, instant, past};
use gongdan_proto::tickets::v1 as pb;
use sqlx::{AssertSqlSafe, Executor as _};
use tonic::Code;

async fn ids(suite: &Suite, filter: pb::TicketFilter) -> Vec<String> {
    let request = pb::ListTicketsRequest { filter: Some(filter), ..Default::default() };
    let page = suite.tickets("admin").list_tickets(request).await.unwrap().into_inner();
    page.tickets.into_iter().map(|ticket| ticket.id).collect()
}

#[tokio::test]
async fn every_field_of_a_filter_narrows() {
    let suite = Suite::start().await;
    let here = suite.dispatched("tianhe-env").await;
    let there = pb::CreateTicketRequest {
        region: "430100".to_owned(),
        channel: pb::Channel::Web.into(),
        ..complaint()
    };
    let there = suite.tickets("zhao.min").create_ticket(there).await.unwrap().into_inner();
    let old =
        suite.tickets("admin").record_past_ticket(past("1")).await.unwrap().into_inner().ticket.unwrap();
    let all = pb::TicketFilter::default();
    assert_eq!(
        ids(&suite, all.clone()).await,
        [&there.id, &here.id, &old.id].map(Clone::clone),
        "newest first"
    );
    for (filter, found) in [
        (pb::TicketFilter { phases: vec![pb::Phase::Dispatched.into()], ..all.clone() }, vec![&here]),
        (pb::TicketFilter { regions: vec!["44".to_owned()], ..all.clone() }, vec![&here]),
        (pb::TicketFilter { regions: vec!["43".to_owned()], ..all.clone() }, vec![&there, &old]),
        (pb::TicketFilter { lead_unit_ids: vec!["tianhe-env".to_owned()], ..all.clone() }, vec![&here]),
        (pb::TicketFilter { channels: vec![pb::Channel::Web.into()], ..all.clone() }, vec![&there, &old]),
        (pb::TicketFilter { received_to: Some(instant("2020-01-01T00:00:00Z")), ..all.clone() }, vec![&old]),
        (pb::TicketFilter { customer_id: old.customer_id.clone(), ..all.clone() }, vec![&old]),
        (
            pb::TicketFilter { tickets: vec![here.number.clone(), old.id.clone()], ..all.clone() },
            vec![&here, &old],
        ),
        (pb::TicketFilter { origin: 2, ..all.clone() }, vec![&old]),
        (pb::TicketFilter { items: vec!["none".to_owned()], ..all.clone() }, vec![]),
        (pb::TicketFilter { types: vec![pb::TicketType::Praise.into()], ..all.clone() }, vec![]),
        (
            pb::TicketFilter { priorities: vec![pb::Priority::P4.into()], ..all.clone() },
            vec![&there, &here, &old],
        ),
    ] {
        let found: Vec<String> = found.into_iter().map(|ticket| ticket.id.clone()).collect();
        assert_eq!(ids(&suite, filter.clone()).await, found, "{filter:?}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let suite = Suite::start().await;
    let mut expected = Vec::new();
    for _ in 0..7 {
        expected.insert(0, suite.submitted().await.id);
    }
    let mut found = Vec::new();
    let mut request = pb::ListTicketsRequest { page_size: 3, ..Default::default() };
    loop {
        let page = suite.tickets("admin").list_tickets(request.clone()).await.unwrap().into_inner();
        assert!(page.tickets.iter().all(|ticket| ticket.body.is_empty() && !ticket.subject.is_empty()));
        found.extend(page.tickets.into_iter().map(|ticket| ticket.id));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(found, expected);
    let other = pb::TicketFilter { origin: 1, ..Default::default() };
    let first = pb::ListTicketsRequest { page_size: 3, ..Default::default() };
    let token = suite.tickets("admin").list_tickets(first).await.unwrap().into_inner().next_page_token;
    let mixed = pb::ListTicketsRequest { filter: Some(other), page_token: token, ..Default::default() };
    assert_eq!(suite.tickets("admin").list_tickets(mixed).await.unwrap_err().code(), Code::InvalidArgument);
}

/// With thousands of tickets no list, no act and no look at the log reads a whole table.
#[tokio::test]
async fn no_list_scans_the_table() {
    let suite = Suite::start().await;
    let pool = suite.env.pool();
    pool.execute(
        "INSERT INTO tickets (id, number, version, phase, round, kind, item, region, channel, priority, origin,
           customer_id, lead_unit, handler, received_at, resolved_at, subject, body, state)
         SELECT gen_random_uuid(), 'GD' || n, 3, CASE WHEN n % 50 = 0 THEN 4 WHEN n % 70 = 0 THEN 8 ELSE 10 END, 1, 2,
           'item-' || n % 40, 440100000000 + (n % 90) * 1000000, 1, 3, 1, gen_random_uuid(), 'unit-' || n % 60,
           'person-' || n % 300, now() - n * interval '1 minute', now() - n * interval '1 minute', 's', repeat('b', 300),
           convert_to(repeat('s', 600), 'utf8')
         FROM generate_series(1, 8000) n",
    )
    .await
    .unwrap();
    pool.execute(
        "INSERT INTO events (event_id, aggregate_id, version, type, subject, occurred_at, recorded_at, origin, payload)
         SELECT gen_random_uuid(), id, v, 'submitted', 's', now(), now(), 1, 'p' FROM tickets, generate_series(1, 3) v",
    )
    .await
    .unwrap();
    for table in ["tickets", "events", "contacts", "resolutions"] {
        pool.execute(AssertSqlSafe(format!("ANALYZE {table}"))).await.unwrap();
    }
    // Partitions of other months are empty, and an empty table is read as it is.
    let filled: String = sqlx::query_scalar("SELECT tableoid::regclass::text FROM events LIMIT 1")
        .fetch_one(pool)
        .await
        .unwrap();
    let page = "ORDER BY received_at DESC, id DESC LIMIT 51";
    for statement in [
        format!("SELECT * FROM ticket_views WHERE true {page}"),
        format!("SELECT * FROM ticket_views WHERE (received_at, id) < (now() - interval '1 day', '019a0000-0000-7000-8000-000000000001') {page}"),
        format!("SELECT * FROM ticket_views WHERE phase = ANY('{{4}}') {page}"),
        format!("SELECT * FROM ticket_views WHERE region BETWEEN 440106000000 AND 440106999999 {page}"),
        format!("SELECT * FROM ticket_views WHERE lead_unit = ANY('{{unit-7}}') {page}"),
        format!("SELECT * FROM ticket_views WHERE handler = ANY('{{person-7}}') {page}"),
        format!("SELECT * FROM ticket_views WHERE customer_id = '019a0000-0000-7000-8000-000000000001' {page}"),
        format!("SELECT * FROM ticket_views WHERE (id = ANY('{{}}') OR number = ANY('{{GD5}}')) {page}"),
        "SELECT id, state FROM tickets WHERE id = ANY('{019a0000-0000-7000-8000-000000000001}')".to_owned(),
        "SELECT id FROM tickets WHERE phase IN (8, 9) AND resolved_at < now() - interval '7 days'
           AND (resolved_at, id) > ('epoch', '00000000-0000-0000-0000-000000000000') ORDER BY resolved_at, id LIMIT 200"
            .to_owned(),
        "SELECT payload FROM events WHERE aggregate_id = '019a0000-0000-7000-8000-000000000001' AND version > 0 ORDER BY version LIMIT 100"
            .to_owned(),
        "SELECT payload FROM events e WHERE (e.txid, e.position) > ('0'::xid8, 0)
           AND e.txid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY e.txid, e.position LIMIT 200"
            .to_owned(),
    ] {
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("EXPLAIN {statement}")))
            .fetch_all(pool)
            .await
            .unwrap();
        let plan = plan.join("\n");
        for table in ["tickets", filled.as_str()] {
            assert!(!plan.contains(&format!("Seq Scan on {table}")), "{statement}\n{plan}");
        }
    }
}
