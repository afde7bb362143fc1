//! `PolicyService.GetPolicySet`

use super::{Rooms, convert};
use crate::store::policy_sets;
use gongdan_errors::{Error, Reason, Violations};
use gongdan_proto::sla::v1 as pb;
use gongdan_sla_domain::is_key;

pub(super) async fn get_policy_set(
    rooms: &Rooms,
    request: pb::GetPolicySetRequest,
) -> Result<pb::PolicySet, Error> {
    let mut violations = Violations::new();
    if !is_key(&request.key) {
        violations.add("key", "the key of a policy set");
    }
    if request.version < 0 {
        violations.add("version", "0 or more");
    }
    violations.finish()?;
    let mut connection = rooms.pool.acquire().await.map_err(gongdan_pg::error)?;
    let row =
        policy_sets::get(&mut connection, &request.key, request.version).await.map_err(gongdan_pg::error)?;
    let row = row.ok_or_else(|| {
        Error::not_found(Reason::PolicySetNotFound, "no such policy set, or no such version of it")
            .with("policy_set", &request.key)
    })?;
    convert::policy_set(&row, false)
}
