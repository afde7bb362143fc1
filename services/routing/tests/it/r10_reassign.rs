//! R10: what somebody has in hand goes to others, with preview and progress.

use crate::{
    r3_duty::{roster, shift},
    support::{Suite, TestTicket, id, person, refusal},
};
use gongdan_auth::AuthChannel;
use gongdan_bus::Origin;
use gongdan_proto::{
    routing::v1::{
        self as pb, DecisionState, PersonOutcome, ReassignedTicketState, ReassignmentCourse,
        ReassignmentState, decision_event, preview_reassignment_response::Part, reassign_to::To,
        reassignment_service_client::ReassignmentServiceClient,
    },
    tickets::v1::{self as tickets, Phase, ticket_event::Change},
    to_timestamp,
};
use gongdan_testkit::{eventually, eventually_some};
use std::collections::BTreeMap;
use tonic::{Code, Status};

pub const ALWAYS: [i32; 7] = [1, 2, 3, 4, 5, 6, 7];

impl Suite {
    pub fn reassignments(&self, principal: &str) -> ReassignmentServiceClient<AuthChannel> {
        ReassignmentServiceClient::new(self.env.channel(&self.service, principal))
    }

    /// Tickets that a person of a unit has in hand, oldest first.
    pub async fn in_hand(&self, person: &str, unit: &str, many: usize) -> Vec<TestTicket> {
        self.has_in_hand(person, unit, (0..many).map(|_| TestTicket::new("道路")).collect()).await
    }

    /// These are given to a person of a unit; oldest first.
    pub async fn has_in_hand(&self, person: &str, unit: &str, mut all: Vec<TestTicket>) -> Vec<TestTicket> {
        let before = self.holds(person).await;
        for ticket in &mut all {
            ticket.state.phase = Phase::Dispatched.into();
            ticket.state.handler_id = person.to_owned();
            ticket.state.lead_unit_id = unit.to_owned();
            let to = tickets::Dispatched { unit_id: unit.to_owned(), ..Default::default() };
            self.tell(ticket, "dispatched", Origin::Live, Change::Dispatched(to)).await;
        }
        let all_of_them = before + i32::try_from(all.len()).unwrap();
        // Who holds what may be read from the log before the bus tells where it is.
        let ids: Vec<uuid::Uuid> = all.iter().map(|ticket| ticket.id).collect();
        let placed = async || -> i64 {
            let count = "SELECT count(*) FROM ticket_scopes WHERE ticket_id = ANY ($1)";
            sqlx::query_scalar(count).bind(&ids).fetch_one(self.env.pool()).await.unwrap()
        };
        eventually("they are known", async || {
            self.holds(person).await == all_of_them && usize::try_from(placed().await) == Ok(ids.len())
        })
        .await;
        all.sort_by_key(|ticket| ticket.id);
        all
    }

    pub async fn load_of(&self, person: &str) -> (i32, i32) {
        let request = pb::GetLoadRequest { person_id: person.to_owned() };
        let load = self.duty("admin").get_load(request).await.unwrap().into_inner();
        (load.held, load.reserved)
    }

    async fn holds(&self, person: &str) -> i32 {
        self.load_of(person).await.0
    }

    pub async fn preview(
        &self,
        by: &str,
        request: pb::PreviewReassignmentRequest,
    ) -> Result<Preview, Status> {
        let mut parts = self.reassignments(by).preview_reassignment(request).await?.into_inner();
        let mut preview = Preview::default();
        while let Some(part) = parts.message().await? {
            match part.part.unwrap() {
                Part::Ticket(ticket) => preview.tickets.push(ticket),
                Part::Summary(summary) => preview.summary = Some(summary),
            }
        }
        Ok(preview)
    }

    pub async fn begin(
        &self,
        by: &str,
        request: pb::StartReassignmentRequest,
    ) -> Result<pb::Reassignment, Status> {
        self.reassignments(by).start_reassignment(request).await.map(tonic::Response::into_inner)
    }

    pub async fn handed_over(&self, ticket: &TestTicket) -> pb::DecisionEvent {
        eventually_some("the decision", async || {
            self.told(ticket).await.into_iter().find(|decision| decision.handover.is_some())
        })
        .await
    }

