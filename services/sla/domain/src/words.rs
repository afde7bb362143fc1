//! The words of tickets and clocks that policies and clocks speak of; numbered as in the contracts.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A number or text that stands for no word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a word this field knows")]
pub struct UnknownWord;

macro_rules! words {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $inner:literal])+ $variant:ident = $number:literal $text:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[doc = $inner])+ $variant = $number,)+ }

        impl $name {
            /// All, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in documents and metrics.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The number in contracts and tables.
            #[must_use]
            pub const fn number(self) -> i32 {
                self as i32
            }
        }

        impl TryFrom<i32> for $name {
            type Error = UnknownWord;

            fn try_from(number: i32) -> Result<Self, UnknownWord> {
                Self::ALL.iter().copied().find(|word| word.number() == number).ok_or(UnknownWord)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// What a clock measures. Source: S3.
    ClockKind {
        /// From submission or return to dispatch.
        Dispatch = 1 "dispatch",
        /// From submission to resolve.
        Handling = 2 "handling",
        /// From resolve to callback's end.
        Callback = 3 "callback",
        /// From the lead unit's request to the assisting unit's reply; one per request.
        Assist = 4 "assist",
        /// From submission for review to its outcome; one per review.
        Review = 5 "review",
        /// From a directive to the reply that was accepted; one per directive.
        Supervision = 6 "supervision",
        /// From receipt to the first act of a member of staff.
        FirstResponse = 7 "first_response",
        /// From dispatch to accept.
        Accept = 8 "accept",
    }
}

impl ClockKind {
    /// Whether a unit of its own owes it, whoever holds the ticket.
    #[must_use]
    pub const fn is_of_another(self) -> bool {
        matches!(self, Self::Assist | Self::Review | Self::Supervision)
    }
}

words! {
    /// What kind of request a ticket is. Source: T7.
    TicketType {
        /// 咨询
        Consultation = 1 "consultation",
        /// 投诉
        Complaint = 2 "complaint",
        /// 举报
        Report = 3 "report",
        /// 建议
        Suggestion = 4 "suggestion",
        /// 求助
        Help = 5 "help",
        /// 表扬
        Praise = 6 "praise",
        /// 故障
        Incident = 7 "incident",
        /// 业务处理
        BusinessProcessing = 8 "business_processing",
        /// 维护作业
        Maintenance = 9 "maintenance",
        /// 其他
        Other = 10 "other",
    }
}

words! {
    /// How a request came in. Source: T1.
    Channel {
        /// 电话
        Phone = 1 "phone",
        /// 网站
        Web = 2 "web",
        /// 应用
        App = 3 "app",
        /// 小程序
        MiniProgram = 4 "mini_program",
        /// 微信
        Wechat = 5 "wechat",
        /// 微博
        Weibo = 6 "weibo",
        /// 电子邮件
        Email = 7 "email",
        /// 传真
        Fax = 8 "fax",
        /// 来访
        WalkIn = 9 "walk_in",
        /// Another system.
        Api = 10 "api",
        /// A device.
        Device = 11 "device",
        /// 上级转办
        HandedDown = 12 "handed_down",
        /// 短信
        Sms = 13 "sms",
    }
}

words! {
    /// How soon it hurts.
    Urgency {
        /// Can wait.
        Low = 1 "low",
        /// Usual.
        Medium = 2 "medium",
        /// Soon.
        High = 3 "high",
        /// At once.
        Critical = 4 "critical",
    }
}

words! {
    /// P1 is first.
    Priority {
        /// At once.
        P1 = 1 "p1",
        /// Next.
        P2 = 2 "p2",
        /// Usual.
        P3 = 3 "p3",
        /// Later.
        P4 = 4 "p4",
        /// When there is time.
        P5 = 5 "p5",
    }
}

words! {
    /// Where a fact comes from.
    Origin {
        /// It happened in this suite.
        Live = 1 "live",
        /// It was recorded from the past.
        Import = 2 "import",
    }
}
