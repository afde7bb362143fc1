//! Calls. Source: T35.

use crate::desk::{AGENT, AUDITOR, Desk, HANDLER, items, text};
use gongdan_e2e::organisation::ENVIRONMENT;

pub async fn t35_a_ringing_phone_is_answered_and_wrapped_up(desk: &Desk) {
    const PHONE: &str = "+86 139 0013 9000";
    let past = desk.created("夜间噪音", &["--phone", PHONE, "--name", "张三"]).await;
    desk.at(&past, ENVIRONMENT).await;
    desk.does(AGENT, &["ticket", "cancel", &past, "--reason", "来电人撤回"]).await;
    let open = desk.accepted(&["--phone", PHONE, "--name", "张三"]).await;

    // It rings: one look-up answers who it is and what is on its way.
    let ring = ["call", "start", "sip:7f3a@pbx-1", "--phone", "13900139000", "--seat", "A12"];
    let screen = desk.prints(AGENT, &ring).await;
    assert!(screen.contains(&open) && screen.contains(&past) && screen.contains("处理中"), "{screen}");
    assert!(!screen.contains("13900139000"), "{screen}");
    let known = desk.does(AGENT, &ring).await;
    let profile = &items(&known["customers"])[0];
    assert_eq!(profile["in_flight"][0]["number"], *open);
    assert_eq!(profile["past"][0]["number"], *past);
    let nobody = ["call", "start", "c-2", "--phone", "13700137000", "--seat", "A13"];
    assert!(desk.prints(AGENT, &nobody).await.contains("未知来电"));
    let bad = desk.refuses(AGENT, &["call", "start", "c 3", "--phone", "12"]).await;
    assert!(bad.contains("call_id: ") && bad.contains("phone: "), "{bad}");
    assert!(desk.refuses(HANDLER, &ring).await.contains("PERMISSION_DENIED"));

    // It belongs to the ticket, and is wrapped up with a note and its recording.
    let linked = desk.does(AGENT, &["call", "link", "sip:7f3a@pbx-1", &open]).await;
    assert_eq!(linked["call_ids"][0], "sip:7f3a@pbx-1");
    let unknown = desk.refuses(AGENT, &["call", "link", "c-9", &open]).await;
    assert!(unknown.contains("CALL_NOT_FOUND"), "{unknown}");
    let recording = "https://pbx.example/rec/7f3a.wav";
    let end =
        ["call", "end", "sip:7f3a@pbx-1", "--note", "催问进度，回电13900139000", "--recording", recording];
    let ended = desk.prints(AGENT, &end).await;
    assert!(ended.contains("接通") && ended.contains("A12") && !ended.contains(recording), "{ended}");
    let listed = desk.does(HANDLER, &["call", "list", &open]).await;
    let call = &items(&listed)[0];
    assert_eq!((&call["result"], &call["recorded"]), (&"CALL_RESULT_ANSWERED".into(), &true.into()));
    assert_eq!(text(&call["phone"]), "139****9000");
    assert_eq!(text(&call["note"]), "催问进度，回电139****9000");

    // The recording has a right of its own, and who heard it and why is kept.
    let hear = ["call", "recording", &open, "sip:7f3a@pbx-1", "--purpose", "核实承诺"];
    assert!(desk.refuses(HANDLER, &hear).await.contains("PERMISSION_DENIED"));
    assert_eq!(desk.prints(AUDITOR, &hear).await.trim(), recording);
    let timeline = desk.prints(HANDLER, &["ticket", "timeline", &open]).await;
    assert!(timeline.contains("来电") && !timeline.contains(recording), "{timeline}");
    let kept = desk.suite.cli(&["audit", "list", "-o", "json"]).await;
    let kept = String::from_utf8_lossy(&kept.stdout).into_owned();
    assert!(kept.contains("GetRecording") && kept.contains(AUDITOR), "{kept}");
}
