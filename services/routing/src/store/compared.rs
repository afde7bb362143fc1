//! What a simulation compares: two sets of rules among the units, people and areas there are.

use super::{
    RuleRevision, Store,
    directory::{conditions, with_rules},
    rule_publishing::read,
    rule_revisions, rule_sets, rules,
};
use crate::error;
use gongdan_access::Policies;
use gongdan_errors::Error;
use gongdan_routing_domain::Directory;
use jiff::Timestamp;
use std::collections::HashMap;

/// Two sets of rules.
#[derive(Debug)]
pub struct Compared {
    /// With the rules in force.
    pub in_force: Directory,
    /// With those that are tried.
    pub after: Directory,
    /// The rules that are tried.
    pub rules: Vec<RuleRevision>,
    /// The set in force.
    pub number_in_force: i64,
    /// The draft's, when it is the draft.
    pub draft_etag: String,
}

impl Store {
    /// The rules in force beside those of a set; 0: of the draft.
    ///
    /// # Errors
    /// NOT_FOUND; FAILED_PRECONDITION without a draft.
    pub async fn compared(
        &self,
        number: i64,
        policies: &Policies,
        now: Timestamp,
    ) -> Result<Compared, Error> {
        let mut snapshot = self.snapshot().await?;
        let number_in_force = rule_sets::in_force(&mut snapshot).await?;
        let (before, rules, draft_etag) = if number == 0 {
            let drafted = read(&mut snapshot).await?;
            if drafted.draft.changes.is_empty() {
                return Err(error::no_rule_draft());
            }
            let etag = drafted.etag();
            (drafted.before, drafted.after, etag)
        } else {
            let revisions = rule_sets::revisions(&mut snapshot, number).await?;
            let revisions = revisions.ok_or_else(error::rule_set_not_found)?;
            let rules = rule_revisions::by_number(&mut snapshot, &revisions).await?;
            (rules::all(&mut snapshot).await?, rules, String::new())
        };
        let in_force = with_rules(&mut snapshot, before, HashMap::new(), policies, now).await?;
        let compiled = conditions(&in_force);
        let after = with_rules(&mut snapshot, rules.clone(), compiled, policies, now).await?;
        Ok(Compared { in_force, after, rules, number_in_force, draft_etag })
    }
}
