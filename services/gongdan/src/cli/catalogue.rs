//! The service catalogue (服务目录): imported from CSV, looked at.

use std::{collections::HashMap, path::PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use csv::StringRecord;
use gongdan_proto::tickets::v1::{
    CatalogueItem, CatalogueRow, GetCatalogueRequest, Impact, ImportCatalogueRequest,
    ListCatalogueItemsRequest, TicketType, Urgency, catalogue_service_client::CatalogueServiceClient,
};
use serde_json::json;

use super::{Context, Table};

const PAGE: i32 = 1_000;
/// Columns beside `level1`, `level2`, …
const BINDS: [&str; 8] =
    ["type", "urgency", "impact", "sla_policy", "routing_hints", "regions", "form", "type_key"];

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes a new version from a CSV file; the same content makes none
    ///
    /// Columns: level1, level2, … as deep as the tree; and, if wanted, type, type_key, urgency, impact,
    /// sla_policy, form, and routing_hints and regions with several values separated by `;`.
    Import {
        /// The file, UTF-8
        file: PathBuf,
    },
    /// The items of a version
    List {
        /// The version; default: the newest
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        version: i32,
        /// Only below this key
        #[arg(long, default_value = "", hide_default_value = true)]
        below: String,
    },
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let mut client = CatalogueServiceClient::new(context.channel("tickets")?);
    match command {
        Command::Import { file } => {
            let rows = read(&file)?;
            let request = ImportCatalogueRequest { request_id: context.request_id(), rows };
            let made = client.import_catalogue(request).await?.into_inner();
            let lines = [
                (context.text("version", "版本"), made.version.to_string()),
                (context.text("items", "节点"), made.items.to_string()),
                (
                    context.text("changed", "有变化"),
                    context
                        .text(if made.created { "yes" } else { "no" }, if made.created { "是" } else { "否" })
                        .to_owned(),
                ),
            ];
            context.print_details(|| context.json("gongdan.tickets.v1.Catalogue", &made), &lines)
        }
        Command::List { version, below } => {
            let version = client.get_catalogue(GetCatalogueRequest { version }).await?.into_inner().version;
            let mut request = ListCatalogueItemsRequest {
                version,
                parent_key: below,
                page_size: PAGE,
                page_token: String::new(),
            };
            let mut items: Vec<CatalogueItem> = Vec::new();
            loop {
                let page = client.list_catalogue_items(request.clone()).await?.into_inner();
                items.extend(page.items);
                if page.next_page_token.is_empty() {
                    break;
                }
                request.page_token = page.next_page_token;
            }
            let json = || {
                let items: Result<Vec<_>> =
                    items.iter().map(|item| context.json("gongdan.tickets.v1.CatalogueItem", item)).collect();
                Ok(json!(items?))
            };
            context.print(json, || table(context, &items))
        }
    }
}

fn table(context: &Context, items: &[CatalogueItem]) -> Table {
    let mut table = Table::new([
        context.text("item", "事项"),
        context.text("type", "类型"),
        context.text("urgency", "紧急程度"),
        context.text("impact", "影响程度"),
        context.text("policy", "时限策略"),
        context.text("form", "表单"),
    ]);
    for item in items.iter().filter(|item| item.leaf) {
        table.row([
            item.key.clone(),
            match item.type_key.as_str() {
                "" => context.name(item.r#type().as_str_name()),
                own => own.to_owned(),
            },
            context.name(item.urgency().as_str_name()),
            context.name(item.impact().as_str_name()),
            item.sla_policy.clone(),
            item.form.clone(),
        ]);
    }
    table
}

/// The rows of a file; every bad line is named.
fn read(file: &PathBuf) -> Result<Vec<CatalogueRow>> {
    let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    parse(&bytes).with_context(|| format!("{}", file.display()))
}

fn parse(bytes: &[u8]) -> Result<Vec<CatalogueRow>> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::Reader::from_reader(bytes);
    let head = Head::of(reader.headers().context("the first line")?)?;
    let (mut rows, mut errors) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let line = match &record {
            Ok(record) => record.position().map_or(0, csv::Position::line),
            Err(error) => error.position().map_or(0, csv::Position::line),
        };
        match record.map_err(anyhow::Error::from).and_then(|record| head.row(&record)) {
            Ok(row) => rows.push(row),
            Err(error) => errors.push(format!("line {line}: {error:#}")),
        }
    }
    if errors.is_empty() { Ok(rows) } else { bail!("{}", errors.join("\n")) }
}

