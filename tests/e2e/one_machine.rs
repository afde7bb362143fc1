//! `gongdan up` on one machine.

use gongdan_e2e::{
    desk::{Desk, complaint},
    eventually::eventually,
    suite::{Suite, processes, program},
};
use tokio::process::Command;

fn of(directory: &std::path::Path) -> Vec<(u32, Vec<String>)> {
    let directory = directory.to_string_lossy().into_owned();
    processes()
        .into_iter()
        .filter(|(_, command)| command.iter().any(|word| word.contains(&directory)))
        .collect()
}

#[tokio::test]
async fn a_second_up_on_the_same_directory_says_so_and_stops() {
    let suite = Suite::start().await;
    let second = Command::new(program())
        .args(["up", "--port-base", "0", "--data-dir"])
        .arg(suite.data_dir())
        .output()
        .await
        .expect("it runs");
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains(&*suite.data_dir().to_string_lossy()), "it says which directory: {said}");
    assert!(suite.cli(&["status"]).await.status.success(), "the first goes on");
}

#[tokio::test]
async fn sigterm_stops_everything_and_the_next_up_has_lost_nothing() {
    let mut suite = Suite::start().await;
    let ticket = Desk::open(&suite).await.create(complaint("路灯不亮")).await;
    suite.stop().await;
    assert!(!suite.data_dir().join("suite.json").exists(), "what is down does not look ready");
    eventually("nothing is left running", || async { of(&suite.data_dir()).is_empty().then_some(()) }).await;
    suite.start_again().await;
    assert_eq!(Desk::open(&suite).await.get(&ticket).await.number, ticket.number);
}

#[tokio::test]
async fn a_service_that_dies_is_started_again() {
    let suite = Suite::start().await;
    let first = suite.service_process("sla").expect("sla runs");
    suite.signal_service("sla", rustix::process::Signal::KILL);
    eventually("another sla runs", || async { suite.service_process("sla").filter(|pid| *pid != first) })
        .await;
    eventually("it answers", || async {
        let preview = [
            "sla",
            "preview",
            "--calendar",
            "cn",
            "--start",
            "2019-04-25T09:32:09+08:00",
            "--working-days",
            "15",
        ];
        let output = suite.cli(&[&preview[..], &["-o", "json"]].concat()).await;
        let due: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
        // 28 April was worked for Labour Day, 1 to 4 May were off, 5 May was worked.
        let due: jiff::Timestamp = due["due_at"].as_str()?.parse().ok()?;
        assert_eq!(due, "2019-05-17T18:00:00+08:00".parse().expect("an instant"));
        Some(())
    })
    .await;
}
