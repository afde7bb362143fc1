//! The one table of reasons. `docs/errors/README.md` lists them; a test keeps both equal.

use std::fmt;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// Why a call was refused: `ErrorInfo.reason`, stable for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Reason {
            /// Every reason with its text and what it means.
            pub const ALL: &'static [(Reason, &'static str, &'static str)] =
                &[$((Reason::$name, $text, concat!($($doc),+)),)+];

            /// The text programs compare.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Reason::$name => $text,)+
                }
            }
        }
    };
}

reasons! {
    /// Another request with this `request_id` and another body came before. Code ALREADY_EXISTS.
    RequestIdReused = "REQUEST_ID_REUSED",
    /// A unit still owes its help; metadata names the `units`. Code FAILED_PRECONDITION.
    AssistOwed = "ASSIST_OWED",
    /// The instant, or the due time it leads to, lies outside the years that calendars reach. Code OUT_OF_RANGE.
    BeyondCalendar = "BEYOND_CALENDAR",
    /// The filter of a bulk act finds another number of tickets than the caller expects; metadata names `found`. Code FAILED_PRECONDITION.
    BulkCountChanged = "BULK_COUNT_CHANGED",
    /// The caller asks too much at once or too often; metadata names the `limit`. Code RESOURCE_EXHAUSTED, with when to try again.
    CallerLimit = "CALLER_LIMIT",
    /// The callback task is not there. Code NOT_FOUND.
    CallbackTaskNotFound = "CALLBACK_TASK_NOT_FOUND",
    /// The calendar is not there. Code NOT_FOUND.
    CalendarNotFound = "CALENDAR_NOT_FOUND",
    /// The circulation is not there, or not shown to the caller. Code NOT_FOUND.
    CirculationNotFound = "CIRCULATION_NOT_FOUND",
    /// The form, or this version of it, is not there. Code NOT_FOUND.
    FormNotFound = "FORM_NOT_FOUND",
    /// The catalogue version is not there. Code NOT_FOUND.
    CatalogueNotFound = "CATALOGUE_NOT_FOUND",
    /// The clock is not there. Code NOT_FOUND.
    ClockNotFound = "CLOCK_NOT_FOUND",
    /// The caller has as many tickets from pools in hand as the pool allows; metadata names `limit` and `in_hand`. Code FAILED_PRECONDITION.
    ClaimLimit = "CLAIM_LIMIT",
    /// The credential was not accepted: missing, tampered with, expired, of another issuer or audience. Code UNAUTHENTICATED.
    CredentialsRefused = "CREDENTIALS_REFUSED",
    /// The customer is not there. Code NOT_FOUND.
    CustomerNotFound = "CUSTOMER_NOT_FOUND",
    /// The dead letter is not there. Code NOT_FOUND.
    DeadLetterNotFound = "DEAD_LETTER_NOT_FOUND",
    /// The call took longer than its deadline. Code DEADLINE_EXCEEDED.
    DeadlineExceeded = "DEADLINE_EXCEEDED",
    /// The deadline has passed: a later one is asked for before it; metadata names `due_at`. Code FAILED_PRECONDITION.
    DeadlinePassed = "DEADLINE_PASSED",
    /// The ticket has no deadline, or it is not known yet. Code FAILED_PRECONDITION.
    DeadlineUnknown = "DEADLINE_UNKNOWN",
    /// The decision is not there. Code NOT_FOUND.
    DecisionNotFound = "DECISION_NOT_FOUND",
    /// The delivery was made or dropped: there is nothing to send again. Code FAILED_PRECONDITION.
    DeliveryDone = "DELIVERY_DONE",
    /// The delivery is not there. Code NOT_FOUND.
    DeliveryNotFound = "DELIVERY_NOT_FOUND",
    /// The database, the bus or another service is away. Code UNAVAILABLE, with when to try again.
    DependencyUnavailable = "DEPENDENCY_UNAVAILABLE",
    /// A unit owes a reply to a directive: it replies first, or the directive is withdrawn. Code FAILED_PRECONDITION.
    DirectiveOwed = "DIRECTIVE_OWED",
    /// The `etag` is not that of the present version: read again. Code ABORTED.
    EtagMismatch = "ETAG_MISMATCH",
    /// The event fails again. Code FAILED_PRECONDITION.
    EventStillPoisoned = "EVENT_STILL_POISONED",
    /// As many extensions as may be were approved in this round; metadata names `most`. Code FAILED_PRECONDITION.
    ExtensionsUsedUp = "EXTENSIONS_USED_UP",
    /// This external id was recorded with another body. Code ALREADY_EXISTS.
    ExternalIdReused = "EXTERNAL_ID_REUSED",
    /// The ticket is at the highest tier; metadata names `tier`. Code FAILED_PRECONDITION.
    HighestTier = "HIGHEST_TIER",
    /// Our fault; the log has it under the call's trace. Code INTERNAL.
    Internal = "INTERNAL",
    /// Values are wrong; each is listed with its field and rule. Code INVALID_ARGUMENT.
    InvalidRequest = "INVALID_REQUEST",
    /// The two tickets cannot be linked, merged or taken apart so; the message says what would have to be different. Code FAILED_PRECONDITION.
    LinkRefused = "LINK_REFUSED",
    /// A message, asked or answered, is larger than the server takes or gives. Code RESOURCE_EXHAUSTED.
    MessageTooLarge = "MESSAGE_TOO_LARGE",
    /// The request is not what gRPC and its contract send: cut off, of wrong bytes, no message at all. Code INVALID_ARGUMENT.
    MessageUnreadable = "MESSAGE_UNREADABLE",
    /// The service has no such method, or does not know how to unpack the message. Code UNIMPLEMENTED.
    MethodUnknown = "METHOD_UNKNOWN",
    /// A replica does not hold the newest keys yet. Code FAILED_PRECONDITION.
    KeyNotEverywhere = "KEY_NOT_EVERYWHERE",
    /// The leave is not there. Code NOT_FOUND.
    LeaveNotFound = "LEAVE_NOT_FOUND",
    /// A legal hold forbids it; metadata names `hold`. Code FAILED_PRECONDITION.
    LegalHold = "LEGAL_HOLD",
    /// The legal hold is not there. Code NOT_FOUND.
    LegalHoldNotFound = "LEGAL_HOLD_NOT_FOUND",
    /// Nothing was changed in a draft of rules. Code FAILED_PRECONDITION.
    NoRuleDraft = "NO_RULE_DRAFT",
    /// The person has no tickets in hand that could be reassigned. Code FAILED_PRECONDITION.
    NoTicketsInHand = "NO_TICKETS_IN_HAND",
    /// The ticket did not come to who has it by a claim: there is no pool to put it back into. Code FAILED_PRECONDITION.
    NotClaimed = "NOT_CLAIMED",
    /// The caller does not belong to the unit that holds the ticket. Code PERMISSION_DENIED.
    NotRecipient = "NOT_RECIPIENT",
    /// Somebody else has to decide what one asked for oneself. Code PERMISSION_DENIED.
    OwnRequest = "OWN_REQUEST",
    /// Others are asked to sign the review; metadata `missing` says whose signatures. Code PERMISSION_DENIED.
    NotSigner = "NOT_SIGNER",
    /// Such a thing is done to many tickets only after a preview of the same. Code FAILED_PRECONDITION.
    NotPreviewed = "NOT_PREVIEWED",
    /// Nobody signs what they submitted for review themselves. Code PERMISSION_DENIED.
    OwnSubmission = "OWN_SUBMISSION",
    /// The caller's roles do not include what this call needs. Code PERMISSION_DENIED.
    PermissionDenied = "PERMISSION_DENIED",
    /// A part of the ticket is still worked on; metadata names `part`. Code FAILED_PRECONDITION.
    PartsOpen = "PARTS_OPEN",
    /// The phase does not allow the act; metadata names `phase` and `action`. Code FAILED_PRECONDITION.
    PhaseRefuses = "PHASE_REFUSES",
    /// Nothing waits in a pool that the caller may claim from. Code NOT_FOUND.
    PoolEmpty = "POOL_EMPTY",
    /// No rule of the policy set gives a clock of this kind to such a ticket. Code NOT_FOUND.
    PolicyNotFound = "POLICY_NOT_FOUND",
    /// The policy set is not there. Code NOT_FOUND.
    PolicySetNotFound = "POLICY_SET_NOT_FOUND",
    /// The credential is good, but no active principal belongs to it. Code PERMISSION_DENIED.
    PrincipalUnknown = "PRINCIPAL_UNKNOWN",
    /// The principal is not there. Code NOT_FOUND.
    PrincipalNotFound = "PRINCIPAL_NOT_FOUND",
    /// The caller left an answer unread for too long, and it was given up. Code RESOURCE_EXHAUSTED, with when to try again.
    ReaderTooSlow = "READER_TOO_SLOW",
    /// The person has another number of tickets in hand than the preview found; metadata names `expected` and `found`. Code FAILED_PRECONDITION.
    ReassignmentChanged = "REASSIGNMENT_CHANGED",
    /// The reassignment is not there, or is of none of the caller's units and areas. Code NOT_FOUND.
    ReassignmentNotFound = "REASSIGNMENT_NOT_FOUND",
    /// Another reassignment of the same person goes on; metadata names its `id` and `unit_ids`. Code FAILED_PRECONDITION.
    ReassignmentRunning = "REASSIGNMENT_RUNNING",
    /// The rebuild is not there. Code NOT_FOUND.
    RebuildNotFound = "REBUILD_NOT_FOUND",
    /// Nothing was trained by which items and units could be suggested: train first. Code FAILED_PRECONDITION.
    SuggesterUntrained = "SUGGESTER_UNTRAINED",
    /// There are too few resolved tickets to learn from; metadata names `tickets` and `classes`. Code FAILED_PRECONDITION.
    TooLittleToLearn = "TOO_LITTLE_TO_LEARN",
    /// Another training runs; when it ends, one may begin. Code FAILED_PRECONDITION.
    TrainingRunning = "TRAINING_RUNNING",
    /// Another rebuild runs: watch that one. Code FAILED_PRECONDITION.
    RebuildRunning = "REBUILD_RUNNING",
    /// The ticket has no such record; metadata names its kind as `record`. Code NOT_FOUND.
    RecordNotFound = "RECORD_NOT_FOUND",
    /// A record of the ticket is in a state that does not allow the act; metadata names `record` and `state`. Code FAILED_PRECONDITION.
    RecordStateRefuses = "RECORD_STATE_REFUSES",
    /// The time in which a closed ticket may be reopened is over. Code FAILED_PRECONDITION.
    ReopenWindowOver = "REOPEN_WINDOW_OVER",
    /// Another request of the kind waits to be decided. Code FAILED_PRECONDITION.
    RequestPending = "REQUEST_PENDING",
    /// The resume token is older than the log. Code OUT_OF_RANGE.
    ResumeTokenExpired = "RESUME_TOKEN_EXPIRED",
    /// A review is open: it resolves the ticket once all have signed. Code FAILED_PRECONDITION.
    ReviewOpen = "REVIEW_OPEN",
    /// No review of the ticket is open. Code FAILED_PRECONDITION.
    ReviewNotOpen = "REVIEW_NOT_OPEN",
    /// The responsibility is not there. Code NOT_FOUND.
    ResponsibilityNotFound = "RESPONSIBILITY_NOT_FOUND",
    /// The rotation of keys is not there. Code NOT_FOUND.
    RotationNotFound = "ROTATION_NOT_FOUND",
    /// Another rotation of keys runs: watch that one. Code FAILED_PRECONDITION.
    RotationRunning = "ROTATION_RUNNING",
    /// Rules of the draft were changed in force since; metadata names them as `rules`. Code FAILED_PRECONDITION.
    RuleDraftBehind = "RULE_DRAFT_BEHIND",
    /// The roster is not there. Code NOT_FOUND.
    RosterNotFound = "ROSTER_NOT_FOUND",
    /// The rule is not there. Code NOT_FOUND.
    RuleNotFound = "RULE_NOT_FOUND",
    /// The set of rules is not there. Code NOT_FOUND.
    RuleSetNotFound = "RULE_SET_NOT_FOUND",
    /// The schedule is not there. Code NOT_FOUND.
    ScheduleNotFound = "SCHEDULE_NOT_FOUND",
    /// The server has too much to do: try again later. Code RESOURCE_EXHAUSTED.
    ServerBusy = "SERVER_BUSY",
    /// The time for which a suspension was asked is over: ask anew. Code FAILED_PRECONDITION.
    SuspensionOver = "SUSPENSION_OVER",
    /// The caller signed this review already; each person signs once. Code FAILED_PRECONDITION.
    SignedAlready = "SIGNED_ALREADY",
    /// The ticket's workflow gives the act at this step to other roles; metadata names `step`, `action` and what is `needed`. Code PERMISSION_DENIED.
    StepNeedsRole = "STEP_NEEDS_ROLE",
    /// The ticket's workflow does not allow the act at this step; metadata names `step`, `action` and what is `needed`. Code FAILED_PRECONDITION.
    StepRefuses = "STEP_REFUSES",
    /// Another agent holds the task until the time in metadata `held_until`. Code FAILED_PRECONDITION.
    TaskHeld = "TASK_HELD",
    /// The caller does not hold the task: take it first. Code FAILED_PRECONDITION.
    TaskNotHeld = "TASK_NOT_HELD",
    /// The task is in a state that does not allow the act; metadata names `state` and `action`. Code FAILED_PRECONDITION.
    TaskStateRefuses = "TASK_STATE_REFUSES",
    /// The ticket was merged into another, which metadata names as `into`: undo that first. Code FAILED_PRECONDITION.
    TicketMerged = "TICKET_MERGED",
    /// The ticket is not there. Code NOT_FOUND.
    TicketNotFound = "TICKET_NOT_FOUND",
    /// The unit is not there. Code NOT_FOUND.
    UnitNotFound = "UNIT_NOT_FOUND",
    /// The attachment is not there, or was removed. Code NOT_FOUND.
    AttachmentNotFound = "ATTACHMENT_NOT_FOUND",
    /// The call is not there, or has no recording. Code NOT_FOUND.
    CallNotFound = "CALL_NOT_FOUND",
    /// Another report with this id and another content came before. Code ALREADY_EXISTS.
    ReportIdReused = "REPORT_ID_REUSED",
    /// The reporter asked for confidence: what could tell who it was is not given. Code PERMISSION_DENIED.
    ReporterConfidential = "REPORTER_CONFIDENTIAL",
    /// The contact of the ticket is erased: where its reporter lives is not written into it any more. Code
    /// FAILED_PRECONDITION.
    ContactErased = "CONTACT_ERASED",
    /// The texts of the ticket are erased: nothing is written into it any more. Code FAILED_PRECONDITION.
    TextsErased = "TEXTS_ERASED",
    /// There are as many as there may be; metadata names `what` and `max`. Code FAILED_PRECONDITION.
    TooMany = "TOO_MANY",
    /// The ticket has no such visit. Code NOT_FOUND.
    VisitNotFound = "VISIT_NOT_FOUND",
    /// The visit is in a state that does not allow it; metadata names `state`. Code FAILED_PRECONDITION.
    VisitRefuses = "VISIT_REFUSES",
    /// The webhook is not there. Code NOT_FOUND.
    WebhookNotFound = "WEBHOOK_NOT_FOUND",
    /// The workflow, or this version of it, is not there. Code NOT_FOUND.
    WorkflowNotFound = "WORKFLOW_NOT_FOUND",
    /// Somebody else changed it at the same moment: read again. Code ABORTED.
    WriteConflict = "WRITE_CONFLICT",
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;
    use std::collections::HashSet;

    #[test]
    fn each_reason_has_its_own_text_and_names_its_code() {
        let texts: HashSet<_> = Reason::ALL.iter().map(|(_, text, _)| text).collect();
        assert_eq!(texts.len(), Reason::ALL.len());
        for (reason, text, meaning) in Reason::ALL {
            assert_eq!(reason.as_str(), *text);
            assert!(meaning.contains("Code "), "{text} does not name its code");
        }
    }
}
