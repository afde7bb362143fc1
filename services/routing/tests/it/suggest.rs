//! What is suggested, learnt and trained, through the API and tickets' events.

use crate::support::{Suite, TIANHE, TestTicket, refusal};
use gongdan_bus::Origin;
use gongdan_proto::{
    routing::v1::{self as pb, TrainingState},
    tickets::v1::{Phase, Resolution, Resolved, ticket_event::Change},
};
use gongdan_testkit::{eventually, eventually_some};
use tonic::Code;

const OFTEN: &str = "[suggestions]\nlearn_every = \"100ms\"\n";
const WORDS: [(&str, &str, [&str; 4]); 2] = [
    ("环境/噪音", "env", ["夜间施工噪音", "广场舞噪音扰民", "工地打桩噪音", "音响噪音扰民"]),
    ("道路/照明", "roads", ["路灯不亮", "路灯坏了很久", "路灯杆倒了", "路灯一直闪"]),
];

/// A ticket of the past, as an import tells of it.
async fn resolved(suite: &Suite, n: usize, origin: Origin) -> TestTicket {
    let (item, unit, words) = WORDS[n % 2];
    let ticket = TestTicket::new(item);
    resolve(suite, ticket, words[n / 2 % 4], unit, origin).await
}

async fn resolve(
    suite: &Suite,
    mut ticket: TestTicket,
    subject: &str,
    unit: &str,
    origin: Origin,
) -> TestTicket {
    suite.submit(&ticket, subject, origin).await;
    ticket.next(Phase::Resolved);
    ticket.state.lead_unit_id = "city".to_owned();
    ticket.state.resolution =
        Some(Resolution { responsible_unit_id: unit.to_owned(), ..Resolution::default() });
    suite.tell(&ticket, "resolved", origin, Change::Resolved(Resolved::default())).await;
    ticket
}

async fn past(suite: &Suite) {
    suite.import_guangzhou().await;
    for n in 0..24 {
        resolved(suite, n, Origin::Import).await;
    }
}

async fn train(suite: &Suite) -> Result<Vec<pb::TrainSuggesterResponse>, tonic::Status> {
    suite.log_settled().await;
    let mut answers =
        suite.suggestions("admin").train_suggester(pb::TrainSuggesterRequest {}).await?.into_inner();
    let mut all = Vec::new();
    while let Some(answer) = answers.message().await? {
        all.push(answer);
    }
    Ok(all)
}

async fn suggest(suite: &Suite, subject: &str, region: &str, item: &str) -> pb::SuggestResponse {
    let request = pb::SuggestRequest {
        subject: subject.to_owned(),
        region: region.to_owned(),
        item: item.to_owned(),
        ..pb::SuggestRequest::default()
    };
    suite.suggestions("admin").suggest(request).await.unwrap().into_inner()
}

async fn in_use(suite: &Suite) -> pb::Suggester {
    suite.suggestions("admin").get_suggester(pb::GetSuggesterRequest {}).await.unwrap().into_inner()
}

#[tokio::test]
async fn past_tickets_say_which_item_and_unit() {
    let suite = Suite::start().await;
    past(&suite).await;
    let answers = train(&suite).await.unwrap();
    let last = answers.last().unwrap();
    assert_eq!((last.state(), last.found, last.read), (TrainingState::Done, 24, 24));
    let trained = last.suggester.clone().unwrap();
    assert_eq!((trained.training, trained.tickets, trained.trained_by.as_str()), (1, 24, "admin"));
    let (items, units) = (trained.items.clone().unwrap(), trained.units.clone().unwrap());
    assert_eq!((items.tickets, items.classes, items.folds), (24, 2, 5));
    assert!(items.top1 > 0.9 && units.top1 > 0.9, "{trained:?}");
    assert_eq!(in_use(&suite).await, trained);

    for (item, unit, words) in WORDS {
        let answer = suggest(&suite, words[1], TIANHE, "").await;
        assert_eq!((answer.items[0].item.as_str(), answer.units[0].unit_id.as_str()), (item, unit));
        assert_eq!(answer.units[0].name, format!("单位 {unit}"));
        assert!(answer.items[0].confidence > 0.6, "{answer:?}");
        let sum: f64 = answer.items.iter().map(|item| item.confidence).sum();
        assert!((sum - 1.0).abs() < 1e-3, "{answer:?}");
        // The item is known: only units are left to be said.
        let answer = suggest(&suite, words[1], TIANHE, item).await;
        assert!(answer.items.is_empty() && answer.units[0].unit_id == unit);
    }
    assert!(suggest(&suite, "路灯不亮", "", "").await.units.is_empty());
    let unheard = suggest(&suite, "鼗鼙鼚鼛", TIANHE, "").await;
    assert!(unheard.items.is_empty() && unheard.units.is_empty());
}

