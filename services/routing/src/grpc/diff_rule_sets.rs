//! `RuleSetService.DiffRuleSets`

use super::show;
use crate::Rooms;
use gongdan_errors::{Error, Violations};
use gongdan_proto::routing::v1::{DiffRuleSetsRequest, DiffRuleSetsResponse};
use gongdan_routing_domain::changed;

pub(super) async fn diff_rule_sets(
    rooms: &Rooms,
    request: DiffRuleSetsRequest,
) -> Result<DiffRuleSetsResponse, Error> {
    let mut violations = Violations::new();
    if request.from < 1 {
        violations.add("from", "from 1");
    }
    if request.to < 0 {
        violations.add("to", "from 1, or 0 for the set in force");
    }
    violations.finish()?;
    let before = rooms.store.rules_of_set(request.from).await?;
    let after = rooms.store.rules_of_set(request.to).await?;
    let changes = changed(&before, &after, |one| &one.rule);
    Ok(DiffRuleSetsResponse { changes: changes.into_iter().map(show::rule_change).collect() })
}
