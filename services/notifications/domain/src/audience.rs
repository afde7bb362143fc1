//! Who is told.
//!
//! | What | Who |
//! |---|---|
//! | dispatched, transferred | the person it was given to, else the members of the recipient unit |
//! | urged, level 1 | the handler, else the members of the unit, else dispatchers of the ticket's region |
//! | urged, level 2 | the leaders of the unit (its members when it has no leader) |
//! | urged, level 3 | supervisors whose areas or units cover it, else dispatchers of the ticket's region |
//! | escalated | the person it was given to, else the members of the recipient unit; routed again: nobody yet |
//! | directive issued, rejected, accepted, withdrawn | the leaders of its unit (its members when it has no leader), and who replied |
//! | directive replied | who gave it |
//! | directive late | who gave it, and level 1 the leaders of its unit, 2 those of the unit above, 3 those of the centre; where there are none, supervisors |
//! | reminded | who asked for it |
//! | circulated | those whom it was shown to, but not who shows it |
//! | announced | the members of the unit, but not who announces it |
//! | schedule reminded | the persons or the members of the unit that the schedule names |
//! | handed off | the leaders of the unit that has the ticket, and dispatchers of the ticket's region |
//! | returned | dispatchers of the ticket's region |
//! | pooled | the members of the pool's unit, else dispatchers of the ticket's region |
//! | reopened | the members of the unit that had it |
//! | warned, breached | the handler and the leaders of the unit (its members when it has no leader); before any dispatch: dispatchers |
//! | review_submitted | the persons who are asked to countersign; else the leaders of the units whose step it is; else those of the ticket's region who have a role of the step |
//! | review_rejected | the handler, else the members of the unit |
//! | mentioned | who is mentioned |
//! | closed | who created it |
//! | suspension or extension requested | the leaders of the unit; dispatchers of the ticket's region when it has none |
//! | suspended after approval, suspension rejected, extension approved or rejected | who asked for it |
//! | resumed by itself | the handler, else the members of the unit |
//! | assist requested, waived | the members of the assisting unit |
//! | assist replied, declined | who asked for it |
//!
//! Of a sensitive ticket only those are told who see sensitive tickets; the others are as if they were not there.
//!
//! A dispatcher to whom no region was given, as the administrator of a new suite, is a dispatcher for all.

use std::collections::BTreeSet;

use gongdan_region::{RegionCode, RegionRange};

use crate::{Happening, Kind, Language};

/// A member of staff who may be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// The principal's id.
    pub id: String,
    /// Its roles.
    pub roles: Vec<String>,
    /// Its units.
    pub unit_ids: Vec<String>,
    /// What it may see.
    pub regions: Vec<RegionRange>,
    /// What it is written to in.
    pub language: Language,
    /// Whether it has an e-mail address.
    pub has_email: bool,
    /// Whether its rights cover sensitive tickets.
    pub sees_sensitive: bool,
}

impl Person {
    fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|r| r == role)
    }

    fn covers(&self, region: Option<RegionCode>) -> bool {
        region.is_none_or(|code| self.regions.iter().any(|range| range.contains(code)))
    }

    /// Whether the region is one of its own; who was given none sees all.
    fn sees(&self, region: Option<RegionCode>) -> bool {
        self.regions.is_empty()
            || region.is_none_or(|code| self.regions.iter().any(|range| range.contains(code)))
    }

    fn is_member(&self, unit_id: &str) -> bool {
        self.unit_ids.iter().any(|u| u == unit_id)
    }
}

/// A set of people by what they are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// One person.
    Person(String),
    /// All of a unit.
    Members(String),
    /// Leaders of a unit; all of it when it has none.
    Leaders(String),
    /// Leaders of a unit; dispatchers who see the region when it has none.
    Deciders(String, Option<RegionCode>),
    /// Those of a unit with one of these roles; all of it when nobody has.
    InUnit(String, Vec<String>),
    /// Those with one of these roles who see the region; all of them when it is not known.
    Role(Vec<String>, Option<RegionCode>),
    /// Dispatchers who see the region; all of them when it is not known.
    Dispatchers(Option<RegionCode>),
    /// Leaders of a unit; supervisors, as below, when it has none or there is no such unit.
    LeadersAbove(String, Option<RegionCode>),
    /// Supervisors who see the region or belong to the unit; dispatchers when there is none.
    Supervisors(String, Option<RegionCode>),
}

