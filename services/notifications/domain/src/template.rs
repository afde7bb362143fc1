//! The words: minijinja templates by kind and language, compiled at start. Source: N2.
//!
//! The first line of a template is the title, the rest the body; both are plain text.

use gongdan_region::Regions;
use jiff::{Timestamp, tz::TimeZone};
use minijinja::{Environment, UndefinedBehavior, Value, context};

use crate::{Happening, Language};

macro_rules! sources {
    ($($folder:literal / $($name:literal),+;)+) => {
        &[$($((
            concat!($folder, "/", $name, ".txt"),
            include_str!(concat!("../../templates/", $folder, "/", $name, ".txt")),
        ),)+)+]
    };
}

const SOURCES: &[(&str, &str)] = sources! {
    "zh-CN" / "suspension_requested", "suspended", "suspension_rejected", "resumed",
        "extension_requested", "extension_approved", "extension_rejected",
        "assist_requested", "assist_replied", "assist_declined", "assist_waived",
        "escalated", "directive_issued", "directive_replied", "directive_accepted", "directive_rejected",
        "directive_withdrawn", "directive_late", "reminded", "circulated", "announced", "handed_off", "schedule_reminded",
        "dispatched", "transferred", "returned", "pooled", "reopened", "urged", "review_submitted", "review_rejected", "mentioned", "closed", "warned", "breached", "email";
    "en" / "suspension_requested", "suspended", "suspension_rejected", "resumed",
        "extension_requested", "extension_approved", "extension_rejected",
        "assist_requested", "assist_replied", "assist_declined", "assist_waived",
        "escalated", "directive_issued", "directive_replied", "directive_accepted", "directive_rejected",
        "directive_withdrawn", "directive_late", "reminded", "circulated", "announced", "handed_off", "schedule_reminded",
        "dispatched", "transferred", "returned", "pooled", "reopened", "urged", "review_submitted", "review_rejected", "mentioned", "closed", "warned", "breached", "email";
};

/// A template that does not compile or does not render.
#[derive(Debug, thiserror::Error)]
#[error("template {name}: {source}")]
pub struct InvalidTemplate {
    name: String,
    source: minijinja::Error,
}

/// What somebody reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// One line.
    pub title: String,
    /// The rest; plain text.
    pub body: String,
}

/// Names that stand for ids in a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Of the ticket's unit; empty when there is none or it is not known.
    pub unit: String,
}

/// All templates, compiled.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    zone: TimeZone,
}

impl Templates {
    /// Compiles every template; times are shown in `zone`.
    ///
    /// # Errors
    /// When one does not compile.
    pub fn compile(zone: TimeZone) -> Result<Self, InvalidTemplate> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, text) in SOURCES {
            environment
                .add_template(name, text)
                .map_err(|source| InvalidTemplate { name: (*name).to_owned(), source })?;
        }
        Ok(Self { environment, zone })
    }

    /// What happened, in one language; `None` for what nobody is told of.
    ///
    /// # Errors
    /// When the template asks for what there is not.
    pub fn message(
        &self,
        happening: &Happening,
        language: Language,
        names: &Names,
    ) -> Result<Option<Message>, InvalidTemplate> {
        let Some(kind) = happening.kind else { return Ok(None) };
        let ticket = &happening.ticket;
        let deadline = happening.deadline.as_ref();
        let about = &happening.about;
        let values = context! {
            number => &ticket.number,
            item => if ticket.item == "unclassified" { "" } else { ticket.item.as_str() },
            type_name => type_name(ticket.ticket_type, language),
            priority => if ticket.priority == 0 { String::new() } else { format!("P{}", ticket.priority) },
            region => ticket.region.map(|code| Regions::national().path_name(code)).unwrap_or_default(),
            round => ticket.round,
            unit => &names.unit,
            occurred_at => self.local(happening.occurred_at),
            due_at => deadline.map(|d| d.due_at).or(about.due_at).map(|at| self.local(at)).unwrap_or_default(),
            level => about.level,
            emergency => about.emergency,
            schedule => &about.schedule,
            text => &about.text,
            clock_name => deadline.map(|d| clock_name(d.clock, language)).unwrap_or_default(),
            percent => deadline.map_or(0, |d| d.percent),
        };
        self.render(kind.as_str(), language, &values).map(Some)
    }

    /// A message as an e-mail to somebody of that name.
    ///
    /// # Errors
    /// When the template asks for what there is not.
    pub fn email(
        &self,
        message: &Message,
        language: Language,
        name: &str,
    ) -> Result<Message, InvalidTemplate> {
        self.render(
            "email",
            language,
            &context! { title => &message.title, body => &message.body, name => name },
        )
    }

    fn render(&self, name: &str, language: Language, values: &Value) -> Result<Message, InvalidTemplate> {
        let name = format!("{}/{name}.txt", language.tag());
        let text = self.environment.get_template(&name).and_then(|template| template.render(values));
        let text = text.map_err(|source| InvalidTemplate { name, source })?;
        let (title, body) = text.split_once('\n').unwrap_or((&text, ""));
        Ok(Message { title: title.trim().to_owned(), body: body.trim().to_owned() })
    }

    fn local(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }
}

fn type_name(code: &str, language: Language) -> &'static str {
    let (zh, en) = match code {
        "consultation" => ("咨询", "consultation"),
        "complaint" => ("投诉", "complaint"),
        "report" => ("举报", "report"),
        "suggestion" => ("建议", "suggestion"),
        "help" => ("求助", "help"),
        "praise" => ("表扬", "praise"),
        "incident" => ("故障", "incident"),
        "business_processing" => ("业务处理", "business processing"),
        "maintenance" => ("维护作业", "maintenance"),
        "other" => ("其他", "other"),
        _ => ("", ""),
    };
    pick(language, zh, en)
}

