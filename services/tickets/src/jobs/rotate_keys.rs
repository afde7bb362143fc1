//! Works on a rotation that was begun, in every replica, a batch at a time, until nothing needs the older keys.
//!
//! It resumes by itself after a restart: what is still to be done is what the rows say. The last walk comes after every
//! replica has said that it writes with the newest keys only.

use crate::{
    Rooms,
    store::{
        calls, key_holders,
        key_rotations::{self, Done, FAILED, RUNNING, Rotation, SUCCEEDED},
        key_uses, places,
        rotate::{self, AfterContact, AfterCustomer},
    },
};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// Progress is logged after so many rows.
const LOG_EVERY: i64 = 10_000;

/// Runs until the service stops.
pub(crate) async fn run(rooms: Arc<Rooms>) {
    loop {
        if let Err(error) = pass(&rooms).await {
            tracing::warn!(%error, "the rotation of keys goes on later");
        }
        tokio::select! {
            () = rooms.rotate.notified() => {}
            () = tokio::time::sleep(rooms.config.contacts.look_again) => {}
            () = rooms.shutdown.cancelled() => return,
        }
    }
}

/// Works on the rotation that runs, if one does.
async fn pass(rooms: &Rooms) -> Result<(), sqlx::Error> {
    let Some(rotation) = key_rotations::find(&rooms.pool, None).await? else { return Ok(()) };
    if rotation.state != RUNNING {
        return Ok(());
    }
    let used = rooms.customers.sealer.in_use();
    if used.encryption < rotation.encryption_version || used.index_from < rotation.index_version {
        // Our own keeper has not seen it yet.
        return Ok(());
    }
    let ready = everybody_writes_new(rooms, &rotation).await?;
    let mut whole = Walk::default();
    walk(rooms, &rotation, &mut whole).await?;
    if !ready || rooms.shutdown.is_cancelled() || whole.done != Done::default() {
        // Another walk shows whether more came meanwhile.
        rooms.rotate.notify_one();
        tokio::time::sleep(rooms.config.contacts.rotation_pause).await;
        return Ok(());
    }
    end(rooms, &rotation).await
}

#[derive(Default)]
struct Walk {
    done: Done,
    logged: i64,
}

async fn walk(rooms: &Rooms, rotation: &Rotation, walk: &mut Walk) -> Result<(), sqlx::Error> {
    let (pool, sealer) = (&rooms.pool, &rooms.customers.sealer);
    let limit = i64::from(rooms.config.contacts.rotation_batch.max(1));
    let mut after = Some(AfterContact::default());
    while let Some(from) = after {
        let batch = rotate::contacts(pool, sealer, rotation, from, limit).await?;
        after = batch.after;
        if !goes_on(rooms, rotation, walk, batch.done).await {
            return Ok(());
        }
    }
    let mut after = Some(Uuid::nil());
    while let Some(from) = after {
        let (next, rows) = places::rotate(pool, sealer, rotation, from, limit).await?;
        after = next;
        if !goes_on(rooms, rotation, walk, Done { contacts: rows, ..Done::default() }).await {
            return Ok(());
        }
    }
    let mut after = Some(String::new());
    while let Some(from) = after {
        let (next, rows) = calls::rotate(pool, sealer, rotation, &from, limit).await?;
        after = next;
        if !goes_on(rooms, rotation, walk, Done { contacts: rows, ..Done::default() }).await {
            return Ok(());
        }
    }
    let mut after = Some(AfterCustomer::default());
    while let Some(from) = after {
        let batch = rotate::customers(pool, sealer, rotation, from, limit).await?;
        after = batch.after;
        if !goes_on(rooms, rotation, walk, batch.done).await {
            return Ok(());
        }
    }
    Ok(())
}

/// Notes and logs a batch, and rests; false when the service stops.
async fn goes_on(rooms: &Rooms, rotation: &Rotation, walk: &mut Walk, done: Done) -> bool {
    walk.done.contacts += done.contacts;
    walk.done.customers += done.customers;
    walk.done.forgotten += done.forgotten;
    let rows = walk.done.contacts + walk.done.customers;
    if rows - walk.logged >= LOG_EVERY {
        walk.logged = rows;
        tracing::info!(
            rotation = %rotation.id,
            contacts = walk.done.contacts,
            customers = walk.done.customers,
            contacts_total = rotation.contacts_total,
            customers_total = rotation.customers_total,
            "keys are being rotated"
        );
    }
    if done == Done::default() {
        return !rooms.shutdown.is_cancelled();
    }
    let pause: Duration = rooms.config.contacts.rotation_pause;
    tokio::select! {
        () = tokio::time::sleep(pause) => true,
        () = rooms.shutdown.cancelled() => false,
    }
}

async fn everybody_writes_new(rooms: &Rooms, rotation: &Rotation) -> Result<bool, sqlx::Error> {
    let holders = key_holders::all(&rooms.pool).await?;
    Ok(holders.iter().all(|holder| {
        holder.sealing >= rotation.encryption_version && holder.indexing >= rotation.index_version
    }))
}

/// Nothing was left to do: either nothing needs the older keys, or something cannot be done.
async fn end(rooms: &Rooms, rotation: &Rotation) -> Result<(), sqlx::Error> {
    let uses = key_uses::count(&rooms.pool).await?;
    let older = |rows: &std::collections::BTreeMap<i32, i64>, than: i32| -> i64 {
        rows.range(..than).map(|(_, rows)| rows).sum()
    };
    let sealed = older(&uses.encryption, rotation.encryption_version);
    let indexed = older(&uses.index, rotation.index_version);
    let (state, why) = if sealed == 0 && indexed == 0 {
        (SUCCEEDED, String::new())
    } else {
        let why = format!(
            "{sealed} rows cannot be sealed anew and {indexed} customers cannot be indexed anew; {} of them were \
             recorded from the past by an earlier release, which did not keep their key: rotate with forget_unknown, or \
             keep the older index key",
            uses.unknown
        );
        (FAILED, why)
    };
    if key_rotations::end(&rooms.pool, rotation.id, state, &why, rooms.clock.now()).await? {
        if state == SUCCEEDED {
            tracing::info!(
                rotation = %rotation.id,
                encryption = rotation.encryption_version,
                index = rotation.index_version,
                "keys rotated: older versions protect nothing any more"
            );
        } else {
            tracing::error!(rotation = %rotation.id, why, "the rotation of keys did not reach everything");
        }
    }
    rooms.rotated.notify_waiters();
    Ok(())
}
