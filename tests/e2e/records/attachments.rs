//! Notes and attachments. Source: T25.

use crate::desk::{AGENT, Desk, HANDLER, items, picture, text};
use gongdan_e2e::organisation::STREET_OFFICE;

pub async fn t25_notes_and_attachments_go_up_and_come_down(desk: &Desk) {
    let number = desk.accepted(&[]).await;

    // Notes: for staff with a mention, for the citizen as well.
    let inside = ["ticket", "note", &number, "请核实许可证，联系人13800001234", "--mention", "wang.fang"];
    let shown = desk.prints(HANDLER, &inside).await;
    assert!(shown.contains("内部") && shown.contains("wang.fang") && shown.contains("李伟"), "{shown}");
    assert!(shown.contains("138****1234") && !shown.contains("13800001234"), "{shown}");
    desk.does(AGENT, &["ticket", "note", &number, "我们已联系施工方。", "--public"]).await;
    let notes = desk.does(HANDLER, &["ticket", "notes", &number]).await;
    let notes: Vec<_> = items(&notes).iter().map(|n| (text(&n["text"]), n["public"] == true)).collect();
    assert_eq!(notes, [("我们已联系施工方。", true), ("请核实许可证，联系人138****1234", false)]);
    for (words, named) in [
        (["ticket", "note", &number, "看一下", "--mention", "li.wei,nobody"], "mention_ids[1]: nobody"),
        (["ticket", "note", &number, "", "--mention", "li.wei"], "text: "),
    ] {
        let said = desk.refuses(HANDLER, &words).await;
        assert!(said.contains(named), "{said}");
    }

    // Up and down, the same to the last byte; also beyond what one message may carry.
    for length in [100, 6 * 1024 * 1024 + 7] {
        let content = picture(length);
        let file = desk.file(&format!("现场{length}.png"), &content);
        let shown = desk.prints(HANDLER, &["ticket", "attach", &number, &file]).await;
        assert!(shown.contains("image/png") && shown.contains(&length.to_string()), "{shown}");
        let all = desk.does(AGENT, &["ticket", "attachments", &number]).await;
        let kept = items(&all).iter().find(|a| a["size"] == length).expect("it is in the list");
        assert_eq!((text(&kept["name"]), &kept["public"]), (&*format!("现场{length}.png"), &false.into()));
        let to = desk.path(&format!("back{length}.png"));
        let words = ["ticket", "download", &number, text(&kept["id"]), "--to", to.to_str().expect("a path")];
        desk.does(AGENT, &words).await;
        assert!(std::fs::read(&to).expect("the file") == content, "{length} bytes are others");
        let again = desk.refuses(AGENT, &words).await;
        assert!(again.contains("back") && std::fs::read(&to).expect("the file") == content, "{again}");
    }

    // What a file is is read from its content; the error says what it may be.
    let program = desk.file("发票.png", b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0");
    let refused = desk.refuses(HANDLER, &["ticket", "attach", &number, &program]).await;
    assert!(refused.contains("header.media_type: "), "{refused}");
    let other = desk.file("说明.pdf", picture(50));
    let refused = desk
        .refuses(HANDLER, &["ticket", "attach", &number, &other, "--media-type", "application/pdf"])
        .await;
    assert!(refused.contains("header.media_type: ") && refused.contains("image/png"), "{refused}");
    let empty = desk.file("空.txt", "");
    let refused = desk.refuses(HANDLER, &["ticket", "attach", &number, &empty]).await;
    assert!(refused.contains("header.size: "), "{refused}");
    let missing = desk.path("missing.png");
    let refused =
        desk.refuses(HANDLER, &["ticket", "attach", &number, missing.to_str().expect("a path")]).await;
    assert!(refused.contains("missing.png"), "{refused}");

    // Taken away, it is gone from the list and cannot be fetched.
    let all = desk.does(HANDLER, &["ticket", "attachments", &number]).await;
    assert_eq!(items(&all).len(), 2);
    let gone = text(&items(&all)[0]["id"]).to_owned();
    let detach = ["ticket", "detach", &number, &gone, "--reason", "传错了"];
    assert_eq!(desk.does(HANDLER, &detach).await["attachment_count"], 1);
    let to = desk.path("gone.png");
    let words = ["ticket", "download", &number, &gone, "--to", to.to_str().expect("a path")];
    assert!(desk.refuses(HANDLER, &words).await.contains("NOT_FOUND") && !to.exists());
    let timeline = desk.prints(HANDLER, &["ticket", "timeline", &number]).await;
    for said in ["备注", "上传附件", "删除附件", "传错了"] {
        assert!(timeline.contains(said), "{timeline}");
    }
    // Another unit's staff neither read nor write.
    let words = ["ticket", "attachments", &number];
    let theirs = desk.elsewhere().await;
    let refused = desk.refuses(HANDLER, &["ticket", "note", &theirs, "不是我们的"]).await;
    assert!(refused.contains("PERMISSION_DENIED"), "{STREET_OFFICE}: {refused}");
    assert!(desk.prints(HANDLER, &words).await.contains("现场"));
}
