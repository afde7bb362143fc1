//! All SQL of this service, one file a table or view.

mod cached;
pub(crate) mod catalogue;
pub(crate) mod customers;
pub(crate) mod decisions;
pub(crate) mod erase;
pub(crate) mod erasures;
pub(crate) mod filter;
pub(crate) mod insert;
pub(crate) mod key_holders;
pub(crate) mod key_rotations;
pub(crate) mod key_uses;
pub(crate) mod keys;
pub(crate) mod legal_holds;
pub(crate) mod list;
pub(crate) mod log;
pub(crate) mod numbers;
pub(crate) mod priorities;
pub(crate) mod rotate;
pub(crate) mod save;
pub(crate) mod seal;
pub(crate) mod silent;
pub(crate) mod state;
pub(crate) mod ticket_views;
pub(crate) mod tickets;
pub(crate) mod units;
pub(crate) mod update;
pub(crate) mod writer;
