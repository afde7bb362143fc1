//! A configuration that cannot be worked by is refused by its key.

use gongdan_callback::{Config, DEFAULTS};
use gongdan_runtime::load_config;

fn defaults() -> Config {
    load_config(DEFAULTS, None, "callback").unwrap()
}

#[test]
fn the_defaults_are_good() {
    let policy = defaults().policy().unwrap();
    assert_eq!((policy.max_attempts, policy.max_refused, policy.max_wrong_number), (3, 2, 2));
    assert_eq!(policy.due_after.as_hours(), 72);
    assert_eq!(policy.hours.to_string(), "09:00-12:00, 14:00-20:00 Asia/Shanghai");
}

#[test]
fn what_is_wrong_is_named() {
    let refused = |change: fn(&mut Config)| {
        let mut config = defaults();
        change(&mut config);
        config.policy().unwrap_err().to_string()
    };
    assert!(refused(|config| config.attempts.max = 0).contains("attempts.max"));
    assert!(refused(|config| config.task.hold_for = jiff::SignedDuration::ZERO).contains("task.hold_for"));
    assert!(refused(|config| config.hours.zone = "Asia/Nowhere".to_owned()).contains("Asia/Nowhere"));
    assert!(refused(|config| config.hours.windows = vec!["9-12".to_owned()]).contains("`9-12`"));
    assert!(refused(|config| config.hours.windows.clear()).contains("at least one window"));
}