    /// Tickets applies a decision by which somebody hands a ticket over.
    pub async fn applies(&self, ticket: &mut TestTicket, decision: &pb::DecisionEvent) {
        let Some(decision_event::Target::Dispatch(to)) = &decision.target else { panic!("no dispatch") };
        ticket.state.version += 1;
        ticket.state.handler_id.clone_from(&to.person_id);
        let transferred = tickets::Transferred {
            from_unit_id: to.unit_id.clone(),
            to_unit_id: to.unit_id.clone(),
            to_person_id: to.person_id.clone(),
            decision_id: decision.decision_id.clone(),
            ..Default::default()
        };
        self.tell(ticket, "transferred", Origin::Live, Change::Transferred(transferred)).await;
    }

    pub async fn get_reassignment(&self, id: &str) -> pb::Reassignment {
        let request = pb::GetReassignmentRequest { id: id.to_owned() };
        self.reassignments("admin").get_reassignment(request).await.unwrap().into_inner()
    }

    /// Watches until it is over; answers every state of it that was told.
    pub async fn watched(&self, id: &str) -> Vec<pb::Reassignment> {
        let request = pb::WatchReassignmentRequest { id: id.to_owned() };
        let mut answers = self.reassignments("admin").watch_reassignment(request).await.unwrap().into_inner();
        let mut all = Vec::new();
        while let Some(answer) = answers.message().await.unwrap() {
            all.push(answer.reassignment.unwrap());
        }
        all
    }

    pub async fn tickets_of(&self, id: &str, state: ReassignedTicketState) -> Vec<pb::ReassignedTicket> {
        let mut request = pb::ListReassignmentTicketsRequest {
            id: id.to_owned(),
            state: state.into(),
            page_size: 2,
            ..Default::default()
        };
        let mut all = Vec::new();
        loop {
            let page = self.reassignments("admin").list_reassignment_tickets(request.clone()).await;
            let page = page.unwrap().into_inner();
            all.extend(page.tickets);
            if page.next_page_token.is_empty() {
                return all;
            }
            request.page_token = page.next_page_token;
        }
    }

    pub async fn loads_agree(&self) {
        let wrong: Vec<String> = sqlx::query_scalar(
            "SELECT person_id FROM loads l
             WHERE held <> (SELECT count(*) FROM holdings h WHERE h.person_id = l.person_id)
                OR reserved <> (SELECT count(*) FROM reservations r WHERE r.person_id = l.person_id)",
        )
        .fetch_all(self.env.pool())
        .await
        .unwrap();
        assert_eq!(wrong, Vec::<String>::new());
    }

    /// A day that never ends for `an`, `bo` and `chen`, who may have `capacity` tickets each.
    pub async fn room_for(&self, capacity: i32) {
        let day = shift("全天", &["an", "bo", "chen"], &ALWAYS, "00:00", "00:00");
        let roster = pb::Roster { capacity, ..roster("main", "roads", vec![day]) };
        self.put_roster(roster).await.unwrap();
    }

    /// From now on for a year; answers it.
    pub async fn goes_away(&self, person: &str, stand_in: &str) -> pb::Leave {
        let now = self.env.clock().now();
        let later = |hours: i64| Some(to_timestamp(now + jiff::SignedDuration::from_hours(hours)));
        let request = pb::RecordLeaveRequest {
            request_id: id(),
            person_id: person.to_owned(),
            from: later(-1),
            until: later(24 * 365),
            stand_in_id: stand_in.to_owned(),
            reason: "产假".to_owned(),
        };
        self.duty("admin").record_leave(request).await.unwrap().into_inner()
    }
}

#[derive(Debug, Default)]
pub struct Preview {
    pub tickets: Vec<pb::ReassignedTicket>,
    pub summary: Option<pb::ReassignmentSummary>,
}

pub fn of(person: &str) -> pb::PreviewReassignmentRequest {
    pb::PreviewReassignmentRequest { person_id: person.to_owned(), ..Default::default() }
}

pub fn start(person: &str) -> pb::StartReassignmentRequest {
    pb::StartReassignmentRequest { request_id: id(), person_id: person.to_owned(), ..Default::default() }
}

fn whom(to: To) -> Option<pb::ReassignTo> {
    Some(pb::ReassignTo { to: Some(to) })
}

pub fn named(person: &str) -> Option<pb::ReassignTo> {
    whom(To::Person(pb::ReassignToPerson { person_id: person.to_owned() }))
}

pub fn to_person(decision: &pb::DecisionEvent) -> &str {
    match &decision.target {
        Some(decision_event::Target::Dispatch(to)) => &to.person_id,
        _ => "",
    }
}

