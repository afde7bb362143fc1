//! Principals of an upload: what each is at once, and what it is to be. Source: R1, effective dates.

use super::{
    Known, Plan, PrincipalRow,
    planned::{Life, State, field},
    principal_row::Row,
    tokens,
    units::{is_timely, late},
};
use crate::{Principal, PrincipalKind, Violation, id::quoted};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashSet};

impl State for Principal {
    fn followed(&self, was: &Self, is: &Self) -> Self {
        Self {
            id: self.id.clone(),
            issuer: field(&self.issuer, &was.issuer, &is.issuer),
            subject: field(&self.subject, &was.subject, &is.subject),
            name: field(&self.name, &was.name, &is.name),
            kind: field(&self.kind, &was.kind, &is.kind),
            roles: field(&self.roles, &was.roles, &is.roles),
            unit_ids: field(&self.unit_ids, &was.unit_ids, &is.unit_ids),
            regions: field(&self.regions, &was.regions, &is.regions),
            rights: field(&self.rights, &was.rights, &is.rights),
            email: field(&self.email, &was.email, &is.email),
            skills: field(&self.skills, &was.skills, &is.skills),
            tier: field(&self.tier, &was.tier, &is.tier),
            active: field(&self.active, &was.active, &is.active),
            language: field(&self.language, &was.language, &is.language),
            customer_id: field(&self.customer_id, &was.customer_id, &is.customer_id),
        }
    }

    /// Who is not there and is not to be active does not come.
    fn is_nothing(&self) -> bool {
        !self.active
    }
}

/// What rows come to while they are gone through.
struct Rows<'a> {
    known: &'a Known,
    lives: BTreeMap<&'a str, Life<Principal>>,
    /// Rows of people who are to change, each with when.
    later: Vec<(Timestamp, usize, Principal)>,
    /// Who changes, or is to change otherwise than planned before: what failed of theirs is answered by that.
    acted: HashSet<&'a str>,
    /// Plans that failed and are given up.
    given_up: BTreeSet<(&'a str, Timestamp)>,
}

pub(super) fn plan<'a>(
    rows: &'a [PrincipalRow],
    known: &'a Known,
    unit_exists: &HashSet<String>,
    plan: &mut Plan,
    found: &mut Vec<Violation>,
) {
    let mut seen = HashSet::new();
    let mut all = Rows {
        known,
        lives: BTreeMap::new(),
        later: Vec::new(),
        acted: HashSet::new(),
        given_up: BTreeSet::new(),
    };
    for (n, row) in rows.iter().enumerate() {
        let mut check = Row { n, found, good: true };
        let from = row.changes_from.filter(|from| *from > known.now);
        if !seen.insert((row.id.as_str(), from)) {
            check.refuse("id", format!("{} is given twice", quoted(&row.id)));
        }
        if from.is_some() && row.kind == Some(PrincipalKind::Citizen) {
            check.refuse("changes_from", "not of a citizen: they change at once");
        }
        let Some(principal) = check.principal(row, known, unit_exists) else { continue };
        let life = all.lives.entry(&row.id).or_insert_with(|| Life {
            present: known.principals.get(&row.id).cloned(),
            planned: known.planned_principals.get(&row.id).cloned().unwrap_or_default(),
        });
        match from {
            Some(from) => all.later.push((from, n, principal)),
            None if changes(life, &principal) && !is_timely(row.changes_from, known.now) => {
                if all.gives_up(row, &principal) {
                    continue;
                }
                check.refuse("changes_from", late());
            }
            None => all.at_once(row, principal, plan),
        }
    }
    all.later.sort_by_key(|(from, n, _)| (*from, *n));
    for (from, n, principal) in std::mem::take(&mut all.later) {
        let Some((row, life)) = rows.get(n).and_then(|row| Some((row, all.lives.get_mut(row.id.as_str())?)))
        else {
            continue;
        };
        if life.later(from, principal) {
            all.acted.insert(&row.id);
        } else {
            plan.unchanged += 1;
        }
    }
    tokens::check(&all.lives, rows, known, found);
    all.write(plan);
}

/// Whether it would change at once.
fn changes(life: &Life<Principal>, principal: &Principal) -> bool {
    life.present.as_ref() != Some(principal)
}

impl<'a> Rows<'a> {
    fn at_once(&mut self, row: &'a PrincipalRow, principal: Principal, plan: &mut Plan) {
        if self.gives_up(row, &principal) {
            return;
        }
        let Some(life) = self.lives.get_mut(row.id.as_str()) else { return };
        if principal.kind == PrincipalKind::Citizen {
            life.planned.clear();
        }
        let new = life.present.is_none();
        if !life.now(principal.clone()) {
            plan.unchanged += 1;
            return;
        }
        self.acted.insert(&row.id);
        if new {
            plan.principals_created.push(principal);
        } else {
            plan.principals_changed.push(principal);
        }
    }

    /// Whether the row names the instant of a plan that failed and says that they stay what they are, or do not come.
    fn gives_up(&mut self, row: &'a PrincipalRow, principal: &Principal) -> bool {
        let failed = self.known.failed_principals.get(&row.id);
        let Some(at) = row.changes_from.filter(|at| failed.is_some_and(|failed| failed.contains(at))) else {
            return false;
        };
        let present = self.lives.get(row.id.as_str()).and_then(|life| life.present.as_ref());
        let stays = present.map_or_else(|| principal.is_nothing(), |present| present == principal);
        if stays {
            self.given_up.insert((&row.id, at));
        }
        stays
    }

    /// What of their lives is to be written.
    fn write(mut self, plan: &mut Plan) {
        for (id, life) in self.lives {
            let before = self.known.planned_principals.get(id);
            let was = |at: &Timestamp| before.and_then(|planned| planned.get(at));
            let gone =
                before.into_iter().flatten().map(|(at, _)| at).filter(|at| !life.planned.contains_key(at));
            plan.principals_unplanned.extend(gone.map(|at| (id.to_owned(), *at)));
            if self.acted.contains(id) {
                let failed = self.known.failed_principals.get(id).into_iter().flatten();
                self.given_up.extend(failed.map(|at| (id, *at)));
            }
            for (at, principal) in life.planned {
                if was(&at) != Some(&principal) {
                    plan.principals_planned.push((at, principal));
                }
            }
        }
        let given_up = self.given_up.into_iter();
        plan.principals_unplanned.extend(given_up.map(|(id, at)| (id.to_owned(), at)));
    }
}
