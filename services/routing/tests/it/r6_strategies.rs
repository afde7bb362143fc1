//! R6, and the part of R7 that is about people: who gets a ticket, and why the others do not.

use crate::{
    r3_duty::{roster, shift},
    support::{Suite, TestTicket, id, person, refusal},
};
use gongdan_bus::Origin;
use gongdan_clock::new_id;
use gongdan_proto::{
    common::v1::{ActorRef, PrincipalKind},
    routing::v1::{
        self as pb, AssignmentStrategy, PersonOutcome, StrategyFallback, TrialOutcome, decision_event,
        rule_action::Target,
    },
    tickets::v1::{self as tickets, DataClass, Phase, TicketEvent, ticket_event::Change},
    to_timestamp,
};
use gongdan_region::RegionCode;
use gongdan_testkit::eventually;
use prost::Message as _;
use std::collections::BTreeMap;
use tonic::Code;

const ALWAYS: [i32; 7] = [1, 2, 3, 4, 5, 6, 7];

fn action(strategy: AssignmentStrategy) -> pb::StrategyAction {
    pb::StrategyAction { unit_id: "roads".into(), strategy: strategy.into(), ..Default::default() }
}

fn rule(id: &str, action: pb::StrategyAction) -> pb::Rule {
    pb::Rule {
        id: id.to_owned(),
        name: format!("规则 {id}"),
        when: "true".into(),
        action: Some(pb::RuleAction { target: Some(Target::Strategy(action)), ..Default::default() }),
        ..Default::default()
    }
}

fn person_of(decision: &pb::DecisionEvent) -> &str {
    match &decision.target {
        Some(decision_event::Target::Dispatch(to)) => &to.person_id,
        _ => "",
    }
}

fn pool_of(decision: &pb::DecisionEvent) -> (&str, &str) {
    match &decision.target {
        Some(decision_event::Target::Pool(pool)) => (&pool.unit_id, &pool.reason),
        _ => ("", ""),
    }
}

impl Suite {
    async fn put(&self, rule: pb::Rule) -> Result<pb::Rule, tonic::Status> {
        let request = pb::PutRuleRequest { request_id: id(), rule: Some(rule), ..Default::default() };
        self.rules("admin").put_rule(request).await.map(tonic::Response::into_inner)
    }

    /// Held and reserved of a person.
    async fn load(&self, person: &str) -> (i32, i32) {
        let request = pb::GetLoadRequest { person_id: person.to_owned() };
        let load = self.duty("admin").get_load(request).await.unwrap().into_inner();
        (load.held, load.reserved)
    }

    async fn has(&self, person: &str, load: (i32, i32)) {
        eventually(&format!("{person} has {load:?}"), async || self.load(person).await == load).await;
    }

    /// Tickets applies a decision in favour of a person.
    async fn taken(&self, ticket: &mut TestTicket, decision: &pb::DecisionEvent) {
        let Some(decision_event::Target::Dispatch(to)) = &decision.target else { panic!("no dispatch") };
        ticket.next(Phase::Dispatched);
        ticket.state.handler_id.clone_from(&to.person_id);
        ticket.state.lead_unit_id.clone_from(&to.unit_id);
        let dispatched = tickets::Dispatched {
            unit_id: to.unit_id.clone(),
            person_id: to.person_id.clone(),
            decision_id: decision.decision_id.clone(),
            ..Default::default()
        };
        self.tell(ticket, "dispatched", Origin::Live, Change::Dispatched(dispatched)).await;
    }

    async fn resolved(&self, ticket: &mut TestTicket) {
        ticket.next(Phase::Resolved);
        self.tell(ticket, "resolved", Origin::Live, Change::Resolved(tickets::Resolved::default())).await;
    }

