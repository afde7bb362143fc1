//! What happens without being asked.

pub mod bootstrap;
pub mod catalogue;
pub mod fill_holdings;
pub mod learn;
mod lost_answers;
pub mod offered;
pub mod reassign;
pub mod send_again;
pub mod take_effect;
pub mod train;
pub mod train_at_night;
mod words;