/// Whom to tell of what happened; nobody for what only webhooks are told.
#[must_use]
pub fn targets(happening: &Happening) -> Vec<Target> {
    let Some(kind) = happening.kind else { return Vec::new() };
    let ticket = &happening.ticket;
    let person = || (!ticket.person_id.is_empty()).then(|| Target::Person(ticket.person_id.clone()));
    let unit = || (!ticket.unit_id.is_empty()).then(|| ticket.unit_id.clone());
    let dispatchers = || Target::Dispatchers(ticket.region);
    match kind {
        Kind::ReviewSubmitted | Kind::Mentioned => happening.named.clone(),
        Kind::ScheduleReminded => {
            happening.named.iter().cloned().chain(unit().map(Target::Members)).collect()
        }
        Kind::ReviewRejected => person().or_else(|| unit().map(Target::Members)).into_iter().collect(),
        Kind::Dispatched | Kind::Transferred | Kind::Escalated => {
            person().or_else(|| unit().map(Target::Members)).into_iter().collect()
        }
        Kind::SuspensionRequested | Kind::ExtensionRequested => {
            vec![unit().map_or_else(dispatchers, |unit| Target::Deciders(unit, ticket.region))]
        }
        Kind::Suspended
        | Kind::SuspensionRejected
        | Kind::ExtensionApproved
        | Kind::ExtensionRejected
        | Kind::AssistReplied
        | Kind::AssistDeclined => person().into_iter().collect(),
        Kind::Resumed => person().or_else(|| unit().map(Target::Members)).into_iter().collect(),
        Kind::AssistRequested | Kind::AssistWaived | Kind::Announced => {
            unit().map(Target::Members).into_iter().collect()
        }
        Kind::Urged => vec![match (happening.about.level, unit()) {
            (2, Some(unit)) => Target::Leaders(unit),
            (3, unit) => Target::Supervisors(unit.unwrap_or_default(), ticket.region),
            (_, unit) => person().or_else(|| unit.map(Target::Members)).unwrap_or_else(dispatchers),
        }],
        Kind::DirectiveIssued
        | Kind::DirectiveAccepted
        | Kind::DirectiveRejected
        | Kind::DirectiveWithdrawn => person().into_iter().chain(unit().map(Target::Leaders)).collect(),
        Kind::DirectiveReplied | Kind::Reminded => person().into_iter().collect(),
        Kind::DirectiveLate => {
            let late = match (happening.about.level, unit()) {
                (..=1, Some(unit)) => Target::Leaders(unit),
                _ => Target::LeadersAbove(happening.about.above_unit_id.clone(), ticket.region),
            };
            person().into_iter().chain([late]).collect()
        }
        Kind::Circulated if happening.about.person_ids.is_empty() => {
            unit().map(Target::Members).into_iter().collect()
        }
        Kind::Circulated => happening.about.person_ids.iter().cloned().map(Target::Person).collect(),
        Kind::HandedOff => unit().map(Target::Leaders).into_iter().chain([dispatchers()]).collect(),
        Kind::Returned => vec![dispatchers()],
        Kind::Pooled => vec![unit().map_or_else(dispatchers, Target::Members)],
        Kind::Reopened => unit().map(Target::Members).into_iter().collect(),
        Kind::Warned | Kind::Breached => {
            let told: Vec<_> = person().into_iter().chain(unit().map(Target::Leaders)).collect();
            if told.is_empty() { vec![dispatchers()] } else { told }
        }
        Kind::Closed if ticket.creator_id.is_empty() => Vec::new(),
        Kind::Closed => vec![Target::Person(ticket.creator_id.clone())],
    }
}

