//! What may be done to a ticket: one file an act. Each judges and names what happens; `evolve` does it.

mod accept;
mod callback;
mod cancel;
mod claim;
pub(crate) mod decision;
mod dispatch;
pub(crate) mod draft;
pub(crate) mod erase;
pub(crate) mod intake;
pub(crate) mod past;
mod put_back;
mod reopen;
mod resolve;
mod return_to_pool;
mod transfer;
mod urge;
