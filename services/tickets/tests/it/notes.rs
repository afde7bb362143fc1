//! T25: notes, for staff and for the citizen.

use crate::{
    attachments::asked_by_citizen,
    suite::{Suite, dispatch, fields, id, name, with_phone},
};
use gongdan_auth::AuthChannel;
use gongdan_proto::tickets::v1::{self as pb, note_service_client::NoteServiceClient, ticket_event::Change};
use tonic::Code;

fn notes(suite: &Suite, principal: &str) -> NoteServiceClient<AuthChannel> {
    NoteServiceClient::new(suite.env.channel(&suite.service, principal))
}

fn note(ticket: &pb::Ticket, text: &str) -> pb::AddNoteRequest {
    pb::AddNoteRequest {
        request_id: id(),
        ticket: ticket.id.clone(),
        text: text.to_owned(),
        ..Default::default()
    }
}

async fn list(suite: &Suite, who: &str, ticket: &pb::Ticket) -> Vec<pb::Note> {
    let request = pb::ListNotesRequest { ticket: ticket.id.clone(), ..Default::default() };
    notes(suite, who).list_notes(request).await.unwrap().into_inner().notes
}

#[tokio::test]
async fn t25_notes_are_internal_or_public_and_mention_staff() {
    let suite = Suite::start().await;
    let ticket = asked_by_citizen(&suite, false).await;
    let request = pb::AddNoteRequest {
        mention_ids: vec!["chen.jing".to_owned(), "chen.jing".to_owned()],
        ..note(&ticket, "请核实，电话13800001234")
    };
    let internal = notes(&suite, "zhao.min").add_note(request.clone()).await.unwrap().into_inner();
    assert_eq!(internal.text, "请核实，电话138****1234", "numbers are masked");
    assert_eq!(internal.mention_ids, ["chen.jing"]);
    let again = notes(&suite, "zhao.min").add_note(request).await.unwrap().into_inner();
    assert_eq!(again, internal, "a retry is answered and adds nothing");
    let public = pb::AddNoteRequest { public: true, ..note(&ticket, "已联系施工方") };
    notes(&suite, "zhao.min").add_note(public).await.unwrap();
    let own =
        notes(&suite, "citizen.liu").add_note(note(&ticket, "今晚又在施工")).await.unwrap().into_inner();
    assert!(own.public, "what a citizen writes is public");

    let texts = |notes: Vec<pb::Note>| notes.into_iter().map(|note| note.text).collect::<Vec<_>>();
    assert_eq!(
        texts(list(&suite, "zhao.min", &ticket).await),
        ["今晚又在施工", "已联系施工方", "请核实，电话138****1234"]
    );
    assert_eq!(texts(list(&suite, "citizen.liu", &ticket).await), ["今晚又在施工", "已联系施工方"]);
    let event = suite.timeline(&ticket.id).await.into_iter().find_map(|entry| match entry.change {
        Some(Change::Noted(noted)) => Some(noted),
        _ => None,
    });
    assert_eq!(event.unwrap().mention_ids, ["chen.jing"], "who is mentioned is told by the event");
}

#[tokio::test]
async fn a_citizen_is_told_nothing_of_internal_notes() {
    let suite = Suite::start().await;
    let ticket = asked_by_citizen(&suite, false).await;
    for _ in 0..3 {
        notes(&suite, "zhao.min").add_note(note(&ticket, "内部核实")).await.unwrap();
    }
    let request = pb::GetTicketRequest { ticket: ticket.id.clone(), in_clear: false };
    let seen = suite.tickets("citizen.liu").get_ticket(request).await.unwrap().into_inner();
    assert_eq!((seen.note_count, suite.get(&ticket.id).await.note_count), (0, 3));
    // Page by page, so that pages of nothing but internal notes are passed.
    let (mut token, mut told) = (String::new(), Vec::new());
    loop {
        let request = pb::ListTimelineRequest { ticket: ticket.id.clone(), page_size: 1, page_token: token };
        let page = suite.tickets("citizen.liu").list_timeline(request).await.unwrap().into_inner();
        told.extend(page.entries.iter().map(|entry| name(entry.change.as_ref().unwrap())));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert!(!told.is_empty() && !told.contains(&"noted"), "{told:?}");
}

#[tokio::test]
async fn a_confidential_reporter_is_taken_out_of_notes() {
    let suite = Suite::start().await;
    let request = pb::CreateTicketRequest { reporter_confidential: true, ..with_phone("13800001234") };
    let ticket = suite.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner();
    let about =
        pb::AddNoteRequest { public: true, ..note(&ticket, "张三来电，13800001234，请回电") };
    notes(&suite, "zhao.min").add_note(about).await.unwrap();
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    assert_eq!(list(&suite, "zhao.min", &ticket).await[0].text, "张三来电，138****1234，请回电");
    let seen = list(&suite, "li.wei", &ticket).await.remove(0).text;
    assert!(!seen.contains("张三") && !seen.contains("138") && seen.contains("请回电"), "{seen}");
    let own = notes(&suite, "li.wei").add_note(note(&ticket, "已联系张三")).await.unwrap().into_inner();
    assert_eq!(own.text, "已联系***", "nor from what the unit wrote itself");
}

#[tokio::test]
async fn notes_are_paged_newest_first() {
    let suite = Suite::start().await;
    let ticket = suite.submitted().await;
    for at in 0..5 {
        notes(&suite, "zhao.min").add_note(note(&ticket, &format!("第{at}条"))).await.unwrap();
    }
    let (mut token, mut texts) = (String::new(), Vec::new());
    loop {
        let request = pb::ListNotesRequest { ticket: ticket.number.clone(), page_size: 2, page_token: token };
        let page = notes(&suite, "zhao.min").list_notes(request).await.unwrap().into_inner();
        texts.extend(page.notes.into_iter().map(|note| note.text));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(texts, ["第4条", "第3条", "第2条", "第1条", "第0条"]);
}

#[tokio::test]
async fn bad_notes_are_refused_by_field() {
    let suite = Suite::start().await;
    let ticket = asked_by_citizen(&suite, false).await;
    let refused = |request: pb::AddNoteRequest, who: &'static str| {
        let mut client = notes(&suite, who);
        async move { client.add_note(request).await.unwrap_err() }
    };
    let empty = refused(note(&ticket, "  "), "zhao.min").await;
    assert_eq!((empty.code(), fields(&empty)), (Code::InvalidArgument, vec!["text".to_owned()]));
    let stranger =
        pb::AddNoteRequest { mention_ids: vec!["chen.jing".into(), "nobody".into()], ..note(&ticket, "看") };
    assert_eq!(fields(&refused(stranger, "zhao.min").await), ["mention_ids[1]"]);
    let many = pb::AddNoteRequest { mention_ids: vec!["chen.jing".into(); 21], ..note(&ticket, "看") };
    assert_eq!(fields(&refused(many, "zhao.min").await), ["mention_ids"]);
    let by_citizen = pb::AddNoteRequest { mention_ids: vec!["chen.jing".into()], ..note(&ticket, "看") };
    assert_eq!(fields(&refused(by_citizen, "citizen.liu").await), ["mention_ids"]);
    assert_eq!(refused(note(&ticket, "看"), "wang.fang").await.code(), Code::NotFound);
}
