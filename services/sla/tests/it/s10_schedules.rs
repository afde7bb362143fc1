//! S10: recurring work runs once, whoever runs it and whatever fails in between.

use crate::{
    s10_tickets::{FakeTickets, Mood, overrides, published},
    suite::{Suite, at, refused, refused_fields},
};
use gongdan_auth::AuthChannel;
use gongdan_clock::{Clock as _, SystemClock, new_id};
use gongdan_proto::{
    from_timestamp,
    sla::v1::{
        self as pb, CatchUp, Reminder, Schedule, ScheduleAction, ScheduleRun, ScheduleRunState,
        TicketTemplate, WorkingRecurrence, preview_schedule_request, schedule::Recurrence,
        schedule_action::Action, schedule_service_client::ScheduleServiceClient, working_recurrence::Days,
    },
    tickets::v1::{Channel, TicketType},
    to_timestamp,
};
use gongdan_testkit::{Apart, Served, eventually, eventually_some};
use std::sync::Arc;
use tonic::Code;

struct House {
    suite: Suite,
    tickets: FakeTickets,
    address: String,
}

impl House {
    async fn at(local: &str) -> Self {
        let suite = Suite::at(local).await;
        let (tickets, address) = FakeTickets::start().await;
        Self { suite, tickets, address }
    }

    async fn serve(&self) -> Served {
        let config =
            self.suite.env.config_with(gongdan_sla::DEFAULTS, &overrides(&self.suite.env, &self.address));
        let clock = Arc::new(self.suite.clock.clone());
        let run = |listeners, shutdown| gongdan_sla::run_by(clock, config, listeners, shutdown);
        self.suite.env.serve(run).await
    }

    async fn serve_apart(&self) -> Apart {
        let config =
            self.suite.env.config_with(gongdan_sla::DEFAULTS, &overrides(&self.suite.env, &self.address));
        let clock = Arc::new(self.suite.clock.clone());
        let run = |listeners, shutdown| gongdan_sla::run_by(clock, config, listeners, shutdown);
        self.suite.env.serve_apart(run).await
    }

    fn schedules(&self, service: &Served) -> ScheduleServiceClient<AuthChannel> {
        ScheduleServiceClient::new(self.suite.env.channel(service, "admin"))
    }

    async fn put(&self, service: &Served, schedule: Schedule) -> Schedule {
        let request = put(schedule);
        self.schedules(service).put_schedule(request).await.unwrap().into_inner()
    }

    async fn runs(&self, service: &Served, key: &str) -> Vec<ScheduleRun> {
        let request = pb::ListScheduleRunsRequest { key: key.into(), ..Default::default() };
        self.schedules(service).list_schedule_runs(request).await.unwrap().into_inner().runs
    }

    /// Waits until just this was published.
    async fn told(&self, expected: &[&str]) {
        eventually(&format!("{expected:?}"), async || published(&self.suite.env).await == expected).await;
    }

    /// Waits until so many runs are over.
    async fn over(&self, service: &Served, key: &str, count: usize) -> Vec<ScheduleRun> {
        eventually_some(&format!("{count} runs are over"), async || {
            let runs = self.runs(service, key).await;
            let over = runs.iter().all(|run| run.state() != ScheduleRunState::Pending);
            (over && runs.len() == count).then_some(runs)
        })
        .await
    }
}

fn id() -> String {
    new_id(SystemClock.now()).to_string()
}

fn put(schedule: Schedule) -> pb::PutScheduleRequest {
    pb::PutScheduleRequest { request_id: id(), schedule: Some(schedule), etag: String::new() }
}

fn creates(subject: &str) -> ScheduleAction {
    let template = TicketTemplate {
        r#type: TicketType::Maintenance.into(),
        subject: subject.into(),
        body: "定期巡检。".into(),
        region: "440106".into(),
        channel: Channel::Phone.into(),
        ..Default::default()
    };
    ScheduleAction { action: Some(Action::CreateTicket(template)) }
}

fn by_cron(key: &str, cron: &str, catch_up: CatchUp) -> Schedule {
    Schedule {
        key: key.into(),
        name: "巡检".into(),
        recurrence: Some(Recurrence::Cron(cron.into())),
        time_zone: "Asia/Shanghai".into(),
        catch_up: catch_up.into(),
        action: Some(creates("巡检 {date} {time}")),
        ..Default::default()
    }
}

