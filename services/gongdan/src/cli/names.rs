//! Values of the contracts' enums as people read them.

use super::context::Lang;

/// The name of an enum value, given as `as_str_name()` says it, for example `PHASE_IN_PROGRESS`: `in progress` or 处理中.
pub fn of(lang: Lang, name: &str) -> String {
    if let (Lang::Zh, Some((_, chinese))) = (lang, CHINESE.iter().find(|(key, _)| *key == name)) {
        return (*chinese).to_owned();
    }
    let prefix = PREFIXES.iter().find(|prefix| name.starts_with(**prefix)).map_or("", |prefix| prefix);
    match &name[prefix.len()..] {
        "UNSPECIFIED" => String::new(),
        rest if prefix == "PRIORITY_" => rest.to_owned(),
        rest => rest.to_lowercase().replace('_', " "),
    }
}

const PREFIXES: &[&str] = &[
    "PHASE_",
    "TICKET_TYPE_",
    "CHANNEL_",
    "URGENCY_",
    "IMPACT_",
    "PRIORITY_",
    "OUTCOME_",
    "ORIGIN_",
    "PRINCIPAL_KIND_",
    "UNIT_KIND_",
    "CLOCK_KIND_",
    "CLOCK_STATE_",
    "ASSIST_STATE_",
    "SUSPENSION_STATE_",
    "EXTENSION_STATE_",
    "DAY_KIND_",
    "TASK_STATE_",
    "ATTEMPT_OUTCOME_",
    "DELIVERY_CHANNEL_",
    "DELIVERY_STATE_",
    "ROTATION_STATE_",
    "LINK_KIND_",
    "SIMILAR_REASON_",
    "KIND_",
];

