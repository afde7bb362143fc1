//! How an attempt went.

use std::borrow::Cow;

use uuid::Uuid;

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The other side took it.
    Delivered {
        /// What it answered.
        code: i32,
    },
    /// It did not; later it may.
    Failed {
        /// What it answered; 0 if nothing.
        code: i32,
        /// Why, in our words.
        why: Cow<'static, str>,
    },
    /// It never will.
    Refused {
        /// What it answered; 0 if nothing.
        code: i32,
        /// Why, in our words.
        why: Cow<'static, str>,
    },
    /// The endpoint is gone for good and is to be told nothing more.
    Gone {
        /// The endpoint.
        endpoint: Uuid,
        /// What it answered.
        code: i32,
    },
    /// There is no such recipient any more.
    NoRecipient,
    /// The ticket is sensitive by now, and the recipient may not know of it.
    Withheld,
}

impl Outcome {
    /// Not taken; later it may be.
    pub fn failed(code: i32, why: impl Into<Cow<'static, str>>) -> Self {
        Self::Failed { code, why: why.into() }
    }

    /// Never to be taken.
    pub fn refused(code: i32, why: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused { code, why: why.into() }
    }

    /// HTTP status or SMTP code; 0 without an answer.
    pub const fn code(&self) -> i32 {
        match self {
            Self::Delivered { code }
            | Self::Failed { code, .. }
            | Self::Refused { code, .. }
            | Self::Gone { code, .. } => *code,
            Self::NoRecipient | Self::Withheld => 0,
        }
    }

    /// What went wrong; empty if nothing.
    pub fn error(&self) -> String {
        match self {
            Self::Delivered { .. } => String::new(),
            Self::Failed { why, .. } | Self::Refused { why, .. } => why.clone().into_owned(),
            Self::Gone { .. } => "the endpoint is gone for good".to_owned(),
            Self::NoRecipient => "the recipient is no more, or has no address".to_owned(),
            Self::Withheld => "the ticket is sensitive, and the recipient may not see such".to_owned(),
        }
    }
}