#[tokio::test]
async fn r10_what_the_preview_says_is_what_happens() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.room_for(3).await;
    suite.in_hand("bo", "roads", 1).await;
    let mut held = suite.in_hand("an", "roads", 6).await;

    let preview = suite.preview("admin", of("an")).await.unwrap();
    let ids: Vec<_> = held.iter().map(|ticket| ticket.id.to_string()).collect();
    assert_eq!(preview.tickets.iter().map(|ticket| ticket.ticket_id.clone()).collect::<Vec<_>>(), ids);
    let first = &preview.tickets[0];
    assert_eq!((&first.ticket_number, first.item.as_str()), (&held[0].state.number, "道路"));
    assert_eq!(first.region, held[0].state.region);
    assert_eq!(first.why, "`an` hands over → chen of roads, least loaded, 1 of 2 who could");
    let summary = preview.summary.unwrap();
    assert_eq!((summary.tickets, summary.to_people, summary.nobody_able), (6, 5, 1));
    let shares: Vec<_> = summary
        .people
        .iter()
        .map(|one| (one.person_id.as_str(), one.load_before, one.load_after, one.capacity, one.tickets))
        .collect();
    assert_eq!(shares, [("an", 6, 1, 3, 1), ("bo", 1, 3, 3, 2), ("chen", 0, 3, 3, 3)]);
    let stays = &preview.tickets[5];
    assert_eq!(stays.state(), ReassignedTicketState::NobodyAble);
    assert_eq!(stays.why, "nobody of `roads` can take it: least loaded: 2 full, 1 handing over");
    assert_eq!(suite.told(&held[0]).await, [], "nothing was written");
    assert_eq!(suite.load_of("chen").await, (0, 0));

    // Another number than the preview's is refused, the same goes; a retry is answered by what it began.
    let wrong = pb::StartReassignmentRequest { expected_count: 5, ..start("an") };
    let (code, reason, _) = refusal(&suite.begin("admin", wrong).await.unwrap_err());
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "REASSIGNMENT_CHANGED"));
    let right =
        pb::StartReassignmentRequest { expected_count: 6, reason: "离职交接".to_owned(), ..start("an") };
    let begun = suite.begin("admin", right.clone()).await.unwrap();
    assert_eq!((begun.started_by.as_str(), begun.progress.unwrap().total), ("admin", 6));
    assert_eq!(begun.unit_ids, ["roads"]);
    assert_eq!(suite.begin("admin", right).await.unwrap().id, begun.id);
    let (_, reason, _) = refusal(&suite.begin("admin", start("an")).await.unwrap_err());
    assert_eq!(reason, "REASSIGNMENT_RUNNING");

    for (ticket, foreseen) in held[..5].iter_mut().zip(&preview.tickets) {
        let decision = suite.handed_over(ticket).await;
        assert_eq!(to_person(&decision), foreseen.to_person_id);
        let handover = decision.handover.clone().unwrap();
        assert_eq!((handover.from_person_id.as_str(), handover.reason.as_str()), ("an", "离职交接"));
        assert_eq!(handover.reassignment_id, begun.id);
        assert_eq!(decision.ticket_version, ticket.state.version);
        suite.applies(ticket, &decision).await;
    }
    let told = suite.watched(&begun.id).await;
    let over = told.last().unwrap();
    assert_eq!(over.state(), ReassignmentState::Finished);
    let far = over.progress.unwrap();
    assert_eq!((far.transferred, far.nobody_able, far.waiting, far.open), (5, 1, 0, 0));
    assert!(over.finished_at.is_some());
    for (person, load) in [("an", (1, 0)), ("bo", (3, 0)), ("chen", (3, 0))] {
        assert_eq!(suite.load_of(person).await, load, "{person}");
    }
    suite.loads_agree().await;

    // R7: each decision, and the ticket that stayed, say who was considered.
    let explained = suite.explain(&held[0]).await;
    let decision = explained.decision.unwrap();
    assert_eq!((decision.state(), decision.from_person_id.as_str()), (DecisionState::Transferred, "an"));
    assert_eq!(decision.reassignment_id, begun.id);
    let trial = explained.reassignment.unwrap();
    assert_eq!((trial.from_person_id.as_str(), trial.from_person_name.as_str()), ("an", "李伟"));
    assert_eq!(trial.courses[0].course(), ReassignmentCourse::Strategy);
    let outcomes: BTreeMap<_, _> =
        trial.courses[0].people.iter().map(|one| (one.person_id.as_str(), one.outcome())).collect();
    let expected =
        [("an", PersonOutcome::HandsOver), ("bo", PersonOutcome::Behind), ("chen", PersonOutcome::Chosen)];
    assert_eq!(outcomes, BTreeMap::from(expected));
    let stayed = suite.tickets_of(&begun.id, ReassignedTicketState::NobodyAble).await;
    assert_eq!(stayed.len(), 1);
    assert_eq!((&stayed[0].ticket_id, &stayed[0].why), (&held[5].id.to_string(), &stays.why));
    assert_eq!(stayed[0].courses, stays.courses);
    let went = suite.tickets_of(&begun.id, ReassignedTicketState::Unspecified).await;
    let went: Vec<_> = went.into_iter().map(|ticket| ticket.ticket_id).collect();
    assert_eq!(went, ids, "oldest first, whatever the page");
    let state = DecisionState::Transferred.into();
    let listed = pb::ListDecisionsRequest { state, ..Default::default() };
    let listed = suite.decisions().list_decisions(listed).await.unwrap().into_inner().decisions;
    assert_eq!(listed.len(), 5);
}

