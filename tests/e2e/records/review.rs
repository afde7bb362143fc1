//! Review and countersigning. Source: T18.

use crate::desk::{AUDITOR, CENTRE, Desk, HANDLER, LEADER, OFFICE};

pub async fn t18_a_sensitive_ticket_is_resolved_by_review_and_countersigning(desk: &Desk) {
    let number = desk.accepted(&["--sensitive"]).await;
    let proposal =
        ["--outcome", "solved", "--solution", "责令停工，联系人13800001234", "--reply", "已责令停工。"];

    // Not at once, and it says what instead.
    let refused = desk.refuses(HANDLER, &[&["ticket", "resolve", &number][..], &proposal].concat()).await;
    assert!(refused.contains("sensitive") || refused.contains("敏感工单须送审后办结"), "{refused}");

    let submit = [&["ticket", "review", "submit", &number][..], &proposal].concat();
    let unknown = desk.refuses(HANDLER, &[&submit[..], &["--countersigner", "nobody"]].concat()).await;
    assert!(unknown.contains("countersigner_ids[0]: nobody"), "{unknown}");
    let shown = desk.prints(HANDLER, &submit).await;
    for said in ["审核中", "unit-review", "拟办理情况", "138****1234", "unit_leader (tianhe-env)"] {
        assert!(shown.contains(said), "{said}: {shown}");
    }

    // Each in turn, nobody else, and not whoever proposed it.
    let approve = ["ticket", "review", "approve", &number, "--note", "同意"];
    for (who, why) in [(HANDLER, "OWN_SUBMISSION"), (AUDITOR, "NOT_SIGNER")] {
        let refused = desk.refuses(who, &approve).await;
        assert!(refused.contains(why), "{who}: {refused}");
    }
    assert_eq!(desk.does(LEADER, &approve).await["step"], "centre-review");
    let shown = desk.prints(AUDITOR, &approve).await;
    assert!(
        shown.contains("leaders-review") && shown.contains("孙丽") && shown.contains("热线中心"),
        "{shown}"
    );

    // The office sends it back to a step that it chooses; what leads nowhere is named.
    let reject = ["ticket", "review", "reject", &number, "--reason", "请补充现场照片"];
    let nowhere = desk.refuses(OFFICE, &[&reject[..], &["--step", "nowhere"]].concat()).await;
    assert!(nowhere.contains("nowhere") || nowhere.contains("step"), "{nowhere}");
    let back = desk.does(OFFICE, &[&reject[..], &["--step", "unit-review"]].concat()).await;
    assert_eq!((&back["step"], &back["phase"]), (&"unit-review".into(), &"PHASE_IN_REVIEW".into()));
    for who in [LEADER, AUDITOR] {
        desk.does(who, &approve).await;
    }
    // And to the unit.
    let back = desk.does(CENTRE, &reject).await;
    assert_eq!((&back["step"], &back["phase"]), (&"handling".into(), &"PHASE_IN_PROGRESS".into()));
    let shown = desk.prints(HANDLER, &["ticket", "get", &number]).await;
    assert!(shown.contains("已退回") && shown.contains("请补充现场照片"), "{shown}");

    // Again, with somebody who is asked as well; each of the two leaders has to sign at the end.
    desk.does(
        HANDLER,
        &[&submit[..], &["--countersigner", "wang.fang", "--countersigning", "all-of"]].concat(),
    )
    .await;
    let waits = desk.does(LEADER, &approve).await;
    assert_eq!(waits["step"], "unit-review", "the countersigner has not signed");
    assert_eq!(desk.does("wang.fang", &approve).await["step"], "centre-review");
    desk.does(AUDITOR, &approve).await;
    let waits = desk.does(OFFICE, &approve).await;
    assert_eq!(waits["step"], "leaders-review", "the leader of the centre has not signed");
    let done = desk.does(CENTRE, &approve).await;
    assert_eq!((&done["phase"], &done["step"]), (&"PHASE_RESOLVED".into(), &"resolved".into()));
    assert_eq!(done["resolution"]["resolved_by"]["id"], HANDLER);
    let timeline = desk.prints(HANDLER, &["ticket", "timeline", &number]).await;
    for said in ["提交审核", "审核通过", "审核退回", "办结"] {
        assert!(timeline.contains(said), "{said}: {timeline}");
    }
}
