//! Tables `ticket_grams` and `text_index`: what tickets are found by, and how far it is made. Source: T10, T28.

use super::log::Place;
use gongdan_region::{RegionCode, Regions};
use gongdan_telemetry::sql_span;
use gongdan_text::{Gram, Grams, Signature, VERSION, key};
use gongdan_tickets_domain::ERASED;
use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use sqlx::{PgConnection, PgPool};
use tracing::Instrument as _;
use uuid::Uuid;

/// Events that change what a ticket is found by.
const KINDS: [&str; 8] =
    ["saved", "submitted", "quarantined", "amended", "resolved", "answered", "region_changed", "erased"];

/// Tickets that are alike are looked for in periods of so many days.
const PERIOD_DAYS: i64 = 30;

/// How far the index is.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    /// The way texts were cut.
    pub version: i32,
    /// Every event up to here is in it.
    pub place: Place,
    /// It is built anew.
    pub building: bool,
    /// Up to this ticket.
    pub built_to: Uuid,
    /// So many are done.
    pub built: i64,
    /// So many there were when it began.
    pub total: i64,
}

/// Events behind a place that change what tickets are found by.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// The tickets, each once.
    pub tickets: Vec<Uuid>,
    /// The last event that was looked at; none when there is none.
    pub last: Option<(Place, Timestamp)>,
    /// Whether there may be more.
    pub more: bool,
}

/// The progress, locked until the transaction ends; none while another process works.
pub(crate) async fn lock(connection: &mut PgConnection) -> Result<Option<Progress>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT version, txid, position, building, built_to, built, total FROM text_index FOR UPDATE SKIP LOCKED"
    )
    .fetch_optional(connection)
    .instrument(sql_span!("text_index.lock", "SELECT"))
    .await?;
    Ok(row.map(|row| Progress {
        version: row.version,
        place: Place::new(row.txid, row.position),
        building: row.building,
        built_to: row.built_to,
        built: row.built,
        total: row.total,
    }))
}

/// Notes the progress.
pub(crate) async fn note(connection: &mut PgConnection, progress: &Progress) -> Result<(), sqlx::Error> {
    let (txid, position) = progress.place.parts();
    sqlx::query!(
        "UPDATE text_index SET version = $1, txid = $2, position = $3, building = $4, built_to = $5, built = $6, total = $7",
        progress.version,
        txid,
        position,
        progress.building,
        progress.built_to,
        progress.built,
        progress.total
    )
    .execute(connection)
    .instrument(sql_span!("text_index.note", "UPDATE"))
    .await?;
    Ok(())
}

/// Begins anew: from the present end of the log on events are followed, and all tickets there are are walked through.
pub(crate) async fn begin(connection: &mut PgConnection) -> Result<Progress, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS "txid!",
                  GREATEST((SELECT reltuples FROM pg_class WHERE oid = 'tickets'::regclass), 0)::bigint AS "total!""#
    )
    .fetch_one(connection)
    .instrument(sql_span!("text_index.begin", "SELECT"))
    .await?;
    Ok(Progress {
        version: VERSION,
        place: Place::new(row.txid, 0),
        building: true,
        built_to: Uuid::nil(),
        built: 0,
        total: row.total,
    })
}