/// Those of `staff` that the targets name and that may know of the ticket, each once, in the order of their ids.
#[must_use]
pub fn told<'a>(targets: &[Target], sensitive: bool, staff: &'a [Person]) -> Vec<&'a Person> {
    let staff: Vec<_> = staff.iter().filter(|person| !sensitive || person.sees_sensitive).collect();
    let mut ids = BTreeSet::new();
    for target in targets {
        match target {
            Target::Person(id) => ids.extend(staff.iter().filter(|p| p.id == *id).map(|p| &p.id)),
            Target::Members(unit) => ids.extend(staff.iter().filter(|p| p.is_member(unit)).map(|p| &p.id)),
            Target::Leaders(unit) => {
                let members = || staff.iter().filter(|p| p.is_member(unit));
                let leaders: Vec<_> =
                    members().filter(|p| p.has_role("unit_leader")).map(|p| &p.id).collect();
                if leaders.is_empty() {
                    ids.extend(members().map(|p| &p.id));
                } else {
                    ids.extend(leaders);
                }
            }
            Target::Deciders(unit, region) => {
                let leads = |p: &&&Person| p.is_member(unit) && p.has_role("unit_leader");
                let leaders: Vec<_> = staff.iter().filter(leads).map(|p| &p.id).collect();
                ids.extend(if leaders.is_empty() { dispatchers(&staff, *region) } else { leaders });
            }
            Target::InUnit(unit, roles) => {
                let members = || staff.iter().filter(|p| p.is_member(unit));
                let signers: Vec<_> =
                    members().filter(|p| roles.iter().any(|role| p.has_role(role))).map(|p| &p.id).collect();
                if signers.is_empty() {
                    ids.extend(members().map(|p| &p.id));
                } else {
                    ids.extend(signers);
                }
            }
            Target::Role(roles, region) => {
                let has = |p: &&&Person| roles.iter().any(|role| p.has_role(role));
                ids.extend(staff.iter().filter(has).filter(|p| p.sees(*region)).map(|p| &p.id));
            }
            Target::Dispatchers(region) => ids.extend(dispatchers(&staff, *region)),
            Target::LeadersAbove(unit, region) => {
                let leads = |p: &&&Person| p.is_member(unit) && p.has_role("unit_leader");
                let leaders: Vec<_> = staff.iter().filter(leads).map(|p| &p.id).collect();
                ids.extend(if leaders.is_empty() { supervisors(&staff, unit, *region) } else { leaders });
            }
            Target::Supervisors(unit, region) => ids.extend(supervisors(&staff, unit, *region)),
        }
    }
    staff.iter().copied().filter(|p| ids.contains(&p.id)).collect()
}

fn dispatchers<'a>(staff: &[&'a Person], region: Option<RegionCode>) -> Vec<&'a String> {
    let sees = |p: &&&Person| p.regions.is_empty() || p.covers(region);
    staff.iter().filter(|p| p.has_role("dispatcher")).filter(sees).map(|p| &p.id).collect()
}