    /// Of the newest decision about a ticket: rule outcomes, and the people of the first rule with a strategy.
    async fn considered(&self, ticket: &TestTicket) -> (Vec<TrialOutcome>, BTreeMap<String, PersonOutcome>) {
        let explained = self.explain(ticket).await;
        let outcomes = explained.rules.iter().map(pb::RuleTrial::outcome).collect();
        let people = explained.rules.iter().find(|rule| !rule.people.is_empty());
        let people = people.map(|rule| rule.people.clone()).unwrap_or_default();
        (outcomes, people.iter().map(|person| (person.person_id.clone(), person.outcome())).collect())
    }

    /// What `loads` says is what `holdings` and `reservations` have, of everybody whom any of them names.
    async fn loads_are_true(&self) {
        let wrong: Vec<String> = sqlx::query_scalar(
            "SELECT person_id FROM loads
             FULL JOIN (SELECT person_id, count(*) AS holds FROM holdings WHERE person_id IS NOT NULL
                        GROUP BY person_id) h USING (person_id)
             FULL JOIN (SELECT person_id, count(*) AS waits FROM reservations GROUP BY person_id) r USING (person_id)
             WHERE (coalesce(held, 0), coalesce(reserved, 0)) <> (coalesce(holds, 0), coalesce(waits, 0))",
        )
        .fetch_all(self.env.pool())
        .await
        .unwrap();
        assert_eq!(wrong, Vec::<String>::new());
    }
}

#[tokio::test]
async fn r6_a_strategy_that_can_never_choose_anybody_is_refused() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let violations = async |action: pb::StrategyAction| {
        let status = suite.put(rule("bad", action)).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        refusal(&status).2
    };
    let least = action(AssignmentStrategy::LeastLoaded);
    assert_eq!(
        violations(pb::StrategyAction { unit_id: "nowhere".into(), ..least.clone() }).await,
        ["rule.action.strategy.unit_id: no unit `nowhere`"]
    );
    assert_eq!(
        violations(action(AssignmentStrategy::Unspecified)).await,
        ["rule.action.strategy.strategy: required"]
    );
    assert_eq!(
        violations(pb::StrategyAction { skills: vec!["焊接".into()], ..least.clone() }).await,
        ["rule.action.strategy.skills[0]: nobody of `roads` has skill `焊接`"]
    );
    assert_eq!(
        violations(action(AssignmentStrategy::SkillWeighted)).await,
        ["rule.action.strategy.skills: at least one, to weigh people by"]
    );
    suite
        .import(pb::ImportOrganisationRequest {
            request_id: id(),
            units: vec![crate::support::unit("empty", "", "440106")],
            ..Default::default()
        })
        .await;
    assert_eq!(
        violations(pb::StrategyAction { unit_id: "empty".into(), ..least.clone() }).await,
        [
            "rule.action.strategy.unit_id: `empty` has no active handler or unit leader: nobody could be chosen"
        ]
    );
    let next = StrategyFallback::NextRule.into();
    assert_eq!(
        violations(pb::StrategyAction { claim_limit: 3, otherwise: next, ..least.clone() }).await,
        ["rule.action.strategy.claim_limit: 0 when the next rule is tried: nothing waits"]
    );
    let good = pb::StrategyAction { capacity: 3, otherwise: next, ..least };
    let kept = suite.put(rule("good", good.clone())).await.unwrap();
    assert_eq!(kept.action.unwrap().target, Some(Target::Strategy(good)));
}