/// Whether the place is of another history of the database than this one.
pub(crate) async fn is_lost(connection: &mut PgConnection, place: Place) -> Result<bool, sqlx::Error> {
    let next =
        sqlx::query_scalar!(r#"SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS "txid!""#)
            .fetch_one(connection)
            .instrument(sql_span!("text_index.check", "SELECT"))
            .await?;
    Ok(place.parts().0 > next)
}

/// At most `limit` events behind a place, of transactions that no other can be found before any more.
pub(crate) async fn news(
    connection: &mut PgConnection,
    place: Place,
    limit: i64,
) -> Result<News, sqlx::Error> {
    let (txid, position) = place.parts();
    let rows = sqlx::query!(
        r#"SELECT txid::text::bigint AS "txid!", position, aggregate_id, type AS kind,
                  recorded_at AS "recorded_at: SqlTimestamp"
           FROM events
           WHERE (txid, position) > ($1::text::xid8, $2) AND txid < pg_snapshot_xmin(pg_current_snapshot())
           ORDER BY txid, position LIMIT $3"#,
        txid.to_string(),
        position,
        limit
    )
    .fetch_all(connection)
    .instrument(sql_span!("events.news", "SELECT"))
    .await?;
    let mut tickets: Vec<Uuid> =
        rows.iter().filter(|row| KINDS.contains(&row.kind.as_str())).map(|row| row.aggregate_id).collect();
    tickets.sort_unstable();
    tickets.dedup();
    Ok(News {
        tickets,
        last: rows.last().map(|row| (Place::new(row.txid, row.position), row.recorded_at.to_jiff())),
        more: i64::try_from(rows.len()).is_ok_and(|found| found == limit),
    })
}

/// The next tickets after one, by id.
pub(crate) async fn after(
    connection: &mut PgConnection,
    id: Uuid,
    limit: i64,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!("SELECT id FROM tickets WHERE id > $1 ORDER BY id LIMIT $2", id, limit)
        .fetch_all(connection)
        .instrument(sql_span!("tickets.after", "SELECT"))
        .await
}

struct Texts {
    id: Uuid,
    number: String,
    received_at: SqlTimestamp,
    region: i64,
    subject: String,
    body: String,
    resolutions: Option<String>,
}

impl Texts {
    fn cut(&self) -> FoundBy {
        let request = format!("{}\n{}", self.subject, self.body);
        let resolutions = self.resolutions.as_deref().unwrap_or_default();
        let region = RegionCode::from_i64(self.region).ok();
        FoundBy::of(&self.number, self.received_at.to_jiff(), region, &request, resolutions)
    }
}

/// What a ticket is found by, as its row keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundBy {
    /// The first so many grams are those of subject and body, in order.
    pub request: i32,
    /// All grams, each once.
    pub grams: Vec<Gram>,
    /// What texts that are alike share.
    pub bands: Vec<i64>,
}

impl FoundBy {
    /// Of the texts of a ticket. Without a region it is compared with no other.
    #[must_use]
    pub fn of(
        number: &str,
        received_at: Timestamp,
        region: Option<RegionCode>,
        request: &str,
        resolutions: &str,
    ) -> Self {
        let kept = |text: &str| text.replace(ERASED, "");
        let (request, resolutions) = (Grams::of(&kept(request)), Grams::of(&kept(resolutions)));
        let bands = match (region, Signature::of(request.telling().as_slice())) {
            (Some(region), Some(signature)) => signature.bands(county(region), period(received_at)),
            _ => Vec::new(),
        };
        let of_request = i32::try_from(request.as_slice().len()).unwrap_or(i32::MAX);
        let others = resolutions.without(&request).into_vec();
        let number = last_six(number).map(number_key);
        let grams = request.into_vec().into_iter().chain(others).chain(number).collect();
        Self { request: of_request, grams, bands }
    }
}

/// Makes what these tickets are found by anew from their texts as they are now; of erased ones it goes.
pub(crate) async fn index(connection: &mut PgConnection, tickets: &[Uuid]) -> Result<(), sqlx::Error> {
    if tickets.is_empty() {
        return Ok(());
    }
    let texts = sqlx::query_as!(
        Texts,
        r#"SELECT t.id, t.number, t.received_at AS "received_at: SqlTimestamp", t.region, t.subject, t.body,
                  (SELECT string_agg(concat_ws(E'\n', r.solution, r.root_cause, r.reply), E'\n')
                   FROM resolutions r WHERE r.ticket_id = t.id) AS resolutions
           FROM tickets t WHERE t.id = ANY ($1) AND NOT t.texts_erased ORDER BY t.id"#,
        tickets
    )
    .fetch_all(&mut *connection)
    .instrument(sql_span!("tickets.texts", "SELECT"))
    .await?;
    let left: Vec<Uuid> = texts.iter().map(|text| text.id).collect();
    let gone: Vec<Uuid> = tickets.iter().filter(|id| left.binary_search(id).is_err()).copied().collect();
    if !gone.is_empty() {
        erase(connection, &gone).await?;
    }
    // Cutting takes the processor for a while: not where calls are served.
    let at: Vec<SqlTimestamp> = texts.iter().map(|texts| texts.received_at).collect();
    let cut: Vec<FoundBy> = tokio::task::spawn_blocking(move || texts.iter().map(Texts::cut).collect())
        .await
        .map_err(|error| sqlx::Error::Io(std::io::Error::other(error)))?;
    let request: Vec<i32> = cut.iter().map(|cut| cut.request).collect();
    let grams: Vec<String> = cut.iter().map(|cut| array(&cut.grams)).collect();
    let bands: Vec<String> = cut.iter().map(|cut| array(&cut.bands)).collect();
    sqlx::query!(
        "INSERT INTO ticket_grams (ticket_id, at, request_grams, grams, bands)
         SELECT id, at, request, grams::int[], bands::bigint[]
         FROM UNNEST($1::uuid[], $2::timestamptz[], $3::int[], $4::text[], $5::text[]) AS i(id, at, request, grams, bands)
         ON CONFLICT (ticket_id) DO UPDATE
         SET at = EXCLUDED.at, request_grams = EXCLUDED.request_grams, grams = EXCLUDED.grams, bands = EXCLUDED.bands",
        &left,
        &at as &[SqlTimestamp],
        &request,
        &grams,
        &bands
    )
    .execute(connection)
    .instrument(sql_span!("ticket_grams.put", "INSERT"))
    .await?;
    Ok(())
}

