//! T10, T11: repeats, links, parts, merges.

use crate::suite::{
    Suite, accept, complaint, dispatch, fields, id, instant, reason, reopen, resolve, urge, with_phone,
};
use gongdan_proto::tickets::v1::{self as pb, LinkKind, SimilarReason, ticket_event::Change as PbChange};
use gongdan_testkit::{PrincipalSpec, eventually};
use tonic::{Code, Status};

fn link(ticket: &pb::Ticket, kind: LinkKind, other: &pb::Ticket) -> pb::LinkTicketRequest {
    pb::LinkTicketRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        kind: kind.into(),
        other: other.number.clone(),
        reason: "同一件事，13800001234".to_owned(),
        ..Default::default()
    }
}

fn unlink(ticket: &pb::Ticket, other: &pb::Ticket) -> pb::UnlinkTicketRequest {
    pb::UnlinkTicketRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        other: other.id.clone(),
        ..Default::default()
    }
}

fn merge(ticket: &pb::Ticket, into: &pb::Ticket) -> pb::MergeTicketRequest {
    pb::MergeTicketRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        into: into.id.clone(),
        reason: "同一件事".to_owned(),
        ..Default::default()
    }
}

fn undo(ticket: &pb::Ticket) -> pb::UndoMergeRequest {
    pb::UndoMergeRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        reason: "弄错了".to_owned(),
        ..Default::default()
    }
}

fn split(ticket: &pb::Ticket) -> pb::SplitTicketRequest {
    let part = |subject: &str, region: &str| pb::SplitPart {
        subject: subject.to_owned(),
        body: format!("{subject}，请处理。"),
        region: region.to_owned(),
        ..Default::default()
    };
    pb::SplitTicketRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        parts: vec![part("夜间施工", ""), part("渣土车乱停", "440103")],
        reason: "两件事".to_owned(),
        ..Default::default()
    }
}

/// What it names of others, by kind and id.
fn links(ticket: &pb::Ticket) -> Vec<(LinkKind, String)> {
    ticket.links.iter().map(|link| (link.kind(), link.ticket_id.clone())).collect()
}

/// Without what every event changes.
fn bare(ticket: &pb::Ticket) -> pb::Ticket {
    pb::Ticket { etag: String::new(), version: 0, chain: Vec::new(), ..ticket.clone() }
}

impl Suite {
    async fn create(&self, request: pb::CreateTicketRequest) -> pb::Ticket {
        self.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner()
    }

    async fn linked(&self, request: pb::LinkTicketRequest) -> Result<pb::Ticket, Status> {
        self.links("zhao.min").link_ticket(request).await.map(tonic::Response::into_inner)
    }

    async fn similar(&self, who: &str, request: pb::FindSimilarRequest) -> Vec<pb::SimilarTicket> {
        self.links(who).find_similar(request).await.unwrap().into_inner().candidates
    }
}

fn about(subject: &str, body: &str, region: &str) -> pb::CreateTicketRequest {
    pb::CreateTicketRequest {
        subject: subject.to_owned(),
        body: body.to_owned(),
        region: region.to_owned(),
        ..with_phone("13800001234")
    }
}