/// Which column holds what.
struct Head {
    levels: Vec<usize>,
    binds: HashMap<&'static str, usize>,
}

impl Head {
    fn of(record: &StringRecord) -> Result<Head> {
        let (mut levels, mut binds) = (Vec::new(), HashMap::new());
        for (at, name) in record.iter().map(str::trim).enumerate() {
            if let Some(bound) = BINDS.iter().find(|bound| **bound == name) {
                binds.insert(*bound, at);
            } else if name == format!("level{}", levels.len() + 1) {
                levels.push(at);
            } else {
                bail!("no column is called `{name}`; there are level1, level2, …, {}", BINDS.join(", "));
            }
        }
        if levels.is_empty() {
            bail!("there is no column `level1`");
        }
        Ok(Head { levels, binds })
    }

    fn row(&self, record: &StringRecord) -> Result<CatalogueRow> {
        let mut path: Vec<String> =
            self.levels.iter().map(|at| record.get(*at).unwrap_or_default().trim().to_owned()).collect();
        // A leaf may be less deep than the deepest one.
        while path.len() > 1 && path.last().is_some_and(String::is_empty) {
            path.pop();
        }
        let cell =
            |name: &str| self.binds.get(name).and_then(|at| record.get(*at)).unwrap_or_default().trim();
        let several = |name: &str| {
            cell(name).split(';').map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned).collect()
        };
        Ok(CatalogueRow {
            path,
            r#type: value("type", cell("type"), "TICKET_TYPE_", |n| {
                TicketType::from_str_name(n).map(Into::into)
            })?,
            urgency: value("urgency", cell("urgency"), "URGENCY_", |n| {
                Urgency::from_str_name(n).map(Into::into)
            })?,
            impact: value("impact", cell("impact"), "IMPACT_", |n| Impact::from_str_name(n).map(Into::into))?,
            sla_policy: cell("sla_policy").to_owned(),
            routing_hints: several("routing_hints"),
            regions: several("regions"),
            form: cell("form").to_owned(),
            type_key: cell("type_key").to_owned(),
        })
    }
}

/// A value of the contract by its word, `business_processing`; 0 when left out.
fn value(column: &str, word: &str, prefix: &str, known: fn(&str) -> Option<i32>) -> Result<i32> {
    if word.is_empty() {
        return Ok(0);
    }
    let name = format!("{prefix}{}", word.to_uppercase().replace('-', "_"));
    known(&name).with_context(|| format!("{column}: `{word}` is unknown"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_the_file_also_after_a_line_break_in_quotes() {
        let error = parse(b"level1,type\n\"a\nb\",complaint\nc,nonsense\nd,\xff\n").unwrap_err().to_string();
        assert!(error.contains("line 4: type") && error.contains("line 5"), "{error}");
    }

    #[test]
    fn a_file_with_names_only_is_read() {
        let rows =
            parse("\u{feff}level1,level2,level3\n城乡建设,安全生产,事故处理\n交通运输,公交,\n".as_bytes())
                .unwrap();
        assert_eq!(rows[0].path, ["城乡建设", "安全生产", "事故处理"]);
        assert_eq!(rows[1].path, ["交通运输", "公交"]);
    }

    #[test]
    fn what_a_leaf_binds_is_read() {
        let rows = parse(
            "level1,type,urgency,regions,form,type_key\n噪声,business-processing,high,4401; 4403,noise,own_type\n"
                .as_bytes(),
        )
        .unwrap();
        assert_eq!((rows[0].form.as_str(), rows[0].type_key.as_str()), ("noise", "own_type"));
        assert_eq!(rows[0].r#type(), TicketType::BusinessProcessing);
        assert_eq!(rows[0].urgency(), Urgency::High);
        assert_eq!(rows[0].regions, ["4401", "4403"]);
    }

    #[test]
    fn bad_lines_are_all_named() {
        let error = parse(b"level1,type\na,nonsense\nb,complaint\nc,\xff\n").unwrap_err().to_string();
        assert!(error.contains("line 2: type: `nonsense` is unknown"), "{error}");
        assert!(error.contains("line 4"), "{error}");
        assert!(parse(b"name\na\n").is_err());
        assert!(parse(b"type\ncomplaint\n").is_err());
    }
}
