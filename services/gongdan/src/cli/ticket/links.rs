//! `ticket similar`, `link`, `unlink`, `split`, `merge`, `unmerge`

use anyhow::{Result, bail};
use clap::Args;
use gongdan_proto::tickets::v1::{
    FindSimilarRequest, LinkTicketRequest, MergeTicketRequest, SplitPart, SplitTicketRequest, Ticket,
    UndoMergeRequest, UnlinkTicketRequest, link_service_client::LinkServiceClient,
};
use serde_json::json;

use super::{
    super::{Channel, Context},
    Table, show,
    words::LinkKind,
};

type Client = LinkServiceClient<Channel>;

fn client(context: &Context) -> Result<Client> {
    Ok(LinkServiceClient::new(context.channel("tickets")?))
}

#[derive(Debug, Args)]
pub struct Similar {
    /// Number or id; or what is known of a request that is not taken down yet
    #[arg(default_value = "", hide_default_value = true)]
    ticket: String,
    /// The customer's phone, in any spelling
    #[arg(long, default_value = "", hide_default_value = true)]
    phone: String,
    /// The customer's id
    #[arg(long, default_value = "", hide_default_value = true, value_name = "ID")]
    customer: String,
    /// Catalogue item
    #[arg(long, default_value = "", hide_default_value = true)]
    item: String,
    /// Region code
    #[arg(long, default_value = "", hide_default_value = true, value_name = "CODE")]
    region: String,
    /// What it is about
    #[arg(long, default_value = "", hide_default_value = true)]
    subject: String,
    /// The request
    #[arg(long, default_value = "", hide_default_value = true)]
    body: String,
    /// At most so many, 1 to 50
    #[arg(long, default_value_t = 10, value_name = "N")]
    limit: i32,
}

#[derive(Debug, Args)]
pub struct Link {
    /// Number or id
    ticket: String,
    /// What the ticket is to the other
    #[arg(long = "kind", value_enum, default_value_t = LinkKind::Related)]
    kind: LinkKind,
    /// The other ticket, by number or id
    other: String,
    /// Why
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
    /// Only if the ticket is still at this etag
    #[arg(long, default_value = "", hide_default_value = true)]
    etag: String,
}

#[derive(Debug, Args)]
pub struct Unlink {
    /// Number or id
    ticket: String,
    /// The other ticket, by number or id
    other: String,
    /// Why
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
    /// Only if the ticket is still at this etag
    #[arg(long, default_value = "", hide_default_value = true)]
    etag: String,
}

#[derive(Debug, Args)]
pub struct Split {
    /// Number or id
    ticket: String,
    /// What a part is about; once a part
    #[arg(long, required = true)]
    subject: Vec<String>,
    /// The words of a part, in the order of the subjects
    #[arg(long, required = true)]
    body: Vec<String>,
    /// Region code of a part, in the order of the subjects; default: the ticket's
    #[arg(long, value_name = "CODE")]
    region: Vec<String>,
    /// Catalogue item of a part, in the order of the subjects; default: the ticket's
    #[arg(long)]
    item: Vec<String>,
    /// Why
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
    /// Only if the ticket is still at this etag
    #[arg(long, default_value = "", hide_default_value = true)]
    etag: String,
}

#[derive(Debug, Args)]
pub struct Merge {
    /// The ticket that goes, by number or id
    ticket: String,
    /// The ticket that stays, by number or id
    #[arg(long)]
    into: String,
    /// Why
    #[arg(long)]
    reason: String,
    /// Only if the ticket that goes is still at this etag
    #[arg(long, default_value = "", hide_default_value = true)]
    etag: String,
}

#[derive(Debug, Args)]
pub struct Unmerge {
    /// The ticket that was merged into another, by number or id
    ticket: String,
    /// Why
    #[arg(long)]
    reason: String,
    /// Only if the ticket is still at this etag
    #[arg(long, default_value = "", hide_default_value = true)]
    etag: String,
}

