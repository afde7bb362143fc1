//! Brings the sample's organisation, catalogue and rules in, as the administrator would.

use std::collections::HashSet;

use anyhow::Result;
use gongdan_proto::{
    routing::v1::{
        AreaRow, GroupAction, ImportOrganisationRequest, PoolAction, PrincipalRow, PutRuleRequest, Rule,
        RuleAction, UnitAction, UnitKind, UnitRow, organisation_service_client::OrganisationServiceClient,
        rule_action::Target, rule_service_client::RuleServiceClient,
    },
    tickets::v1::{
        CatalogueRow, Impact, ImportCatalogueRequest, ListCatalogueItemsRequest, Urgency,
        catalogue_service_client::CatalogueServiceClient,
    },
};

use super::{
    desks::call,
    sample::{self, Sample, value},
};
use crate::cli::{Channel, Context};

/// Loads what is not there yet.
///
/// # Errors
/// When a service refuses.
pub async fn load(context: &Context, sample: &Sample) -> Result<()> {
    let organisation = OrganisationServiceClient::new(context.channel("routing")?);
    let request = ImportOrganisationRequest {
        request_id: context.request_id(),
        units: sample.units.iter().map(unit).collect::<Result<_>>()?,
        principals: sample.people.iter().map(person).collect(),
        areas: sample.areas.iter().map(area).collect(),
        replace_areas: false,
    };
    call(organisation, async |client| client.import_organisation(request.clone()).await).await?;
    let (units, people) = (sample.units.len(), sample.people.len());
    context.say(&match context.lang() {
        crate::cli::Lang::En => {
            format!("organisation: {units} units, {people} people, {} areas", sample.areas.len())
        }
        crate::cli::Lang::Zh => format!("组织：{units} 个单位，{people} 人，{} 个责任区", sample.areas.len()),
    })?;

    let catalogue = CatalogueServiceClient::new(context.channel("tickets")?);
    refuse_to_replace(catalogue.clone(), sample).await?;
    let rows = sample.items.iter().map(item).collect::<Result<_>>()?;
    let request = ImportCatalogueRequest { request_id: context.request_id(), rows };
    let version =
        call(catalogue, async |client| client.import_catalogue(request.clone()).await).await?.version;
    context.say(&match context.lang() {
        crate::cli::Lang::En => format!("catalogue: {} items, version {version}", sample.items.len()),
        crate::cli::Lang::Zh => format!("服务目录：{} 项，第 {version} 版", sample.items.len()),
    })?;

    let rules = RuleServiceClient::new(context.channel("routing")?);
    for row in &sample.rules {
        let request =
            PutRuleRequest { request_id: context.request_id(), rule: Some(rule(row)), ..Default::default() };
        call(rules.clone(), async |client| client.put_rule(request.clone()).await).await?;
    }
    context.say(&match context.lang() {
        crate::cli::Lang::En => format!("routing: {} rules", sample.rules.len()),
        crate::cli::Lang::Zh => format!("派单规则：{} 条", sample.rules.len()),
    })
}

/// A catalogue replaces the one before it; one of somebody's own is not given up for a sample.
async fn refuse_to_replace(catalogue: CatalogueServiceClient<Channel>, sample: &Sample) -> Result<()> {
    let request = ListCatalogueItemsRequest { page_size: 1000, ..Default::default() };
    let there = call(catalogue, async |client| client.list_catalogue_items(request.clone()).await).await?;
    let ours: HashSet<String> =
        sample.items.iter().map(|item| [&*item.level1, &*item.level2, &*item.level3].join("/")).collect();
    let theirs = |key: &str| key != "unclassified" && !ours.contains(key);
    anyhow::ensure!(
        !there.items.iter().any(|item| item.leaf && theirs(&item.key)),
        "the suite has a service catalogue of its own: show the sample with another --data-dir"
    );
    Ok(())
}

fn unit(unit: &sample::Unit) -> Result<UnitRow> {
    Ok(UnitRow {
        id: unit.id.clone(),
        name: unit.name.clone(),
        kind: value("UNIT_KIND_", &unit.kind, UnitKind::from_str_name)?.into(),
        parent_id: unit.parent_id.clone(),
        region: unit.region.clone(),
        ..UnitRow::default()
    })
}

fn person(person: &sample::Person) -> PrincipalRow {
    let list = |text: &str| text.split(';').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    PrincipalRow {
        id: person.id.clone(),
        name: person.name.clone(),
        roles: list(&person.roles),
        unit_ids: list(&person.unit_ids),
        regions: list(&person.regions),
        rights: list(&person.rights),
        ..PrincipalRow::default()
    }
}

fn area(area: &sample::Area) -> AreaRow {
    AreaRow {
        region: area.region.clone(),
        item: area.item.clone(),
        unit_id: area.unit_id.clone(),
        ..AreaRow::default()
    }
}

fn item(item: &sample::Item) -> Result<CatalogueRow> {
    Ok(CatalogueRow {
        path: vec![item.level1.clone(), item.level2.clone(), item.level3.clone()],
        urgency: value("URGENCY_", &item.urgency, Urgency::from_str_name)?.into(),
        impact: value("IMPACT_", &item.impact, Impact::from_str_name)?.into(),
        ..CatalogueRow::default()
    })
}

fn rule(row: &sample::Rule) -> Rule {
    let unit_id = row.unit_id.clone();
    let target = match row.target.as_str() {
        "group" => Target::Group(GroupAction { group_id: unit_id }),
        "pool" => Target::Pool(PoolAction { unit_id, ..PoolAction::default() }),
        _ => Target::Unit(UnitAction { unit_id }),
    };
    Rule {
        id: row.id.clone(),
        name: row.name.clone(),
        when: row.when.clone(),
        action: Some(RuleAction {
            target: Some(target),
            set_priority: row.set_priority,
            ..RuleAction::default()
        }),
        ..Rule::default()
    }
}
