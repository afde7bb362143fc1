//! Table `ticket_scopes`, as tickets' events write it.

use gongdan_access::project;
use gongdan_outbox::{Event, Origin};
use gongdan_pg::Schema;
use gongdan_proto::tickets::v1::{DataClass, Erased, Submitted, Ticket, TicketEvent, ticket_event::Change};
use gongdan_testkit::Env;
use jiff::Timestamp;
use prost::Message as _;
use sqlx::PgPool;
use uuid::Uuid;

const TICKET: Uuid = Uuid::from_u128(1);
const CUSTOMER: Uuid = Uuid::from_u128(2);

fn event(version: i64, kind: &str, change: Change) -> Event {
    let state = Ticket {
        id: TICKET.to_string(),
        region: "440106000000".to_owned(),
        customer_id: CUSTOMER.to_string(),
        participant_unit_ids: vec!["tianhe-env".to_owned()],
        ..Ticket::default()
    };
    let payload = TicketEvent { version, state: Some(state), change: Some(change), ..TicketEvent::default() };
    Event {
        id: Uuid::from_u128(100 + u128::try_from(version).unwrap()),
        source: "tickets".to_owned(),
        kind: kind.to_owned(),
        aggregate_id: TICKET,
        version,
        occurred_at: Timestamp::UNIX_EPOCH,
        recorded_at: Timestamp::UNIX_EPOCH,
        origin: Origin::Live,
        subject: String::new(),
        traceparent: None,
        payload: payload.encode_to_vec().into(),
    }
}

fn erased(version: i64, class: DataClass) -> Event {
    event(version, "erased", Change::Erased(Erased { classes: vec![class.into()], ..Default::default() }))
}

async fn customer(pool: &PgPool) -> Option<Uuid> {
    sqlx::query_scalar("SELECT customer_id FROM ticket_scopes").fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn an_erased_contact_leaves_no_customer_and_the_rest_of_the_scope() {
    let env = Env::start(Schema::new(&[
        &gongdan_pg::MIGRATOR,
        &gongdan_outbox::MIGRATOR,
        &gongdan_auth::MIGRATOR,
        &gongdan_access::MIGRATOR,
    ]))
    .await;
    let mut connection = env.pool().acquire().await.unwrap();
    let submitted = event(1, "submitted", Change::Submitted(Submitted::default()));
    project(&mut connection, std::slice::from_ref(&submitted)).await.unwrap();
    project(&mut connection, &[erased(2, DataClass::Texts)]).await.unwrap();
    assert_eq!(customer(env.pool()).await, Some(CUSTOMER), "texts are nobody");
    project(&mut connection, &[erased(3, DataClass::Contact)]).await.unwrap();
    project(&mut connection, &[submitted]).await.unwrap();
    assert_eq!(customer(env.pool()).await, None, "what came before does not bring it back");
    let (region, units): (i64, Vec<String>) =
        sqlx::query_as("SELECT region, unit_ids FROM ticket_scopes").fetch_one(env.pool()).await.unwrap();
    assert_eq!((region, units), (440_106_000_000, vec!["tianhe-env".to_owned()]));
}
