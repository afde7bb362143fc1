//! A database with many tickets, written past the service: a year of requests in the counties of a city.

use crate::{
    bulk::{Indexes, execute},
    suite::Suite,
    texts::Texts,
};
use anyhow::Context;
use gongdan_clock::{Clock, SystemClock, stable_id};
use gongdan_proto::{
    common::v1::{ActorRef, Origin, PrincipalKind},
    tickets::v1::{Channel, Impact, Phase, Priority, Ticket, TicketType, Urgency},
    to_timestamp,
};
use gongdan_region::RegionCode;
use gongdan_tickets::FoundBy;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use prost::Message as _;
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// The counties of a city.
pub(crate) const COUNTIES: [&str; 11] = [
    "440103", "440104", "440105", "440106", "440111", "440112", "440113", "440114", "440115", "440117",
    "440118",
];
/// Rows of one COPY.
const CHUNK: u64 = 5_000;
/// Each customer asks so often.
const TICKETS_A_CUSTOMER: u64 = 5;

/// A ticket of the run.
pub(crate) struct Request {
    pub id: Uuid,
    pub number: String,
    pub customer: Uuid,
    pub county: &'static str,
    pub received_at: Timestamp,
    pub subject: String,
    pub body: String,
}

/// The tickets that are there.
pub(crate) struct Filled {
    pub pool: PgPool,
    pub tickets: u64,
    /// When the newest was received.
    now: Timestamp,
    pub texts: Texts,
    pub took: Duration,
}

impl Filled {
    /// Writes so many, unless an earlier run wrote as many: then those are taken over.
    pub async fn open(suite: &Suite, tickets: u64) -> anyhow::Result<Self> {
        let url = suite.database_url("gongdan_tickets")?;
        let pool = PgPoolOptions::new().max_connections(2).connect(&url).await?;
        let began = Instant::now();
        let newest = stable_id("load-ticket", &(tickets.max(1) - 1).to_string());
        let known: Option<(jiff_sqlx::Timestamp,)> =
            sqlx::query_as("SELECT received_at FROM tickets WHERE id = $1")
                .bind(newest)
                .fetch_optional(&pool)
                .await?;
        let mut filled =
            Self { pool, tickets, now: SystemClock.now(), texts: Texts::new(), took: Duration::ZERO };
        match known {
            Some((now,)) => filled.now = now.to_jiff(),
            None => filled.fill().await.context("filling the database")?,
        }
        filled.took = began.elapsed();
        Ok(filled)
    }

    async fn fill(&self) -> anyhow::Result<()> {
        let indexes =
            [Indexes::drop(&self.pool, "tickets").await?, Indexes::drop(&self.pool, "ticket_grams").await?];
        let mut at = 0;
        while at < self.tickets {
            let upto = (at + CHUNK).min(self.tickets);
            let (mut tickets, mut grams) = (String::new(), String::new());
            for serial in at..upto {
                self.row(serial, &mut tickets, &mut grams)?;
            }
            self.copy(
                "COPY tickets (id, number, version, phase, round, kind, item, region, channel, priority, origin, customer_id,
                 received_at, subject, body, state) FROM STDIN",
                tickets,
            )
            .await?;
            self.copy("COPY ticket_grams (ticket_id, at, request_grams, grams, bands) FROM STDIN", grams)
                .await?;
            at = upto;
            if at % 100_000 == 0 {
                eprintln!("{at} of {} tickets", self.tickets);
            }
        }
        for indexes in indexes {
            indexes.make(&self.pool).await?;
        }
        execute(&self.pool, "VACUUM ANALYZE ticket_grams".to_owned()).await?;
        execute(&self.pool, "VACUUM ANALYZE tickets".to_owned()).await
    }

    async fn copy(&self, sql: &str, rows: String) -> anyhow::Result<()> {
        let mut connection = self.pool.acquire().await?;
        let mut copy = connection.copy_in_raw(sql).await?;
        copy.send(rows.into_bytes()).await?;
        copy.finish().await?;
        Ok(())
    }

    /// One of them, from 0, the oldest.
    pub fn request(&self, serial: u64) -> anyhow::Result<Request> {
        let (subject, body) = self.texts.request(serial);
        let year = SignedDuration::from_hours(24 * 365).as_secs();
        let back =
            i64::try_from(self.tickets - 1 - serial)?.saturating_mul(year) / i64::try_from(self.tickets)?;
        let received_at = self.now - SignedDuration::from_secs(back);
        let day = received_at.to_zoned(TimeZone::UTC).strftime("%y%m%d").to_string();
        Ok(Request {
            id: stable_id("load-ticket", &serial.to_string()),
            number: format!("GD{day}9999{serial:06}"),
            customer: stable_id("load-customer", &(serial / TICKETS_A_CUSTOMER).to_string()),
            county: COUNTIES[usize::try_from(serial)? % COUNTIES.len()],
            received_at,
            subject,
            body,
        })
    }

    fn row(&self, serial: u64, tickets: &mut String, grams: &mut String) -> anyhow::Result<()> {
        let request = self.request(serial)?;
        let region = RegionCode::parse(request.county)?;
        let phase = if serial.is_multiple_of(10) { Phase::PendingDispatch } else { Phase::Closed };
        let state = Ticket {
            id: request.id.to_string(),
            number: request.number.clone(),
            etag: "1".to_owned(),
            version: 1,
            phase: phase.into(),
            round: 1,
            r#type: TicketType::Complaint.into(),
            item: "unclassified".to_owned(),
            item_path: vec!["unclassified".to_owned()],
            catalogue_version: 1,
            region: region.to_string(),
            channel: Channel::Phone.into(),
            urgency: Urgency::Medium.into(),
            impact: Impact::Low.into(),
            priority: Priority::P4.into(),
            priority_matrix_version: 1,
            customer_id: request.customer.to_string(),
            origin: Origin::Live.into(),
            received_at: Some(to_timestamp(request.received_at)),
            submitted_at: Some(to_timestamp(request.received_at)),
            created_by: Some(ActorRef {
                id: "admin".to_owned(),
                name: "admin".to_owned(),
                kind: PrincipalKind::Person.into(),
                ..ActorRef::default()
            }),
            tier: 1,
            ..Ticket::default()
        };
        let mut hex = String::from("\\\\x");
        for byte in state.encode_to_vec() {
            write!(hex, "{byte:02x}")?;
        }
        let text = format!("{}\n{}", request.subject, request.body);
        let found = FoundBy::of(&request.number, request.received_at, Some(region), &text, "");
        writeln!(
            tickets,
            "{}\t{}\t1\t{}\t1\t2\tunclassified\t{}\t1\t4\t1\t{}\t{}\t{}\t{}\t{hex}",
            request.id,
            request.number,
            i32::from(phase),
            region.as_i64(),
            request.customer,
            request.received_at,
            request.subject,
            request.body,
        )?;
        writeln!(
            grams,
            "{}\t{}\t{}\t{{{}}}\t{{{}}}",
            request.id,
            request.received_at,
            found.request,
            joined(&found.grams),
            joined(&found.bands),
        )?;
        Ok(())
    }
}

fn joined<T: ToString>(values: &[T]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
