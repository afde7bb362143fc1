//! What went wrong, on stderr: the message, the reason, each violation.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use gongdan_errors::code_name;
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::{FieldViolation, StatusExt};

use super::Context;

/// Says what went wrong; the exit code is 1. A reader that has left, as `head` does, is no reason to complain.
pub fn report(context: Option<&Context>, error: &anyhow::Error) -> ExitCode {
    if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    let text = if context.is_some_and(Context::is_json) {
        format!("{}\n", json!({ "error": as_json(error) }))
    } else {
        for_people(context, error)
    };
    // Nowhere is left to complain about a stderr that is closed.
    std::io::stderr().write_all(text.as_bytes()).ok();
    ExitCode::FAILURE
}

/// What a service answered, as lines for people.
pub fn for_people(context: Option<&Context>, error: &anyhow::Error) -> String {
    let say = |english, chinese| context.map_or(english, |c| c.text(english, chinese));
    let Some(status) = error.downcast_ref::<Status>() else {
        return format!("{}: {error:#}\n", say("error", "错误"));
    };
    let details = status.get_error_details();
    let mut text = format!("{}: {}\n", say("error", "错误"), message(status));
    let reason = details.error_info().map_or_else(String::new, |info| {
        let facts: Vec<String> = info.metadata.iter().map(|(key, value)| format!("{key}={value}")).collect();
        format!(" {} {}", info.reason, facts.join(" "))
    });
    text.push_str(&format!(
        "  {}: {}{}\n",
        say("reason", "原因"),
        code_name(status.code()),
        reason.trim_end()
    ));
    if let Some(bad) = details.bad_request() {
        let said = |v: &FieldViolation| status.message() == format!("{}: {}", v.field, v.description);
        for violation in bad.field_violations.iter().filter(|violation| !said(violation)) {
            text.push_str(&format!("  {}: {}\n", violation.field, violation.description));
        }
    }
    if status.message().starts_with("TLS with ") {
        let (english, chinese) = ("authorities to trust", "受信任的证书颁发机构");
        text.push_str(&format!("  {}: --ca-cert FILE, GONGDAN_CA_CERT\n", say(english, chinese)));
    }
    if let Some(delay) = details.retry_info().and_then(|info| info.retry_delay) {
        text.push_str(&format!("  {}: {} s\n", say("try again after", "稍后重试"), delay.as_secs_f64()));
    }
    text
}

/// What a service answered, for programs.
pub fn as_json(error: &anyhow::Error) -> Value {
    let Some(status) = error.downcast_ref::<Status>() else {
        return json!({ "message": format!("{error:#}") });
    };
    let details = status.get_error_details();
    let info = details.error_info();
    let violations: Vec<Value> = details.bad_request().map_or_else(Vec::new, |bad| {
        let violations = bad.field_violations.iter();
        violations.map(|v| json!({ "field": v.field, "rule": v.description })).collect()
    });
    json!({
        "code": code_name(status.code()),
        "message": message(status),
        "reason": info.map(|info| info.reason.as_str()),
        "metadata": info.map(|info| &info.metadata),
        "violations": violations,
    })
}

fn message(status: &Status) -> String {
    if status.message().is_empty() {
        status.code().description().to_owned()
    } else {
        status.message().to_owned()
    }
}

/// Whether a later try may do better: the suite is busy, or a service is just ending and will be started again.
pub fn passes(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable
            | Code::ResourceExhausted
            | Code::Aborted
            | Code::DeadlineExceeded
            | Code::Cancelled
            | Code::Unknown
            | Code::Internal
    )
}
