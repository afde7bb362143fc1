//! Workflows. Source: T31.

use crate::desk::{Desk, HANDLER, items};

pub async fn t31_a_workflow_is_shown_put_ruled_and_migrated(desk: &Desk) {
    let admin = |words: &[&'static str]| {
        let words = [words, &["--lang", "zh"]].concat();
        async move {
            let output = desk.suite.cli(&words).await;
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            if output.status.success() { Ok(said) } else { Err(said + &error) }
        }
    };
    let printed = admin(&["workflow", "list"]).await.expect("a list");
    assert!(printed.contains("government-hotline") && printed.contains("政务服务热线"), "{printed}");
    let steps = admin(&["workflow", "show", "government-hotline"]).await.expect("its steps");
    assert!(steps.contains("leaders-review") && steps.contains("办公室与中心领导会签"), "{steps}");
    assert!(admin(&["workflow", "show", "nowhere"]).await.expect_err("none").contains("NOT_FOUND"));

    // Drawn, and as the text that can be put again.
    let show = ["workflow", "show", "government-hotline", "--format"];
    let mermaid = admin(&[&show[..], &["mermaid"]].concat()).await.expect("a diagram");
    assert!(mermaid.starts_with("stateDiagram-v2") && mermaid.contains("承办单位办理"), "{mermaid}");
    let svg = admin(&[&show[..], &["svg"]].concat()).await.expect("a picture");
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>") && svg.contains("归档"), "{svg}");
    let toml = admin(&[&show[..], &["toml"]].concat()).await.expect("its text");

    // What is wrong with a definition is said line by line, and nothing of it is kept.
    let own = toml.replace("key = \"government-hotline\"", "key = \"tianhe\"");
    let bad = own
        .replace("to = \"callback\"", "to = \"nowhere\"")
        .replace("guard = \"ticket.sensitive\"", "guard = \"ticket.sensitive && tiket.round > 1\"");
    let bad = Box::leak(desk.file("bad.toml", bad).into_boxed_str());
    let faults = admin(&["workflow", "validate", bad]).await.expect_err("faults");
    assert!(faults.contains("no step `nowhere`") && faults.contains("unknown variable `tiket`"), "{faults}");
    assert!(faults.contains("处问题"), "{faults}");
    let refused = admin(&["workflow", "put", bad]).await.expect_err("faults");
    assert!(
        refused.contains("no step `nowhere`") && refused.contains("unknown variable `tiket`"),
        "{refused}"
    );
    let dead_end =
        "[[step]]\nkey = \"limbo\"\nphase = \"in_progress\"\nname = { zh = \"悬空\", en = \"Limbo\" }\n";
    let dead_end = Box::leak(desk.file("limbo.toml", format!("{own}\n{dead_end}")).into_boxed_str());
    let unreachable = admin(&["workflow", "put", dead_end]).await.expect_err("a fault");
    assert!(unreachable.contains("limbo"), "{unreachable}");
    let listed = admin(&["workflow", "list"]).await.expect("a list");
    assert!(!listed.contains("tianhe"), "{listed}");

    // Kept, given to complaints, followed from the next ticket on.
    let before = desk.accepted(&[]).await;
    let good = Box::leak(desk.file("tianhe.toml", &own).into_boxed_str());
    assert!(admin(&["workflow", "validate", good]).await.is_ok());
    admin(&["workflow", "put", good]).await.expect("it is kept");
    let ruled = admin(&["workflow", "rule", "tianhe", "--type", "complaint"]).await.expect("a rule");
    assert!(ruled.contains("投诉") && ruled.contains("tianhe"), "{ruled}");
    assert!(admin(&["workflow", "list"]).await.expect("a list").contains("投诉"));
    let follows = desk.accepted(&[]).await;
    let ticket = desk.ticket(HANDLER, &follows).await;
    assert_eq!((&ticket["workflow"], &ticket["step"]), (&"tianhe".into(), &"handling".into()));
    assert_eq!(desk.ticket(HANDLER, &before).await["workflow"], "government-hotline");
    let shown = desk.prints(HANDLER, &["ticket", "get", &follows]).await;
    assert!(shown.contains("handling (tianhe 1)"), "{shown}");

    // A second version calls the step otherwise: tickets in flight stay, until they are brought over.
    let second = own
        .replace("key = \"handling\"\nphase", "key = \"working\"\nphase")
        .replace("\"handling\"", "\"working\"");
    let second = Box::leak(desk.file("second.toml", second).into_boxed_str());
    admin(&["workflow", "put", second]).await.expect("the second version");
    assert_eq!(desk.ticket(HANDLER, &follows).await["workflow_version"], 1);
    let migrate = ["workflow", "migrate", "tianhe", "--from", "1", "--to", "2"];
    let wrong =
        admin(&[&migrate[..], &["--step", "handling=resolved"]].concat()).await.expect_err("another phase");
    assert!(wrong.contains("INVALID_ARGUMENT") && wrong.contains("steps"), "{wrong}");
    let step = ["--step", "handling=working"];
    let preview = admin(&[&migrate[..], &step].concat()).await.expect("a preview");
    assert!(preview.contains(&follows) && preview.contains("handling → working"), "{preview}");
    assert!(preview.contains("将迁移: 1, 保持不变: 0"), "{preview}");
    assert_eq!(desk.ticket(HANDLER, &follows).await["workflow_version"], 1, "a preview changes nothing");
    let done = admin(&[&migrate[..], &step, &["--yes"]].concat()).await.expect("it is done");
    assert!(done.contains("已迁移: 1"), "{done}");
    let ticket = desk.ticket(HANDLER, &follows).await;
    assert_eq!((&ticket["workflow_version"], &ticket["step"]), (&2.into(), &"working".into()));
    let timeline = desk.prints(HANDLER, &["ticket", "timeline", &follows]).await;
    assert!(timeline.contains("流程迁移") && timeline.contains("tianhe 1 → 2"), "{timeline}");

    // The rule taken back, new tickets follow what they followed before.
    admin(&["workflow", "rule", "--type", "complaint"]).await.expect("no rule");
    let after = desk.accepted(&[]).await;
    assert_eq!(desk.ticket(HANDLER, &after).await["workflow"], "government-hotline");
    let all = desk.does(HANDLER, &["ticket", "list", "--ticket", &after]).await;
    assert_eq!(items(&all).len(), 1);
}
