//! `gongdan org check`, and what an import found to be looked after.

use anyhow::Result;
use gongdan_proto::routing::v1::{CheckOrganisationRequest, OrganisationFinding, OrganisationFindingKind};

use super::{Context, Table, client};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only about this unit
    #[arg(long, default_value = "", hide_default_value = true, value_name = "UNIT")]
    unit: String,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let request = CheckOrganisationRequest { unit_id: args.unit };
    let answer = client(context)?.check_organisation(request).await?.into_inner();
    let json = || context.json("gongdan.routing.v1.CheckOrganisationResponse", &answer);
    context.print(json, || {
        let heads = [
            ("what it is", "类别"),
            ("unit", "单位"),
            ("person", "人员"),
            ("since", "自"),
            ("tickets", "工单"),
            ("what is so", "情况"),
            ("what to do", "处理"),
        ];
        let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
        for found in &answer.findings {
            table.row([
                kind(context, found.kind()).to_owned(),
                found.unit_id.clone(),
                found.person_id.clone(),
                context.time(found.since.as_ref()),
                if found.tickets > 0 { found.tickets.to_string() } else { String::new() },
                found.what.clone(),
                found.advice.clone(),
            ]);
        }
        table
    })?;
    more(context, answer.more_findings);
    Ok(())
}

/// Tells people what an import made that has to be looked after.
pub(super) fn warn(context: &Context, findings: &[OrganisationFinding], more_findings: i32) {
    for found in findings {
        let head = context.text("to be looked after", "请处理");
        eprintln!("{head}: {}: {}: {}", found.field, found.what, found.advice);
    }
    more(context, more_findings);
}

fn more(context: &Context, more: i32) {
    if more > 0 {
        let words =
            context.text("more of it: `gongdan org check` tells", "另有未列出：用 `gongdan org check` 查看");
        eprintln!("{words}: {more}");
    }
}

fn kind(context: &Context, kind: OrganisationFindingKind) -> &'static str {
    let (english, chinese) = match kind {
        OrganisationFindingKind::Unspecified => ("", ""),
        OrganisationFindingKind::UnitEndsWithTickets => ("ends with tickets", "终止时仍有工单"),
        OrganisationFindingKind::UnitEndsWithAreas => ("ends with areas", "终止时仍有责任区"),
        OrganisationFindingKind::UnitEndsWithRules => ("ends with rules", "终止时仍有规则"),
        OrganisationFindingKind::UnitEndsWithRosters => ("ends with rosters", "终止时仍有排班"),
        OrganisationFindingKind::UnitEndsAboveOthers => ("ends above others", "终止时仍有下级"),
        OrganisationFindingKind::UnitWithoutPeople => ("without people", "无人"),
        OrganisationFindingKind::NobodyOnDuty => ("nobody on duty", "无人值班"),
        OrganisationFindingKind::PersonGoneWithTickets => ("gone with tickets", "离开时仍有工单"),
        OrganisationFindingKind::PersonGoneInRules => ("gone, in rules", "离开，规则仍指名"),
        OrganisationFindingKind::PersonGoneInRosters => ("gone, in rosters", "离开，排班仍指名"),
        OrganisationFindingKind::UnitEndsWithResponsibilities => {
            ("ends with responsibilities", "终止时仍有专责")
        }
        OrganisationFindingKind::PersonGoneInResponsibilities => {
            ("gone, with responsibilities", "离开时仍有专责")
        }
        OrganisationFindingKind::PersonPlanFailed => ("planned and failed", "预定变更未生效"),
        OrganisationFindingKind::TicketsNotYetKnown => ("tickets not yet known", "工单尚未读完"),
    };
    context.text(english, chinese)
}
