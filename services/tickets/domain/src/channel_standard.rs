//! How soon a request is answered first, by how it came in. Source: T1.

use crate::vocabulary::Channel;
use std::collections::BTreeMap;

/// The longest a standard may be: a month.
pub const MAX_SECONDS: i32 = 31 * 24 * 3_600;

/// Seconds to the first response of each channel that has a standard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standards(BTreeMap<Channel, i32>);

/// No standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("1 to {MAX_SECONDS} seconds, or 0 for none")]
pub struct InvalidStandard;

impl Standards {
    /// The seconds of a channel; none when nothing is promised.
    #[must_use]
    pub fn seconds(&self, channel: Channel) -> Option<i32> {
        self.0.get(&channel).copied()
    }

    /// Sets a channel's; 0 for none.
    ///
    /// # Errors
    /// When it is below zero or longer than a month.
    pub fn set(&mut self, channel: Channel, seconds: i32) -> Result<(), InvalidStandard> {
        match seconds {
            0 => {
                self.0.remove(&channel);
            }
            1..=MAX_SECONDS => {
                self.0.insert(channel, seconds);
            }
            _ => return Err(InvalidStandard),
        }
        Ok(())
    }
}

/// What ships: a ringing phone 30 s (15 s is what desks aim at), people who wait online 60 s, a short message 3 min, a
/// mailbox a day. Nobody waits at the other end of a device, another system or a superior platform.
impl Default for Standards {
    fn default() -> Self {
        const MINUTE: i32 = 60;
        const DAY: i32 = 24 * 3_600;
        Self(BTreeMap::from([
            (Channel::Phone, 30),
            (Channel::Web, MINUTE),
            (Channel::App, MINUTE),
            (Channel::MiniProgram, MINUTE),
            (Channel::Wechat, MINUTE),
            (Channel::Weibo, MINUTE),
            (Channel::WalkIn, MINUTE),
            (Channel::Sms, 3 * MINUTE),
            (Channel::Email, DAY),
            (Channel::Fax, DAY),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ships_is_what_t1_names() {
        let standards = Standards::default();
        assert_eq!(standards.seconds(Channel::Phone), Some(30));
        assert_eq!(standards.seconds(Channel::Web), Some(60));
        assert_eq!(standards.seconds(Channel::Sms), Some(180));
        assert_eq!(standards.seconds(Channel::Email), Some(86_400));
        assert_eq!(standards.seconds(Channel::Device), None);
    }

    #[test]
    fn a_standard_is_set_and_taken_away() {
        let mut standards = Standards::default();
        standards.set(Channel::Phone, 15).unwrap();
        assert_eq!(standards.seconds(Channel::Phone), Some(15));
        standards.set(Channel::Phone, 0).unwrap();
        assert_eq!(standards.seconds(Channel::Phone), None);
        assert_eq!(standards.set(Channel::Phone, -1), Err(InvalidStandard));
        assert_eq!(standards.set(Channel::Phone, MAX_SECONDS + 1), Err(InvalidStandard));
    }
}