const CHINESE: &[(&str, &str)] = &[
    ("PHASE_DRAFT", "存盘"),
    ("PHASE_QUARANTINED", "隔离"),
    ("PHASE_PENDING_DISPATCH", "待派单"),
    ("PHASE_DISPATCHED", "已派单"),
    ("PHASE_IN_PROGRESS", "处理中"),
    ("PHASE_SUSPENDED", "挂起"),
    ("PHASE_IN_REVIEW", "审核中"),
    ("PHASE_RESOLVED", "已办结"),
    ("PHASE_IN_CALLBACK", "回访中"),
    ("PHASE_CLOSED", "已归档"),
    ("PHASE_CANCELLED", "已撤单"),
    ("ASSIST_STATE_OWED", "待回复"),
    ("ASSIST_STATE_REPLIED", "已回复"),
    ("ASSIST_STATE_DECLINED", "已谢绝"),
    ("ASSIST_STATE_WAIVED", "免予协办"),
    ("SUSPENSION_STATE_REQUESTED", "待批准"),
    ("SUSPENSION_STATE_ACTIVE", "挂起中"),
    ("SUSPENSION_STATE_REJECTED", "未批准"),
    ("SUSPENSION_STATE_ENDED", "已结束"),
    ("SUSPENSION_STATE_LAPSED", "已失效"),
    ("EXTENSION_STATE_REQUESTED", "待批准"),
    ("EXTENSION_STATE_APPROVED", "已批准"),
    ("EXTENSION_STATE_REJECTED", "未批准"),
    ("EXTENSION_STATE_LAPSED", "已失效"),
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
    ("URGENCY_LOW", "低"),
    ("URGENCY_MEDIUM", "中"),
    ("URGENCY_HIGH", "高"),
    ("URGENCY_CRITICAL", "特急"),
    ("IMPACT_LOW", "单户"),
    ("IMPACT_MEDIUM", "街区"),
    ("IMPACT_HIGH", "区县"),
    ("IMPACT_CRITICAL", "全市"),
    ("OUTCOME_SOLVED", "已解决"),
    ("OUTCOME_EXPLAINED", "已解释"),
    ("OUTCOME_NOT_SOLVABLE", "无法解决"),
    ("OUTCOME_OUT_OF_SCOPE", "不属受理范围"),
    ("LINK_KIND_RELATED", "相关"),
    ("LINK_KIND_CHILD_OF", "子工单，主单"),
    ("LINK_KIND_PARENT_OF", "主单，子工单"),
    ("LINK_KIND_REPEAT_OF", "重复件，原件"),
    ("LINK_KIND_REPEATED_BY", "原件，重复件"),
    ("LINK_KIND_MERGED_INTO", "并入"),
    ("LINK_KIND_MERGED_FROM", "并自"),
    ("SIMILAR_REASON_SAME_CUSTOMER_AND_ITEM", "同一市民同一事项"),
    ("SIMILAR_REASON_SIMILAR_TEXT", "内容相似"),
    ("ORIGIN_LIVE", "实时"),
    ("ORIGIN_IMPORT", "导入"),
    ("PRINCIPAL_KIND_PERSON", "人员"),
    ("PRINCIPAL_KIND_SERVICE", "服务"),
    ("PRINCIPAL_KIND_CITIZEN", "市民"),
    ("UNIT_KIND_UNIT", "单位"),
    ("UNIT_KIND_DESK", "二级客服"),
    ("UNIT_KIND_GROUP", "班组"),
    ("UNIT_KIND_CENTRE", "热线中心"),
    ("CLOCK_KIND_DISPATCH", "派单"),
    ("CLOCK_KIND_HANDLING", "处理"),
    ("CLOCK_KIND_ASSIST", "协办"),
    ("CLOCK_KIND_REVIEW", "审核"),
    ("CLOCK_KIND_SUPERVISION", "督办回复"),
    ("CLOCK_STATE_PAUSED", "暂停"),
    ("CLOCK_KIND_CALLBACK", "回访"),
    ("CLOCK_STATE_RUNNING", "计时中"),
    ("CLOCK_STATE_STOPPED", "已停止"),
    ("CLOCK_STATE_CANCELLED", "已取消"),
    ("DAY_KIND_WORKING", "工作日"),
    ("DAY_KIND_REST", "休息日"),
    ("DAY_KIND_HOLIDAY", "节假日"),
    ("DAY_KIND_MAKE_UP", "调休上班"),
    ("DAY_KIND_HALF_DAY", "半天"),
    ("TASK_STATE_OPEN", "待办"),
    ("TASK_STATE_PENDING_CALLBACK", "待回访"),
    ("TASK_STATE_COMPLETED", "已完成"),
    ("TASK_STATE_GIVEN_UP", "已放弃"),
    ("TASK_STATE_SKIPPED", "免回访"),
    ("TASK_STATE_HISTORICAL", "历史"),
    ("ATTEMPT_OUTCOME_SUCCESS", "成功"),
    ("ATTEMPT_OUTCOME_NO_ANSWER", "无人接听"),
    ("ATTEMPT_OUTCOME_REFUSED", "拒绝回访"),
    ("ATTEMPT_OUTCOME_WRONG_NUMBER", "号码错误"),
    ("ATTEMPT_OUTCOME_CALL_LATER", "稍后再访"),
    ("DELIVERY_CHANNEL_EMAIL", "邮件"),
    ("DELIVERY_CHANNEL_WEBHOOK", "推送"),
    ("DELIVERY_STATE_PENDING", "待发"),
    ("DELIVERY_STATE_DELIVERED", "已送达"),
    ("DELIVERY_STATE_DEAD", "已放弃"),
    ("DELIVERY_STATE_DROPPED", "已取消"),
    ("ROTATION_STATE_RUNNING", "进行中"),
    ("ROTATION_STATE_SUCCEEDED", "已完成"),
    ("ROTATION_STATE_FAILED", "未完成"),
];

#[cfg(test)]
mod tests {
    use gongdan_proto::tickets::v1::{Phase, Priority};

    use super::*;

    #[test]
    fn values_have_names_in_both_languages() {
        assert_eq!(of(Lang::En, Phase::PendingDispatch.as_str_name()), "pending dispatch");
        assert_eq!(of(Lang::Zh, Phase::PendingDispatch.as_str_name()), "待派单");
        assert_eq!(of(Lang::Zh, Priority::P2.as_str_name()), "P2");
        assert_eq!(of(Lang::En, Phase::Unspecified.as_str_name()), "");
    }
}
