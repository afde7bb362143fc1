//! `gongdan queue`: one's work queues, and what stands in one of them. Source: T27.

use anyhow::Result;
use clap::{Args as ClapArgs, ValueEnum};
use gongdan_proto::tickets::v1::{
    CountQueuesRequest, ListQueueRequest, Queue as Pb, QueueOrder, queue_service_client::QueueServiceClient,
};
use serde_json::json;

use super::{
    Context, Table,
    ticket::{filter::Filter, show},
};

const PAGE: i32 = 200;

/// A work queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Queue {
    /// In flight with my units, or in their pools (本组处理)
    Group,
    /// In flight with me (个人待办)
    MyTodo,
    /// What I did something with and do not have (个人已办)
    MyDone,
    /// What I marked for myself (跟踪工单)
    Tracked,
    /// In flight in my areas (本地网工单)
    RegionOpen,
    /// Over (历史工单)
    History,
    /// What I saved and did not submit (存盘)
    Drafts,
    /// Came back and waits (退单)
    Returned,
    /// Extensions to decide (延时申请)
    Extensions,
    /// In flight beyond its time (超时工单)
    Overdue,
    /// Badly recorded, classified or dispatched (差错工单)
    QualityErrors,
    /// My units owe their help with (协办工单)
    Assisting,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Order {
    Received,
    Due,
    Priority,
}

#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The queue whose tickets are listed; without one: how many stand in each
    #[arg(value_enum)]
    list: Option<Queue>,
    /// What comes first
    #[arg(long, value_enum, default_value_t = Order::Received, requires = "list")]
    order: Order,
    /// At most so many
    #[arg(long, default_value_t = 50, value_name = "N", requires = "list")]
    limit: usize,
    #[command(flatten)]
    filter: Filter,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let mut client = QueueServiceClient::new(context.channel("tickets")?);
    let Some(queue) = args.list else {
        let counts = client.count_queues(CountQueuesRequest {}).await?.into_inner();
        return context.print(
            || context.json("gongdan.tickets.v1.QueueCounts", &counts),
            || {
                let mut table =
                    Table::new([context.text("queue", "队列"), context.text("tickets", "工单数")]);
                for count in &counts.counts {
                    table.row([name(context, count.queue()), count.tickets.to_string()]);
                }
                table
            },
        );
    };
    let order = match args.order {
        Order::Received => QueueOrder::Received,
        Order::Due => QueueOrder::Due,
        Order::Priority => QueueOrder::Priority,
    };
    let mut request = ListQueueRequest {
        queue: Pb::from(queue).into(),
        filter: Some(args.filter.message(context)?),
        order: order.into(),
        page_size: i32::try_from(args.limit).unwrap_or(PAGE).clamp(1, PAGE),
        page_token: String::new(),
    };
    let mut tickets = Vec::new();
    while tickets.len() < args.limit {
        let page = client.list_queue(request.clone()).await?.into_inner();
        tickets.extend(page.tickets);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    tickets.truncate(args.limit);
    let json = || {
        let tickets: Result<Vec<_>> =
            tickets.iter().map(|ticket| context.json(show::TICKET, ticket)).collect();
        Ok(json!(tickets?))
    };
    context.print(json, || show::table(context, &tickets))
}

impl From<Queue> for Pb {
    fn from(queue: Queue) -> Self {
        match queue {
            Queue::Group => Self::Group,
            Queue::MyTodo => Self::MyTodo,
            Queue::MyDone => Self::MyDone,
            Queue::Tracked => Self::Tracked,
            Queue::RegionOpen => Self::RegionOpen,
            Queue::History => Self::History,
            Queue::Drafts => Self::Drafts,
            Queue::Returned => Self::Returned,
            Queue::Extensions => Self::Extensions,
            Queue::Overdue => Self::Overdue,
            Queue::QualityErrors => Self::QualityErrors,
            Queue::Assisting => Self::Assisting,
        }
    }
}

/// As people call it.
fn name(context: &Context, queue: Pb) -> String {
    let (english, chinese) = match queue {
        Pb::Unspecified => ("", ""),
        Pb::Group => ("group", "本组处理"),
        Pb::MyTodo => ("my-todo", "个人待办"),
        Pb::MyDone => ("my-done", "个人已办"),
        Pb::Tracked => ("tracked", "跟踪工单"),
        Pb::RegionOpen => ("region-open", "本地网工单"),
        Pb::History => ("history", "历史工单"),
        Pb::Drafts => ("drafts", "存盘"),
        Pb::Returned => ("returned", "退单"),
        Pb::Extensions => ("extensions", "延时申请"),
        Pb::Overdue => ("overdue", "超时工单"),
        Pb::QualityErrors => ("quality-errors", "差错工单"),
        Pb::Assisting => ("assisting", "协办工单"),
    };
    context.text(english, chinese).to_owned()
}