#[tokio::test]
async fn r10_a_refused_one_is_told_released_and_not_routed_anew() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.room_for(5).await;
    let mut held = suite.in_hand("an", "roads", 2).await;
    let request = pb::StartReassignmentRequest { to: named("bo"), ..start("an") };
    let begun = suite.begin("admin", request).await.unwrap();
    assert_eq!((begun.to_person_id.as_str(), begun.to.clone()), ("bo", named("bo")));
    let mut decisions = Vec::new();
    for ticket in &held {
        let decision = suite.handed_over(ticket).await;
        assert_eq!(to_person(&decision), "bo");
        decisions.push(decision);
    }
    assert_eq!(suite.load_of("bo").await, (0, 2));

    // The first is resolved before the decision comes: it stays so.
    let refused = |decision: &pb::DecisionEvent, reason: &str| {
        let (decision_id, reason) = (decision.decision_id.clone(), reason.to_owned());
        Change::DecisionRefused(tickets::DecisionRefused { decision_id, reason })
    };
    held[0].next(Phase::Resolved);
    suite.tell(&held[0], "resolved", Origin::Live, Change::Resolved(tickets::Resolved::default())).await;
    held[0].state.version += 1;
    let gone = refused(&decisions[0], "the ticket is resolved");
    suite.tell(&held[0], "decision_refused", Origin::Live, gone).await;
    // The second was returned and waits: routed once because it was returned, and not again for the refusal.
    held[1].next(Phase::PendingDispatch);
    held[1].state.handler_id.clear();
    held[1].state.return_count = 1;
    let returned =
        tickets::Returned { unit_id: "roads".into(), reason: "不属于".into(), ..Default::default() };
    suite.tell(&held[1], "returned", Origin::Live, Change::Returned(returned)).await;
    suite.decision(&held[1]).await;
    held[1].state.version += 1;
    let gone = refused(&decisions[1], "the ticket is pending_dispatch");
    suite.tell(&held[1], "decision_refused", Origin::Live, gone).await;

    let over = suite.watched(&begun.id).await.pop().unwrap();
    let far = over.progress.unwrap();
    assert_eq!((over.state(), far.refused, far.transferred), (ReassignmentState::Finished, 2, 0));
    assert_eq!(suite.load_of("bo").await, (0, 0));
    suite.loads_agree().await;
    let told = suite.tickets_of(&begun.id, ReassignedTicketState::Refused).await;
    assert_eq!(told[1].why, "the ticket is pending_dispatch");
    assert_eq!(suite.answered(&decisions[1]).await.state(), DecisionState::Refused);
    // Routed for the return alone: the handover, then one decision about where it goes.
    let routed: Vec<_> = suite.told(&held[1]).await.into_iter().map(|one| one.handover.is_none()).collect();
    assert_eq!(routed, [false, true]);
    // Nothing is in hand any more.
    let (code, reason, _) = refusal(&suite.begin("admin", start("an")).await.unwrap_err());
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "NO_TICKETS_IN_HAND"));
}

const SLOWLY: &str = "[reassignments]\nat_once = 1\npause = \"1h\"\n";