#[tokio::test]
async fn t10_candidates_come_with_score_and_reason() {
    let suite = Suite::start().await;
    let words = "棠下村口工地每天凌晨两点还在打桩，老人孩子无法入睡，已多次向物业反映。";
    let same = suite.create(about("凌晨打桩", words, "440106")).await;
    let strange = pb::CreateTicketRequest { contact: None, ..about("打桩噪音", words, "440106") };
    let alike = suite.create(strange.clone()).await;
    let elsewhere = suite
        .create(pb::CreateTicketRequest { request_id: id(), region: "440103".to_owned(), ..strange })
        .await;
    let other = suite.create(about("公交改线", "希望公交车增加班次，早高峰等了四十分钟。", "440106")).await;
    let asked = pb::FindSimilarRequest {
        phone: "138 0000 1234".to_owned(),
        item: "unclassified".to_owned(),
        region: "440106".to_owned(),
        subject: "工地凌晨打桩".to_owned(),
        body: words.to_owned(),
        ..Default::default()
    };
    eventually("the texts are compared", async || suite.similar("zhao.min", asked.clone()).await.len() == 3)
        .await;
    let found = suite.similar("zhao.min", asked.clone()).await;
    let by = |ticket: &pb::Ticket| found.iter().find(|c| c.ticket.as_ref().unwrap().id == ticket.id);
    let reasons = |ticket: &pb::Ticket| by(ticket).unwrap().reasons().collect::<Vec<_>>();
    assert_eq!(reasons(&same), [SimilarReason::SameCustomerAndItem, SimilarReason::SimilarText]);
    assert_eq!(reasons(&alike), [SimilarReason::SimilarText]);
    assert_eq!(reasons(&other), [SimilarReason::SameCustomerAndItem]);
    assert!(by(&elsewhere).is_none(), "in another county");
    let scores: Vec<f64> = found.iter().map(|candidate| candidate.score).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b) && scores[0] <= 1.0 && scores[2] >= 0.5 - 1e-9, "{scores:?}");
    assert!(by(&same).unwrap().score > 0.8 && by(&alike).unwrap().text > 0.6, "{scores:?}");
    assert!((by(&other).unwrap().text) < 0.1);
    // Of a ticket that is there: itself is none of them.
    let of = pb::FindSimilarRequest { ticket: same.id.clone(), ..Default::default() };
    let found = suite.similar("zhao.min", of).await;
    let ids: Vec<&str> = found.iter().map(|c| c.ticket.as_ref().unwrap().id.as_str()).collect();
    assert_eq!(ids.len(), 2);
    assert!(ids.contains(&alike.id.as_str()) && ids.contains(&other.id.as_str()), "{ids:?}");
    // The window: longer ago does not count.
    let old = pb::CreateTicketRequest {
        received_at: Some(instant("2020-01-01T00:00:00Z")),
        ..about("凌晨打桩", words, "440106")
    };
    let old = suite.create(old).await;
    eventually("it is indexed", async || suite.count("ticket_grams").await == 5).await;
    let found = suite.similar("zhao.min", asked).await;
    assert!(found.iter().all(|candidate| candidate.ticket.as_ref().unwrap().id != old.id));
}

#[tokio::test]
async fn t10_whose_request_it_is_is_not_learned_by_asking_for_similar_ones() {
    let suite = Suite::start().await;
    let request = pb::CreateTicketRequest { reporter_confidential: true, ..with_phone("13800001234") };
    let ticket = suite.create(request).await;
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    let asked = pb::FindSimilarRequest {
        customer_id: ticket.customer_id.clone(),
        item: "unclassified".to_owned(),
        ..Default::default()
    };
    assert_eq!(suite.similar("zhao.min", asked.clone()).await.len(), 1);
    assert!(suite.similar("li.wei", asked.clone()).await.is_empty());
    suite.env.principal(PrincipalSpec::new("far.agent").unit("far").role("agent").region("11")).await;
    assert!(suite.similar("far.agent", asked).await.is_empty(), "out of their region");
    let unseen = pb::FindSimilarRequest { ticket: ticket.id, ..Default::default() };
    let refused = suite.links("far.agent").find_similar(unseen).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
}

#[tokio::test]
async fn t10_a_request_that_cannot_be_compared_is_refused() {
    let suite = Suite::start().await;
    let none = pb::FindSimilarRequest::default;
    for (request, field) in [
        (none(), "ticket"),
        (pb::FindSimilarRequest { subject: "噪音".to_owned(), ..none() }, "ticket"),
        (pb::FindSimilarRequest { ticket: "x".to_owned(), ..none() }, "ticket"),
        (pb::FindSimilarRequest { ticket: id(), item: "x".to_owned(), ..none() }, "ticket"),
        (pb::FindSimilarRequest { limit: 51, ..none() }, "limit"),
        (pb::FindSimilarRequest { region: "99".to_owned(), subject: "噪音".to_owned(), ..none() }, "region"),
        (pb::FindSimilarRequest { phone: "1".to_owned(), item: "x".to_owned(), ..none() }, "phone"),
        (
            pb::FindSimilarRequest { customer_id: "1".to_owned(), item: "x".to_owned(), ..none() },
            "customer_id",
        ),
    ] {
        let refused = suite.links("zhao.min").find_similar(request).await.unwrap_err();
        assert_eq!((refused.code(), fields(&refused)), (Code::InvalidArgument, vec![field.to_owned()]));
    }
}

