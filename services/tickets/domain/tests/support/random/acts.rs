//! What can be done, each with its weight: one that is not here is not tested.

use super::super::{administrator, at, intake, reason, reply, request, solution, unit};
use super::{Step, World};
use gongdan_tickets_domain::{
    Actor, Amendment, Changed, CloseReason, CoordinateSystem, New, Note, Outcome, Personal, PrincipalId,
    Priority, Refusal, RootCause, Rules, Ticket, TicketType, Urgency,
    groups::{
        attachment::{File, FileName, NoteText},
        call::{CallId, Seat},
        form::FormPart,
        handoff::{EmergencyService, Reference},
        links::{self, LinkKind},
        place::{Asset, Differs, Grid, PlacePart},
        quality::QualityErrorKind,
        review::{Proposal, SigningMode},
        track::TrackNote,
        visit::{Manner, Report, ReportText, Stamp, VisitResult, What},
    },
    workflow::Acting,
};
use jiff::Timestamp;
use uuid::Uuid;

/// An act as it is tried.
pub(super) type Act = fn(Ticket, &Step, &Actor, Timestamp, &World<'_>) -> Result<Changed, Refusal>;

/// What changes nothing and is no refusal.
pub(super) const NOTHING: Refusal = Refusal::NotRecipient;

/// Each act with its weight.
pub(super) const ACTS: &[(&str, usize, Act)] = &[
    ("submit", 5, |t, _, by, at, _| t.submit(request().0, request().1, by, at)),
    ("dispatch", 8, |t, s, by, at, _| t.dispatch(s.unit(), None, s.note(), by, at)),
    ("decide", 2, |t, s, by, at, _| Ok(t.clone().decide(s.decision(&t), by, at).into_changed())),
    ("claim", 4, |t, _, by, at, _| t.claim(by, at)),
    ("accept", 14, |t, _, by, at, _| t.accept(by, at)),
    ("transfer", 1, |t, s, by, at, _| t.transfer(s.unit(), None, reason("转"), by, at)),
    ("return", 2, |t, _, by, at, _| t.return_to_pool(reason("不属于"), &Rules::default(), by, at)),
    ("put back", 3, |t, _, by, at, _| t.put_back(reason("请病假"), by, at)),
    ("resolve", 12, |t, s, by, at, _| {
        let outcome = s.pick(Outcome::ALL);
        t.resolve(outcome, solution(), RootCause::default(), s.flag(4).then(|| s.unit()), reply(), by, at)
    }),
    ("open callback", 5, |t, s, by, at, _| t.open_callback(s.id(), by, at)),
    ("close", 4, |t, s, by, at, _| t.close(s.pick(CloseReason::ALL), s.flag(4).then(|| s.id()), by, at)),
    ("reopen", 4, |t, s, by, at, _| {
        let task = s.flag(4).then(|| s.id());
        t.reopen(reason("没解决"), s.flag(5), task, &Rules::default(), by, at)
    }),
    ("cancel", 1, |t, s, by, at, _| s.rarely(t)?.cancel(reason("误报"), by, at)),
    ("urge", 2, |t, s, by, at, _| t.urge(s.note(), &Rules::default(), by, at)),
    ("erase", 1, |t, s, by, at, _| {
        let what = Personal { contact: s.flag(4), texts: s.flag(5) };
        t.erase(what, s.flag(6), by, at)?.ok_or(NOTHING)
    }),
    ("escalate", 1, |t, s, by, at, _| t.escalate(s.flag(1).then(|| s.unit()), None, reason("升级"), by, at)),
    ("request assist", 2, |t, s, by, at, _| {
        t.request_assist(s.id(), s.unit(), s.flag(1).then(|| later(at, 3_600)), reason("请协助"), by, at)
    }),
    ("reply assist", 4, |t, s, by, at, _| {
        let id = s.of(t.groups.assists.list.iter().map(|a| a.id));
        t.reply_assist(id, reply(), by, at)
    }),
    ("decline assist", 2, |t, s, by, at, _| {
        let id = s.of(t.groups.assists.list.iter().map(|a| a.id));
        t.decline_assist(id, reason("无关"), by, at)
    }),
    ("waive assist", 4, |t, s, by, at, _| {
        let id = s.of(t.groups.assists.list.iter().map(|a| a.id));
        t.waive_assist(id, reason("已无必要"), by, at)
    }),
    ("request suspension", 2, |t, s, by, at, _| {
        let rules = Rules { suspension_approval: s.flag(1), ..Rules::default() };
        t.request_suspension(s.id(), s.flag(2).then(|| later(at, 7_200)), reason("等材料"), &rules, by, at)
    }),
    ("approve suspension", 6, |t, s, by, at, _| {
        let id = s.of(t.groups.suspensions.list.iter().map(|s| s.id));
        t.approve_suspension(id, s.note(), by, at)
    }),
    ("reject suspension", 2, |t, s, by, at, _| {
        let id = s.of(t.groups.suspensions.list.iter().map(|s| s.id));
        t.reject_suspension(id, reason("不同意"), by, at)
    }),
    ("resume", 4, |t, s, by, at, _| t.resume(s.note(), by, at)),
    // Before its time it is refused as if the phase were the reason: only a job tries.
    ("resume by itself", 4, |t, _, by, at, _| t.resume_by_itself(by, at).map_err(|_| NOTHING)),
    ("request extension", 3, |t, s, by, at, _| {
        let due = s.flag(1).then(|| later(at, i64::from(s.dice % 7_200) - 600));
        t.request_extension(s.id(), later(at, 2_592_000), reason("案情复杂"), due, &Rules::default(), by, at)
    }),
    ("approve extension", 5, |t, s, by, at, _| {
        let id = s.of(t.groups.extensions.list.iter().map(|e| e.id));
        t.approve_extension(id, s.flag(1).then(|| later(at, 86_400)), s.note(), by, at)
    }),
    ("reject extension", 3, |t, s, by, at, _| {
        let id = s.of(t.groups.extensions.list.iter().map(|e| e.id));
        t.reject_extension(id, reason("不同意"), by, at)
    }),
    ("issue directive", 1, |t, s, by, at, _| {
        t.issue_directive(s.id(), s.flag(1).then(|| s.unit()), later(at, 3_600), reason("限期办结"), by, at)
    }),
    ("reply directive", 5, |t, s, by, at, _| {
        let id = s.of(t.groups.directives.all.iter().map(|d| d.id));
        t.reply_directive(id, reply(), by, at)
    }),
    ("accept directive", 4, |t, s, by, at, _| {
        let id = s.of(t.groups.directives.all.iter().map(|d| d.id));
        t.accept_directive(id, s.note(), by, at)
    }),
    ("reject directive", 2, |t, s, by, at, _| {
        let id = s.of(t.groups.directives.all.iter().map(|d| d.id));
        t.reject_directive(id, later(at, 3_600), reason("答非所问"), by, at)
    }),
    ("withdraw directive", 2, |t, s, by, at, _| {
        let id = s.of(t.groups.directives.all.iter().map(|d| d.id));
        t.withdraw_directive(id, reason("已无必要"), by, at)
    }),
    ("climb directives", 1, |t, _, by, at, _| t.climb_directives(&Rules::default(), by, at).ok_or(NOTHING)),
    ("track", 1, |t, s, by, at, _| {
        let note = TrackNote::parse(if s.flag(1) { "问问进展13800001234" } else { "" }).unwrap();
        t.track(s.id(), s.flag(2).then(|| later(at, 600)), note, by, at)
    }),
    ("untrack", 1, |t, s, by, at, _| t.untrack(s.id(), by, at)),
    ("remind", 1, |t, _, by, at, _| t.remind(by, at).ok_or(NOTHING)),
    ("mark quality error", 1, |t, s, by, at, _| {
        let (kind, unit) = (s.pick(QualityErrorKind::ALL), s.flag(1).then(|| s.unit()));
        t.mark_quality_error(s.id(), kind, None, unit, reason("类别有误"), by, at)
    }),
    ("withdraw quality error", 1, |t, s, by, at, _| {
        let id = s.of(t.groups.quality_errors.all.iter().map(|e| e.id));
        t.withdraw_quality_error(id, reason("看错了"), by, at)
    }),
    ("circulate", 1, |t, s, by, at, _| t.circulate(s.id(), Vec::new(), s.note(), by, at)),
    ("hand off", 1, |t, s, by, at, _| {
        let (service, reference) = (s.pick(EmergencyService::ALL), Reference::parse("110-7").unwrap());
        t.hand_off(s.id(), service, reference, reason("有人受伤"), by, at)
    }),
    ("note", 1, |t, s, by, at, _| {
        let mentions = if s.flag(1) { vec![PrincipalId::parse("wang.fang").unwrap()] } else { Vec::new() };
        t.note(s.id(), s.flag(2), mentions, NoteText::parse("已联系13800001234").unwrap(), by, at)
    }),
    ("attach", 1, |t, s, by, at, _| {
        let name = FileName::parse("现场.jpg").unwrap();
        let (media_type, sha256) = ("image/jpeg".to_owned(), [7; 32]);
        t.attach(
            File { id: s.id(), public: s.flag(1), media_type, size: 7, sha256, name, from_reporter: false },
            3,
            by,
            at,
        )
    }),
    ("detach", 1, |t, s, by, at, _| {
        // Which there are the store knows.
        let has = t.groups.attachments;
        let public = s.flag(1) && has.public_attachments > 0;
        let left = if public { has.public_attachments } else { has.attachments - has.public_attachments };
        if left > 0 { t.detach(s.id(), public, s.note(), by, at) } else { Err(NOTHING) }
    }),
    ("link call", 1, |t, s, by, at, _| {
        let call = CallId::parse(&format!("call-{}", s.number() % 5)).unwrap();
        t.link_call(call, Seat::parse("A12").unwrap(), by, at)?.ok_or(NOTHING)
    }),
    ("book visit", 2, |t, s, by, at, _| t.book_visit(s.id(), s.window(at), s.person(), s.note(), by, at)),
    ("report visit", 4, |t, s, by, at, _| {
        let visit = s.of(t.groups.visits.all.iter().map(|v| v.id));
        let what = match s.number() % 4 {
            0 => What::Moved { window: s.window(at), person: s.person() },
            1 => What::CheckedIn,
            2 => What::Reported { result: s.pick(VisitResult::ALL), photos: vec![s.id()] },
            _ => What::Cancelled,
        };
        // By a phone that may have been without network for an hour.
        let happened = later(at, -i64::from(s.dice % 3_600));
        let stamp = Stamp { at: happened, sequence: i64::from(s.dice % 3), report: s.id() };
        let manner = if s.flag(1) { Manner::Live } else { Manner::Replayed };
        let text = ReportText::parse("已更换，电话13800001234").unwrap();
        t.report_visit(Report { visit, stamp, what, text }, manner, by, at)?.ok_or(NOTHING)
    }),
    ("link", 1, |t, s, by, at, _| {
        let kinds = [LinkKind::Related, LinkKind::RepeatOf, LinkKind::RepeatedBy, LinkKind::ParentOf];
        let note = s.note();
        links::link(t, other(s.number() % 3), s.pick(&kinds), &note, by, at).map(|(one, _)| one)
    }),
    ("unlink", 1, |t, s, by, at, _| {
        let note = s.note();
        links::unlink(t, other(s.number() % 3), &note, by, at).map(|(one, _)| one)
    }),
    ("split", 1, |t, s, by, at, _| {
        let note = s.note();
        t.split(&[(s.id(), "GD1".to_owned()), (Uuid::from_u128(3), "GD2".to_owned())], &note, by, at)
    }),
    ("merge", 1, |t, s, by, at, _| {
        links::merge(s.rarely(t)?, other(0), &reason("同一件事"), by, at).map(|(source, _)| source)
    }),
    ("merge into", 1, |t, _, by, at, _| {
        links::merge(other(1), t, &reason("同一件事"), by, at).map(|(_, target)| target)
    }),
    ("undo merge", 3, |t, _, by, at, world| {
        let before = world.past.iter().rev().find(|past| past.groups.links.merged_into().is_none()).cloned();
        let before = before.unwrap_or_else(|| t.clone());
        links::undo_merge(t, other(0), &before, &reason("不是一件事"), by, at).map(|(source, _)| source)
    }),
    ("amend", 1, |t, s, by, at, _| {
        let amended = Amendment {
            kind: s.pick(TicketType::ALL),
            item: "urban.noise".to_owned(),
            item_path: vec!["urban".to_owned(), "urban.noise".to_owned()],
            catalogue_version: 2,
            sla_policy: "quick".to_owned(),
            region: intake().region,
            channel: t.channel,
            urgency: s.pick(Urgency::ALL),
            impact: t.impact,
            priority: s.pick(Priority::ALL),
            customer_id: t.customer_id,
            priority_matrix_version: 2,
            sensitive: s.flag(1),
            confidential: s.flag(2),
            form: FormPart::default(),
        };
        t.amend(amended, intake().subject, intake().body, by, at)
    }),
    ("discard", 1, |t, s, by, at, _| s.rarely(t)?.discard(reason("重复"), by, at)),
    ("answer", 1, |t, s, by, at, _| s.rarely(t)?.answer(request(), s.pick(Outcome::ALL), reply(), by, at)),
    ("quarantine", 2, |t, _, by, at, _| t.quarantine(request().0, request().1, later(at, 259_200), by, at)),
    ("verify", 2, |t, s, by, at, _| t.verify(s.flag(1).then(|| s.unit()), by, at)),
    ("expire", 1, |t, _, _, at, _| t.expire(reason("未核实"), &super::program(), at)),
    ("advance", 6, |t, s, by, at, world| {
        let steps: Vec<&str> = world
            .workflow
            .steps()
            .iter()
            .filter(|step| step.phase == t.phase)
            .map(|step| step.key.as_str())
            .collect();
        let to = if s.dice.is_multiple_of(17) || steps.is_empty() { "nowhere" } else { s.pick(&steps) };
        t.advance(to, s.note(), world.workflow, by, at)
    }),
    ("migrate", 1, |t, _, by, at, world| {
        let Some(newer) = world.newer else { return Err(NOTHING) };
        t.migrate(newer, &world.renamed(newer), by, at)
    }),
    ("submit for review", 12, |t, s, by, at, world| {
        let colleague = |unit| super::leader(unit).id;
        let countersigners = if s.flag(1) { vec![colleague("a"), colleague("b")] } else { Vec::new() };
        let proposal = Proposal {
            id: s.id(),
            outcome: s.pick(Outcome::ALL),
            solution: solution(),
            root_cause: RootCause::default(),
            responsible_unit: s.flag(2).then(|| s.unit()),
            reply: reply(),
            countersigners,
            countersigning: s.pick(SigningMode::ALL),
        };
        t.submit_for_review(proposal, world.workflow, Acting::Roles(&s.roles()), by, at)
    }),
    ("approve review", 24, |t, s, by, at, world| {
        t.approve_review(s.note(), world.workflow, s.standing(by, &s.roles()), at)
    }),
    ("reject review", 6, |t, s, by, at, world| {
        let steps: Vec<&str> = world.workflow.steps().iter().map(|step| step.key.as_str()).collect();
        let to = s.flag(1).then(|| s.pick(&steps));
        t.reject_review(to, reason("答复不清"), world.workflow, s.standing(by, &s.roles()), at)
    }),
    ("change place", 1, |t, s, by, at, _| {
        let grid = s.flag(1).then(|| Grid::parse(&format!("grid-{}", s.number() % 3)).unwrap());
        let asset = s.flag(2).then(|| Asset::parse(&format!("lamp-{}", s.number() % 3)).unwrap());
        let differs = Differs { address: s.flag(2), point: s.flag(3) };
        let to = PlacePart {
            grid,
            asset,
            kept: s.flag(2),
            given_in: s.flag(3).then_some(CoordinateSystem::Gcj02),
        };
        t.change_place(to, differs, reason("门牌号有误13800001234"), by, at)?.ok_or(NOTHING)
    }),
    ("be split from", 1, |t, s, by, at, _| {
        let kinds = [LinkKind::RepeatedBy, LinkKind::ParentOf];
        t.begun_from(s.pick(&kinds), &other(s.number() % 3), &s.note(), by, at)
    }),
];

/// Another ticket that somebody works on.
fn other(number: usize) -> Ticket {
    let id = Uuid::from_u128(u128::try_from(number).unwrap() + 1_000);
    let new = New { id, number: format!("GD26112200000010{number:02}"), external: None };
    let by = administrator();
    let ticket = Ticket::submitted(new, intake(), &by, at(0)).ticket;
    ticket
        .dispatch(unit("b"), None, Note::default(), &by, at(0))
        .unwrap()
        .ticket
        .accept(&by, at(0))
        .unwrap()
        .ticket
}

pub(super) fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at + jiff::SignedDuration::from_secs(seconds)
}
