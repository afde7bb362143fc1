//! `gongdan route responsible`: who answers for which customer or asset (直派). Source: R5.

mod import;

use anyhow::Result;
use clap::{ArgGroup, Args, Subcommand};
use gongdan_proto::{
    routing::v1::{
        DeleteResponsibilityRequest, ListResponsibilitiesRequest, PutResponsibilityRequest, Responsibility,
        responsibility_service_client::ResponsibilityServiceClient,
    },
    to_timestamp,
};
use serde_json::json;

use super::{Channel, Context, Table};

const RESPONSIBILITY: &str = "gongdan.routing.v1.Responsibility";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Says that a person answers for a customer or an asset
    Put(Put),
    /// Takes a responsibility out
    Delete {
        /// Its id
        id: String,
        /// Only if it is still as it was read
        #[arg(long, default_value = "", hide_default_value = true)]
        etag: String,
    },
    /// Who answers for what, oldest first
    List(List),
    /// Brings many in from a CSV file, all of them or nothing
    Import(import::Args),
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("charge").required(true))]
pub struct Put {
    /// For this customer, by id
    #[arg(long, group = "charge")]
    customer: Option<String>,
    /// For this asset, by its id in the house
    #[arg(long, group = "charge")]
    asset: Option<String>,
    /// Only for this item or branch of the catalogue
    #[arg(long, default_value = "", hide_default_value = true)]
    item: String,
    /// Who
    #[arg(long)]
    person: String,
    /// The unit they act for; default: the first of theirs
    #[arg(long, default_value = "", hide_default_value = true)]
    unit: String,
    /// From when on
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Until when, excluded
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Changes the one of this id instead of making a new one
    #[arg(long, default_value = "", hide_default_value = true)]
    id: String,
    /// Only if it is still as it was read
    #[arg(long, default_value = "", hide_default_value = true, requires = "id")]
    etag: String,
}

#[derive(Debug, Args)]
pub struct List {
    /// For this customer, by id
    #[arg(long, default_value = "", hide_default_value = true)]
    customer: String,
    /// For this asset
    #[arg(long, default_value = "", hide_default_value = true)]
    asset: String,
    /// Of this person
    #[arg(long, default_value = "", hide_default_value = true)]
    person: String,
    /// Those too that are over
    #[arg(long)]
    all: bool,
    /// How many at most
    #[arg(long, default_value_t = 1_000)]
    limit: usize,
}

fn client(context: &Context) -> Result<ResponsibilityServiceClient<Channel>> {
    Ok(ResponsibilityServiceClient::new(context.channel("routing")?))
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Put(put) => {
            let request = PutResponsibilityRequest {
                request_id: context.request_id(),
                etag: put.etag.clone(),
                responsibility: Some(put.responsibility(context)?),
            };
            show(context, &[client(context)?.put_responsibility(request).await?.into_inner()])
        }
        Command::Delete { id, etag } => {
            let request =
                DeleteResponsibilityRequest { request_id: context.request_id(), id: id.clone(), etag };
            client(context)?.delete_responsibility(request).await?;
            let lines = [(context.text("deleted", "已删除"), id.clone())];
            context.print_details(|| Ok(json!({ "deleted": id })), &lines)
        }
        Command::List(args) => list(context, args).await,
        Command::Import(args) => import::run(context, args).await,
    }
}

impl Put {
    fn responsibility(self, context: &Context) -> Result<Responsibility> {
        let time = |text: Option<String>| -> Result<_> {
            Ok(text.map(|text| context.parse_time(&text)).transpose()?.map(to_timestamp))
        };
        Ok(Responsibility {
            id: self.id,
            customer_id: self.customer.unwrap_or_default(),
            asset: self.asset.unwrap_or_default(),
            item: self.item,
            person_id: self.person,
            unit_id: self.unit,
            valid_from: time(self.from)?,
            valid_to: time(self.until)?,
            ..Responsibility::default()
        })
    }
}

async fn list(context: &Context, args: List) -> Result<()> {
    let mut client = client(context)?;
    let mut request = ListResponsibilitiesRequest {
        customer_id: args.customer,
        asset: args.asset,
        person_id: args.person,
        all: args.all,
        page_size: 500,
        page_token: String::new(),
    };
    let mut found = Vec::new();
    loop {
        let page = client.list_responsibilities(request.clone()).await?.into_inner();
        found.extend(page.responsibilities);
        if page.next_page_token.is_empty() || found.len() >= args.limit {
            break;
        }
        request.page_token = page.next_page_token;
    }
    found.truncate(args.limit);
    show(context, &found)
}

fn show(context: &Context, found: &[Responsibility]) -> Result<()> {
    let json = || {
        let items = found.iter().map(|one| context.json(RESPONSIBILITY, one)).collect::<Result<Vec<_>>>()?;
        Ok(json!({ "responsibilities": items }))
    };
    context.print(json, || {
        let heads = [
            ("id", "编号"),
            ("customer", "客户"),
            ("asset", "资产"),
            ("item", "事项"),
            ("person", "责任人"),
            ("unit", "单位"),
            ("from", "起"),
            ("until", "止"),
            ("where", "范围"),
            ("etag", "版本"),
        ];
        let mut table = Table::new(heads.map(|(english, chinese)| context.text(english, chinese)));
        for one in found {
            table.row([
                one.id.clone(),
                one.customer_id.clone(),
                one.asset.clone(),
                one.item.clone(),
                one.person_id.clone(),
                one.unit_id.clone(),
                context.time(one.valid_from.as_ref()),
                context.time(one.valid_to.as_ref()),
                (if one.everywhere {
                    context.text("everywhere", "全部地区")
                } else {
                    context.text("region of the unit", "单位辖区")
                })
                .to_owned(),
                one.etag.clone(),
            ]);
        }
        table
    })
}
