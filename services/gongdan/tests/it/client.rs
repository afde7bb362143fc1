use std::process::{Command, Output};

pub fn gongdan(arguments: &[&str]) -> Output {
    let nowhere = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_gongdan"))
        .args(arguments)
        .current_dir(nowhere.path())
        .env_remove("GONGDAN_DATA_DIR")
        .env_remove("GONGDAN_LANG")
        .output()
        .unwrap()
}

#[test]
fn help_names_every_command() {
    let output = gongdan(&["--help"]);
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    for command in [
        "ticket",
        "catalogue",
        "org",
        "rule",
        "route",
        "sla",
        "callback",
        "inbox",
        "report",
        "audit",
        "completions",
    ] {
        assert!(help.contains(command), "{command} is not in\n{help}");
    }
}

#[test]
fn completions_are_printed_for_each_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let output = gongdan(&["completions", shell]);
        assert!(output.status.success());
        assert!(String::from_utf8(output.stdout).unwrap().contains("gongdan"));
    }
}

#[test]
fn without_a_suite_the_error_says_how_to_start_one() {
    let output = gongdan(&["report"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("error: no suite runs on .gongdan") && said.contains("gongdan up"), "{said}");

    let output = gongdan(&["report", "--lang", "zh"]);
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("错误"));

    let output = gongdan(&["report", "-o", "json"]);
    let error: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert!(error["error"]["message"].as_str().unwrap().contains("no suite runs"));
}