fn supervisors<'a>(staff: &[&'a Person], unit: &str, region: Option<RegionCode>) -> Vec<&'a String> {
    let covers = |p: &&&Person| p.covers(region) || p.is_member(unit);
    let all: Vec<_> =
        staff.iter().filter(|p| p.has_role("supervisor")).filter(covers).map(|p| &p.id).collect();
    if all.is_empty() { dispatchers(staff, region) } else { all }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{About, TicketFacts};
    use gongdan_region::Regions;
    use uuid::Uuid;

    fn happening(kind: Kind, unit: &str, person: &str) -> Happening {
        Happening {
            event_id: Uuid::nil(),
            event_type: format!("tickets.{}", kind.as_str()),
            kind: Some(kind),
            about: About { level: 1, ..About::default() },
            occurred_at: jiff::Timestamp::UNIX_EPOCH,
            ticket: TicketFacts {
                unit_id: unit.to_owned(),
                person_id: person.to_owned(),
                creator_id: "agent".to_owned(),
                region: RegionCode::parse("440106").ok(),
                ..TicketFacts::default()
            },
            deadline: None,
            named: Vec::new(),
        }
    }

    fn person(id: &str, roles: &[&str], units: &[&str], region: &str) -> Person {
        let code = RegionCode::parse(region).unwrap();
        Person {
            id: id.to_owned(),
            roles: roles.iter().map(|&r| r.to_owned()).collect(),
            unit_ids: units.iter().map(|&u| u.to_owned()).collect(),
            regions: vec![Regions::national().range(code)],
            language: Language::ZhCn,
            has_email: false,
            sees_sensitive: false,
        }
    }

    fn staff() -> Vec<Person> {
        vec![
            person("agent", &["agent"], &["centre"], "44"),
            person("chen", &["handler"], &["env"], "440106"),
            person("dispatcher.gz", &["dispatcher"], &["centre"], "4401"),
            person("dispatcher.sz", &["dispatcher"], &["centre"], "4403"),
            person("head", &["unit_leader"], &["bureau"], "4401"),
            person("leader", &["unit_leader", "handler"], &["env"], "440106"),
            person("super.gz", &["supervisor"], &["centre"], "4401"),
            person("wang", &["handler"], &["water"], "440106"),
        ]
    }

    #[test]
    fn each_kind_tells_whom_the_table_says() {
        let cases: [(Kind, &str, &str, &[&str]); 21] = [
            (Kind::Dispatched, "env", "", &["chen", "leader"]),
            (Kind::Dispatched, "env", "chen", &["chen"]),
            (Kind::Transferred, "water", "", &["wang"]),
            (Kind::Urged, "env", "chen", &["chen"]),
            (Kind::Urged, "env", "", &["chen", "leader"]),
            (Kind::Returned, "", "", &["dispatcher.gz"]),
            (Kind::Pooled, "", "", &["dispatcher.gz"]),
            (Kind::Pooled, "water", "", &["wang"]),
            (Kind::Reopened, "env", "", &["chen", "leader"]),
            (Kind::Warned, "env", "chen", &["chen", "leader"]),
            (Kind::Breached, "water", "", &["wang"]),
            (Kind::Breached, "", "", &["dispatcher.gz"]),
            (Kind::Closed, "env", "chen", &["agent"]),
            (Kind::Dispatched, "nobody-there", "", &[]),
            (Kind::SuspensionRequested, "env", "", &["leader"]),
            (Kind::ExtensionRequested, "water", "", &["dispatcher.gz"]),
            (Kind::ExtensionApproved, "env", "chen", &["chen"]),
            (Kind::Resumed, "env", "", &["chen", "leader"]),
            (Kind::AssistRequested, "water", "", &["wang"]),
            (Kind::AssistReplied, "water", "chen", &["chen"]),
            (Kind::AssistWaived, "water", "", &["wang"]),
        ];
        for (kind, unit, handler, expected) in cases {
            let staff = staff();
            let told: Vec<_> = told(&targets(&happening(kind, unit, handler)), false, &staff)
                .iter()
                .map(|p| p.id.clone())
                .collect();
            assert_eq!(told, expected, "{kind:?} {unit} {handler}");
        }
    }

    #[test]
    fn what_climbs_tells_whom_the_table_says() {
        let cases: [(Kind, i32, &str, &str, &[&str]); 15] = [
            (Kind::Urged, 1, "env", "chen", &["chen"]),
            (Kind::Urged, 1, "", "", &["dispatcher.gz"]),
            (Kind::Urged, 2, "env", "chen", &["leader"]),
            (Kind::Urged, 2, "water", "", &["wang"]),
            (Kind::Urged, 3, "env", "chen", &["super.gz"]),
            (Kind::Escalated, 0, "env", "", &["chen", "leader"]),
            (Kind::Escalated, 0, "", "", &[]),
            (Kind::DirectiveIssued, 0, "env", "", &["leader"]),
            (Kind::DirectiveReplied, 0, "env", "super.gz", &["super.gz"]),
            (Kind::DirectiveLate, 1, "env", "super.gz", &["leader", "super.gz"]),
            (Kind::DirectiveLate, 2, "env", "agent", &["agent", "head"]),
            (Kind::Reminded, 0, "env", "agent", &["agent"]),
            (Kind::Circulated, 0, "env", "", &["chen", "leader"]),
            (Kind::Announced, 0, "water", "", &["wang"]),
            (Kind::HandedOff, 0, "env", "", &["dispatcher.gz", "leader"]),
        ];
        for (kind, level, unit, person, expected) in cases {
            let mut happening = happening(kind, unit, person);
            happening.about.level = level;
            happening.about.above_unit_id = "bureau".to_owned();
            let staff = staff();
            let told: Vec<_> =
                told(&targets(&happening), false, &staff).iter().map(|p| p.id.clone()).collect();
            assert_eq!(told, expected, "{kind:?} {level} {unit} {person}");
        }
    }

    #[test]
    fn where_nobody_leads_above_supervisors_are_told_and_where_none_supervises_dispatchers() {
        let mut late = happening(Kind::DirectiveLate, "env", "");
        late.about.level = 3;
        let ids = |staff: &[Person]| -> Vec<String> {
            told(&targets(&late), false, staff).iter().map(|p| p.id.clone()).collect()
        };
        let mut staff = staff();
        assert_eq!(ids(&staff), ["super.gz"]);
        staff.retain(|person| person.id != "super.gz");
        assert_eq!(ids(&staff), ["dispatcher.gz"]);
    }

    #[test]
    fn recurring_work_is_told_to_those_whom_the_schedule_names() {
        let staff = staff();
        let ids = |happening: &Happening| -> Vec<String> {
            told(&targets(happening), false, &staff).iter().map(|p| p.id.clone()).collect()
        };
        assert_eq!(ids(&happening(Kind::ScheduleReminded, "env", "")), ["chen", "leader"]);
        let mut named = happening(Kind::ScheduleReminded, "", "");
        named.named = ["wang", "agent"].map(|id| Target::Person(id.to_owned())).to_vec();
        assert_eq!(ids(&named), ["agent", "wang"]);
    }

    #[test]
    fn what_is_shown_to_some_is_told_to_them() {
        let mut shown = happening(Kind::Circulated, "env", "");
        shown.about.person_ids = vec!["leader".to_owned()];
        let staff = staff();
        assert_eq!(
            told(&targets(&shown), false, &staff).iter().map(|p| &p.id).collect::<Vec<_>>(),
            ["leader"]
        );
    }

    #[test]
    fn a_dispatcher_without_regions_is_one_for_all() {
        let mut admin = person("admin", &["administrator", "dispatcher"], &[], "44");
        admin.regions.clear();
        let staff = [admin];
        assert_eq!(told(&targets(&happening(Kind::Pooled, "", "")), false, &staff).len(), 1);
    }

    #[test]
    fn of_a_sensitive_ticket_only_those_are_told_who_may_see_it() {
        let mut staff = staff();
        let whom = |kind| targets(&happening(kind, "env", ""));
        assert!(told(&whom(Kind::Dispatched), true, &staff).is_empty());
        staff[1].sees_sensitive = true;
        let ids = |kind, sensitive| {
            told(&whom(kind), sensitive, &staff).iter().map(|p| p.id.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(ids(Kind::Dispatched, true), ["chen"]);
        assert_eq!(ids(Kind::Warned, true), ["chen"], "a leader who may not know is as if there were none");
        assert_eq!(ids(Kind::Warned, false), ["leader"]);
    }

    #[test]
    fn a_review_is_told_to_who_may_sign() {
        let mut staff = staff();
        staff.push(person("auditor.gz", &["auditor"], &["centre"], "4401"));
        staff.push(person("auditor.sz", &["auditor"], &["centre"], "4403"));
        let ids = |named: Target| {
            let waits = Happening { named: vec![named], ..happening(Kind::ReviewSubmitted, "env", "chen") };
            told(&targets(&waits), false, &staff).iter().map(|p| p.id.clone()).collect::<Vec<_>>()
        };
        let roles = |names: &[&str]| names.iter().map(|&r| r.to_owned()).collect::<Vec<_>>();
        assert_eq!(ids(Target::InUnit("env".to_owned(), roles(&["unit_leader"]))), ["leader"]);
        assert_eq!(
            ids(Target::InUnit("water".to_owned(), roles(&["unit_leader"]))),
            ["wang"],
            "nobody leads it"
        );
        let region = RegionCode::parse("440106").ok();
        assert_eq!(ids(Target::Role(roles(&["auditor"]), region)), ["auditor.gz"]);
        assert_eq!(ids(Target::Person("wang".to_owned())), ["wang"]);
    }

    #[test]
    fn what_only_webhooks_are_told_tells_nobody() {
        let mut resolved = happening(Kind::Closed, "env", "chen");
        resolved.kind = None;
        assert!(targets(&resolved).is_empty());
    }
}
