//! A principal's row of an upload, by itself.

use super::{Known, PrincipalRow};
use crate::{
    Principal, PrincipalKind, RIGHTS, ROLES, Violation,
    id::{check_id, check_line, quoted},
};
use gongdan_region::{RegionCode, Regions};
use std::collections::HashSet;

/// A row that is looked at.
pub(super) struct Row<'a> {
    pub n: usize,
    pub found: &'a mut Vec<Violation>,
    pub good: bool,
}

impl Row<'_> {
    /// Notes what is wrong with it.
    pub fn refuse(&mut self, field: &str, rule: impl Into<String>) {
        self.found.push(Violation::new(format!("principals[{}].{field}", self.n), rule));
        self.good = false;
    }

    /// The principal that it makes; none, and noted, when something is wrong.
    pub fn principal(
        &mut self,
        row: &PrincipalRow,
        known: &Known,
        units: &HashSet<String>,
    ) -> Option<Principal> {
        if let Err(rule) = check_id(&row.id) {
            self.refuse("id", rule.to_string());
        }
        let lines =
            [("issuer", &row.issuer, 0, 256), ("subject", &row.subject, 0, 256), ("name", &row.name, 1, 100)];
        for (field, text, min, max) in lines {
            if let Err(rule) = check_line(text, min, max) {
                self.refuse(field, rule);
            }
        }
        if row.issuer.is_empty() && known.default_issuer.is_empty() {
            self.refuse("issuer", "required: no default issuer is configured");
        }
        self.each_of("roles", &row.roles, |role| match ROLES.contains(&role) {
            true => Ok(()),
            false => Err(format!("one of {}", ROLES.join(", "))),
        });
        self.each_of("rights", &row.rights, |right| match RIGHTS.contains(&right) {
            true => Ok(()),
            false => Err(format!("one of {}", RIGHTS.join(", "))),
        });
        self.each_of("unit_ids", &row.unit_ids, |unit| match units.contains(unit) {
            true => Ok(()),
            false => Err(format!("no unit {}, neither here nor known", quoted(unit))),
        });
        self.each_of("skills", &row.skills, |skill| check_line(skill, 1, 64));
        if row.skills.len() > 50 {
            self.refuse("skills", "up to 50");
        }
        let mut regions = Vec::with_capacity(row.regions.len());
        self.each_of("regions", &row.regions, |text| {
            let code = RegionCode::parse(text).map_err(|rule| rule.to_string())?;
            if !Regions::national().knows(code) {
                return Err(format!("no region {code} is known"));
            }
            regions.push(code);
            Ok(())
        });
        if !row.email.is_empty() && (row.email.len() > 254 || !looks_like_mail(&row.email)) {
            self.refuse("email", "an e-mail address of up to 254 characters");
        }
        let tier = match row.tier {
            0 => 1,
            tier => u8::try_from(tier).ok().filter(|tier| (1..=3).contains(tier)).unwrap_or_else(|| {
                self.refuse("tier", "1 to 3");
                1
            }),
        };
        if !["", "zh-CN", "en"].contains(&row.language.as_str()) {
            self.refuse("language", "zh-CN or en");
        }
        let customer_id = match row.customer_id.as_str() {
            "" => None,
            text => {
                let id =
                    uuid::Uuid::try_parse(text).ok().filter(|_| row.kind == Some(PrincipalKind::Citizen));
                if id.is_none() {
                    self.refuse("customer_id", "a UUID, and only of a citizen");
                }
                id
            }
        };
        let (issuer, subject) = row.token(&known.default_issuer);
        self.good.then(|| Principal {
            id: row.id.clone(),
            issuer,
            subject,
            name: row.name.trim().to_owned(),
            kind: row.kind.unwrap_or(PrincipalKind::Person),
            roles: sorted(&row.roles),
            unit_ids: row.unit_ids.clone(),
            regions,
            rights: sorted(&row.rights),
            email: Some(row.email.clone()).filter(|email| !email.is_empty()),
            skills: row.skills.clone(),
            tier,
            active: row.active.unwrap_or(true),
            language: or(&row.language, "zh-CN"),
            customer_id,
        })
    }

    fn each_of(&mut self, field: &str, texts: &[String], mut check: impl FnMut(&str) -> Result<(), String>) {
        for (m, text) in texts.iter().enumerate() {
            if let Err(rule) = check(text) {
                self.refuse(&format!("{field}[{m}]"), rule);
            } else if texts[..m].contains(text) {
                self.refuse(&format!("{field}[{m}]"), "given twice");
            }
        }
    }
}

fn looks_like_mail(text: &str) -> bool {
    text.split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'))
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn or(text: &str, default: &str) -> String {
    if text.is_empty() { default.to_owned() } else { text.to_owned() }
}

fn sorted(texts: &[String]) -> Vec<String> {
    let mut texts = texts.to_vec();
    texts.sort_unstable();
    texts
}