fn planned(run: &ScheduleRun) -> jiff::Timestamp {
    from_timestamp(run.planned_at.as_ref().unwrap()).unwrap()
}

#[tokio::test]
async fn a_planned_time_makes_one_ticket_and_the_next_is_planned() {
    let house = House::at("2026-11-30T08:59:58").await;
    let service = house.serve().await;
    let schedule = house.put(&service, by_cron("daily", "0 9 * * *", CatchUp::Once)).await;
    assert_eq!(from_timestamp(&schedule.next_run_at.unwrap()).unwrap(), at("2026-11-30T09:00"));
    assert_eq!((schedule.etag.as_str(), schedule.state()), ("1", pb::ScheduleState::Active));

    house.suite.clock.set(at("2026-11-30T09:00:00"));
    let runs = house.over(&service, "daily", 1).await;
    assert_eq!(runs[0].state(), ScheduleRunState::Done);
    assert_eq!((planned(&runs[0]), runs[0].attempts), (at("2026-11-30T09:00"), 1));
    assert_eq!(house.tickets.subjects(), ["巡检 2026-11-30 09:00"]);
    assert!(runs[0].ticket_number.starts_with("GD26") && !runs[0].ticket_id.is_empty());

    let request = pb::GetScheduleRequest { key: "daily".into() };
    let schedule = house.schedules(&service).get_schedule(request).await.unwrap().into_inner();
    assert_eq!(from_timestamp(&schedule.next_run_at.unwrap()).unwrap(), at("2026-12-01T09:00"));
    house.told(&["schedule_ticket_created"]).await;
    service.stop().await;
}