#[tokio::test]
async fn r6_capacity_is_reserved_confirmed_and_released() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let capacity = pb::StrategyAction { capacity: 1, ..action(AssignmentStrategy::LeastLoaded) };
    suite.put(rule("least", capacity)).await.unwrap();
    let (mut tickets, mut people) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let ticket = suite.submitted("道路", "坑洼").await;
        let decision = suite.decision(&ticket).await;
        people.push(person_of(&decision).to_owned());
        tickets.push((ticket, decision));
    }
    let mut sorted = people.clone();
    sorted.sort();
    assert_eq!(sorted, ["an", "bo", "chen"], "each may have one");
    assert_eq!(suite.load(&people[0]).await, (0, 1));
    // Nobody is left: the unit's pool, with the reason.
    let waiting = suite.submitted("道路", "坑洼").await;
    let pooled = suite.decision(&waiting).await;
    assert_eq!(pool_of(&pooled), ("roads", "nobody of `roads` can take it: 3 full"));
    let (outcomes, considered) = suite.considered(&waiting).await;
    assert_eq!(outcomes, [TrialOutcome::Chosen]);
    assert_eq!(considered, sorted.iter().map(|id| (id.clone(), PersonOutcome::Full)).collect());

    // `dispatched` confirms, `resolved` ends, `decision_refused` releases.
    let (mut first, decision) = tickets.remove(0);
    suite.taken(&mut first, &decision).await;
    suite.has(&people[0], (1, 0)).await;
    suite.loads_are_true().await;
    suite.resolved(&mut first).await;
    suite.has(&people[0], (0, 0)).await;
    let (mut second, decision) = tickets.remove(0);
    suite.refused(&mut second, &decision, "the ticket moved on").await;
    let again = suite.decision(&second).await;
    assert!(people[..2].iter().any(|id| id == person_of(&again)), "{again:?}");
    suite.loads_are_true().await;
    // The ticket is cancelled before tickets answers.
    let (mut third, _) = tickets.remove(0);
    third.next(Phase::Cancelled);
    let cancelled = Change::Cancelled(tickets::Cancelled::default());
    suite.tell(&third, "cancelled", Origin::Live, cancelled).await;
    suite.has(&people[2], (0, 0)).await;
    suite.loads_are_true().await;
}

#[tokio::test]
async fn r6_loads_survive_repetition_restart_and_every_way_a_ticket_goes() {
    let mut suite = Suite::start().await;
    suite.import_roads().await;
    suite.put(rule("robin", action(AssignmentStrategy::RoundRobin))).await.unwrap();
    let mut ticket = suite.submitted("道路", "坑洼").await;
    let decision = suite.decision(&ticket).await;
    assert_eq!(person_of(&decision), "an");
    suite.taken(&mut ticket, &decision).await;
    suite.has("an", (1, 0)).await;
    // The same event once more, as after an unclean restart of the bus.
    let copy = ticket.clone();
    let dispatched = tickets::Dispatched { decision_id: decision.decision_id.clone(), ..Default::default() };
    suite.tell(&copy, "dispatched", Origin::Live, Change::Dispatched(dispatched)).await;
    // Transferred to another person, accepted by a third.
    ticket.next(Phase::Dispatched);
    ticket.state.handler_id = "bo".into();
    let transferred = tickets::Transferred { to_person_id: "bo".into(), ..Default::default() };
    suite.tell(&ticket, "transferred", Origin::Live, Change::Transferred(transferred)).await;
    suite.has("bo", (1, 0)).await;
    assert_eq!(suite.load("an").await, (0, 0));
    suite.restart().await;
    ticket.next(Phase::InProgress);
    ticket.state.handler_id = "chen".into();
    suite.tell(&ticket, "accepted", Origin::Live, Change::Accepted(tickets::Accepted::default())).await;
    suite.has("chen", (1, 0)).await;
    assert_eq!(suite.load("bo").await, (0, 0));
    suite.loads_are_true().await;
    // Round robin goes on where it was.
    let next = suite.submitted("道路", "坑洼").await;
    assert_eq!(person_of(&suite.decision(&next).await), "bo");
    // Escalated to a unit as a whole: nobody has it.
    ticket.next(Phase::Dispatched);
    ticket.state.handler_id.clear();
    let escalated = tickets::Escalated { to_unit_id: "env".into(), ..Default::default() };
    suite.tell(&ticket, "escalated", Origin::Live, Change::Escalated(escalated)).await;
    suite.has("chen", (0, 0)).await;
    suite.loads_are_true().await;
}

