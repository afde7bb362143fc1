//! Tickets: create, read, act, watch.

mod act;
mod advance;
mod attachment;
mod bulk;
mod claim;
mod create;
mod draft;
mod export;
pub mod filter;
mod handling;
mod links;
mod list;
pub mod lookup;
mod note;
mod place;
mod review;
mod search;
pub mod show;
mod supervise;
mod timeline;
mod verify;
mod watch;
pub mod words;

use anyhow::Result;
use clap::Subcommand;
use gongdan_proto::tickets::v1::{
    GetTicketRequest, quarantine_service_client::QuarantineServiceClient,
    ticket_service_client::TicketServiceClient,
};

use super::{Channel, Context, Table};

pub use show::ticket as show;

/// The client of tickets that every command uses.
type Client = TicketServiceClient<Channel>;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Takes a request down and submits it, or saves a draft (受理)
    Create(Box<create::Create>),
    /// Submits a draft (提交)
    Submit(act::Plain),
    /// One ticket
    Get {
        /// Number or id
        ticket: String,
        /// Contact and numbers in clear; needs a right of its own, and is noted
        #[arg(long)]
        in_clear: bool,
    },
    /// Tickets, newest received first
    List(list::List),
    /// Gives a pending ticket to a unit or person (派单)
    Dispatch(act::Dispatch),
    /// Takes a dispatched ticket on (接单)
    Accept(act::Plain),
    /// Takes a pooled ticket, or the next of the pools of one's units (抢单)
    Claim(claim::Claim),
    /// Gives it back with a reason (退单), or puts it back into the pool it was claimed from (放回)
    Return(act::Return),
    /// Hands it on to one other recipient (转派)
    Transfer(act::Transfer),
    /// Says it is done (办结)
    Resolve(act::Resolve),
    /// Review and countersigning of what the unit proposes (审核, 会签)
    #[command(subcommand)]
    Review(review::Review),
    /// On to another step of the same phase (推进)
    Advance(advance::Advance),
    /// Begins the next round (重办)
    Reopen(act::Reopen),
    /// Takes it back before it is resolved (撤单)
    Cancel(act::Reasoned),
    /// The citizen asks again (催单)
    Urge(act::Urge),
    /// Lets it out of the quarantine (解除隔离)
    Release(act::Plain),
    /// Pauses a ticket while its unit has to wait (挂起)
    #[command(subcommand)]
    Suspend(handling::Suspend),
    /// Goes on with a suspended ticket (恢复)
    Resume(handling::Resume),
    /// A later deadline (延时申请)
    #[command(subcommand)]
    Extend(handling::Extend),
    /// Help of another unit (协办)
    #[command(subcommand)]
    Assist(handling::Assist),
    #[command(flatten)]
    Supervise(supervise::Command),
    /// Prints changes as they happen, until Ctrl-C
    Watch(watch::Watch),
    /// Every change of one ticket, oldest first (流转信息)
    Timeline {
        /// Number or id
        ticket: String,
    },
    /// Judges the timeline against its hash chain and names the first broken link (流转信息校验)
    Verify(verify::Verify),
    /// Says where it is about, or that it is about another place (地点)
    Place(place::Place),
    /// Adds a note, for staff or for the citizen as well (备注)
    Note(note::Add),
    /// Notes on a ticket, newest first
    Notes {
        /// Number or id
        ticket: String,
    },
    /// Attaches a file (附件)
    Attach(attachment::Attach),
    /// Attachments of a ticket
    Attachments {
        /// Number or id
        ticket: String,
    },
    /// Saves an attachment to a file
    Download(attachment::Download),
    /// Takes an attachment away; its content is deleted
    Detach(attachment::Detach),
    /// Finds customers with their tickets (来电弹屏)
    Lookup(lookup::Lookup),
    /// Finds tickets by words, number, phone and filter (检索)
    Search(search::Search),
    /// Tickets that a request may be a repeat of (查重)
    Similar(links::Similar),
    /// Links two tickets: related, parts, repeats (关联)
    Link(links::Link),
    /// Takes a link away (取消关联)
    Unlink(links::Unlink),
    /// Makes parts of a ticket tickets of their own (拆分)
    Split(links::Split),
    /// Changes what a draft says (修改存盘)
    Amend(Box<draft::Amend>),
    /// Throws a draft away (删除存盘)
    Discard(draft::Discard),
    /// Answers a draft at once and closes it (直接答复)
    Answer(draft::AnswerDraft),
    /// Takes a request down, answers it at once and closes it (直接答复)
    AnswerNew(Box<draft::AnswerNew>),
    /// The same for many tickets, with a result for each (批量操作)
    Bulk(Box<bulk::Bulk>),
    /// Tickets as a spreadsheet (导出)
    Export(Box<export::Export>),
    /// Makes a ticket part of another (合并)
    Merge(links::Merge),
    /// Undoes a merge (撤销合并)
    Unmerge(links::Unmerge),
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let mut client = TicketServiceClient::new(context.channel("tickets")?);
    let ticket = match command {
        Command::Get { ticket, in_clear } => client.get_ticket(GetTicketRequest { ticket, in_clear }).await?,
        Command::Create(args) => client.create_ticket(args.request(context)?).await?,
        Command::Submit(args) => client.submit_ticket(args.submit(context)).await?,
        Command::Dispatch(args) => client.dispatch_ticket(args.request(context)).await?,
        Command::Accept(args) => client.accept_ticket(args.accept(context)).await?,
        Command::Claim(args) => claim::run(context, &mut client, args).await?,
        Command::Return(args) => client.return_ticket(args.give_back(context)).await?,
        Command::Transfer(args) => client.transfer_ticket(args.request(context)).await?,
        Command::Resolve(args) => client.resolve_ticket(args.request(context)).await?,
        Command::Reopen(args) => client.reopen_ticket(args.request(context)).await?,
        Command::Cancel(args) => client.cancel_ticket(args.cancel(context)).await?,
        Command::Urge(args) => client.urge_ticket(args.request(context)).await?,
        Command::Release(args) => {
            let mut quarantine = QuarantineServiceClient::new(context.channel("tickets")?);
            quarantine.release_ticket(args.release(context)).await?
        }
        Command::Review(command) => return show::ticket(context, &review::run(context, command).await?),
        Command::Advance(args) => return show::ticket(context, &advance::run(context, args).await?),
        Command::Suspend(command) => return handling::suspend(context, command).await,
        Command::Resume(command) => return handling::resume(context, command).await,
        Command::Extend(command) => return handling::extend(context, command).await,
        Command::Assist(command) => return handling::assist(context, command).await,
        Command::Supervise(command) => return supervise::run(context, command).await,
        Command::Amend(args) => return show::ticket(context, &draft::amend(context, *args).await?),
        Command::Discard(args) => return show::ticket(context, &draft::discard(context, args).await?),
        Command::Answer(args) => return show::ticket(context, &draft::answer(context, args).await?),
        Command::AnswerNew(args) => return show::ticket(context, &draft::answer_new(context, *args).await?),
        Command::Bulk(args) => return bulk::run(context, *args).await,
        Command::Export(args) => return export::run(context, *args).await,
        Command::List(args) => return list::run(context, client, args).await,
        Command::Watch(args) => return watch::run(context, client, args).await,
        Command::Timeline { ticket } => return timeline::run(context, client, ticket).await,
        Command::Verify(args) => return verify::run(context, args).await,
        Command::Lookup(args) => return lookup::run(context, args).await,
        Command::Search(args) => return search::run(context, args).await,
        Command::Similar(args) => return links::similar(context, args).await,
        Command::Link(args) => return links::link(context, args).await,
        Command::Unlink(args) => return links::unlink(context, args).await,
        Command::Split(args) => return links::split(context, args).await,
        Command::Merge(args) => return links::merge(context, args).await,
        Command::Unmerge(args) => return links::unmerge(context, args).await,
        Command::Place(args) => place::run(context, args).await?,
        Command::Note(args) => return note::add(context, args).await,
        Command::Notes { ticket } => return note::list(context, ticket).await,
        Command::Attach(args) => return attachment::attach(context, args).await,
        Command::Attachments { ticket } => return attachment::list(context, ticket).await,
        Command::Download(args) => return attachment::download(context, args).await,
        Command::Detach(args) => return attachment::detach(context, args).await,
    };
    show::ticket(context, &ticket.into_inner())
}