#[tokio::test]
async fn two_replicas_run_every_planned_time_once() {
    let house = House::at("2026-11-30T09:00:30").await;
    let (one, two) = (house.serve().await, house.serve().await);
    for n in 0..6 {
        house.put(&one, by_cron(&format!("minute-{n}"), "* * * * *", CatchUp::All)).await;
    }
    for minute in 1..=5 {
        house.suite.clock.set(at(&format!("2026-11-30T09:{minute:02}:00")));
        let expected = 6 * minute;
        eventually("all are done", async || published(&house.suite.env).await.len() == expected).await;
    }
    for n in 0..6 {
        let runs = house.runs(&two, &format!("minute-{n}")).await;
        assert_eq!(runs.len(), 5);
        assert!(runs.iter().all(|run| run.state() == ScheduleRunState::Done));
    }
    assert_eq!(house.tickets.subjects().len(), 30);
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn killed_between_claim_and_answer_there_is_one_ticket() {
    let house = House::at("2026-11-30T08:59:58").await;
    let first = house.serve_apart().await;
    house.put(&first, by_cron("daily", "0 9 * * *", CatchUp::Skip)).await;
    house.tickets.mood(Mood::LosesAnswers);
    house.suite.clock.set(at("2026-11-30T09:00:00"));
    eventually("the call was made", async || house.tickets.calls() == 1).await;
    first.kill().await;
    assert_eq!(house.tickets.subjects().len(), 1, "the ticket is there, and nobody was told");

    house.tickets.mood(Mood::Creates);
    let second = house.serve().await;
    assert_eq!(house.runs(&second, "daily").await[0].state(), ScheduleRunState::Pending);
    // the other replica counts as dead
    house.suite.clock.set(at("2026-11-30T09:01:01"));
    let runs = house.over(&second, "daily", 1).await;
    assert_eq!((runs[0].state(), runs[0].attempts), (ScheduleRunState::Done, 2));
    assert_eq!((house.tickets.calls(), house.tickets.subjects().len()), (2, 1));
    house.told(&["schedule_ticket_created"]).await;
    second.stop().await;
}

#[tokio::test]
async fn what_was_missed_during_downtime_is_made_up_for_as_the_schedule_says() {
    let house = House::at("2026-11-30T08:00:00").await;
    let service = house.serve().await;
    for (key, catch_up) in [("once", CatchUp::Once), ("all", CatchUp::All), ("skip", CatchUp::Skip)] {
        let schedule = Schedule { action: Some(creates(key)), ..by_cron(key, "0 9 * * *", catch_up) };
        house.put(&service, schedule).await;
    }
    service.stop().await;
    house.suite.clock.set(at("2026-12-03T12:00:00"));
    let service = house.serve().await;

    let all = house.over(&service, "all", 4).await;
    assert!(all.iter().all(|run| run.state() == ScheduleRunState::Done));
    let once = house.over(&service, "once", 2).await;
    let told = |run: &ScheduleRun| (run.state(), planned(run), run.skipped);
    assert_eq!(told(&once[0]), (ScheduleRunState::Done, at("2026-12-03T09:00"), 0));
    assert_eq!(told(&once[1]), (ScheduleRunState::Skipped, at("2026-11-30T09:00"), 3));
    let skip = house.over(&service, "skip", 1).await;
    assert_eq!(told(&skip[0]), (ScheduleRunState::Skipped, at("2026-11-30T09:00"), 4));
    let until = from_timestamp(skip[0].skipped_until.as_ref().unwrap()).unwrap();
    assert_eq!(until, at("2026-12-03T09:00"));
    assert_eq!(house.tickets.subjects(), ["all", "all", "all", "all", "once"]);
    service.stop().await;
}

#[tokio::test]
async fn while_tickets_is_away_a_run_is_tried_again_and_given_up_in_the_end() {
    let house = House::at("2026-11-30T08:59:58").await;
    let service = house.serve().await;
    house.put(&service, by_cron("daily", "0 9 * * *", CatchUp::Once)).await;
    house.tickets.mood(Mood::Away);
    house.suite.clock.set(at("2026-11-30T09:00:00"));
    eventually("it was tried", async || {
        let run = house.runs(&service, "daily").await.pop();
        run.is_some_and(|run| run.attempts == 1 && run.reason.contains("away"))
    })
    .await;
    house.suite.clock.set(at("2026-11-30T09:00:01"));
    eventually("it was tried again", async || house.runs(&service, "daily").await[0].attempts == 2).await;
    house.tickets.mood(Mood::Creates);
    house.suite.clock.set(at("2026-11-30T09:00:03"));
    let runs = house.over(&service, "daily", 1).await;
    assert_eq!((runs[0].state(), runs[0].reason.as_str()), (ScheduleRunState::Done, ""));

    house.tickets.mood(Mood::Away);
    house.suite.clock.set(at("2026-12-01T09:00:00"));
    eventually("it was tried", async || house.runs(&service, "daily").await[0].reason.contains("away")).await;
    house.suite.clock.set(at("2026-12-02T09:00:01"));
    let given_up = eventually_some("it is given up", async || {
        let runs = house.runs(&service, "daily").await;
        runs.into_iter().find(|run| run.state() == ScheduleRunState::Failed)
    })
    .await;
    assert_eq!(planned(&given_up), at("2026-12-01T09:00"));
    assert!(given_up.reason.starts_with("given up after"), "{}", given_up.reason);
    service.stop().await;
}

#[tokio::test]
async fn what_tickets_refuses_is_shown_when_put_and_when_run() {
    let house = House::at("2026-11-30T08:59:58").await;
    let service = house.serve().await;
    house.put(&service, by_cron("daily", "0 9 * * *", CatchUp::Once)).await;
    house.tickets.mood(Mood::Refuses);
    let status = house
        .schedules(&service)
        .put_schedule(put(by_cron("other", "0 9 * * *", CatchUp::Once)))
        .await
        .unwrap_err();
    assert_eq!(refused_fields(&status), ["schedule.action.create_ticket.region"]);
    let request = pb::GetScheduleRequest { key: "other".into() };
    let status = house.schedules(&service).get_schedule(request).await.unwrap_err();
    assert_eq!(refused(&status), (Code::NotFound, "SCHEDULE_NOT_FOUND".into()));

    house.suite.clock.set(at("2026-11-30T09:00:00"));
    let runs = house.over(&service, "daily", 1).await;
    assert_eq!((runs[0].state(), runs[0].attempts), (ScheduleRunState::Failed, 1));
    assert!(runs[0].reason.contains("region: a region that is known"), "{}", runs[0].reason);
    house.told(&["schedule_failed"]).await;

    house.tickets.mood(Mood::Away);
    let status = house
        .schedules(&service)
        .put_schedule(put(by_cron("other", "0 9 * * *", CatchUp::Once)))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    service.stop().await;
}

#[tokio::test]
async fn bad_schedules_are_refused_with_position_and_rule_and_nothing_is_saved() {
    let house = House::at("2026-11-30T09:00").await;
    let service = house.serve().await;
    let good = || by_cron("bad", "0 9 * * *", CatchUp::Once);
    let working = |days: Days| WorkingRecurrence {
        calendar: "cn".into(),
        days: Some(days),
        times: vec!["09:00".into()],
        ..Default::default()
    };
    let on = |recurrence| Schedule { recurrence: Some(recurrence), ..good() };
    let remind = |reminder| Schedule {
        action: Some(ScheduleAction { action: Some(Action::Remind(reminder)) }),
        ..good()
    };
    for (schedule, fields) in [
        (on(Recurrence::Cron("0 9 30 2 *".into())), vec!["schedule.cron:5"]),
        (on(Recurrence::Cron("60 9 * 13 *".into())), vec!["schedule.cron:1", "schedule.cron:8"]),
        (on(Recurrence::Working(working(Days::DayOfMonth(31)))), vec!["schedule.working.day_of_month"]),
        (on(Recurrence::Working(working(Days::DayOfMonth(0)))), vec!["schedule.working.day_of_month"]),
        (on(Recurrence::Working(working(Days::EveryWorkingDay(false)))), vec!["schedule.working"]),
        (
            on(Recurrence::Working(WorkingRecurrence {
                times: vec!["9:00".into(), "25:00".into()],
                region: "999999".into(),
                ..working(Days::EveryWorkingDay(true))
            })),
            vec!["schedule.working.region", "schedule.working.times[0]", "schedule.working.times[1]"],
        ),
        (Schedule { time_zone: "Asia/Guangzhou".into(), ..good() }, vec!["schedule.time_zone"]),
        (
            Schedule { key: "Bad".into(), name: String::new(), ..good() },
            vec!["schedule.key", "schedule.name"],
        ),
        (Schedule { catch_up: 0, ..good() }, vec!["schedule.catch_up"]),
        (Schedule { action: None, recurrence: None, ..good() }, vec!["schedule", "schedule.action"]),
        (remind(Reminder { text: "报".into(), ..Default::default() }), vec!["schedule.action.remind"]),
        (
            remind(Reminder { unit_id: "a b".into(), text: String::new(), ..Default::default() }),
            vec!["schedule.action.remind.unit_id", "schedule.action.remind.text"],
        ),
    ] {
        let status = house.schedules(&service).put_schedule(put(schedule.clone())).await.unwrap_err();
        assert_eq!(refused_fields(&status), fields, "{schedule:?}");
    }
    let unknown = WorkingRecurrence { calendar: "mars".into(), ..working(Days::EveryWorkingDay(true)) };
    let status =
        house.schedules(&service).put_schedule(put(on(Recurrence::Working(unknown)))).await.unwrap_err();
    assert_eq!(refused(&status), (Code::NotFound, "CALENDAR_NOT_FOUND".into()));
    let list = house.schedules(&service).list_schedules(pb::ListSchedulesRequest::default()).await.unwrap();
    assert!(list.into_inner().schedules.is_empty());
    service.stop().await;
}

#[tokio::test]
async fn requests_are_known_again_and_etags_guard() {
    let house = House::at("2026-11-30T09:30").await;
    let service = house.serve().await;
    let mut client = house.schedules(&service);
    let first = put(by_cron("daily", "0 9 * * *", CatchUp::Once));
    let made = client.put_schedule(first.clone()).await.unwrap().into_inner();
    assert_eq!(client.put_schedule(first.clone()).await.unwrap().into_inner(), made);
    let other = pb::PutScheduleRequest {
        schedule: Some(by_cron("daily", "0 8 * * *", CatchUp::Once)),
        ..first.clone()
    };
    let status = client.put_schedule(other).await.unwrap_err();
    assert_eq!(refused(&status), (Code::AlreadyExists, "REQUEST_ID_REUSED".into()));

    let stale =
        pb::PutScheduleRequest { etag: "7".into(), ..put(by_cron("daily", "0 8 * * *", CatchUp::All)) };
    let status = client.put_schedule(stale).await.unwrap_err();
    assert_eq!(refused(&status), (Code::Aborted, "ETAG_MISMATCH".into()));
    let fresh =
        pb::PutScheduleRequest { etag: "1".into(), ..put(by_cron("daily", "0 8 * * *", CatchUp::All)) };
    let changed = client.put_schedule(fresh).await.unwrap().into_inner();
    assert_eq!((changed.etag.as_str(), changed.catch_up()), ("2", CatchUp::All));

    let pause = pb::PauseScheduleRequest { request_id: id(), key: "daily".into(), etag: "2".into() };
    let paused = client.pause_schedule(pause.clone()).await.unwrap().into_inner();
    assert_eq!((paused.state(), paused.next_run_at), (pb::ScheduleState::Paused, None));
    client.pause_schedule(pause).await.unwrap();
    let again = pb::PauseScheduleRequest { request_id: id(), key: "daily".into(), etag: "2".into() };
    assert_eq!(client.pause_schedule(again).await.unwrap_err().code(), Code::Aborted);

    let run = pb::RunScheduleNowRequest { request_id: id(), key: "daily".into() };
    let asked = client.run_schedule_now(run.clone()).await.unwrap().into_inner();
    assert_eq!(client.run_schedule_now(run).await.unwrap().into_inner().id, asked.id);
    let runs = house.over(&service, "daily", 1).await;
    assert!(runs[0].by_hand && runs[0].state() == ScheduleRunState::Done);

    let delete = pb::DeleteScheduleRequest { request_id: id(), key: "daily".into(), etag: "3".into() };
    client.delete_schedule(delete.clone()).await.unwrap();
    client.delete_schedule(delete).await.unwrap();
    let gone = pb::DeleteScheduleRequest { request_id: id(), key: "daily".into(), etag: String::new() };
    assert_eq!(client.delete_schedule(gone).await.unwrap_err().code(), Code::NotFound);

    // whoever is no administrator reads, and changes nothing
    let mut handler = ScheduleServiceClient::new(house.suite.env.channel(&service, "li.wei"));
    handler.list_schedules(pb::ListSchedulesRequest::default()).await.unwrap();
    let status = handler.put_schedule(put(by_cron("mine", "0 9 * * *", CatchUp::Once))).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    service.stop().await;
}

#[tokio::test]
async fn what_is_planned_during_a_pause_is_let_go_and_what_came_before_a_change_is_not() {
    let house = House::at("2026-11-30T08:59:50").await;
    let service = house.serve().await;
    let mut client = house.schedules(&service);
    house.put(&service, by_cron("daily", "0 9 * * *", CatchUp::All)).await;
    let pause = pb::PauseScheduleRequest { request_id: id(), key: "daily".into(), etag: String::new() };
    client.pause_schedule(pause).await.unwrap();
    house.suite.clock.set(at("2026-12-02T10:00:00"));
    let resume = pb::ResumeScheduleRequest { request_id: id(), key: "daily".into(), etag: String::new() };
    let resumed = client.resume_schedule(resume).await.unwrap().into_inner();
    assert_eq!(from_timestamp(&resumed.next_run_at.unwrap()).unwrap(), at("2026-12-03T09:00"));
    assert!(house.runs(&service, "daily").await.is_empty());
    service.stop().await;

    // it comes while nobody runs schedules; whoever then changes the schedule first does not lose it
    house.suite.clock.set(at("2026-12-03T09:00:01"));
    let service = house.serve().await;
    house.put(&service, by_cron("daily", "0 10 * * *", CatchUp::All)).await;
    let runs = house.over(&service, "daily", 1).await;
    assert_eq!(planned(&runs[0]), at("2026-12-03T09:00"));
    service.stop().await;
}

#[tokio::test]
async fn working_days_follow_a_new_version_of_the_calendar() {
    let house = House::at("2026-11-30T09:30").await;
    let service = house.serve().await;
    let calendar = |off: &str| {
        format!(
            r#"{{"key":"desk","name":"试","time_zone":"Asia/Shanghai","week":{{"monday":["09:00-12:00"],"tuesday":["09:00-12:00"],"wednesday":["09:00-12:00"]}},"years":{{"2026":{{"days_off":[{off}],"make_up_workdays":[],"half_days":[]}}}}}}"#
        )
    };
    let import = async |document: String| {
        let request = pb::ImportCalendarRequest { request_id: id(), document, ..Default::default() };
        house.suite.calendars(&service, "admin").import_calendar(request).await.unwrap();
    };
    import(calendar("")).await;
    let working = WorkingRecurrence {
        calendar: "desk".into(),
        days: Some(Days::EveryWorkingDay(true)),
        times: vec!["08:30".into()],
        ..Default::default()
    };
    let schedule = Schedule {
        recurrence: Some(Recurrence::Working(working)),
        time_zone: String::new(),
        ..by_cron("desk", "", CatchUp::Once)
    };
    let made = house.put(&service, schedule).await;
    assert_eq!(made.time_zone, "Asia/Shanghai");
    assert_eq!(from_timestamp(&made.next_run_at.unwrap()).unwrap(), at("2026-12-01T08:30"));
    import(calendar(r#"{"date":"2026-12-01","holiday":"停"}"#)).await;
    eventually("the day off is passed over", async || {
        house.suite.clock.advance(jiff::SignedDuration::from_secs(1));
        let request = pb::GetScheduleRequest { key: "desk".into() };
        let schedule = house.schedules(&service).get_schedule(request).await.unwrap().into_inner();
        from_timestamp(&schedule.next_run_at.unwrap()).unwrap() == at("2026-12-02T08:30")
    })
    .await;
    service.stop().await;
}

#[tokio::test]
async fn a_preview_says_what_clock_changes_do() {
    let house = House::at("2026-11-30T09:30").await;
    let service = house.serve().await;
    let draft = Schedule { time_zone: "America/New_York".into(), ..by_cron("", "30 2 * * *", CatchUp::Once) };
    let request = pb::PreviewScheduleRequest {
        schedule: Some(preview_schedule_request::Schedule::Draft(draft)),
        after: Some(to_timestamp("2027-03-13T12:00:00Z".parse().unwrap())),
        count: 2,
    };
    let preview = house.schedules(&service).preview_schedule(request).await.unwrap().into_inner();
    let told: Vec<_> = preview.runs.iter().map(|run| (run.local.as_str(), run.clock_change())).collect();
    assert_eq!(
        told,
        [
            ("2027-03-14T03:00:00-04:00", pb::ClockChange::LeftOut),
            ("2027-03-15T02:30:00-04:00", pb::ClockChange::Unspecified)
        ]
    );
    let none = pb::PreviewScheduleRequest { count: 101, ..Default::default() };
    let status = house.schedules(&service).preview_schedule(none).await.unwrap_err();
    assert_eq!(refused_fields(&status), ["schedule", "count"]);
    service.stop().await;
}

#[tokio::test]
async fn a_reminder_is_told_with_the_planned_time_filled_in() {
    let house = House::at("2026-11-30T08:59:58").await;
    let service = house.serve().await;
    let reminder =
        Reminder { unit_id: "tianhe-env".into(), text: "报送 {month} 月报".into(), ..Default::default() };
    let action = Some(ScheduleAction { action: Some(Action::Remind(reminder)) });
    house.put(&service, Schedule { action, ..by_cron("report", "0 9 * * *", CatchUp::Once) }).await;
    house.suite.clock.set(at("2026-11-30T09:00:00"));
    house.over(&service, "report", 1).await;
    let event = eventually_some("it is published", async || {
        let events = house.suite.env.events("sla").await;
        events.into_iter().find(|event| event.kind == "schedule_reminded")
    })
    .await;
    let payload: pb::ScheduleEvent = event.decode().unwrap();
    let Some(pb::schedule_event::Change::ScheduleReminded(reminded)) = payload.change else { panic!() };
    assert_eq!((reminded.unit_id.as_str(), reminded.text.as_str()), ("tianhe-env", "报送 2026-11 月报"));
    assert_eq!((payload.schedule_name.as_str(), event.version), ("巡检", 1));
    assert_eq!(house.tickets.calls(), 0);
    service.stop().await;
}
