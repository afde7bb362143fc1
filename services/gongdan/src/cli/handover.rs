//! Somebody's tickets go to others, in words.

use gongdan_proto::{
    common::v1::{ActorRef, HandoverCause},
    tickets::v1::Transferred,
};

use super::Lang;

/// Why: as somebody wrote it, else in the language of who reads.
pub fn why(lang: Lang, cause: HandoverCause, name: &str, reason: &str) -> String {
    let (english, chinese) = match cause {
        HandoverCause::Unspecified => return reason.to_owned(),
        HandoverCause::OnLeave => ("is on leave", "请假中"),
        HandoverCause::GoesOnLeave => ("goes on leave", "即将请假"),
        HandoverCause::Left => ("has left", "已离职"),
        HandoverCause::HandsOver => ("hands over", "交接工单"),
    };
    match lang {
        Lang::En => format!("{name} {english}"),
        Lang::Zh => format!("{name}{chinese}"),
    }
}

/// From whom to whom, why, and by whose order.
pub fn told(lang: Lang, change: &Transferred) -> String {
    let from = change.from_person.as_ref().map_or(change.from_unit_id.as_str(), read);
    let to = [change.to_unit_id.as_str(), change.to_person_id.as_str()];
    let to = to.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" / ");
    let why = why(lang, change.cause(), from, &change.reason);
    let by = match change.started_by.as_ref().map(read) {
        None | Some("") => String::new(),
        Some(by) => match lang {
            Lang::En => format!(", by order of {by}"),
            Lang::Zh => format!("（由 {by} 发起）"),
        },
    };
    format!("{from} → {to}: {why}{by}")
}

/// What people read of somebody.
fn read(who: &ActorRef) -> &str {
    if who.name.is_empty() { &who.id } else { &who.name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn somebody(id: &str, name: &str) -> Option<ActorRef> {
        Some(ActorRef { id: id.to_owned(), name: name.to_owned(), ..ActorRef::default() })
    }

    #[test]
    fn both_languages_say_from_whom_to_whom_why_and_by_whose_order() {
        let coded = Transferred {
            from_unit_id: "roads".to_owned(),
            to_unit_id: "roads".to_owned(),
            to_person_id: "wang.wu".to_owned(),
            reason: "李伟 goes on leave".to_owned(),
            decision_id: "0".to_owned(),
            started_by: somebody("chen.jing", "陈静"),
            from_person: somebody("li.wei", "李伟"),
            cause: HandoverCause::GoesOnLeave.into(),
        };
        let en = "李伟 → roads / wang.wu: 李伟 goes on leave, by order of 陈静";
        assert_eq!(told(Lang::En, &coded), en);
        let zh = "李伟 → roads / wang.wu: 李伟即将请假（由 陈静 发起）";
        assert_eq!(told(Lang::Zh, &coded), zh);
        // What somebody wrote stays as it is; an event of an earlier release does not say who ordered it.
        let written = Transferred {
            cause: 0,
            reason: "轮岗".to_owned(),
            started_by: None,
            from_person: None,
            to_person_id: String::new(),
            ..coded
        };
        assert_eq!(told(Lang::Zh, &written), "roads → roads: 轮岗");
    }
}
