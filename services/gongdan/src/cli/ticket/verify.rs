//! `ticket verify`

use anyhow::{Result, bail};
use clap::Args;
use gongdan_proto::tickets::v1::{
    BrokenLink, BrokenLinkReason, VerifyTimelineRequest, VerifyTimelineResponse,
    timeline_service_client::TimelineServiceClient,
};
use serde_json::json;

use super::super::Context;

#[derive(Debug, Args)]
pub struct Verify {
    /// Number or id
    ticket: String,
    /// A link from an earlier verification: it must still be a part of the chain
    #[arg(long, value_name = "VERSION:HASH", value_parser = link)]
    expect: Option<(i64, Vec<u8>)>,
}

fn link(text: &str) -> Result<(i64, Vec<u8>), String> {
    let parse = || {
        let (version, hash) = text.split_once(':')?;
        let bytes = (0..64).step_by(2).map(|at| u8::from_str_radix(hash.get(at..at + 2)?, 16).ok());
        let bytes = bytes.collect::<Option<Vec<u8>>>()?;
        Some((version.parse().ok().filter(|version| *version > 0)?, bytes)).filter(|_| hash.len() == 64)
    };
    parse().ok_or_else(|| "write the version, a colon, and 64 hexadecimal digits".to_owned())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub async fn run(context: &Context, args: Verify) -> Result<()> {
    let (known_version, known_link) = args.expect.unwrap_or_default();
    let request = VerifyTimelineRequest { ticket: args.ticket, known_version, known_link };
    let mut client = TimelineServiceClient::new(context.channel("tickets")?);
    let answer = client.verify_timeline(request).await?.into_inner();
    context.print_details(|| Ok(as_json(&answer)), &lines(context, &answer))?;
    match &answer.broken {
        Some(broken) => {
            bail!("{}: {}", context.text("the timeline is broken", "流转信息链已断裂"), said(context, broken))
        }
        None => Ok(()),
    }
}

fn as_json(answer: &VerifyTimelineResponse) -> serde_json::Value {
    let broken = answer
        .broken
        .as_ref()
        .map(|broken| json!({ "version": broken.version, "reason": broken.reason().as_str_name() }));
    json!({
        "events": answer.events, "chained_from": answer.chained_from, "version": answer.version,
        "link": hex(&answer.link), "broken": broken,
    })
}

fn lines<'a>(context: &'a Context, answer: &VerifyTimelineResponse) -> Vec<(&'a str, String)> {
    let number = |number: i64| if number == 0 { String::new() } else { number.to_string() };
    let result = answer.broken.as_ref().map_or_else(
        || {
            if answer.version == 0 {
                context.text("no link yet", "尚无链")
            } else {
                context.text("holds", "完整")
            }
            .to_owned()
        },
        |broken| said(context, broken),
    );
    vec![
        (context.text("events", "条数"), answer.events.to_string()),
        (context.text("chain begins at", "链起点"), number(answer.chained_from)),
        (context.text("last good", "最后有效"), number(answer.version)),
        (context.text("hash", "哈希"), hex(&answer.link)),
        (context.text("result", "结果"), result),
    ]
}

/// Which event, and what is wrong.
fn said(context: &Context, broken: &BrokenLink) -> String {
    let what = match broken.reason() {
        BrokenLinkReason::Unspecified => context.text("is broken", "断裂"),
        BrokenLinkReason::Gap => context.text("is missing or there twice", "缺失或重复"),
        BrokenLinkReason::Unreadable => context.text("cannot be read", "无法解读"),
        BrokenLinkReason::RowDiffers => context.text("has a row that differs from it", "与所在行不符"),
        BrokenLinkReason::Unlinked => context.text("has lost its link", "缺少链接"),
        BrokenLinkReason::Changed => context.text("was changed", "被改动"),
        BrokenLinkReason::PersonalChanged => {
            context.text("was changed in what is personal", "个人信息被改动")
        }
        BrokenLinkReason::NotErased => {
            context.text("lacks what is personal without an erasure", "个人信息缺失而无删除记录")
        }
        BrokenLinkReason::NotKnown => context.text("has another link than is known", "与已知哈希不符"),
        BrokenLinkReason::TicketDiffers => {
            context.text("left a ticket that differs from the one there is", "与工单现状不符")
        }
    };
    format!("{} {what}", broken.version)
}