#[tokio::test]
async fn t10_repeats_are_linked_and_counted() {
    let suite = Suite::start().await;
    let original = suite.submitted().await;
    // At intake, in the same act.
    let request = pb::CreateTicketRequest { repeat_of: original.number.clone(), ..with_phone("13800001234") };
    let repeat = suite.create(request.clone()).await;
    assert_eq!(links(&repeat), [(LinkKind::RepeatOf, original.id.clone())]);
    assert_eq!(suite.changes(&repeat.id).await, ["submitted", "linked"]);
    assert_eq!(suite.create(request).await, repeat, "a retry has its answer");
    // And later.
    let second = suite.submitted().await;
    suite.linked(link(&second, LinkKind::RepeatOf, &original)).await.unwrap();
    let counted = suite.get(&original.id).await;
    assert_eq!((counted.repeat_count, counted.links.len()), (2, 2));
    assert_eq!(suite.changes(&original.id).await, ["submitted", "linked", "linked"]);
    // Of one only.
    let third = suite.submitted().await;
    let refused = suite.linked(link(&second, LinkKind::RepeatOf, &third)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "LINK_REFUSED"));
    suite.links("zhao.min").unlink_ticket(unlink(&second, &original)).await.unwrap();
    assert_eq!(suite.get(&original.id).await.repeat_count, 1);
    assert!(suite.get(&second.id).await.links.is_empty());
    // What is wrong with `repeat_of`.
    let bad = pb::CreateTicketRequest { repeat_of: "x".to_owned(), ..complaint() };
    assert_eq!(fields(&suite.tickets("zhao.min").create_ticket(bad).await.unwrap_err()), ["repeat_of"]);
    let gone = pb::CreateTicketRequest { repeat_of: id(), ..complaint() };
    let refused = suite.tickets("zhao.min").create_ticket(gone).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let draft = pb::CreateTicketRequest { repeat_of: original.id.clone(), draft: true, ..complaint() };
    assert_eq!(fields(&suite.tickets("zhao.min").create_ticket(draft).await.unwrap_err()), ["repeat_of"]);
}

#[tokio::test]
async fn t10_many_repeats_at_once_are_all_counted() {
    let suite =
        Suite::start_with(crate::suite::NO_SHARES, std::sync::Arc::new(gongdan_clock::SystemClock)).await;
    let original = suite.submitted().await;
    let calls = (0..12).map(|_| {
        let mut client = suite.tickets("zhao.min");
        let request = pb::CreateTicketRequest { repeat_of: original.id.clone(), ..complaint() };
        async move {
            // Who loses a race tries again, as the error says.
            for _ in 0..20 {
                match client.create_ticket(request.clone()).await {
                    Ok(_) => return true,
                    Err(status) => assert_eq!(status.code(), Code::Aborted, "{status}"),
                }
            }
            false
        }
    });
    assert!(futures::future::join_all(calls).await.into_iter().all(|done| done));
    assert_eq!(suite.get(&original.id).await.repeat_count, 12);
}

