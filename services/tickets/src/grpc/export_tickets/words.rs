//! Values of the contract as people read them. Source: GLOSSARY.

/// Of heads and values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Chinese,
    English,
}

impl Language {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "" | "zh" => Ok(Self::Chinese),
            "en" => Ok(Self::English),
            _ => Err("zh or en"),
        }
    }

    pub(super) fn choose<'a>(self, chinese: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Chinese => chinese,
            Self::English => english,
        }
    }
}

const CHINESE: [(&str, &str); 48] = [
    ("PHASE_DRAFT", "存盘"),
    ("PHASE_QUARANTINED", "隔离区"),
    ("PHASE_PENDING_DISPATCH", "待派单"),
    ("PHASE_DISPATCHED", "已派单"),
    ("PHASE_IN_PROGRESS", "处理中"),
    ("PHASE_SUSPENDED", "挂起"),
    ("PHASE_IN_REVIEW", "审核中"),
    ("PHASE_RESOLVED", "已办结"),
    ("PHASE_IN_CALLBACK", "回访中"),
    ("PHASE_CLOSED", "已归档"),
    ("PHASE_CANCELLED", "已撤单"),
    ("TICKET_TYPE_CONSULTATION", "咨询"),
    ("TICKET_TYPE_COMPLAINT", "投诉"),
    ("TICKET_TYPE_REPORT", "举报"),
    ("TICKET_TYPE_SUGGESTION", "建议"),
    ("TICKET_TYPE_HELP", "求助"),
    ("TICKET_TYPE_PRAISE", "表扬"),
    ("TICKET_TYPE_INCIDENT", "故障"),
    ("TICKET_TYPE_BUSINESS_PROCESSING", "业务处理"),
    ("TICKET_TYPE_MAINTENANCE", "维护作业"),
    ("TICKET_TYPE_OTHER", "其他"),
    ("CHANNEL_PHONE", "电话"),
    ("CHANNEL_WEB", "网站"),
    ("CHANNEL_APP", "应用"),
    ("CHANNEL_MINI_PROGRAM", "小程序"),
    ("CHANNEL_WECHAT", "微信"),
    ("CHANNEL_WEIBO", "微博"),
    ("CHANNEL_EMAIL", "电子邮件"),
    ("CHANNEL_FAX", "传真"),
    ("CHANNEL_WALK_IN", "来访"),
    ("CHANNEL_API", "接口"),
    ("CHANNEL_DEVICE", "设备"),
    ("CHANNEL_HANDED_DOWN", "上级转办"),
    ("CHANNEL_SMS", "短信"),
    ("PRIORITY_P1", "P1"),
    ("PRIORITY_P2", "P2"),
    ("PRIORITY_P3", "P3"),
    ("PRIORITY_P4", "P4"),
    ("PRIORITY_P5", "P5"),
    ("OUTCOME_SOLVED", "已解决"),
    ("OUTCOME_EXPLAINED", "已解释"),
    ("OUTCOME_NOT_SOLVABLE", "无法解决"),
    ("OUTCOME_OUT_OF_SCOPE", "不属于受理范围"),
    ("PHASE_UNSPECIFIED", ""),
    ("TICKET_TYPE_UNSPECIFIED", ""),
    ("CHANNEL_UNSPECIFIED", ""),
    ("PRIORITY_UNSPECIFIED", ""),
    ("OUTCOME_UNSPECIFIED", ""),
];

/// What stands before the word in a value's name.
const ENUMS: [&str; 5] = ["PHASE_", "TICKET_TYPE_", "CHANNEL_", "PRIORITY_", "OUTCOME_"];

/// The word of a value by its name in the contract: `PHASE_IN_PROGRESS` is 处理中 and `in progress`.
pub(super) fn of(language: Language, value: &str) -> String {
    let chinese = CHINESE.iter().find(|(name, _)| *name == value).map(|(_, word)| (*word).to_owned());
    let english = || {
        let word = ENUMS.iter().find_map(|name| value.strip_prefix(name)).unwrap_or(value);
        if word == "UNSPECIFIED" {
            String::new()
        } else if word.starts_with('P') && word.len() == 2 {
            word.to_owned()
        } else {
            word.to_lowercase().replace('_', " ")
        }
    };
    match language {
        Language::Chinese => chinese.unwrap_or_else(english),
        Language::English => english(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gongdan_proto::tickets::v1 as pb;

    #[test]
    fn every_value_has_a_chinese_word() {
        let known = |name: &str| assert!(CHINESE.iter().any(|(value, _)| *value == name), "{name}");
        (0..=11).filter_map(|n| pb::Phase::try_from(n).ok()).for_each(|v| known(v.as_str_name()));
        (0..=20).filter_map(|n| pb::TicketType::try_from(n).ok()).for_each(|v| known(v.as_str_name()));
        (0..=20).filter_map(|n| pb::Channel::try_from(n).ok()).for_each(|v| known(v.as_str_name()));
        (0..=9).filter_map(|n| pb::Priority::try_from(n).ok()).for_each(|v| known(v.as_str_name()));
        (0..=9).filter_map(|n| pb::Outcome::try_from(n).ok()).for_each(|v| known(v.as_str_name()));
    }

    #[test]
    fn words_are_those_of_the_language() {
        assert_eq!(of(Language::Chinese, "PHASE_IN_PROGRESS"), "处理中");
        assert_eq!(of(Language::English, "PHASE_IN_PROGRESS"), "in progress");
        assert_eq!(of(Language::English, "PRIORITY_P1"), "P1");
        assert_eq!(of(Language::English, "CHANNEL_PHONE"), "phone");
    }
}