#[tokio::test]
async fn units_that_do_not_cover_the_region_or_take_no_part_are_not_suggested() {
    let suite = Suite::start().await;
    past(&suite).await;
    train(&suite).await.unwrap();
    // 越秀区 is the city's alone, which no ticket was ever of.
    assert!(suggest(&suite, "路灯不亮", "440104", "").await.units.is_empty());
    let mut ended = crate::support::unit("roads", "city", "440106");
    ended.valid_to = Some(gongdan_proto::to_timestamp("2026-01-01T00:00:00Z".parse().unwrap()));
    suite
        .import(pb::ImportOrganisationRequest {
            request_id: crate::support::id(),
            units: vec![ended],
            ..Default::default()
        })
        .await;
    let units: Vec<_> =
        suggest(&suite, "路灯不亮", TIANHE, "").await.units.into_iter().map(|unit| unit.unit_id).collect();
    assert_eq!(units, ["env"]);
}

#[tokio::test]
async fn before_a_training_and_with_too_little_it_says_so() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    let request = pb::SuggestRequest { subject: "路灯".into(), ..Default::default() };
    let status = suite.suggestions("admin").suggest(request).await.unwrap_err();
    assert_eq!(refusal(&status).1, "SUGGESTER_UNTRAINED");
    assert_eq!(status.code(), Code::FailedPrecondition);
    let status = suite.suggestions("admin").get_suggester(pb::GetSuggesterRequest {}).await.unwrap_err();
    assert_eq!(refusal(&status).1, "SUGGESTER_UNTRAINED");
    for n in 0..6 {
        resolved(&suite, n, Origin::Import).await;
    }
    let status = train(&suite).await.unwrap_err();
    assert_eq!(
        (status.code(), refusal(&status).1.as_str()),
        (Code::FailedPrecondition, "TOO_LITTLE_TO_LEARN")
    );
    // Another may begin: the lock was let go.
    let status = train(&suite).await.unwrap_err();
    assert_eq!(refusal(&status).1, "TOO_LITTLE_TO_LEARN");
}

#[tokio::test]
async fn what_resolves_is_learnt_from_and_compared_with_what_would_have_been_said() {
    let suite = Suite::with(OFTEN).await;
    past(&suite).await;
    train(&suite).await.unwrap();
    resolved(&suite, 0, Origin::Live).await;
    let learnt = eventually_some("it is learnt from", async || {
        Some(in_use(&suite).await).filter(|suggester| suggester.learnt_since == 1)
    })
    .await;
    assert_eq!(learnt.items_since, Some(pb::Score { suggested: 1, right: 1 }));
    assert_eq!(learnt.units_since, Some(pb::Score { suggested: 1, right: 1 }));
    // From now on light is what the environment bureau does.
    let before = suggest(&suite, "路灯不亮", TIANHE, "").await.items[0].clone();
    assert_eq!(before.item, "道路/照明");
    for _ in 0..8 {
        resolve(&suite, TestTicket::new("环境/噪音"), "路灯不亮", "env", Origin::Live).await;
    }
    eventually("it says so", async || {
        let answer = suggest(&suite, "路灯不亮", TIANHE, "").await;
        answer.items[0].item == "环境/噪音" && answer.units[0].unit_id == "env"
    })
    .await;
    eventually("all are learnt from", async || in_use(&suite).await.learnt_since == 9).await;
    // What is kept is one row of weights, and nothing of the words.
    let pool = suite.env.pool();
    let (models, waiting): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM suggest_models WHERE weights IS NOT NULL), (SELECT count(*) FROM suggest_pending)",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    assert_eq!((models, waiting), (1, 0));
    let found: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM suggest_models
         WHERE position(convert_to('路灯不亮', 'UTF8') IN weights) > 0 OR quality LIKE '%路灯%'",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    assert_eq!(found, 0);
}

#[tokio::test]
async fn a_training_takes_the_place_of_the_last_and_takes_erased_words_out() {
    let suite = Suite::start().await;
    past(&suite).await;
    train(&suite).await.unwrap();
    let mut erased = resolved(&suite, 1, Origin::Import).await;
    erased.next(Phase::Closed);
    erased.state.erased = vec![gongdan_proto::tickets::v1::DataClass::Texts.into()];
    let change =
        gongdan_proto::tickets::v1::Erased { classes: erased.state.erased.clone(), ..Default::default() };
    suite.tell(&erased, "erased", Origin::Live, Change::Erased(change)).await;
    resolved(&suite, 2, Origin::Import).await;
    let again = train(&suite).await.unwrap().pop().unwrap();
    // 26 tickets were found; the words of one are gone.
    let trained = again.suggester.unwrap();
    assert_eq!((trained.training, trained.tickets), (2, 25));
    assert_eq!(suggest(&suite, "路灯不亮", TIANHE, "").await.training, 2);
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM suggest_models WHERE weights IS NOT NULL")
        .fetch_one(suite.env.pool())
        .await
        .unwrap();
    assert_eq!(kept, 1);
}

async fn waiting(suite: &Suite) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM suggest_pending").fetch_one(suite.env.pool()).await.unwrap()
}