#[tokio::test]
async fn t11_links_are_made_and_taken_away_on_both_sides() {
    let suite = Suite::start().await;
    let (one, other) = (suite.submitted().await, suite.submitted().await);
    let request = link(&one, LinkKind::Related, &other);
    let linked = suite.linked(request.clone()).await.unwrap();
    assert_eq!(links(&linked), [(LinkKind::Related, other.id.clone())]);
    assert_eq!(linked.links[0].ticket_number, other.number);
    assert_eq!(links(&suite.get(&other.id).await), [(LinkKind::Related, one.id.clone())]);
    assert_eq!(suite.linked(request).await.unwrap(), linked, "a retry has its answer");
    let Some(PbChange::Linked(entry)) = suite.timeline(&other.id).await[1].change.clone() else { panic!() };
    assert_eq!(entry.reason, "同一件事，138****1234", "numbers travel masked");
    for (request, code, why) in [
        (link(&one, LinkKind::Related, &other), Code::FailedPrecondition, "LINK_REFUSED"),
        (link(&one, LinkKind::Related, &one), Code::InvalidArgument, "INVALID_REQUEST"),
        (link(&one, LinkKind::MergedInto, &other), Code::InvalidArgument, "INVALID_REQUEST"),
        (link(&one, LinkKind::Unspecified, &other), Code::InvalidArgument, "INVALID_REQUEST"),
        (
            pb::LinkTicketRequest { other: id(), ..link(&one, LinkKind::Related, &other) },
            Code::NotFound,
            "TICKET_NOT_FOUND",
        ),
        (
            pb::LinkTicketRequest { etag: "1".to_owned(), ..link(&one, LinkKind::Related, &other) },
            Code::Aborted,
            "ETAG_MISMATCH",
        ),
        (
            pb::LinkTicketRequest { other_etag: "1".to_owned(), ..link(&one, LinkKind::Related, &other) },
            Code::Aborted,
            "ETAG_MISMATCH",
        ),
        (
            pb::LinkTicketRequest { other_etag: "?".to_owned(), ..link(&one, LinkKind::Related, &other) },
            Code::InvalidArgument,
            "INVALID_REQUEST",
        ),
    ] {
        let refused = suite.linked(request.clone()).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (code, why), "{request:?}");
    }
    let left = suite.links("zhao.min").unlink_ticket(unlink(&one, &other)).await.unwrap().into_inner();
    assert!(left.links.is_empty() && suite.get(&other.id).await.links.is_empty());
    let refused = suite.links("zhao.min").unlink_ticket(unlink(&one, &other)).await.unwrap_err();
    assert_eq!(reason(&refused), "LINK_REFUSED");
}

#[tokio::test]
async fn t11_both_tickets_must_be_the_callers_to_act_on() {
    let suite = Suite::start().await;
    suite
        .env
        .principal(PrincipalSpec::new("agent.tianhe").unit("centre2").role("agent").region("440106"))
        .await;
    let here = suite.submitted().await;
    let there = suite.create(pb::CreateTicketRequest { region: "430100".to_owned(), ..complaint() }).await;
    for request in [link(&here, LinkKind::Related, &there), link(&there, LinkKind::Related, &here)] {
        let refused = suite.links("agent.tianhe").link_ticket(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound);
    }
    let refused = suite.links("agent.tianhe").merge_ticket(merge(&here, &there)).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    // A unit links what it has; it does not merge.
    let (mine, other) = (suite.accepted().await, suite.accepted().await);
    suite.links("li.wei").link_ticket(link(&mine, LinkKind::Related, &other)).await.unwrap();
    let refused = suite.links("li.wei").merge_ticket(merge(&mine, &other)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(suite.get(&here.id).await.version, 1, "nothing was left behind");
}

#[tokio::test]
async fn t11_a_split_ticket_has_parts_with_numbers_of_their_own() {
    let suite = Suite::start().await;
    let whole = suite.create(with_phone("13800001234")).await;
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&whole, "tianhe-env")).await.unwrap();
    suite.tickets("li.wei").accept_ticket(accept(&whole)).await.unwrap();
    let before = suite.changes(&whole.id).await;
    let request = split(&whole);
    let answer = suite.links("li.wei").split_ticket(request.clone()).await.unwrap().into_inner();
    let (ticket, parts) = (answer.ticket.clone().unwrap(), answer.parts.clone());
    assert_eq!(
        parts.iter().map(|part| part.subject.as_str()).collect::<Vec<_>>(),
        ["夜间施工", "渣土车乱停"]
    );
    assert_eq!(parts[0].region, whole.region);
    assert_eq!(parts[1].region, "440103000000");
    assert!(parts.iter().all(|part| part.number != whole.number && part.customer_id == whole.customer_id));
    assert!(parts.iter().all(|part| part.contact.as_ref().unwrap().phone == "138****1234"));
    assert!(parts.iter().all(|part| part.received_at == whole.received_at));
    assert!(parts.iter().all(|part| links(part) == [(LinkKind::ChildOf, whole.id.clone())]));
    let children: Vec<_> = parts.iter().map(|part| (LinkKind::ParentOf, part.id.clone())).collect();
    assert_eq!(links(&ticket), children);
    assert_eq!(ticket.phase(), pb::Phase::InProgress);
    let after = suite.changes(&whole.id).await;
    assert_eq!(after[..before.len()], before, "the timeline stays");
    assert_eq!(after[before.len()..], ["split", "linked", "linked"]);
    assert_eq!(suite.changes(&parts[0].id).await, ["submitted", "linked"]);
    assert_eq!(
        suite.links("li.wei").split_ticket(request).await.unwrap().into_inner(),
        answer,
        "a retry has its answer"
    );
    assert_eq!(suite.count("tickets").await, 3, "and makes nothing");

    // A part has no parts; the whole waits for its parts.
    let refused = suite.links("admin").split_ticket(split(&parts[0])).await.unwrap_err();
    assert_eq!(reason(&refused), "LINK_REFUSED");
    let refused = suite.tickets("li.wei").resolve_ticket(resolve(&whole)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "PARTS_OPEN"));
    for part in &parts {
        suite.tickets("chen.jing").dispatch_ticket(dispatch(part, "tianhe-env")).await.unwrap();
        suite.tickets("li.wei").accept_ticket(accept(part)).await.unwrap();
        suite.tickets("li.wei").resolve_ticket(resolve(part)).await.unwrap();
    }
    suite.tickets("li.wei").resolve_ticket(resolve(&whole)).await.unwrap();
}

