//! X11: a legal hold and an erasure of the same never pass each other unseen.

use crate::suite::{Suite, cancel, id, reason, with_phone};
use gongdan_proto::tickets::v1::{
    self as pb, EraseCustomerRequest, erase_customer_request::Subject as Erased,
    place_legal_hold_request::Subject as Held,
};
use gongdan_testkit::eventually;
use sqlx::{Postgres, Transaction};
use std::sync::Arc;
use uuid::Uuid;

impl Suite {
    async fn cancelled(&self, phone: &str) -> pb::Ticket {
        let mut agent = self.tickets("zhao.min");
        let ticket = agent.create_ticket(with_phone(phone)).await.unwrap().into_inner();
        agent.cancel_ticket(cancel(&ticket)).await.unwrap().into_inner()
    }

    /// Until somebody waits for what is locked.
    async fn somebody_waits(&self) {
        eventually("somebody waits for a lock", async || {
            let waiting: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock'",
            )
            .fetch_one(self.env.pool())
            .await
            .unwrap();
            waiting > 0
        })
        .await;
    }
}

async fn locked(suite: &Suite, table: &str, id: &str) -> Transaction<'static, Postgres> {
    let mut transaction = suite.env.pool().begin().await.unwrap();
    let sql = format!("SELECT id FROM {table} WHERE id = $1::uuid FOR UPDATE");
    sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).execute(&mut *transaction).await.unwrap();
    transaction
}

#[tokio::test]
async fn an_erasure_that_had_to_wait_sees_the_hold_it_waited_for() {
    let suite = Arc::new(Suite::start().await);
    for (of_customer, phone) in [(false, "13800001234"), (true, "13900005678")] {
        let ticket = suite.cancelled(phone).await;
        // As placing a hold does: what is held is locked, then the hold is written.
        let (table, held) =
            if of_customer { ("customers", &ticket.customer_id) } else { ("tickets", &ticket.id) };
        let mut placing = locked(&suite, table, held).await;
        let erasing = tokio::spawn({
            let (suite, ticket) = (suite.clone(), ticket.clone());
            async move {
                let request = EraseCustomerRequest {
                    request_id: id(),
                    subject: Some(Erased::CustomerId(ticket.customer_id)),
                    reason: "本人要求".to_owned(),
                    force: false,
                };
                suite.privacy("admin").erase_customer(request).await.unwrap().into_inner()
            }
        });
        suite.somebody_waits().await;
        let column = if of_customer { "customer_id" } else { "ticket_id" };
        let sql = format!(
            "INSERT INTO legal_holds (id, {column}, reason, placed_by, placed_at) VALUES ($1, $2::uuid, '', '', now())"
        );
        let hold = Uuid::parse_str(&id()).unwrap();
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(hold).bind(held).execute(&mut *placing).await.unwrap();
        placing.commit().await.unwrap();
        let answer = erasing.await.unwrap();
        let named: Vec<_> = answer.held_tickets.iter().map(|held| held.ticket_id.as_str()).collect();
        assert_eq!(named, [ticket.id.as_str()], "of a customer: {of_customer}");
        assert_eq!((answer.tickets_erased, answer.customer_erased), (0, false));
        assert_eq!(suite.get(&ticket.id).await.customer_id, ticket.customer_id);
        let release = pb::ReleaseLegalHoldRequest { id: hold.to_string(), reason: "结案".to_owned() };
        suite.privacy("admin").release_legal_hold(release).await.unwrap();
    }
}

#[tokio::test]
async fn a_hold_waits_for_the_erasure_that_came_first() {
    let suite = Arc::new(Suite::start().await);
    let ticket = suite.cancelled("13800001234").await;
    for (table, of, subject) in [
        ("tickets", &ticket.id, Held::Ticket(ticket.id.clone())),
        ("customers", &ticket.customer_id, Held::CustomerId(ticket.customer_id.clone())),
    ] {
        let erasing = locked(&suite, table, of).await;
        let placing = tokio::spawn({
            let suite = suite.clone();
            async move {
                let request = pb::PlaceLegalHoldRequest {
                    request_id: id(),
                    subject: Some(subject),
                    reason: "诉讼".to_owned(),
                    until: None,
                };
                suite.privacy("admin").place_legal_hold(request).await
            }
        });
        suite.somebody_waits().await;
        assert_eq!(suite.count("legal_holds").await, 0, "{table}");
        if table == "tickets" {
            erasing.commit().await.unwrap();
            placing.await.unwrap().unwrap();
            sqlx::query("DELETE FROM legal_holds").execute(suite.env.pool()).await.unwrap();
            continue;
        }
        // The customer is gone when its turn comes.
        let mut erasing = erasing;
        sqlx::query("UPDATE tickets SET customer_id = NULL").execute(&mut *erasing).await.unwrap();
        sqlx::query("DELETE FROM contacts").execute(&mut *erasing).await.unwrap();
        sqlx::query("DELETE FROM customer_keys").execute(&mut *erasing).await.unwrap();
        sqlx::query("DELETE FROM customers").execute(&mut *erasing).await.unwrap();
        erasing.commit().await.unwrap();
        let refused = placing.await.unwrap().unwrap_err();
        assert_eq!(reason(&refused), "CUSTOMER_NOT_FOUND");
    }
}
