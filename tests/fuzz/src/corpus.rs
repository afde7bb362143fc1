//! Good requests of RPCs that chance alone seldom gets right, to be bent.

use crate::contract::Rpc;
use gongdan_e2e::{
    desk::complaint,
    organisation::{COUNTY, ENVIRONMENT, STREET_OFFICE, request_id},
};
use gongdan_proto::{
    common::v1::PrincipalKind,
    notifications::v1::CreateWebhookRequest,
    reporting::v1::{Dimension, GetReportRequest},
    routing::v1::{
        AreaRow, ImportOrganisationRequest, PrincipalRow, PutRuleRequest, Rule, RuleAction, UnitAction,
        UnitKind, UnitRow, rule_action::Target,
    },
    sla::v1::{
        CalendarFormat, CatchUp, ClockKind, ImportCalendarRequest, PolicyRule, PolicySet,
        PreviewDeadlineRequest, PreviewScheduleRequest, PutPolicySetRequest, PutScheduleRequest, Reminder,
        Schedule, ScheduleAction, TicketTemplate, WorkingRecurrence, preview_deadline_request::Amount,
        preview_schedule_request, schedule::Recurrence, schedule_action::Action, working_recurrence::Days,
    },
    tickets::v1::{
        CatalogueRow, Channel, Impact, ImportCatalogueRequest, Priority, PriorityCell,
        RecordPastTicketRequest, SetPriorityMatrixRequest, TicketType, Urgency,
    },
    to_timestamp,
};
use jiff::Timestamp;
use prost::Message;
use prost_reflect::DynamicMessage;

const CALENDAR: &str = r#"{"key":"fz","name":"试","time_zone":"Asia/Shanghai","week":{"monday":["09:00-12:00"],"friday":["13:00-24:00"]},"years":{"2026":{"days_off":[{"date":"2026-01-01","holiday":"元旦"}],"make_up_workdays":[],"half_days":[]}}}"#;

/// Days off and a make-up workday laid on the national calendar.
fn days_off() -> ImportCalendarRequest {
    let event = |lines: &str| format!("BEGIN:VEVENT\r\n{lines}\r\nEND:VEVENT\r\n");
    let off = event("DTSTART;VALUE=DATE:20270501\r\nDTEND;VALUE=DATE:20270506\r\nSUMMARY:劳动节");
    let worked = event("DTSTART:20270508\r\nDURATION:P1D\r\nSUMMARY:劳动节（班）");
    ImportCalendarRequest {
        request_id: request_id(),
        document: format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{off}{worked}END:VCALENDAR\r\n"),
        format: CalendarFormat::Icalendar.into(),
        base: "cn".into(),
        key: "fz-ical".into(),
    }
}

/// One good request each.
///
/// # Panics
/// When a request does not fit its contract.
pub fn good(rpcs: &[Rpc]) -> Vec<(Rpc, DynamicMessage)> {
    let mut good = Vec::new();
    let mut add = |method: &str, request: &dyn Encoded| {
        let rpc = rpcs.iter().find(|rpc| rpc.path.ends_with(method)).expect("an RPC of the suite");
        let message = DynamicMessage::decode(rpc.input.clone(), request.encoded().as_slice());
        good.push((rpc.clone(), message.expect("its request")));
    };
    add("/CreateTicket", &complaint("噪音扰民"));
    add("/RecordPastTicket", &past());
    add("/ImportOrganisation", &organisation());
    add("/PutRule", &rule("ticket.region.startsWith('4401') && ticket.subject.contains('噪音')"));
    add("/PutRule", &rule("ticket.type == 'complaint' || size(ticket.subject) > 10"));
    add(
        "/ImportCalendar",
        &ImportCalendarRequest { request_id: request_id(), document: CALENDAR.into(), ..Default::default() },
    );
    add("/ImportCalendar", &days_off());
    add("/PutPolicySet", &policies());
    for amount in [
        Amount::WorkingDays(15),
        Amount::WorkingHours(prost_duration(8 * 3_600)),
        Amount::ClockHours(prost_duration(24 * 3_600)),
    ] {
        add("/PreviewDeadline", &preview(amount));
    }
    for schedule in [inspection(), reminder()] {
        let draft = preview_schedule_request::Schedule::Draft(schedule.clone());
        add("/PreviewSchedule", &PreviewScheduleRequest { schedule: Some(draft), ..Default::default() });
        let schedule = Some(schedule);
        add("/PutSchedule", &PutScheduleRequest { request_id: request_id(), schedule, ..Default::default() });
    }
    add(
        "/CreateWebhook",
        &CreateWebhookRequest {
            request_id: request_id(),
            url: "https://hooks.example.org/in".into(),
            event_types: vec!["tickets.*".into()],
            description: "试".into(),
        },
    );
    add("/ImportCatalogue", &catalogue());
    add("/SetPriorityMatrix", &matrix());
    for dimension in [Dimension::Unit, Dimension::Region, Dimension::Item] {
        let (from, to) = ("2026-01".into(), "2026-12-31".into());
        add("/GetReport", &GetReportRequest { dimension: dimension.into(), from, to, ..Default::default() });
    }
    good
}

trait Encoded {
    fn encoded(&self) -> Vec<u8>;
}

impl<M: Message> Encoded for M {
    fn encoded(&self) -> Vec<u8> {
        self.encode_to_vec()
    }
}

