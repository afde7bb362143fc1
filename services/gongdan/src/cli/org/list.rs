//! `gongdan org list`

use anyhow::Result;
use clap::Subcommand;
use gongdan_proto::{
    routing::v1::{Area, ListAreasRequest, ListPrincipalsRequest, ListUnitsRequest, Principal, Unit},
    to_timestamp,
};
use gongdan_region::{RegionCode, Regions};
use serde_json::{Value, json};

use super::{Context, Table, client};

const PAGE: i32 = 1000;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Units (单位)
    Units {
        /// Only of this region and below
        #[arg(long, default_value = "", value_name = "CODE")]
        region: String,
        /// Only children of this unit
        #[arg(long, default_value = "", value_name = "UNIT")]
        parent: String,
        /// As the tree was or will be then, with those that take part then; else all as they are now
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    /// People and programs (人员)
    People {
        /// Only members of this unit
        #[arg(long, default_value = "", value_name = "UNIT")]
        unit: String,
        /// Only with this role
        #[arg(long, default_value = "")]
        role: String,
        /// As they were or will be then, with those who come by then; else as they are now
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    /// Who answers for which area (责任区)
    Areas {
        /// Only areas that cover this region
        #[arg(long, default_value = "", value_name = "CODE")]
        region: String,
        /// Only of this unit
        #[arg(long, default_value = "", value_name = "UNIT")]
        unit: String,
        /// As they were or will be then; else as they are now
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Units { region, parent, at } => units(context, region, parent, at.as_deref()).await,
        Command::People { unit, role, at } => people(context, unit, role, at.as_deref()).await,
        Command::Areas { region, unit, at } => areas(context, region, unit, at.as_deref()).await,
    }
}

async fn units(context: &Context, region: String, parent_id: String, at: Option<&str>) -> Result<()> {
    let at = at.map(|at| context.parse_time(at)).transpose()?.map(to_timestamp);
    let mut client = client(context)?;
    let mut request = ListUnitsRequest { region, parent_id, at, page_size: PAGE, ..Default::default() };
    let mut all: Vec<Unit> = Vec::new();
    loop {
        let page = client.list_units(request.clone()).await?.into_inner();
        all.extend(page.units);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let json = || list(context, "units", "gongdan.routing.v1.Unit", &all);
    context.print(json, || {
        let heads = [
            ("id", "编号"),
            ("name", "名称"),
            ("kind", "类别"),
            ("above", "上级"),
            ("region", "区划"),
            ("until", "截止"),
            ("changes", "变更"),
        ];
        let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
        for unit in &all {
            table.row([
                unit.id.clone(),
                unit.name.clone(),
                context.name(unit.kind().as_str_name()),
                unit.parent_id.clone(),
                region_name(&unit.region),
                context.time(unit.valid_to.as_ref()),
                context.time(unit.changes_at.as_ref()),
            ]);
        }
        table
    })
}

async fn people(context: &Context, unit_id: String, role: String, at: Option<&str>) -> Result<()> {
    let at = at.map(|at| context.parse_time(at)).transpose()?.map(to_timestamp);
    let mut client = client(context)?;
    let mut request = ListPrincipalsRequest { unit_id, role, at, page_size: PAGE, ..Default::default() };
    let mut all: Vec<Principal> = Vec::new();
    loop {
        let page = client.list_principals(request.clone()).await?.into_inner();
        all.extend(page.principals);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let json = || list(context, "people", "gongdan.routing.v1.Principal", &all);
    context.print(json, || {
        let heads = [
            ("id", "编号"),
            ("name", "姓名"),
            ("kind", "类别"),
            ("roles", "角色"),
            ("units", "单位"),
            ("regions", "区划"),
            ("active", "在用"),
            ("changes", "变更"),
        ];
        let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
        for person in &all {
            table.row([
                person.id.clone(),
                person.name.clone(),
                context.name(person.kind().as_str_name()),
                person.roles.join(" "),
                person.unit_ids.join(" "),
                person.regions.iter().map(|code| region_name(code)).collect::<Vec<_>>().join(" "),
                if person.active { context.text("yes", "是") } else { context.text("no", "否") }.to_owned(),
                context.time(person.changes_at.as_ref()),
            ]);
        }
        table
    })
}

async fn areas(context: &Context, region: String, unit_id: String, at: Option<&str>) -> Result<()> {
    let at = at.map(|at| context.parse_time(at)).transpose()?.map(to_timestamp);
    let mut client = client(context)?;
    let mut request = ListAreasRequest { region, unit_id, at, page_size: PAGE, ..Default::default() };
    let mut all: Vec<Area> = Vec::new();
    loop {
        let page = client.list_areas(request.clone()).await?.into_inner();
        all.extend(page.areas);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let json = || list(context, "areas", "gongdan.routing.v1.Area", &all);
    context.print(json, || {
        let heads = [("region", "区划"), ("to", "至"), ("name", "名称"), ("item", "目录"), ("unit", "单位")];
        let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
        for area in &all {
            let item = if area.item.is_empty() {
                context.text("every item", "全部").to_owned()
            } else {
                area.item.clone()
            };
            table.row([
                area.region.clone(),
                area.region_to.clone(),
                region_name(&area.region),
                item,
                area.unit_id.clone(),
            ]);
        }
        table
    })
}

fn list<M: prost::Message>(context: &Context, name: &str, message: &str, all: &[M]) -> Result<Value> {
    let items = all.iter().map(|item| context.json(message, item)).collect::<Result<Vec<_>>>()?;
    Ok(json!({ name: items }))
}

/// 广东省/广州市/天河区; the code itself when the table does not have it.
fn region_name(code: &str) -> String {
    let name = RegionCode::parse(code).map(|code| Regions::national().path_name(code)).unwrap_or_default();
    if name.is_empty() { code.to_owned() } else { name }
}
