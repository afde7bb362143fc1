//! `gongdan route train --evaluate --offline`.

use std::{fs, path::Path};

use crate::client::gongdan;

const ARGS: [&str; 4] = ["route", "train", "--evaluate", "--offline"];

fn run(file: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let output = gongdan(&[&ARGS[..], &[file.to_str().unwrap()], more].concat());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Sixty rows of three categories that words tell apart.
fn rows() -> String {
    let words = [
        ("噪音", ["夜间施工噪音", "广场舞扰民", "工地半夜打桩", "音响声音太大"]),
        ("道路", ["路灯不亮", "井盖破损", "马路坑洼积水", "人行道被占用"]),
        ("供水", ["小区停水", "水管爆裂", "自来水发黄", "水费收错了"]),
    ];
    (0..60).fold(String::new(), |text, n| {
        let (category, words) = words[n % 3];
        format!("{text}{n},\"{}，\n{}\",{category}\n", words[n / 3 % 4], words[n / 12 % 4])
    })
}

#[test]
fn a_file_is_judged_without_a_suite() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("rows.csv");
    fs::write(&file, format!("\u{feff}编号,内容,分类\n{}", rows())).unwrap();
    let (code, said, error) = run(&file, &["-o", "json"]);
    assert_eq!(code, Some(0), "{error}");
    let judged: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&judged["n"], &judged["classes"], &judged["folds"]), (&60.into(), &3.into(), &5.into()));
    assert!(judged["top1"].as_f64().unwrap() > 0.9 && judged["top3"] == 1.0, "{said}");
    assert_eq!(judged["columns"], serde_json::json!({ "subject": null, "text": "内容", "category": "分类" }));
    let of_rows: u64 =
        judged["confusion"].as_array().unwrap().iter().map(|c| c["count"].as_u64().unwrap()).sum();
    assert_eq!(of_rows, 60);
    // Numbers name the category in another file.
    let (_, said, _) = run(&file, &["--category", "编号", "-o", "json"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&said).unwrap()["classes"], 60);

    let (code, said, _) = run(&file, &["--lang", "zh"]);
    assert!(code == Some(0) && said.contains("首选正确率") && said.contains("3 道路"), "{said}");
}

#[test]
fn what_cannot_be_used_is_named_by_row_and_column() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("rows.csv");
    fs::write(&file, "body,category\n路灯,道路\n路灯,\n\"…\",道路\na,b,c\n").unwrap();
    let (code, _, error) = run(&file, &[]);
    assert_eq!(code, Some(1));
    for part in [
        "rows.csv",
        "row 3 column category: is empty",
        "row 4 column body: has no words",
        "row 5: has 3 fields",
    ] {
        assert!(error.contains(part), "{part} is not in {error}");
    }
    for (text, expected) in [
        ("a,b\n1,2\n", "--category"),
        ("body,category\n路灯,道路\n噪音,环境\n", "too few texts"),
        ("body,category\n", "fewer than two classes"),
    ] {
        fs::write(&file, text).unwrap();
        let (code, _, error) = run(&file, &[]);
        assert!(code == Some(1) && error.contains(expected), "{expected} is not in {error}");
    }
    let (code, _, error) = run(&directory.path().join("nowhere.csv"), &[]);
    assert!(code == Some(1) && error.contains("nowhere.csv"), "{error}");
}

/// The citizens' messages, when they lie beside the checkout.
#[test]
fn three_of_four_messages_find_their_category() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/messages.csv");
    if !file.exists() {
        eprintln!("SKIPPED: {} is not there", file.display());
        return;
    }
    let (code, said, error) = run(&file, &["-o", "json"]);
    assert_eq!(code, Some(0), "{error}");
    let judged: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&judged["n"], &judged["classes"]), (&495.into(), &7.into()));
    assert!(judged["top1"].as_f64().unwrap() >= 0.75, "{said}");
    assert!(judged["top3"].as_f64().unwrap() >= 0.9, "{said}");
}