#[tokio::test]
async fn r10_a_stopped_one_decides_no_more_and_waits_for_what_it_decided() {
    let suite = Suite::with(SLOWLY).await;
    suite.import_roads().await;
    let mut held = suite.in_hand("an", "roads", 3).await;
    let begun = suite.begin("admin", start("an")).await.unwrap();
    let decision = suite.handed_over(&held[0]).await;
    let stop = pb::StopReassignmentRequest { request_id: id(), id: begun.id.clone() };
    let stopping = suite.reassignments("admin").stop_reassignment(stop.clone()).await.unwrap().into_inner();
    assert_eq!((stopping.state(), stopping.stopped_by.as_str()), (ReassignmentState::Stopping, "admin"));
    let far = stopping.progress.unwrap();
    assert_eq!((far.open, far.stopped, far.waiting), (1, 2, 0));
    let (_, reason, _) = refusal(&suite.begin("admin", start("an")).await.unwrap_err());
    assert_eq!(reason, "REASSIGNMENT_RUNNING");
    suite.applies(&mut held[0], &decision).await;
    let over = suite.watched(&begun.id).await.pop().unwrap();
    assert_eq!((over.state(), over.progress.unwrap().transferred), (ReassignmentState::Stopped, 1));
    assert!(suite.told(&held[1]).await.is_empty() && suite.told(&held[2]).await.is_empty());
    // Again, and once more: it stays as it is; the rest may be reassigned anew.
    for request in [stop, pb::StopReassignmentRequest { request_id: id(), id: begun.id.clone() }] {
        let same = suite.reassignments("admin").stop_reassignment(request).await.unwrap().into_inner();
        assert_eq!(same, over);
    }
    let again = suite.begin("admin", start("an")).await.unwrap();
    assert_eq!(again.progress.unwrap().total, 2);
    let running = pb::ListReassignmentsRequest { running: true, ..Default::default() };
    let listed = suite.reassignments("admin").list_reassignments(running).await.unwrap().into_inner();
    assert_eq!(listed.reassignments.iter().map(|one| &one.id).collect::<Vec<_>>(), [&again.id]);
    let request = pb::ListReassignmentsRequest { person_id: "an".into(), page_size: 1, ..Default::default() };
    let first = suite.reassignments("admin").list_reassignments(request.clone()).await.unwrap().into_inner();
    assert_eq!(first.reassignments[0].id, again.id, "newest first");
    let request = pb::ListReassignmentsRequest { page_token: first.next_page_token, ..request };
    let second = suite.reassignments("admin").list_reassignments(request).await.unwrap().into_inner();
    assert_eq!((&second.reassignments[0].id, second.next_page_token.as_str()), (&begun.id, ""));
}

#[tokio::test]
async fn r10_nobody_gets_more_than_they_may_while_tickets_are_routed_beside_it() {
    let suite = Suite::with("[reassignments]\nat_once = 2\npause = \"1ms\"\n").await;
    suite.import_roads().await;
    suite.room_for(6).await;
    let strategy = pb::StrategyAction {
        unit_id: "roads".into(),
        strategy: pb::AssignmentStrategy::LeastLoaded.into(),
        ..Default::default()
    };
    let rule = pb::Rule {
        id: "least".into(),
        name: "least".into(),
        when: "true".into(),
        action: Some(pb::RuleAction {
            target: Some(pb::rule_action::Target::Strategy(strategy)),
            ..Default::default()
        }),
        ..Default::default()
    };
    let put = pb::PutRuleRequest { request_id: id(), rule: Some(rule), ..Default::default() };
    suite.rules("admin").put_rule(put).await.unwrap();
    suite.in_hand("an", "roads", 10).await;
    let begun = suite.begin("admin", start("an")).await.unwrap();
    let mut routed = Vec::new();
    for _ in 0..8 {
        routed.push(suite.submitted("道路", "坑洼").await);
    }
    for ticket in &routed {
        suite.decision(ticket).await;
    }
    eventually("all had their turn", async || {
        suite.get_reassignment(&begun.id).await.progress.unwrap().waiting == 0
    })
    .await;
    for person in ["bo", "chen"] {
        assert_eq!(suite.load_of(person).await, (0, 6), "{person} is full and not over");
    }
    suite.loads_agree().await;
    let far = suite.get_reassignment(&begun.id).await.progress.unwrap();
    let with_rules = routed.len();
    let mut to_people = 0;
    for ticket in &routed {
        to_people += usize::from(!to_person(&suite.decision(ticket).await).is_empty());
    }
    assert_eq!(usize::try_from(far.open).unwrap() + to_people, 12, "{far:?}, {with_rules} routed");
}

