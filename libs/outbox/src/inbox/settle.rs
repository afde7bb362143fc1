//! Writing down what became of a plan, in the transaction of its events.

use super::{
    Inbox,
    isolate::Failure,
    plan::{After, Plan},
    store,
};
use crate::Event;
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

impl Inbox {
    /// `made` are the versions that rows were made with in this transaction.
    pub(super) async fn settle(
        &self,
        connection: &mut PgConnection,
        plan: &Plan,
        failures: &[Failure],
        made: &HashMap<Uuid, i64>,
    ) -> Result<(), sqlx::Error> {
        let failed: HashMap<Uuid, &Failure> = failures.iter().map(|f| (f.aggregate_id, f)).collect();
        let mut after = plan.after.clone();
        let mut park: Vec<&Event> = plan.park.iter().collect();
        let mut unpark: HashMap<Uuid, i64> = HashMap::new();
        for (event, parked) in &plan.apply {
            let failure = failed.get(&event.aggregate_id);
            if failure.is_some_and(|failure| event.version > failure.version) {
                if !parked {
                    park.push(event);
                }
            } else if *parked {
                let up_to = unpark.entry(event.aggregate_id).or_default();
                *up_to = event.version.max(*up_to);
            }
        }
        for failure in failures {
            let waiting = failure.behind > 0 || after.get(&failure.aggregate_id).is_some_and(|a| a.waiting);
            let held = After { version: failure.version - 1, waiting, held: Some(failure.version) };
            after.insert(failure.aggregate_id, held);
        }
        for (id, version) in made {
            let actual = *after.entry(*id).or_default();
            if actual == (After { version: *version, ..After::default() }) {
                after.remove(id);
            }
        }
        let unpark: Vec<(Uuid, i64)> = unpark.into_iter().collect();
        store::unpark(connection, &self.name, &unpark).await?;
        store::park(connection, &self.name, &park).await?;
        if self.mode == super::Mode::LatestOnly {
            self.overtaken(connection, plan).await?;
        }
        for failure in failures {
            self.hold(connection, failure).await?;
        }
        store::advance(connection, &self.name, &after).await
    }
}
