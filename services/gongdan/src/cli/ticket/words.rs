//! Values of the contract as words on the command line: `in-progress`, `complaint`, `P2`.

use clap::ValueEnum;
use gongdan_proto::tickets::v1 as pb;

macro_rules! words {
    ($($(#[$meta:meta])* $name:ident = $contract:ident { $($(#[$of:meta])* $value:ident),+ $(,)? })+) => {
        $(
            #[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
            $(#[$meta])*
            pub enum $name {
                $($(#[$of])* $value,)+
            }

            impl From<$name> for i32 {
                fn from(word: $name) -> i32 {
                    match word {
                        $($name::$value => pb::$contract::$value.into(),)+
                    }
                }
            }
        )+
    };
}

words! {
    /// Where a ticket is in its life.
    Phase = Phase {
        Draft, Quarantined, PendingDispatch, Dispatched, InProgress, Suspended, InReview, Resolved, InCallback, Closed,
        Cancelled,
    }
    /// What kind of request.
    Kind = TicketType {
        Consultation, Complaint, Report, Suggestion, Help, Praise, Incident, BusinessProcessing, Maintenance, Other,
    }
    /// How a request came in.
    Channel = Channel {
        Phone, Web, App, MiniProgram, Wechat, Weibo, Email, Fax, WalkIn, Api, Device, HandedDown, Sms,
    }
    /// How soon it hurts.
    Urgency = Urgency { Low, Medium, High, Critical }
    /// How many it hurts.
    Impact = Impact { Low, Medium, High, Critical }
    /// What comes first.
    #[value(rename_all = "verbatim")]
    Priority = Priority { P1, P2, P3, P4, P5 }
    /// What came of it.
    Outcome = Outcome { Solved, Explained, NotSolvable, OutOfScope }
    /// What a ticket is to another.
    LinkKind = LinkKind { Related, ChildOf, ParentOf, RepeatOf, RepeatedBy }
    /// Who is called in an emergency.
    EmergencyService = EmergencyService { Police, Fire, Ambulance }
    /// What is wrong with a ticket's record.
    QualityErrorKind = QualityErrorKind { WrongCategory, WrongDispatch, IncompleteRecord }
}

/// The number of a word that may be left out.
pub fn number<W: Into<i32>>(word: Option<W>) -> i32 {
    word.map_or(0, Into::into)
}

/// The numbers of several words.
pub fn numbers<W: Into<i32> + Copy>(words: &[W]) -> Vec<i32> {
    words.iter().map(|word| (*word).into()).collect()
}
