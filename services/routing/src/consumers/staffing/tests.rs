//! Many who decide at once, against a real PostgreSQL that refuses a load above the capacity by a constraint of its own.

use super::*;
use crate::store::reservations;
use futures::future::join_all;
use gongdan_clock::new_id;
use gongdan_region::RegionCode;
use gongdan_routing_domain::{
    AreaIndex, Condition, History, PersonEntry, Refusals, RuleAction, RuleInForce, Target, TicketFacts, Unit,
    UnitKind,
    duty::{DEFAULT_ZONE, DutyBook, Roster, Shift},
    strategy::{Otherwise, Strategy, StrategyTarget},
};
use gongdan_testkit::Env;
use jiff::civil::time;
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

const CAPACITY: u32 = 5;
const DECIDERS: usize = 12;
const ROUNDS: usize = 15;

/// `p0` to `p7` in `roads`, of whom the last two are off duty at any time.
fn directory(strategy: Strategy) -> Directory {
    let region = RegionCode::parse("440106").unwrap();
    let (id, name, kind) = ("roads".to_owned(), "roads".to_owned(), UnitKind::Unit);
    let unit = Unit { id: id.clone(), name, kind, parent_id: None, region, valid_from: None, valid_to: None };
    let people: HashMap<String, PersonEntry> =
        (0..8).map(|n| (format!("p{n}"), PersonEntry::of(["roads"]))).collect();
    let shift = Shift {
        name: "day".into(),
        person_ids: (0..6).map(|n| format!("p{n}")).collect(),
        weekdays: (1..=7).collect(),
        dates: std::collections::BTreeSet::new(),
        except: std::collections::BTreeSet::new(),
        first_day: None,
        last_day: None,
        start: time(0, 0, 0, 0),
        end: time(0, 0, 0, 0),
    };
    let roster = Roster {
        id: "main".into(),
        name: "main".into(),
        unit_id: id.clone(),
        time_zone: DEFAULT_ZONE.into(),
        capacity: CAPACITY,
        capacities: BTreeMap::new(),
        shifts: vec![shift],
    };
    let target = StrategyTarget {
        unit_id: id.clone(),
        strategy,
        skills: Vec::new(),
        capacity: 0,
        otherwise: Otherwise::Pool,
        claim_limit: 0,
    };
    let rule = RuleInForce {
        revision: 1,
        id: "rule".into(),
        name: "rule".into(),
        condition: Condition::compile("true").unwrap(),
        action: RuleAction { target: Some(RuleTarget::Strategy(target)), ..RuleAction::default() },
    };
    Directory::new(HashMap::from([(id, unit)]), people, AreaIndex::new(Vec::new()), vec![rule])
        .with_duty(DutyBook::new(vec![roster], Vec::new(), Vec::new()))
}

fn question(lot: u64) -> Question {
    let ticket = TicketFacts {
        ticket_type: "complaint",
        type_key: "complaint".into(),
        item: "道路".into(),
        region: RegionCode::parse("440106").unwrap(),
        grid: None,
        priority: 3,
        channel: "phone",
        urgency: "medium",
        impact: "low",
        subject: String::new(),
        body: String::new(),
        round: 1,
        return_count: 0,
        repeat_count: 0,
        returned_by: Vec::new(),
        arbitration: false,
        tier: 1,
        sensitive: false,
        received_at: Timestamp::UNIX_EPOCH,
        customer_known: false,
        customer_tier: String::new(),
    };
    let history = History { lot, ..History::default() };
    Question { ticket, refusals: Refusals::default(), history }
}

/// A rule that names somebody counts before a strategy looks, and after it: neither stops the batch.
#[tokio::test(flavor = "multi_thread")]
async fn r6_whom_a_rule_names_and_a_strategy_chooses_in_one_batch() {
    let env = Env::start(crate::schema()).await;
    sqlx::query(
        "INSERT INTO loads (person_id, held, reserved) SELECT 'p' || n, 4, 0 FROM generate_series(0, 5) AS n",
    )
    .execute(env.pool())
    .await
    .unwrap();
    let by_turns = directory(Strategy::RoundRobin);
    let by_name = RuleInForce {
        revision: 2,
        id: "urgent".into(),
        name: "urgent".into(),
        condition: Condition::compile("ticket.priority == 1").unwrap(),
        action: RuleAction {
            target: Some(RuleTarget::Person { person_id: "p0".into(), unit_id: None }),
            ..RuleAction::default()
        },
    };
    let rules = [vec![by_name], by_turns.rules().to_vec()].concat();
    let units = HashMap::from([("roads".to_owned(), by_turns.unit("roads").unwrap().clone())]);
    let people = (0..6).map(|n| (format!("p{n}"), PersonEntry::of(["roads"]))).collect();
    let directory = Arc::new(Directory::new(units, people, AreaIndex::new(Vec::new()), rules));
    let urgent = |lot| {
        let question = question(lot);
        Question { ticket: TicketFacts { priority: 1, ..question.ticket.clone() }, ..question }
    };
    let metrics = Metrics::new();
    let now = gongdan_clock::Clock::now(&gongdan_clock::SystemClock);
    let desk = Desk { directory, capacity: CAPACITY, now, metrics: &metrics };
    let mut transaction = env.pool().begin().await.unwrap();
    let questions = vec![question(1), urgent(2), question(3), urgent(4)];
    let decided = desk.decide(&mut transaction, questions, LoadChanges::new()).await.unwrap();
    transaction.commit().await.unwrap();
    let people: Vec<_> = decided.iter().map(|decided| decided.target.person_id().unwrap()).collect();
    assert_eq!(people, ["p1", "p0", "p2", "p0"], "p0 is full by what is named");
    let reserved: Vec<(String, i32)> =
        sqlx::query_as("SELECT person_id, reserved FROM loads WHERE reserved > 0 ORDER BY person_id")
            .fetch_all(env.pool())
            .await
            .unwrap();
    assert_eq!(reserved, [("p0".to_owned(), 2), ("p1".to_owned(), 1), ("p2".to_owned(), 1)]);
}

