//! `audit verify`

use anyhow::{Result, bail};
use clap::Args;
use gongdan_proto::common::v1::{AuditBreakKind, VerifyAuditChainRequest, VerifyAuditChainResponse};
use serde_json::json;

use super::{Context, Table, client, hex, named};

#[derive(Debug, Args)]
pub struct Verify {
    /// Only this service's chain; all of them otherwise
    #[arg(long)]
    service: Option<String>,
    /// Number of the first entry
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    from: i64,
    /// Number of the last entry
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    to: i64,
    /// What the chain's end was once, from the log or an earlier verification: it must still be a part of it
    #[arg(long, value_name = "NUMBER:HASH", requires = "service", conflicts_with = "to", value_parser = expectation)]
    expect: Option<(i64, String)>,
}

fn expectation(text: &str) -> Result<(i64, String), String> {
    let parsed =
        text.split_once(':').and_then(|(number, hash)| Some((number.parse().ok()?, hash.to_lowercase())));
    parsed
        .filter(|(number, hash): &(i64, String)| *number > 0 && hash.len() == 64)
        .ok_or_else(|| "write the number, a colon, and 64 hexadecimal digits".to_owned())
}

pub(super) async fn run(context: &Context, args: Verify) -> Result<()> {
    let mut results = Vec::new();
    for service in named(args.service.as_ref())? {
        let to = args.expect.as_ref().map_or(args.to, |(number, _)| *number);
        results.push((service, verify(context, service, args.from, to).await?));
    }
    context.print(
        || Ok(results.iter().map(|(service, result)| as_json(service, result)).collect()),
        || {
            let mut table = Table::new([
                context.text("service", "服务"),
                context.text("checked", "已校验"),
                context.text("last good", "最后有效"),
                context.text("hash", "哈希"),
                context.text("result", "结果"),
            ]);
            for (service, result) in &results {
                table.row([
                    (*service).to_owned(),
                    result.checked.to_string(),
                    result.number.to_string(),
                    hex(&result.hash),
                    said(context, result),
                ]);
            }
            table
        },
    )?;
    let broken: Vec<&str> =
        results.iter().filter(|(_, result)| result.broken.is_some()).map(|(service, _)| *service).collect();
    if !broken.is_empty() {
        bail!("{}: {}", context.text("the chain is broken", "链已断裂"), broken.join(", "));
    }
    if let (Some((number, hash)), Some((_, result))) = (&args.expect, results.first())
        && (result.number != *number || hex(&result.hash) != *hash)
    {
        bail!("{}: {number}", context.text("the chain was written anew or cut before", "链被重写或截断于"));
    }
    Ok(())
}

async fn verify(context: &Context, service: &str, from: i64, to: i64) -> Result<VerifyAuditChainResponse> {
    let bar = context.progress(None, service);
    let request = VerifyAuditChainRequest { from, to };
    let mut answers = client(context, service)?.verify_audit_chain(request).await?.into_inner();
    let mut last = None;
    while let Some(answer) = answers.message().await? {
        bar.set_position(answer.checked.unsigned_abs());
        last = Some(answer);
    }
    bar.finish_and_clear();
    match last {
        Some(answer) if answer.done => Ok(answer),
        _ => bail!("{service} ended the verification without a result"),
    }
}

fn as_json(service: &str, result: &VerifyAuditChainResponse) -> serde_json::Value {
    let broken = result
        .broken
        .as_ref()
        .map(|broken| json!({ "number": broken.number, "kind": broken.kind().as_str_name() }));
    json!({
        "service": service, "checked": result.checked, "number": result.number, "hash": hex(&result.hash),
        "broken": broken,
    })
}

fn said(context: &Context, result: &VerifyAuditChainResponse) -> String {
    let Some(broken) = &result.broken else { return context.text("holds", "完整").to_owned() };
    let what = match broken.kind() {
        AuditBreakKind::Missing => context.text("is missing", "缺失"),
        AuditBreakKind::Changed => context.text("was changed", "被改动"),
        AuditBreakKind::Doubled => context.text("is there twice", "重复"),
        AuditBreakKind::BeyondEnd => context.text("comes after the end", "在链尾之后"),
        AuditBreakKind::Unspecified => context.text("is broken", "断裂"),
    };
    format!("{} {what}", broken.number)
}