#[tokio::test]
async fn r10_one_that_tickets_does_not_answer_is_sent_again_as_it_was() {
    let suite = Suite::with("[decisions]\nresend_after = \"200ms\"\nresend_at_most = \"400ms\"\n").await;
    suite.import_roads().await;
    let mut held = suite.in_hand("an", "roads", 1).await;
    let request = pb::StartReassignmentRequest { to: whom(To::Unit(pb::ReassignToUnit {})), ..start("an") };
    let begun = suite.begin("admin", request).await.unwrap();
    // Something else happens to the ticket meanwhile: it is in hand still.
    held[0].next(Phase::InProgress);
    suite.tell(&held[0], "accepted", Origin::Live, Change::Accepted(tickets::Accepted {})).await;
    let told = eventually_some("three sendings", async || {
        Some(suite.told(&held[0]).await).filter(|told| told.len() >= 3)
    })
    .await;
    let first = &told[0];
    assert!(told.iter().all(|one| one.handover == first.handover && one.target == first.target), "{told:?}");
    assert!(told.iter().all(|one| one.decision_id == first.decision_id));
    assert_eq!(first.handover.clone().unwrap().reason, "李伟 hands over");
    assert_eq!(to_person(first), "", "to the unit as a whole");
    suite.applies(&mut held[0], first).await;
    let over = suite.watched(&begun.id).await.pop().unwrap();
    assert_eq!((over.state(), over.progress.unwrap().transferred), (ReassignmentState::Finished, 1));
    assert_eq!(suite.load_of("an").await, (0, 0));
    let trial = suite.explain(&held[0]).await.reassignment.unwrap();
    assert_eq!(trial.courses[0].course(), ReassignmentCourse::Unit);
    suite.loads_agree().await;
}

#[tokio::test]
async fn r10_a_leave_says_what_is_in_hand_and_its_stand_in_comes_first() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    suite.room_for(2).await;
    let mut held = suite.in_hand("an", "roads", 3).await;
    // Details that were not kept yet are read from tickets' log.
    let forget = "UPDATE holdings SET ticket_number = NULL, region = NULL, item = NULL";
    sqlx::query(forget).execute(suite.env.pool()).await.unwrap();
    let leave = suite.goes_away("an", "chen").await;
    assert_eq!(leave.tickets_in_hand, 3);
    let preview = suite.preview("admin", of("an")).await.unwrap();
    let summary = preview.summary.unwrap();
    assert_eq!((summary.to_person_id.as_str(), &summary.leave_id), ("chen", &leave.id));
    let takers: Vec<_> = preview.tickets.iter().map(|ticket| ticket.to_person_id.as_str()).collect();
    assert_eq!(takers, ["chen", "chen", "bo"]);
    assert_eq!(preview.tickets[2].ticket_number, held[2].state.number);
    let begun = suite.begin("admin", start("an")).await.unwrap();
    assert_eq!((&begun.leave_id, begun.reason.as_str()), (&leave.id, "李伟 is on leave"));
    for (ticket, taker) in held.iter_mut().zip(takers) {
        let decision = suite.handed_over(ticket).await;
        assert_eq!((to_person(&decision), &decision.region), (taker, &ticket.state.region));
        suite.applies(ticket, &decision).await;
    }
    assert_eq!(suite.watched(&begun.id).await.pop().unwrap().state(), ReassignmentState::Finished);
    let courses = suite.explain(&held[2]).await.reassignment.unwrap().courses;
    let courses: Vec<_> = courses.iter().map(pb::CourseTrial::course).collect();
    assert_eq!(courses, [ReassignmentCourse::StandIn, ReassignmentCourse::Strategy]);

    // Who is deactivated keeps what they have until somebody reassigns it; an import says so.
    let gone = pb::PrincipalRow { active: Some(false), ..person("chen", "roads") };
    let import =
        pb::ImportOrganisationRequest { request_id: id(), principals: vec![gone], ..Default::default() };
    let answer = suite.import(import).await;
    let left = answer.findings.iter().find(|one| {
        one.kind() == pb::OrganisationFindingKind::PersonGoneWithTickets && one.person_id == "chen"
    });
    assert_eq!(left.map(|one| one.tickets), Some(2), "{:?}", answer.findings);
    let preview = suite.preview("admin", of("chen")).await.unwrap();
    assert_eq!(preview.summary.unwrap().to_people, 1, "`bo` has room for one, `an` is on leave");
    let begun = suite.begin("admin", start("chen")).await.unwrap();
    assert_eq!(begun.reason, "李伟 has left");
}