fn past() -> RecordPastTicketRequest {
    let instant = |text: &str| text.parse::<Timestamp>().ok().map(to_timestamp);
    RecordPastTicketRequest {
        external_source: "messages".into(),
        external_id: "1".into(),
        r#type: TicketType::Complaint.into(),
        subject: "物业管理有问题".into(),
        body: "物业公司扬言要退出小区。".into(),
        region: "430100".into(),
        channel: Channel::Web.into(),
        received_at: instant("2019-04-25T01:32:09Z"),
        reply: "情况已收悉。".into(),
        replied_at: instant("2019-05-10T06:56:53Z"),
        customer_key: "A00045581".into(),
        ..Default::default()
    }
}

fn organisation() -> ImportOrganisationRequest {
    ImportOrganisationRequest {
        request_id: request_id(),
        units: vec![UnitRow {
            id: "fuzz.unit".into(),
            name: "试验局".into(),
            kind: UnitKind::Unit.into(),
            region: COUNTY.into(),
            ..Default::default()
        }],
        principals: vec![PrincipalRow {
            id: "fuzz.person".into(),
            name: "试验员".into(),
            kind: PrincipalKind::Person.into(),
            roles: vec!["handler".into()],
            unit_ids: vec!["fuzz.unit".into()],
            regions: vec![COUNTY.into()],
            ..Default::default()
        }],
        areas: vec![AreaRow { region: "440105".into(), unit_id: STREET_OFFICE.into(), ..Default::default() }],
        ..Default::default()
    }
}

fn rule(when: &str) -> PutRuleRequest {
    let target = Target::Unit(UnitAction { unit_id: ENVIRONMENT.into() });
    PutRuleRequest {
        request_id: request_id(),
        rule: Some(Rule {
            id: "fuzz".into(),
            name: "试".into(),
            position: 99,
            when: when.into(),
            action: Some(RuleAction { target: Some(target), ..Default::default() }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn policies() -> PutPolicySetRequest {
    let rule = PolicyRule {
        kind: ClockKind::Handling.into(),
        types: vec![TicketType::Complaint.into()],
        amount: "15wd".into(),
        warn_percent: vec![50, 80],
        ..Default::default()
    };
    PutPolicySetRequest {
        request_id: request_id(),
        policy_set: Some(PolicySet {
            key: "fuzz".into(),
            name: "试".into(),
            calendar: "cn".into(),
            rules: vec![rule],
            ..Default::default()
        }),
    }
}

/// A ticket every Monday.
fn inspection() -> Schedule {
    let template = TicketTemplate {
        r#type: TicketType::Maintenance.into(),
        subject: "巡检 {date}".into(),
        body: "每周巡检。".into(),
        region: COUNTY.into(),
        channel: Channel::Api.into(),
        ..Default::default()
    };
    Schedule {
        key: "fuzz-cron".into(),
        name: "巡检".into(),
        recurrence: Some(Recurrence::Cron("30 2,9-17/2 1,15W,L 1-6 MON#2".into())),
        time_zone: "America/New_York".into(),
        catch_up: CatchUp::All.into(),
        action: Some(ScheduleAction { action: Some(Action::CreateTicket(template)) }),
        ..Default::default()
    }
}

/// A reminder two working days before the end of each quarter.
fn reminder() -> Schedule {
    let working = WorkingRecurrence {
        calendar: "cn".into(),
        region: COUNTY.into(),
        days: Some(Days::BeforeMonthEnd(2)),
        months: vec![3, 6, 9, 12],
        times: vec!["09:00".into(), "14:30".into()],
    };
    let reminder =
        Reminder { unit_id: ENVIRONMENT.into(), text: "报送 {month} 月报".into(), ..Default::default() };
    Schedule {
        key: "fuzz-working".into(),
        name: "月报".into(),
        recurrence: Some(Recurrence::Working(working)),
        catch_up: CatchUp::Once.into(),
        action: Some(ScheduleAction { action: Some(Action::Remind(reminder)) }),
        ..Default::default()
    }
}

fn preview(amount: Amount) -> PreviewDeadlineRequest {
    PreviewDeadlineRequest {
        calendar: "cn".into(),
        local_start: "2026-02-13T16:30".into(),
        amount: Some(amount),
        ..Default::default()
    }
}

fn prost_duration(seconds: i64) -> prost_types::Duration {
    prost_types::Duration { seconds, nanos: 0 }
}

fn catalogue() -> ImportCatalogueRequest {
    let row = CatalogueRow {
        path: vec!["城乡建设".into(), "夜间施工".into()],
        r#type: TicketType::Complaint.into(),
        urgency: Urgency::High.into(),
        impact: Impact::Low.into(),
        routing_hints: vec!["噪音".into()],
        regions: vec![COUNTY.into()],
        ..Default::default()
    };
    ImportCatalogueRequest { request_id: request_id(), rows: vec![row] }
}

fn matrix() -> SetPriorityMatrixRequest {
    let cell = |number: i32| PriorityCell {
        urgency: number / 4 + 1,
        impact: number % 4 + 1,
        priority: Priority::P3.into(),
    };
    SetPriorityMatrixRequest {
        request_id: request_id(),
        r#type: TicketType::Complaint.into(),
        cells: (0..16).map(cell).collect(),
    }
}
