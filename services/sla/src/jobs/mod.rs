//! Background jobs; one file each.

mod alarm;
mod catch_up;
mod count_running;
mod fire_timers;
mod watch_years;

pub use alarm::Alarm;
pub use catch_up::CatchUp;
pub use count_running::count_running;
pub use fire_timers::FireTimers;
pub use watch_years::{WatchYears, Years};
