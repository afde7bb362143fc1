//! The organisation of the tests: a city with two bureaus in one county, and their people.

use crate::{eventually::eventually, suite::Suite};
use gongdan_clock::{Clock, SystemClock, new_id};
use gongdan_proto::{
    common::v1::PrincipalKind,
    routing::v1::{
        AreaRow, ImportOrganisationRequest, PrincipalRow, PutRuleRequest, UnitKind, UnitRow,
        organisation_service_client::OrganisationServiceClient, rule_service_client::RuleServiceClient,
    },
};

/// The county of the tests: 广州市天河区.
pub const COUNTY: &str = "440106";
/// Answers for the county by area.
pub const STREET_OFFICE: &str = "tianhe-office";
/// Gets what the noise rule finds.
pub const ENVIRONMENT: &str = "tianhe-env";

/// A new `request_id`.
#[must_use]
pub fn request_id() -> String {
    new_id(SystemClock.now()).to_string()
}

/// A person of the county, as it is imported: with one role, in one unit.
#[must_use]
pub fn person(id: &str, name: &str, role: &str, unit: &str) -> PrincipalRow {
    PrincipalRow {
        id: id.to_owned(),
        subject: id.to_owned(),
        name: name.to_owned(),
        kind: PrincipalKind::Person.into(),
        roles: vec![role.to_owned()],
        unit_ids: vec![unit.to_owned()],
        regions: vec![COUNTY.to_owned()],
        ..PrincipalRow::default()
    }
}

/// More units and people, whom tickets lets in afterwards.
///
/// # Panics
/// When the import is refused.
pub async fn add(suite: &Suite, units: Vec<UnitRow>, principals: Vec<PrincipalRow>) {
    let people: Vec<String> = principals.iter().map(|person| person.id.clone()).collect();
    let request = ImportOrganisationRequest {
        request_id: request_id(),
        units,
        principals,
        ..ImportOrganisationRequest::default()
    };
    let mut organisation = OrganisationServiceClient::new(suite.channel("routing").await);
    organisation.import_organisation(request).await.expect("units and people are imported");
    for who in &people {
        known(suite, who).await;
    }
}

/// Waits until tickets lets somebody in, and they can be told of what happens.
pub async fn known(suite: &Suite, who: &str) {
    let asks = || async { suite.cli(&["ticket", "list", "--as", who]).await.status.success().then_some(()) };
    eventually(format!("{who} is known"), asks).await;
    reachable(suite, who).await;
}

/// Waits until notifications knows somebody: what happens before that is not told to them.
pub async fn reachable(suite: &Suite, who: &str) {
    let asks = || async { suite.cli(&["inbox", "--as", who]).await.status.success().then_some(()) };
    eventually(format!("{who} can be told"), asks).await;
}

/// Units, people and the area; the administrator is the caller.
///
/// # Panics
/// When the import is refused.
pub async fn import(suite: &Suite) {
    let unit = |id: &str, name: &str| UnitRow {
        id: id.to_owned(),
        name: name.to_owned(),
        kind: UnitKind::Unit.into(),
        region: COUNTY.to_owned(),
        ..UnitRow::default()
    };
    let request = ImportOrganisationRequest {
        request_id: request_id(),
        units: vec![unit(STREET_OFFICE, "天河区街道办"), unit(ENVIRONMENT, "天河区生态环境局")],
        principals: vec![
            person("li.wei", "李伟", "handler", ENVIRONMENT),
            person("wang.fang", "王芳", "handler", STREET_OFFICE),
        ],
        areas: vec![AreaRow {
            region: COUNTY.to_owned(),
            unit_id: STREET_OFFICE.to_owned(),
            ..AreaRow::default()
        }],
        ..ImportOrganisationRequest::default()
    };
    let mut organisation = OrganisationServiceClient::new(suite.channel("routing").await);
    organisation.import_organisation(request).await.expect("the organisation is imported");
}

/// A rule: what matches `when` goes to a unit.
///
/// # Panics
/// When the rule is refused.
pub async fn rule(suite: &Suite, id: &str, when: &str, unit: &str) {
    use gongdan_proto::routing::v1::{Rule, RuleAction, UnitAction, rule_action::Target};
    let action = RuleAction {
        target: Some(Target::Unit(UnitAction { unit_id: unit.to_owned() })),
        ..RuleAction::default()
    };
    let rule = Rule {
        id: id.to_owned(),
        name: id.to_owned(),
        position: 10,
        when: when.to_owned(),
        action: Some(action),
        ..Rule::default()
    };
    let request = PutRuleRequest { request_id: request_id(), rule: Some(rule), ..Default::default() };
    RuleServiceClient::new(suite.channel("routing").await).put_rule(request).await.expect("the rule is put");
}