#[tokio::test]
async fn t11_what_cannot_be_split_is_refused_and_nothing_is_left() {
    let suite = Suite::start().await;
    let whole = suite.submitted().await;
    let with = |change: fn(&mut pb::SplitTicketRequest)| {
        let mut request = split(&whole);
        change(&mut request);
        request
    };
    for (request, field) in [
        (with(|r| r.parts.clear()), "parts"),
        (with(|r| r.parts = vec![r.parts[0].clone(); 11]), "parts"),
        (with(|r| r.parts[1].subject.clear()), "parts[1].subject"),
        (with(|r| r.parts[0].body.clear()), "parts[0].body"),
        (with(|r| r.parts[0].region = "99".to_owned()), "parts[0].region"),
        (with(|r| r.parts[1].item = "没有".to_owned()), "parts[1].item"),
    ] {
        let refused = suite.links("zhao.min").split_ticket(request).await.unwrap_err();
        assert_eq!((refused.code(), fields(&refused)), (Code::InvalidArgument, vec![field.to_owned()]));
    }
    let resolved = suite.resolved().await;
    let refused = suite.links("zhao.min").split_ticket(split(&resolved)).await.unwrap_err();
    assert_eq!(reason(&refused), "PHASE_REFUSES");
    assert_eq!(suite.count("tickets").await, 2);
    assert_eq!(suite.get(&whole.id).await.version, 1);
}

