//! `PolicyService.PutPolicySet`

use super::{
    Rooms, convert,
    decode::{self, words},
};
use crate::{error, store::policy_sets};
use gongdan_access::Caller;
use gongdan_clock::stable_id;
use gongdan_errors::{Error, Violations};
use gongdan_pg::requests::{self, Answered, RequestKey, hash_of};
use gongdan_proto::sla::v1 as pb;
use gongdan_region::RegionCode;
use gongdan_sla_domain::{
    ClockKind, UnknownWord,
    policy::{OnSuspension, PolicySet, Rule, When},
};

struct PutPolicySet {
    key: RequestKey,
    set: PolicySet,
}

impl PutPolicySet {
    fn decode(request: pb::PutPolicySetRequest, caller: String) -> Result<Self, Error> {
        let mut violations = Violations::new();
        let request_id = decode::request_id(&request.request_id, &mut violations);
        let canonical = pb::PutPolicySetRequest { request_id: String::new(), ..request };
        let hash = hash_of(&canonical);
        let set = canonical.policy_set.unwrap_or_default();
        let rules: Vec<_> = set
            .rules
            .into_iter()
            .enumerate()
            .map(|(index, rule)| read_rule(&format!("policy_set.rules[{index}]"), rule, &mut violations))
            .collect();
        let set = PolicySet {
            key: set.key,
            version: 0,
            name: set.name,
            calendar: set.calendar,
            rules: rules.into_iter().flatten().collect(),
        };
        let Some(request_id) = request_id.filter(|_| violations.is_empty()) else {
            return Err(violations.into_error());
        };
        let set = set.checked().map_err(|faults| error::faults("policy_set", faults))?;
        Ok(Self { key: RequestKey { caller, method: "PutPolicySet", request_id, hash }, set })
    }
}

fn read_rule(path: &str, rule: pb::PolicyRule, violations: &mut Violations) -> Option<Rule> {
    let field = |name: &str| format!("{path}.{name}");
    let clock = violations.field(field("kind"), ClockKind::try_from(rule.kind));
    let amount = violations.field(field("amount"), rule.amount.parse());
    let mut regions = Vec::new();
    for (index, code) in rule.regions.iter().enumerate() {
        regions.extend(violations.field(format!("{path}.regions[{index}]"), RegionCode::parse(code)));
    }
    let mut warn_percent = Vec::new();
    for (index, percent) in rule.warn_percent.iter().enumerate() {
        let read = u8::try_from(*percent).map_err(|_| "1 to 99");
        warn_percent.extend(violations.field(format!("{path}.warn_percent[{index}]"), read));
    }
    let when = When {
        types: words(&field("types"), &rule.types, violations),
        items: rule.items,
        priorities: words(&field("priorities"), &rule.priorities, violations),
        urgencies: words(&field("urgencies"), &rule.urgencies, violations),
        channels: words(&field("channels"), &rule.channels, violations),
        regions,
        customer_tiers: rule.customer_tiers,
    };
    let on_suspension = violations.field(field("on_suspension"), effect(rule.on_suspension));
    Some(Rule { clock: clock?, when, amount: amount?, warn_percent, on_suspension: on_suspension? })
}

fn effect(number: i32) -> Result<Option<OnSuspension>, UnknownWord> {
    match pb::SuspensionEffect::try_from(number) {
        Ok(pb::SuspensionEffect::Unspecified) => Ok(None),
        Ok(pb::SuspensionEffect::Pause) => Ok(Some(OnSuspension::Pause)),
        Ok(pb::SuspensionEffect::Run) => Ok(Some(OnSuspension::Run)),
        Err(_) => Err(UnknownWord),
    }
}

pub(super) async fn put_policy_set(
    rooms: &Rooms,
    caller: &Caller,
    request: pb::PutPolicySetRequest,
) -> Result<pb::PolicySet, Error> {
    let command = PutPolicySet::decode(request, caller.principal_id.clone())?;
    let key = &command.set.key;

    let mut tx = rooms.pool.begin().await.map_err(gongdan_pg::error)?;
    if let Some(answered) = requests::lookup(&mut tx, &command.key).await? {
        let version = i32::try_from(answered.version).map_err(Error::internal)?;
        let row = policy_sets::get(&mut tx, key, version).await.map_err(gongdan_pg::error)?;
        let row = row.ok_or_else(|| Error::internal("a policy set that was put is gone"))?;
        return convert::policy_set(&row, true);
    }
    let heads = rooms.terms.heads(&mut tx).await.map_err(gongdan_pg::error)?;
    rooms.terms.calendar(&mut tx, &heads, &command.set.calendar).await?;
    let document = serde_json::to_value(&command.set).map_err(Error::internal)?;
    let now = rooms.clock.now();
    let (row, created) =
        policy_sets::put(&mut tx, key, &document, (&command.key.caller, now)).await.map_err(error::put)?;
    let answered = Answered { resource_id: stable_id("policy_set", key), version: i64::from(row.version) };
    requests::insert(&mut tx, &command.key, answered, now).await?;
    tx.commit().await.map_err(gongdan_pg::error)?;
    convert::policy_set(&row, created)
}