#[tokio::test]
async fn r6_who_is_off_duty_on_leave_or_unskilled_does_not_get_it_and_the_next_rule_is_tried() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite
        .import(pb::ImportOrganisationRequest {
            request_id: id(),
            principals: vec![pb::PrincipalRow { skills: vec!["沥青".into()], ..person("bo", "roads") }],
            ..Default::default()
        })
        .await;
    let skilled = pb::StrategyAction {
        skills: vec!["沥青".into()],
        otherwise: StrategyFallback::NextRule.into(),
        ..action(AssignmentStrategy::LeastLoaded)
    };
    suite.put(rule("skilled", skilled)).await.unwrap();
    suite.put(rule("anybody", action(AssignmentStrategy::LeastLoaded))).await.unwrap();
    // `an` is on duty always, `bo` never but on a day that is over.
    let mut over = shift("过去", &["bo"], &[], "08:00", "09:00");
    over.dates = vec!["2020-01-01".into()];
    let always = shift("全天", &["an", "chen"], &ALWAYS, "00:00", "00:00");
    suite.put_roster(roster("main", "roads", vec![always, over])).await.unwrap();
    let now = suite.env.clock().now();
    let leave = pb::RecordLeaveRequest {
        request_id: id(),
        person_id: "chen".into(),
        from: Some(to_timestamp(now - jiff::SignedDuration::from_hours(1))),
        until: Some(to_timestamp(now + jiff::SignedDuration::from_hours(24))),
        ..Default::default()
    };
    suite.duty("admin").record_leave(leave).await.unwrap();
    let ticket = suite.submitted("道路", "坑洼").await;
    assert_eq!(person_of(&suite.decision(&ticket).await), "an");
    let (outcomes, considered) = suite.considered(&ticket).await;
    assert_eq!(outcomes, [TrialOutcome::NobodyAble, TrialOutcome::Chosen]);
    assert_eq!(
        considered,
        [("an", PersonOutcome::LacksSkill), ("bo", PersonOutcome::OffDuty), ("chen", PersonOutcome::OnLeave)]
            .map(|(id, outcome)| (id.to_owned(), outcome))
            .into()
    );
    let explained = suite.explain(&ticket).await;
    assert_eq!(explained.rules[0].detail, "roads: 1 off duty, 1 on leave, 1 without the skill");
    assert_eq!(explained.rules[1].strategy(), AssignmentStrategy::LeastLoaded);
    assert!(explained.decision.unwrap().summary.ends_with("→ an of roads, least loaded, 1 of 1 who could"));
}

#[tokio::test]
async fn r6_a_customer_s_matter_goes_to_who_had_it_last() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.put(rule("last", action(AssignmentStrategy::LastHandler))).await.unwrap();
    let customer = new_id(suite.env.clock().now()).to_string();
    let submit = async |item: &str| {
        let mut ticket = TestTicket::new(item);
        ticket.state.customer_id.clone_from(&customer);
        suite.submit(&ticket, "坑洼", Origin::Live).await;
        let decision = suite.decision(&ticket).await;
        (ticket, decision)
    };
    let (mut first, decision) = submit("道路").await;
    suite.taken(&mut first, &decision).await;
    let handler = person_of(&decision).to_owned();
    suite.has(&handler, (1, 0)).await;
    // Whoever had it has more to do than the others, and gets the next one all the same; of another item not.
    let (_, again) = submit("道路").await;
    assert_eq!(person_of(&again), handler);
    assert_ne!(person_of(&submit("噪音").await.1), handler);
    let kept: i64 =
        sqlx::query_scalar("SELECT count(*) FROM last_handlers").fetch_one(suite.env.pool()).await.unwrap();
    assert_eq!(kept, 1);
    // Nobody is to know any more whose it was.
    first.next(Phase::Dispatched);
    first.state.customer_id.clear();
    let erased = tickets::Erased { classes: vec![DataClass::Contact.into()], ..Default::default() };
    suite.tell(&first, "erased", Origin::Live, Change::Erased(erased)).await;
    eventually("it is forgotten", async || {
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM last_handlers")
            .fetch_one(suite.env.pool())
            .await
            .unwrap();
        left == 0
    })
    .await;
}