#[tokio::test]
async fn what_a_training_has_read_is_learnt_from_once_and_what_came_after_it_too() {
    let suite = Suite::start().await;
    past(&suite).await;
    train(&suite).await.unwrap();
    for n in 0..2 {
        resolved(&suite, n, Origin::Live).await;
    }
    eventually("both wait", async || waiting(&suite).await == 2).await;
    // One of them as if it had resolved once more while the training went on.
    sqlx::query("UPDATE suggest_pending SET version = 99 WHERE ticket_id = (SELECT min(ticket_id::text)::uuid FROM suggest_pending)")
        .execute(suite.env.pool())
        .await
        .unwrap();
    train(&suite).await.unwrap();
    assert_eq!(waiting(&suite).await, 1);
}

#[tokio::test]
async fn while_a_training_goes_on_nothing_is_learnt_into_what_it_replaces() {
    let suite = Suite::with(OFTEN).await;
    past(&suite).await;
    train(&suite).await.unwrap();
    // As a training holds it.
    let mut training = suite.env.pool().acquire().await.unwrap();
    let lock = "SELECT pg_advisory_lock(('x726f7574696e6703')::bit(64)::bigint)";
    sqlx::query(lock).execute(&mut *training).await.unwrap();
    resolved(&suite, 0, Origin::Live).await;
    eventually("it waits", async || waiting(&suite).await == 1).await;
    // Several rounds of learning.
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    assert_eq!((waiting(&suite).await, in_use(&suite).await.learnt_since), (1, 0));
    sqlx::query(sqlx::AssertSqlSafe(lock.replace("lock(", "unlock("))).execute(&mut *training).await.unwrap();
    eventually("it is learnt from", async || in_use(&suite).await.learnt_since == 1).await;
}

#[tokio::test]
async fn the_desk_asks_and_administrators_train() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    let mut people = Vec::new();
    for role in ["agent", "dispatcher", "handler", "citizen"] {
        let mut person = crate::support::person(role, "env");
        person.roles = vec![role.to_owned()];
        person.regions = vec![TIANHE.to_owned()];
        people.push(person);
    }
    suite
        .import(pb::ImportOrganisationRequest {
            request_id: crate::support::id(),
            principals: people,
            ..Default::default()
        })
        .await;
    for (who, asks) in [("agent", true), ("dispatcher", true), ("handler", false), ("citizen", false)] {
        let request = pb::SuggestRequest { subject: "路灯".into(), ..Default::default() };
        let status = suite.suggestions(who).suggest(request).await.unwrap_err();
        let expected = if asks { Code::FailedPrecondition } else { Code::PermissionDenied };
        assert_eq!(status.code(), expected, "{who}: {status:?}");
        let status = suite.suggestions(who).train_suggester(pb::TrainSuggesterRequest {}).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{who}");
    }
}

#[tokio::test]
async fn what_was_taken_out_of_the_catalogue_is_neither_suggested_nor_learnt() {
    let suite = Suite::with("[suggestions]\ncatalogue_every = \"50ms\"\n").await;
    past(&suite).await;
    for n in 0..6 {
        resolve(
            &suite,
            TestTicket::new("道路/桥梁"),
            ["桥面破损", "桥上积水"][n % 2],
            "roads",
            Origin::Import,
        )
        .await;
    }
    train(&suite).await.unwrap();
    let item = async |subject| suggest(&suite, subject, TIANHE, "").await.items[0].item.clone();
    assert_eq!(item("路灯不亮").await, "道路/照明", "nothing is known of the catalogue yet");
    suite.catalogue.has(&["环境/噪音", "道路/照明", "道路/桥梁"]);
    train(&suite).await.unwrap();
    assert_eq!(in_use(&suite).await.items.unwrap().classes, 3);
    suite.catalogue.has(&["环境/噪音", "道路/桥梁"]);
    eventually("it is not suggested", async || item("路灯不亮").await != "道路/照明").await;
    // The unit that answered for it still does for what is like it.
    assert_eq!(suggest(&suite, "路灯不亮", TIANHE, "").await.units[0].unit_id, "roads");
    train(&suite).await.unwrap();
    let trained = in_use(&suite).await;
    assert_eq!((trained.items.unwrap().classes, trained.tickets), (2, 30));
    assert_eq!(suggest(&suite, "路灯不亮", TIANHE, "").await.units[0].unit_id, "roads");
    suite.catalogue.has(&["环境/噪音", "道路/照明", "道路/桥梁"]);
    train(&suite).await.unwrap();
    eventually("it is there again", async || item("路灯不亮").await == "道路/照明").await;
}

#[tokio::test]
async fn a_training_is_made_at_night_without_being_asked() {
    let mut suite = Suite::start().await;
    past(&suite).await;
    // Time enough for a process to start on a busy machine.
    let soon = gongdan_clock::Clock::now(&gongdan_clock::SystemClock) + jiff::SignedDuration::from_secs(10);
    let soon = soon.to_zoned(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap()).time();
    let soon = soon.round(jiff::Unit::Second).unwrap();
    suite.restart_with(&format!("[suggestions]\ntrain_at = \"{soon}\"\n")).await;
    let request = pb::GetSuggesterRequest {};
    let trained = eventually_some("it is trained", async || {
        suite.suggestions("admin").get_suggester(request).await.ok().map(tonic::Response::into_inner)
    })
    .await;
    assert_eq!(trained.trained_by, "service.routing");
}