fn clock_name(code: &str, language: Language) -> &'static str {
    let (zh, en) = match code {
        "dispatch" => ("派单", "dispatch"),
        "handling" => ("办理", "handling"),
        "callback" => ("回访", "callback"),
        "assist" => ("协办", "assist"),
        "review" => ("审核", "review"),
        "supervision" => ("督办回复", "directive reply"),
        "first_response" => ("首次响应", "first response"),
        "accept" => ("接单", "accept"),
        _ => ("", ""),
    };
    pick(language, zh, en)
}

fn pick<'a>(language: Language, zh: &'a str, en: &'a str) -> &'a str {
    match language {
        Language::ZhCn => zh,
        Language::En => en,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{About, Deadline, Kind, TicketFacts};
    use gongdan_region::RegionCode;
    use jiff::tz;
    use uuid::Uuid;

    fn templates() -> Templates {
        Templates::compile(TimeZone::fixed(tz::offset(8))).unwrap()
    }

    fn happening(kind: Kind) -> Happening {
        Happening {
            event_id: Uuid::nil(),
            event_type: String::new(),
            kind: Some(kind),
            about: About::default(),
            occurred_at: "2026-11-22T02:30:00Z".parse().unwrap(),
            ticket: TicketFacts {
                number: "GD2611220000000123".to_owned(),
                ticket_type: "complaint",
                priority: 2,
                item: "城乡建设/噪音".to_owned(),
                region: RegionCode::parse("440106").ok(),
                round: 2,
                ..TicketFacts::default()
            },
            deadline: Some(Deadline {
                clock: "handling",
                due_at: "2026-12-11T10:00:00Z".parse().unwrap(),
                percent: 80,
            }),
            named: Vec::new(),
        }
    }

    fn text(kind: Kind, language: Language) -> String {
        let names = Names { unit: "天河区生态环境局".to_owned() };
        let message = templates().message(&happening(kind), language, &names).unwrap().unwrap();
        format!("{}\n{}", message.title, message.body)
    }

    #[test]
    fn a_dispatch_reads_well_in_both_languages() {
        assert_eq!(
            text(Kind::Dispatched, Language::ZhCn),
            "新工单 GD2611220000000123 已派至天河区生态环境局\n类型:投诉,优先级 P2\n事项:城乡建设/噪音\n\
             区域:广东省/广州市/天河区\n派单时间:2026-11-22 10:30\n请及时接单;不属于本单位职责的,请说明理由后退单。"
        );
        assert_eq!(
            text(Kind::Dispatched, Language::En),
            "Ticket GD2611220000000123 was dispatched to 天河区生态环境局\nType: complaint, priority P2\n\
             Item: 城乡建设/噪音\nRegion: 广东省/广州市/天河区\nDispatched: 2026-11-22 10:30\n\
             Please accept it soon, or return it with a reason if it is not yours."
        );
    }

    #[test]
    fn a_warning_names_clock_share_and_due_time() {
        assert_eq!(
            text(Kind::Warned, Language::ZhCn),
            "工单 GD2611220000000123 办理时限预警:已用 80%\n应于 2026-12-11 18:00 前完成,现由天河区生态环境局办理。"
        );
        assert_eq!(
            text(Kind::Warned, Language::En),
            "Ticket GD2611220000000123: 80% of the time for handling is used up\n\
             It is due by 2026-12-11 18:00 and with 天河区生态环境局."
        );
    }

    #[test]
    fn recurring_work_says_what_is_due() {
        let mut due = happening(Kind::ScheduleReminded);
        (due.about.schedule, due.about.text) = ("月报".to_owned(), "报送 2026-11 月报 <附表>".to_owned());
        let said = |language| {
            let message = templates().message(&due, language, &Names::default()).unwrap().unwrap();
            format!("{}\n{}", message.title, message.body)
        };
        assert_eq!(said(Language::ZhCn), "定时提醒:月报\n报送 2026-11 月报 <附表>");
        assert_eq!(said(Language::En), "Reminder: 月报\n报送 2026-11 月报 <附表>");
    }

    #[test]
    fn every_template_renders_with_all_facts_and_with_hardly_any() {
        let templates = templates();
        for kind in Kind::ALL {
            for language in Language::ALL {
                let bare = Happening { ticket: TicketFacts::default(), deadline: None, ..happening(kind) };
                for (happening, unit) in [(happening(kind), "环境局"), (bare, "")] {
                    let names = Names { unit: unit.to_owned() };
                    let message = templates.message(&happening, language, &names).unwrap().unwrap();
                    assert!(!message.title.is_empty(), "{kind:?} {language:?}");
                    assert!(!message.body.contains("{{"));
                    let email = templates.email(&message, language, "李伟").unwrap();
                    assert!(email.title.contains(&message.title) && email.body.contains("李伟"));
                }
            }
        }
    }

    #[test]
    fn markup_in_values_stays_text() {
        let mut happening = happening(Kind::Dispatched);
        happening.ticket.item = "{{ 7 * 7 }}<b>".to_owned();
        let message = templates().message(&happening, Language::En, &Names::default()).unwrap().unwrap();
        assert!(message.body.contains("Item: {{ 7 * 7 }}<b>"));
    }

    #[test]
    fn what_nobody_is_told_of_has_no_words() {
        let happening = Happening { kind: None, ..happening(Kind::Closed) };
        assert_eq!(templates().message(&happening, Language::En, &Names::default()).unwrap(), None);
    }
}
