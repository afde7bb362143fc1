//! Personal data is where docs/SECURITY.md says, and nowhere else: requests go through their whole lives with values that
//! occur nowhere else, which are then looked for everywhere. Source: DESIGN rule 15, X11.

mod answers;
mod life;
mod messages;
mod mistakes;
mod values;

use answers::Answers;
use gongdan_e2e::{
    endpoint,
    eventually::eventually,
    media,
    organisation::{self, ENVIRONMENT},
    otlp,
    search::{Piece, Search, Value},
    suite::Suite,
};
use gongdan_proto::common::v1::{
    ListDeadLettersRequest, dead_letter_service_client::DeadLetterServiceClient,
};
use tonic::Request;

/// More than anybody needs in production, and nothing of the libraries that only speak of bytes.
const TALKATIVE: &str =
    "info,gongdan=trace,sqlx=debug,async_nats=debug,tonic=debug,h2=warn,hyper=warn,tower=warn";
/// The trace of the last calls, whose audit entries come after all others.
const LAST: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn personal_values_are_found_where_they_belong_and_nowhere_else() {
    let (collector, exported) = otlp::receiver().await;
    let mut suite = Suite::start_with(&[
        endpoint::ALLOWED[0],
        endpoint::ALLOWED[1],
        ("GONGDAN__TELEMETRY__OTLP_ENDPOINT", &collector),
        ("GONGDAN__TELEMETRY__METRICS_INTERVAL", "1s"),
        ("GONGDAN__TELEMETRY__FILTER", TALKATIVE),
        ("GONGDAN__CONSUMERS__MAX_ATTEMPTS", "2"),
        ("GONGDAN__CONSUMERS__BACKOFF", "50ms"),
        ("GONGDAN_NOTIFICATIONS__DELIVERY__FIRST_RETRY", "200ms"),
    ])
    .await;
    organisation::import(&suite).await;
    // Of a subject without noise in it it says nothing, because none of them is a number.
    let condition = "int(ticket.subject) > 5 || ticket.subject.contains('噪音')";
    organisation::rule(&suite, "noise", condition, ENVIRONMENT).await;
    let (url, mut told) = endpoint::endpoint().await;
    suite.cli_json(&["webhook", "add", &url, "-o", "json"]).await;

    let mut answers = Answers::default();
    let long = life::long(&suite, &mut answers).await;
    let confidential = life::confidential(&suite, &mut answers).await;
    life::others(&suite, &mut answers).await;
    life::erased(&suite, &mut answers).await;
    mistakes::all(&suite, &mut answers, &long).await;
    messages::settled(&suite).await;
    life::looked_at(&suite, &mut answers, &long, &confidential).await;
    messages::bad(&suite).await;
    messages::settled(&suite).await;
    messages::dead_letters(&suite, &mut answers).await;
    messages::settled(&suite).await;
    audited(&suite).await;

    // What is harmless is found in each medium, so that finding nothing means something.
    let everywhere = Value::nowhere("a ticket", &confidential.id)
        .at("row tickets audit.entries.resource_ids")
        .at("row notifications public.deliveries.body")
        .at("stream GONGDAN_TICKETS *")
        .at("span gongdan-tickets")
        .at("log logs/tickets.log")
        .at("webhook")
        .or(&["*"]);
    let method = Value::nowhere("a method", "CreateTicket")
        .at("metric gongdan-tickets")
        .at("/metrics tickets")
        .or(&["*"]);
    let servers = [
        ("violates check constraint", "log *postgres.log"),
        ("JetStream", "log *nats.log"),
        ("dispatched", "row * public.inbox_items.*"),
    ];
    let canaries = servers.map(|(text, place)| Value::nowhere("a canary", text).at(place).or(&["*"]));
    let all =
        || values::values().into_iter().chain([everywhere.clone(), method.clone()]).chain(canaries.clone());
    let mut search = Search::of(all().collect());
    search.look_all(&answers.0);
    for service in suite.file().services.keys() {
        search.look_all(&media::rows(&suite, service).await);
    }
    search.look_all(&media::messages(&suite).await);
    search.look_all(&media::metrics(&suite).await);
    search.look_all(&media::command_lines(&suite));
    while let Ok((headers, body)) = told.try_recv() {
        search.look(&Piece { place: "webhook".to_owned(), bytes: format!("{headers:?}{body}").into_bytes() });
    }
    // Once all have stopped, nothing waits in their memory any more.
    suite.stop().await;
    search.look_all(&exported.pieces());
    // What has no place anywhere is in no file either: not in the logs and segments of the servers, where rows that were
    // deleted and messages that were overwritten may still lie.
    let files = Value::nowhere("a number", &long.number).at("file *postgres*").at("file *nats*").or(&["*"]);
    let nowhere = values::values().into_iter().filter(Value::has_no_place).chain([files]);
    let mut in_files = Search::of(nowhere.collect());
    media::files(&suite, |piece| {
        in_files.look(piece);
        if piece.place.starts_with("log ") {
            search.look(piece);
        }
    });

    for service in suite.file().services.keys() {
        for medium in
            ["log logs/{}.log", "span gongdan-{}", "metric gongdan-{}", "/metrics {}", "row {} audit.*"]
        {
            let medium = medium.replace("{}", service);
            assert!(search.seen(&medium) > 0, "nothing was searched in {medium}");
        }
    }
    for medium in ["log up", "process *", "answer *", "stream GONGDAN_DEAD *"] {
        assert!(search.seen(medium) > 0, "nothing was searched in {medium}");
    }
    search.finish();
    in_files.finish();
}

/// Waits until the audit logs hold everything up to now.
async fn audited(suite: &Suite) {
    for service in suite.file().services.keys() {
        let mut request = Request::new(ListDeadLettersRequest::default());
        let traceparent = format!("00-{LAST}-00f067aa0ba902b7-01");
        request.metadata_mut().insert("traceparent", traceparent.parse().expect("ASCII"));
        let mut letters = DeadLetterServiceClient::new(suite.channel(service).await);
        letters.list_dead_letters(request).await.expect("listed");
        let pool = suite.database(service).await;
        eventually(format!("{service} has written its audit log"), || async {
            let there = "SELECT EXISTS (SELECT FROM audit.entries WHERE trace_id = $1)";
            sqlx::query_scalar::<_, bool>(there).bind(LAST).fetch_one(&pool).await.ok()?.then_some(())
        })
        .await;
    }
}
