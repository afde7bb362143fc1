//! An agent says how a call ended.

use crate::{BadNextTime, Change, Changed, FailedOutcome, Policy, Refusal, Report, Task, TaskState};
use jiff::Timestamp;

impl Task {
    /// Counts the attempt and follows from it: a success completes the task, a failure sets the next time, and too many
    /// failures give it up. Source: C3, C5, C6.
    ///
    /// # Errors
    /// When it is over, somebody else has it, or the next time will not do.
    pub fn record(
        mut self,
        agent: &str,
        report: Report,
        policy: &Policy,
        at: Timestamp,
    ) -> Result<Changed, Refusal> {
        self.require_outstanding("record_attempt")?;
        self.require_not_held_by_other(agent, at)?;
        self.tally.attempts += 1;
        match report {
            Report::Success(result) => {
                let reopens = policy.reopens(result);
                self.result = Some(result);
                self.reopen = reopens.is_some();
                let task = self.ended(TaskState::Completed, reopens.unwrap_or_default().to_owned(), at);
                Ok(task.changed(Change::Completed, at))
            }
            Report::Failed { outcome, next } => {
                self.tally.refused += i32::from(outcome == FailedOutcome::Refused);
                self.tally.wrong_number += i32::from(outcome == FailedOutcome::WrongNumber);
                if let Some(next) = next {
                    policy.check_next(next, at)?;
                }
                if policy.is_exhausted(self.tally) {
                    let task = self.ended(TaskState::GivenUp, outcome.as_str().to_owned(), at);
                    return Ok(task.changed(Change::GivenUp(outcome), at));
                }
                self.next_attempt_at = Some(next.ok_or(BadNextTime::Missing)?);
                self.state = TaskState::PendingCallback;
                self.hold = None;
                Ok(self.changed(Change::Attempted(outcome), at))
            }
        }
    }
}

impl Policy {
    fn check_next(&self, next: Timestamp, at: Timestamp) -> Result<(), BadNextTime> {
        if next <= at {
            return Err(BadNextTime::Past);
        }
        if next.duration_since(at) > self.furthest_next {
            return Err(BadNextTime::TooFar { days: self.furthest_next.as_hours() / 24 });
        }
        if !self.hours.contains(next) {
            return Err(BadNextTime::OutsideHours { hours: self.hours.to_string() });
        }
        Ok(())
    }
}
