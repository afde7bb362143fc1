//! How a change looks to a watcher: through its filter, and through what it may see. Source: T33, DESIGN rule 16.

use super::viewer::viewer;
use crate::store::{filter::Filter, scope::Sight, ticket_views::Viewer};
use gongdan_access::Caller;
use gongdan_proto::tickets::v1 as pb;

/// A watcher's eyes.
pub(super) struct Eyes {
    pub sight: Sight,
    pub viewer: Viewer,
    pub filter: Filter,
}

/// How a change looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// It matches.
    Changed,
    /// It no longer matches, and may be seen still.
    Left,
    /// It matched, and may not be seen: not after this change, or not now.
    Hidden,
}

impl Eyes {
    /// Of a caller who asks for these; a watcher is shown everything personal masked.
    pub(super) fn new(caller: &Caller, asked: &Filter) -> Self {
        let viewer = viewer(caller).masked();
        Self { sight: Sight::of(caller), viewer, filter: asked.clone().seen_by(viewer) }
    }

    /// Whether a change is one to tell of, whatever the ticket is by now.
    pub(super) fn notice(&self, after: &pb::Ticket, before: Option<&pb::Ticket>) -> bool {
        self.matches(after) || before.is_some_and(|before| self.matches(before))
    }

    /// How it looks, given what the ticket is by now: who may not see it now is shown nothing of what it was.
    pub(super) fn look(
        &self,
        after: &pb::Ticket,
        before: Option<&pb::Ticket>,
        now: &pb::Ticket,
    ) -> Option<Look> {
        if !self.notice(after, before) {
            return None;
        }
        Some(if !self.may_see(after) || !self.may_see(now) {
            Look::Hidden
        } else if self.filter.matches(after) {
            Look::Changed
        } else {
            Look::Left
        })
    }

    fn matches(&self, state: &pb::Ticket) -> bool {
        self.filter.matches(state) && self.may_see(state)
    }

    fn may_see(&self, state: &pb::Ticket) -> bool {
        self.sight.allows(state)
    }
}
