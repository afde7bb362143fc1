//! Recurring work through the client: a schedule whose run makes a ticket, a pause, a planned time that comes while the power is
//! out, a reminder. Source: S10.

use crate::desk::text;
use gongdan_clock::{Clock as _, SystemClock};
use gongdan_e2e::{
    eventually::eventually,
    organisation::{self, COUNTY},
    suite::Suite,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::BTreeSet;

async fn put(suite: &Suite, key: &str, more: &[&str]) -> Value {
    let words = ["sla", "schedule", "put", "--key", key, "--name", "巡检", "-o", "json"];
    suite.cli_json(&[&words[..], more].concat()).await
}

/// A ticket every minute.
async fn every_minute(suite: &Suite, key: &str) -> Value {
    let subject = format!("{key} {{date}} {{time}}");
    let words = ["--cron", "* * * * *", "--catch-up", "all", "--type", "maintenance", "--region", COUNTY];
    put(suite, key, &[&words[..], &["--subject", &subject, "--body", "每分钟巡检。"]].concat()).await
}

async fn named(suite: &Suite, act: &str, key: &str) -> Value {
    suite.cli_json(&["sla", "schedule", act, key, "-o", "json"]).await
}

async fn runs(suite: &Suite, key: &str) -> Vec<Value> {
    named(suite, "runs", key).await.as_array().expect("a list").clone()
}

fn instant(value: &Value) -> Timestamp {
    text(value).parse().expect("an instant")
}

/// The run of a planned time, or of any, once it is done.
async fn done(suite: &Suite, key: &str, planned: Option<Timestamp>) -> Value {
    eventually(format!("{key}: a run of {planned:?} is done"), || async {
        runs(suite, key).await.into_iter().find(|run| {
            run["state"] == "SCHEDULE_RUN_STATE_DONE"
                && planned.is_none_or(|planned| instant(&run["planned_at"]) == planned)
        })
    })
    .await
}

/// The ticket of a run, as tickets has it.
async fn ticket(suite: &Suite, run: &Value) -> Value {
    suite.cli_json(&["ticket", "get", text(&run["ticket_number"]), "-o", "json"]).await
}

#[tokio::test]
async fn s10_recurring_work_is_done_once_also_over_a_power_cut() {
    let mut suite = Suite::start_with(&[("GONGDAN_SLA__SCHEDULES__MISSED_AFTER", "1s")]).await;
    organisation::import(&suite).await;

    // What never fires is refused with its position; what tickets would refuse, with the field.
    let never = ["sla", "schedule", "put", "--key", "never", "--cron", "0 9 30 2 *", "--text", "报"];
    let refused = suite.cli(&[&never[..], &["--remind-person", "li.wei"]].concat()).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && said.contains("schedule.cron:5") && said.contains("never fires"),
        "{said}"
    );
    let item = ["sla", "schedule", "put", "--key", "never", "--cron", "0 9 * * *", "--item", "no/such"];
    let words = ["--type", "maintenance", "--region", COUNTY, "--subject", "巡检", "--body", "巡检。"];
    let refused = suite.cli(&[&item[..], &words[..]].concat()).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("schedule.action.create_ticket.item"), "{said}");
    assert_eq!(
        suite.cli_json(&["sla", "schedule", "list", "-o", "json"]).await.as_array().map(Vec::len),
        Some(0)
    );

    let months = ["--before-month-end", "2", "--at", "09:00", "--month", "6", "--after", "2027-01-01"];
    let words = ["sla", "schedule", "preview", "--count", "1", "-o", "json"];
    let preview = suite.cli_json(&[&words[..], &months[..]].concat()).await;
    assert_eq!(preview["runs"][0]["local"], "2027-06-28T09:00:00+08:00", "{preview}");

    // Two recur; one is put to rest after its first run.
    let made = every_minute(&suite, "kept").await;
    assert_eq!(made["state"], "SCHEDULE_STATE_ACTIVE");
    every_minute(&suite, "rests").await;
    let first = done(&suite, "kept", None).await;
    let shown = ticket(&suite, &first).await;
    assert!(text(&shown["subject"]).starts_with("kept 20"), "{shown}");
    assert_eq!(
        (shown["id"].clone(), &shown["type"]),
        (first["ticket_id"].clone(), &"TICKET_TYPE_MAINTENANCE".into())
    );
    done(&suite, "rests", None).await;
    let paused = named(&suite, "pause", "rests").await;
    assert_eq!(paused["state"], "SCHEDULE_STATE_PAUSED");
    assert!(paused.get("next_run_at").is_none(), "{paused}");
    let rested = runs(&suite, "rests").await.len();

    // The power is out while the next time comes.
    let missed = instant(&named(&suite, "get", "kept").await["next_run_at"]);
    suite.power_cut().await;
    eventually("the planned time has passed", || async {
        (SystemClock.now() > missed + SignedDuration::from_secs(2)).then_some(())
    })
    .await;
    suite.start_again().await;
    let suite = &suite;
    let made_up = done(suite, "kept", Some(missed)).await;
    assert!(instant(&made_up["claimed_at"]) > missed + SignedDuration::from_secs(1), "{made_up}");
    ticket(suite, &made_up).await;
    assert_eq!(runs(suite, "rests").await.len(), rested, "who rests runs nothing and makes up for nothing");
    named(suite, "pause", "kept").await;

    // Every planned time is there once, with a ticket of its own.
    let all = eventually("all runs are over", || async {
        let all = runs(suite, "kept").await;
        all.iter().all(|run| run["state"] == "SCHEDULE_RUN_STATE_DONE").then_some(all)
    })
    .await;
    let distinct = |field: &str| all.iter().map(|run| text(&run[field]).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!((distinct("planned_at").len(), distinct("ticket_number").len()), (all.len(), all.len()));
    let list = suite.cli_json(&["ticket", "list", "--limit", "200", "-o", "json"]).await;
    let kept = list.as_array().expect("tickets").iter();
    assert_eq!(kept.filter(|ticket| text(&ticket["subject"]).starts_with("kept ")).count(), all.len());

    let resumed = named(suite, "resume", "rests").await;
    assert!(instant(&resumed["next_run_at"]) > SystemClock.now() - SignedDuration::from_secs(5), "{resumed}");
    named(suite, "delete", "rests").await;

    // A reminder, asked for by hand.
    let words =
        ["--day-of-month", "1", "--at", "09:00", "--text", "报送 {month} 月报", "--remind-person", "li.wei"];
    put(suite, "report", &words).await;
    named(suite, "run", "report").await;
    eventually("the handler is reminded", || async {
        let inbox = suite.cli_json(&["inbox", "--as", "li.wei", "-o", "json"]).await;
        let items = inbox["items"].as_array().expect("items").clone();
        items
            .into_iter()
            .find(|item| item["kind"] == "schedule_reminded" && text(&item["body"]).starts_with("报送 20"))
    })
    .await;
}
