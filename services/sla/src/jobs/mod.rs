//! Background jobs; one file each.

mod alarm;
mod catch_up;
mod count_running;
mod fire_timers;
mod forget_runs;
mod perform_runs;
mod run_schedules;
pub(crate) mod schedules;
mod watch_years;

pub use alarm::Alarm;
pub use catch_up::CatchUp;
pub use count_running::count_running;
pub use fire_timers::FireTimers;
pub use forget_runs::forget_runs;
pub use perform_runs::PerformRuns;
pub use run_schedules::RunSchedules;
pub use watch_years::{WatchYears, Years};