/// An array of arrays cannot be unnested into arrays: each goes as its text.
fn array<T: ToString>(values: &[T]) -> String {
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    format!("{{{}}}", values.join(","))
}

/// The last six digits of a number: its running part.
fn last_six(number: &str) -> Option<&str> {
    number.len().checked_sub(6).and_then(|at| number.get(at..))
}

/// What tickets with a number that ends so are found by.
pub(crate) fn number_key(last_six: &str) -> Gram {
    key("number", last_six)
}

/// The code of the county that a region is in, or of itself when it is above counties: texts are compared within it.
pub(crate) fn county(region: RegionCode) -> i64 {
    Regions::national().enclosing(region).map_or(region, |known| known.code).as_i64()
}

/// The period of an instant.
pub(crate) fn period(at: Timestamp) -> i64 {
    at.as_second().div_euclid(PERIOD_DAYS * 86_400)
}

/// What tickets with these ids are found by goes; in the order in which everybody locks them.
pub(super) async fn erase(connection: &mut PgConnection, tickets: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM ticket_grams WHERE ticket_id = ANY (ARRAY(
             SELECT ticket_id FROM ticket_grams WHERE ticket_id = ANY ($1) ORDER BY ticket_id FOR UPDATE))",
        tickets
    )
    .execute(connection)
    .instrument(sql_span!("ticket_grams.erase", "DELETE"))
    .await?;
    Ok(())
}

/// Tells the planner how common each gram is; worth it once the index is built.
pub(crate) async fn analyze(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query!("ANALYZE ticket_grams")
        .execute(pool)
        .instrument(sql_span!("ticket_grams.analyze", "ANALYZE"))
        .await?;
    Ok(())
}

/// What tells about subject and body of tickets.
pub(crate) async fn told(pool: &PgPool, tickets: &[Uuid]) -> Result<Vec<(Uuid, Grams)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT ticket_id, grams[1:request_grams] AS "grams!" FROM ticket_grams WHERE ticket_id = ANY ($1)"#,
        tickets
    )
    .fetch_all(pool)
    .instrument(sql_span!("ticket_grams.of", "SELECT"))
    .await?;
    Ok(rows.into_iter().map(|row| (row.ticket_id, Grams::from_unsorted(row.grams).telling())).collect())
}

/// Tickets that share a band with one of these, with what tells about subject and body: those that share the most, of these
/// the newest. Each band is looked up by itself: of an overlap with many the planner thinks that it is most of the table.
pub(crate) async fn in_bands(
    pool: &PgPool,
    bands: &[i64],
    since: Timestamp,
    limit: i64,
) -> Result<Vec<(Uuid, Grams)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"WITH best AS (
             SELECT g.ticket_id FROM unnest($1::bigint[]) AS k(band)
             JOIN ticket_grams g ON g.bands @> ARRAY[k.band] WHERE g.at >= $2
             GROUP BY g.ticket_id ORDER BY count(*) DESC, min(g.at) DESC, g.ticket_id DESC LIMIT $3)
           SELECT ticket_id, grams[1:request_grams] AS "grams!" FROM best JOIN ticket_grams USING (ticket_id)"#,
        bands,
        since.to_sqlx() as _,
        limit
    )
    .fetch_all(pool)
    .instrument(sql_span!("ticket_grams.in_bands", "SELECT"))
    .await?;
    Ok(rows.into_iter().map(|row| (row.ticket_id, Grams::from_unsorted(row.grams).telling())).collect())
}
