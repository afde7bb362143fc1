//! Forms (表单): put from a file, looked at, tried. Source: T6.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use gongdan_proto::tickets::v1::{
    Form, GetFormRequest, ListFormsRequest, PutFormRequest, ValidateFieldsRequest,
    form_service_client::FormServiceClient,
};
use serde_json::json;

use super::{
    Context, Table,
    fields::{self, Field},
};

const FORM: &str = "gongdan.tickets.v1.Form";
const PAGE: i32 = 200;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes a new version from a JSON Schema (2020-12); the same content makes none
    Put {
        /// What the form is called; catalogue items bind it by this
        key: String,
        /// The file, UTF-8
        file: PathBuf,
        /// What people read; default: the key
        #[arg(long, default_value = "", hide_default_value = true)]
        name: String,
    },
    /// A version of a form, with its schema
    Get {
        /// The form
        key: String,
        /// The version; default: the newest
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        version: i32,
    },
    /// All forms
    List,
    /// Holds values to a form and names each that does not fit
    Check {
        /// The form
        key: String,
        /// The version; default: the newest
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        version: i32,
        /// `meter=12345678`, `address.floor=3`; may be repeated
        #[arg(long = "field", value_name = "PATH=VALUE")]
        fields: Vec<Field>,
    },
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let mut client = FormServiceClient::new(context.channel("tickets")?);
    let form = match command {
        Command::Put { key, file, name } => {
            let schema =
                std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
            let name = if name.is_empty() { key.clone() } else { name };
            let request = PutFormRequest { request_id: context.request_id(), key, name, schema };
            client.put_form(request).await?.into_inner()
        }
        Command::Get { key, version } => {
            let form = client.get_form(GetFormRequest { key, version }).await?.into_inner();
            if !context.is_json() {
                return context.say(&form.schema);
            }
            form
        }
        Command::List => return list(context, client).await,
        Command::Check { key, version, fields } => {
            let custom_fields = fields::message(&fields)?;
            let request = ValidateFieldsRequest { key, version, custom_fields };
            let answer = client.validate_fields(request).await?.into_inner();
            return context.print_details(
                || context.json("gongdan.tickets.v1.ValidateFieldsResponse", &answer),
                &[(context.text("fits version", "符合版本"), answer.version.to_string())],
            );
        }
    };
    context.print_details(
        || context.json(FORM, &form),
        &[
            (context.text("form", "表单"), form.key.clone()),
            (context.text("name", "名称"), form.name.clone()),
            (context.text("version", "版本"), form.version.to_string()),
            (context.text("searchable", "可筛选"), searchable(&form)),
        ],
    )
}

async fn list(context: &Context, mut client: FormServiceClient<super::Channel>) -> Result<()> {
    let mut request = ListFormsRequest { page_size: PAGE, page_token: String::new() };
    let mut forms: Vec<Form> = Vec::new();
    loop {
        let page = client.list_forms(request.clone()).await?.into_inner();
        forms.extend(page.forms);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let json = || {
        let forms: Result<Vec<_>> = forms.iter().map(|form| context.json(FORM, form)).collect();
        Ok(json!(forms?))
    };
    context.print(json, || {
        let mut table = Table::new([
            context.text("form", "表单"),
            context.text("name", "名称"),
            context.text("version", "版本"),
            context.text("searchable", "可筛选"),
            context.text("put", "更新时间"),
        ]);
        for form in &forms {
            let put_at = context.time(form.put_at.as_ref());
            table.row([
                form.key.clone(),
                form.name.clone(),
                form.version.to_string(),
                searchable(form),
                put_at,
            ]);
        }
        table
    })
}

fn searchable(form: &Form) -> String {
    form.searchable.iter().map(|field| field.field.as_str()).collect::<Vec<_>>().join(", ")
}