pub async fn similar(context: &Context, args: Similar) -> Result<()> {
    let request = FindSimilarRequest {
        ticket: args.ticket,
        customer_id: args.customer,
        phone: args.phone,
        item: args.item,
        region: args.region,
        subject: args.subject,
        body: args.body,
        limit: args.limit,
    };
    let found = client(context)?.find_similar(request).await?.into_inner().candidates;
    let json = || {
        let found: Result<Vec<_>> =
            found.iter().map(|one| context.json("gongdan.tickets.v1.SimilarTicket", one)).collect();
        Ok(json!(found?))
    };
    context.print(json, || {
        let mut table = Table::new([
            context.text("score", "相似度"),
            context.text("why", "理由"),
            context.text("number", "编号"),
            context.text("phase", "状态"),
            context.text("received", "受理时间"),
            context.text("subject", "标题"),
        ]);
        for one in &found {
            let ticket = one.ticket.clone().unwrap_or_default();
            let reasons: Vec<String> =
                one.reasons().map(|reason| context.name(reason.as_str_name())).collect();
            table.row([
                format!("{:.2}", one.score),
                reasons.join(", "),
                ticket.number.clone(),
                context.name(ticket.phase().as_str_name()),
                context.time(ticket.received_at.as_ref()),
                ticket.subject,
            ]);
        }
        table
    })
}

pub async fn link(context: &Context, args: Link) -> Result<()> {
    let request = LinkTicketRequest {
        request_id: context.request_id(),
        ticket: args.ticket,
        etag: args.etag,
        kind: args.kind.into(),
        other: args.other,
        other_etag: String::new(),
        reason: args.reason,
    };
    show::ticket(context, &client(context)?.link_ticket(request).await?.into_inner())
}

pub async fn unlink(context: &Context, args: Unlink) -> Result<()> {
    let request = UnlinkTicketRequest {
        request_id: context.request_id(),
        ticket: args.ticket,
        etag: args.etag,
        other: args.other,
        other_etag: String::new(),
        reason: args.reason,
    };
    show::ticket(context, &client(context)?.unlink_ticket(request).await?.into_inner())
}

pub async fn split(context: &Context, args: Split) -> Result<()> {
    let parts = args.subject.len();
    if args.body.len() != parts {
        bail!("{}", context.text("a body for each subject", "每个标题对应一个正文"));
    }
    if [&args.region, &args.item].iter().any(|given| !given.is_empty() && given.len() != parts) {
        bail!(
            "{}",
            context.text("a region and an item for each subject, or none", "区域、事项须与标题一一对应")
        );
    }
    let at = |given: &[String], at: usize| given.get(at).cloned().unwrap_or_default();
    let parts = (0..parts)
        .map(|part| SplitPart {
            subject: at(&args.subject, part),
            body: at(&args.body, part),
            region: at(&args.region, part),
            item: at(&args.item, part),
        })
        .collect();
    let request = SplitTicketRequest {
        request_id: context.request_id(),
        ticket: args.ticket,
        etag: args.etag,
        parts,
        reason: args.reason,
    };
    let answer = client(context)?.split_ticket(request).await?.into_inner();
    let tickets: Vec<Ticket> = answer.ticket.clone().into_iter().chain(answer.parts.clone()).collect();
    let json = || context.json("gongdan.tickets.v1.SplitTicketResponse", &answer);
    context.print(json, || show::table(context, &tickets))
}

pub async fn merge(context: &Context, args: Merge) -> Result<()> {
    let request = MergeTicketRequest {
        request_id: context.request_id(),
        ticket: args.ticket,
        etag: args.etag,
        into: args.into,
        into_etag: String::new(),
        reason: args.reason,
    };
    show::ticket(context, &client(context)?.merge_ticket(request).await?.into_inner())
}

pub async fn unmerge(context: &Context, args: Unmerge) -> Result<()> {
    let request = UndoMergeRequest {
        request_id: context.request_id(),
        ticket: args.ticket,
        etag: args.etag,
        reason: args.reason,
    };
    show::ticket(context, &client(context)?.undo_merge(request).await?.into_inner())
}