#[tokio::test]
async fn r7_who_returned_it_for_another_unit_does_not_get_it_again() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let both = pb::PrincipalRow { unit_ids: vec!["env".into(), "roads".into()], ..person("ding", "env") };
    let request =
        pb::ImportOrganisationRequest { request_id: id(), principals: vec![both], ..Default::default() };
    suite.import(request).await;
    let to_env = pb::StrategyAction { unit_id: "env".into(), ..action(AssignmentStrategy::RoundRobin) };
    let to_env = pb::Rule { when: "ticket.return_count == 0".into(), ..rule("env", to_env) };
    suite.put(to_env).await.unwrap();
    suite.put(rule("roads", action(AssignmentStrategy::RoundRobin))).await.unwrap();
    let mut ticket = suite.submitted("道路", "坑洼").await;
    let decision = suite.decision(&ticket).await;
    assert_eq!(person_of(&decision), "ding");
    suite.taken(&mut ticket, &decision).await;
    ticket.next(Phase::PendingDispatch);
    ticket.state.handler_id.clear();
    ticket.state.lead_unit_id.clear();
    ticket.state.returned_by_unit_ids.push("env".into());
    ticket.state.return_count = 1;
    let actor = ActorRef { id: "ding".into(), kind: PrincipalKind::Person.into(), ..ActorRef::default() };
    let payload = TicketEvent {
        ticket_id: ticket.id.to_string(),
        version: ticket.state.version,
        actor: Some(actor),
        state: Some(ticket.state.clone()),
        change: Some(Change::Returned(tickets::Returned {
            unit_id: "env".into(),
            reason: "不属于".into(),
            to_pool: false,
        })),
        ..TicketEvent::default()
    };
    let region = RegionCode::parse(&ticket.state.region).unwrap();
    suite.tell_raw(&ticket, "returned", Origin::Live, payload.encode_to_vec(), region).await;
    let again = suite.decision(&ticket).await;
    assert_eq!(person_of(&again), "an");
    let (_, considered) = suite.considered(&ticket).await;
    assert_eq!(considered["ding"], PersonOutcome::ReturnedIt);
    suite.has("ding", (0, 0)).await;
    suite.loads_are_true().await;
}

#[tokio::test]
async fn r6_loads_of_a_unit_are_listed_with_capacities() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let always = shift("全天", &["an", "bo"], &ALWAYS, "00:00", "00:00");
    let mut with = roster("main", "roads", vec![always]);
    with.capacity = 7;
    with.capacities = vec![pb::PersonCapacity { person_id: "bo".into(), capacity: 2 }];
    suite.put_roster(with).await.unwrap();
    let list = async |request: pb::ListLoadsRequest| {
        suite.duty("admin").list_loads(request).await.map(tonic::Response::into_inner)
    };
    let request = pb::ListLoadsRequest { unit_id: "roads".into(), page_size: 2, ..Default::default() };
    let page = list(request.clone()).await.unwrap();
    let shown: Vec<_> = page.loads.iter().map(|load| (load.person_id.as_str(), load.capacity)).collect();
    assert_eq!(shown, [("an", 7), ("bo", 2)]);
    let rest = list(pb::ListLoadsRequest { page_token: page.next_page_token, ..request }).await.unwrap();
    assert_eq!(rest.loads.len(), 2, "{rest:?}");
    let nowhere = pb::ListLoadsRequest { unit_id: "nowhere".into(), ..Default::default() };
    assert_eq!(list(nowhere).await.unwrap_err().code(), Code::NotFound);
    let nobody = pb::GetLoadRequest { person_id: "nobody".into() };
    assert_eq!(suite.duty("admin").get_load(nobody).await.unwrap_err().code(), Code::NotFound);
}
