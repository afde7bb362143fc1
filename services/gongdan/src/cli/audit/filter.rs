//! Which entries, as words on the command line.

use anyhow::Result;
use clap::{Args, ValueEnum};
use gongdan_errors::{Code, code_name};
use gongdan_proto::{
    common::v1::{AuditFilter, AuditLevel},
    to_timestamp,
};

use super::Context;

#[derive(Debug, Args)]
pub(super) struct FilterArgs {
    /// Only of this service; all of them otherwise
    #[arg(long)]
    pub service: Option<String>,
    /// Only calls by this principal
    #[arg(long, value_name = "PRINCIPAL")]
    by: Option<String>,
    /// Only what names this ticket; the id finds more than the number
    #[arg(long, value_name = "ID|NUMBER", conflicts_with = "resource")]
    ticket: Option<String>,
    /// Only what names this: a customer's id, a task's, a unit, …
    #[arg(long, value_name = "ID")]
    resource: Option<String>,
    /// Only these actions, for example contacts.read
    #[arg(long, value_name = "ACTION")]
    action: Vec<String>,
    /// Only these RPCs, for example GetTicket
    #[arg(long, value_name = "RPC")]
    method: Vec<String>,
    /// Only what ended so, for example PERMISSION_DENIED
    #[arg(long, value_name = "CODE", value_parser = code)]
    code: Vec<i32>,
    /// Only of this trace
    #[arg(long, value_name = "TRACE_ID")]
    trace: Option<String>,
    /// Only of these levels
    #[arg(long)]
    level: Vec<Level>,
    /// Calls from this day or instant on
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Calls before this day or instant
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Level {
    Read,
    Personal,
    Change,
}

fn code(text: &str) -> Result<i32, String> {
    let wanted = text.to_uppercase();
    let code = (0..=16).find(|code| code_name(Code::from_i32(*code)) == wanted);
    code.ok_or_else(|| format!("{text} is no gRPC code; write OK or PERMISSION_DENIED"))
}

impl FilterArgs {
    pub(super) fn decode(&self, context: &Context) -> Result<AuditFilter> {
        let instant = |text: &Option<String>| {
            text.as_deref().map(|text| context.parse_time(text).map(to_timestamp)).transpose()
        };
        let level = |level: &Level| match level {
            Level::Read => AuditLevel::Read.into(),
            Level::Personal => AuditLevel::Personal.into(),
            Level::Change => AuditLevel::Change.into(),
        };
        Ok(AuditFilter {
            from: instant(&self.from)?,
            to: instant(&self.to)?,
            principal_id: self.by.clone().unwrap_or_default(),
            methods: self.method.clone(),
            actions: self.action.clone(),
            resource_id: self.ticket.clone().or_else(|| self.resource.clone()).unwrap_or_default(),
            codes: self.code.clone(),
            trace_id: self.trace.clone().unwrap_or_default(),
            levels: self.level.iter().map(level).collect(),
        })
    }
}
