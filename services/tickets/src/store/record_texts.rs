//! Table `record_texts`: what people wrote into a ticket's records.

use super::save::Save;
use gongdan_telemetry::sql_span;
use gongdan_tickets_domain::ERASED;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use tracing::Instrument as _;
use uuid::Uuid;

/// Writes the texts of acts that were written; of two of the same part the later one stays.
pub(super) async fn write(connection: &mut PgConnection, saves: &[&Save]) -> Result<(), sqlx::Error> {
    let texts: BTreeMap<(Uuid, Uuid, &str), &str> = saves
        .iter()
        .flat_map(|save| save.extras.texts.iter().map(|text| (save.row.id, text)))
        .map(|(ticket, text)| ((ticket, text.record, text.part), text.text.as_str()))
        .collect();
    if texts.is_empty() {
        return Ok(());
    }
    let tickets: Vec<Uuid> = texts.keys().map(|key| key.0).collect();
    let records: Vec<Uuid> = texts.keys().map(|key| key.1).collect();
    let parts: Vec<String> = texts.keys().map(|key| key.2.to_owned()).collect();
    let texts: Vec<String> = texts.values().map(|text| (*text).to_owned()).collect();
    sqlx::query!(
        "INSERT INTO record_texts (ticket_id, record_id, part, text)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::text[])
         ON CONFLICT (ticket_id, record_id, part) DO UPDATE SET text = EXCLUDED.text",
        &tickets,
        &records,
        &parts,
        &texts
    )
    .execute(connection)
    .instrument(sql_span!("record_texts.write", "INSERT"))
    .await?;
    Ok(())
}

/// Erases what people wrote.
pub(super) async fn erase(connection: &mut PgConnection, tickets: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE record_texts SET text = $2 WHERE ticket_id = ANY ($1) AND text <> ''",
        tickets,
        ERASED
    )
    .execute(connection)
    .instrument(sql_span!("record_texts.erase", "UPDATE"))
    .await?;
    Ok(())
}
