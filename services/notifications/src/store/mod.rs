//! All SQL of notifications: one file a table or view.

mod deliveries;
mod delivery_attempts;
mod delivery_list;
mod erase;
mod inbox_feed;
mod inbox_items;
mod recipients;
mod retention;
mod ticket_marks;
mod units;
mod webhook_writes;
mod webhooks;

pub use deliveries::{Channel, Claimed, NewDelivery, State, Verdict};
pub use delivery_attempts::Attempt;
pub use delivery_list::DeliveryFilter;
pub use erase::erase;
pub use inbox_feed::Arrived;
pub use inbox_items::NewItem;
pub use recipients::recipients;
pub use ticket_marks::{mark, open_ones, withdraw};
pub use units::{UnitName, above, unit_names, upsert_units};
pub use webhook_writes::NewWebhook;
pub use webhooks::{Endpoint, Webhook, endpoints};

pub use deliveries::insert_deliveries;
pub use inbox_items::insert_items;

use sqlx::PgPool;
use uuid::Uuid;

/// The ticket that something is about, as the contract has it: nil is none.
fn ticket(id: Uuid) -> String {
    if id.is_nil() { String::new() } else { id.to_string() }
}

/// The database.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
}

impl Store {
    /// On connections that are there.
    pub const fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}