#[tokio::test]
async fn t11_an_undone_merge_leaves_both_tickets_as_if_it_had_not_been() {
    let suite = Suite::start().await;
    let source = suite.accepted().await;
    suite.tickets("zhao.min").urge_ticket(urge(&source)).await.unwrap();
    let (source, target) = (suite.get(&source.id).await, suite.dispatched("yuexiu-env").await);
    let target = suite.get(&target.id).await;
    let request = merge(&source, &target);
    let merged = suite.links("zhao.min").merge_ticket(request.clone()).await.unwrap().into_inner();
    assert_eq!(merged.phase(), pb::Phase::Closed);
    assert_eq!(merged.close_reason(), pb::CloseReason::Merged);
    assert_eq!(merged.merged_into_id, target.id);
    assert_eq!(links(&merged), [(LinkKind::MergedInto, target.id.clone())]);
    assert_eq!(links(&suite.get(&target.id).await), [(LinkKind::MergedFrom, source.id.clone())]);
    assert_eq!(suite.links("zhao.min").merge_ticket(request).await.unwrap().into_inner(), merged, "a retry");
    // It is over: only undoing brings it back.
    let refused = suite.tickets("zhao.min").reopen_ticket(reopen(&source, true)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "TICKET_MERGED"));

    let undone = suite.links("zhao.min").undo_merge(undo(&source)).await.unwrap().into_inner();
    assert_eq!(bare(&suite.get(&undone.id).await), bare(&source));
    assert_eq!(bare(&suite.get(&target.id).await), bare(&target));
    let names = suite.changes(&source.id).await;
    assert_eq!(names[names.len() - 2..], ["merged", "merge_undone"], "nothing is deleted");
    let names = suite.changes(&target.id).await;
    assert_eq!(names[names.len() - 2..], ["linked", "unlinked"]);
    // Its holder goes on where they were, and lists find it there.
    let filter = pb::TicketFilter {
        phases: vec![pb::Phase::InProgress.into()],
        handler_ids: vec!["li.wei".to_owned()],
        ..Default::default()
    };
    let listed = pb::ListTicketsRequest { filter: Some(filter), ..Default::default() };
    let listed = suite.tickets("li.wei").list_tickets(listed).await.unwrap().into_inner().tickets;
    assert_eq!(listed.iter().map(|ticket| ticket.id.as_str()).collect::<Vec<_>>(), [source.id.as_str()]);
    let refused = suite.links("zhao.min").undo_merge(undo(&source)).await.unwrap_err();
    assert_eq!(reason(&refused), "LINK_REFUSED");
    suite.tickets("li.wei").resolve_ticket(resolve(&source)).await.unwrap();
}

#[tokio::test]
async fn t11_a_merge_is_undone_from_every_phase_it_came_from() {
    let suite = Suite::start().await;
    let target = suite.submitted().await;
    for source in [suite.submitted().await, suite.dispatched("tianhe-env").await, suite.accepted().await] {
        let before = suite.get(&source.id).await;
        suite.links("chen.jing").merge_ticket(merge(&source, &target)).await.unwrap();
        suite.links("chen.jing").undo_merge(undo(&source)).await.unwrap();
        assert_eq!(bare(&suite.get(&source.id).await), bare(&before));
    }
    let resolved = suite.resolved().await;
    let refused = suite.links("chen.jing").merge_ticket(merge(&resolved, &target)).await.unwrap_err();
    assert_eq!(reason(&refused), "PHASE_REFUSES");
}

#[tokio::test]
async fn t11_of_two_who_merge_one_ticket_at_once_one_wins() {
    let suite = Suite::start().await;
    let (source, one, other) = (suite.submitted().await, suite.submitted().await, suite.submitted().await);
    let (mut left, mut right) = (suite.links("zhao.min"), suite.links("chen.jing"));
    let (a, b) =
        tokio::join!(left.merge_ticket(merge(&source, &one)), right.merge_ticket(merge(&source, &other)));
    let won = [a.is_ok(), b.is_ok()];
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    let lost = a.err().or(b.err()).unwrap();
    assert!(matches!(lost.code(), Code::Aborted | Code::FailedPrecondition), "{lost}");
    let noted = [suite.get(&one.id).await.links.len(), suite.get(&other.id).await.links.len()];
    assert_eq!(noted, won.map(usize::from), "the loser's target knows of nothing");
    // Two opposite merges end, and do not wait for each other for ever.
    let (x, y) = (suite.submitted().await, suite.submitted().await);
    let (mut left, mut right) = (suite.links("zhao.min"), suite.links("chen.jing"));
    let (a, b) = tokio::join!(left.merge_ticket(merge(&x, &y)), right.merge_ticket(merge(&y, &x)));
    assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|won| **won).count(), 1);
}