/// One who decides, as a replica does: batches of one to three tickets, and answers that free what was reserved.
async fn decider(pool: PgPool, directory: Arc<Directory>, n: usize) -> (usize, usize) {
    let (mut dispatched, mut pooled) = (0, 0);
    let metrics = Metrics::new();
    let mut mine: Vec<Uuid> = Vec::new();
    for round in 0..ROUNDS {
        let now = gongdan_clock::Clock::now(&gongdan_clock::SystemClock);
        let lot = u64::try_from(n * 1_000 + round).unwrap();
        let questions: Vec<Question> = (0..=lot % 3).map(|more| question(lot * 7 + more)).collect();
        let mut transaction = pool.begin().await.unwrap();
        let mut settled = LoadChanges::new();
        if round % 3 == 2 {
            for person in reservations::release(&mut transaction, &std::mem::take(&mut mine)).await.unwrap() {
                settled.entry(person).or_default().reserved -= 1;
            }
        }
        let desk = Desk { directory: directory.clone(), capacity: 99, now, metrics: &metrics };
        let decided = desk.decide(&mut transaction, questions, settled).await.unwrap();
        let mut named = Vec::new();
        for decided in decided {
            match decided.target {
                Target::Dispatch { person_id: Some(person), .. } => {
                    assert!(!["p6", "p7"].contains(&person.as_str()), "{person} is off duty");
                    dispatched += 1;
                    named.push((new_id(now), person));
                }
                _ => pooled += 1,
            }
        }
        mine.extend(named.iter().map(|(id, _)| *id));
        reservations::insert(&mut transaction, &named, now).await.unwrap();
        transaction.commit().await.unwrap();
    }
    (dispatched, pooled)
}

async fn no_capacity_is_broken(strategy: Strategy) {
    let env = Env::start(crate::schema()).await;
    let limit = format!("ALTER TABLE loads ADD CONSTRAINT within CHECK (held + reserved <= {CAPACITY})");
    sqlx::query(sqlx::AssertSqlSafe(limit)).execute(env.pool()).await.unwrap();
    let directory = Arc::new(directory(strategy));
    // A connection for each, so that they meet in the database and not before it.
    let connections = u32::try_from(DECIDERS).unwrap();
    let patience = std::time::Duration::from_secs(300);
    let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(patience);
    let pool = pool.connect(&env.database_url()).await.unwrap();
    let deciders = (0..DECIDERS).map(|n| tokio::spawn(decider(pool.clone(), directory.clone(), n)));
    let (mut dispatched, mut pooled) = (0, 0);
    for done in join_all(deciders).await {
        let (to_people, to_pools) = done.unwrap();
        dispatched += to_people;
        pooled += to_pools;
    }
    // There is less room than is asked for, and all of it is used.
    assert!(dispatched > 100 && pooled > 0, "{dispatched} dispatched, {pooled} pooled");
    let wrong: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM loads
         FULL JOIN (SELECT person_id, count(*) AS waits FROM reservations GROUP BY person_id) r USING (person_id)
         WHERE (coalesce(held, 0), coalesce(reserved, 0)) <> (0, coalesce(waits, 0))",
    )
    .fetch_one(env.pool())
    .await
    .unwrap();
    assert_eq!(wrong, 0, "loads count what is reserved");
}

#[tokio::test(flavor = "multi_thread")]
async fn r6_many_who_decide_at_once_break_no_capacity_by_load() {
    no_capacity_is_broken(Strategy::LeastLoaded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r6_many_who_decide_at_once_break_no_capacity_by_turns() {
    no_capacity_is_broken(Strategy::RoundRobin).await;
}
