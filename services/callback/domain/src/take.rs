//! An agent takes a task.

use crate::{Hold, Policy, Refusal, Task};
use jiff::Timestamp;

impl Task {
    /// The task in the agent's hands for the configured time. Makes no event: only the queue cares.
    ///
    /// # Errors
    /// When it is over, in somebody's hands, or its next time has not come.
    pub fn take(mut self, agent: &str, policy: &Policy, at: Timestamp) -> Result<Self, Refusal> {
        self.require_outstanding("take")?;
        if let Some(hold) = self.hold.as_ref().filter(|hold| at < hold.until) {
            return Err(Refusal::Held { until: hold.until });
        }
        if let Some(next) = self.next_attempt_at.filter(|next| at < *next) {
            return Err(Refusal::TooEarly { next });
        }
        let until = at.checked_add(policy.hold_for).unwrap_or(Timestamp::MAX);
        self.hold = Some(Hold { agent_id: agent.to_owned(), until });
        self.stamp.takes += 1;
        Ok(self)
    }
}
