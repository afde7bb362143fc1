//! What comes in parts comes in time, and no more of it than is allowed. Source: R1, R5.

use crate::support::{Suite, id, refusal, unit};
use futures::StreamExt as _;
use gongdan_proto::routing::v1 as pb;
use gongdan_testkit::eventually_some;
use tokio_stream::{iter, pending};
use tonic::Code;

fn responsibilities(rows: usize, person: &str) -> pb::ImportResponsibilitiesRequest {
    let row = |n: usize| pb::Responsibility {
        asset: format!("LAMP-{n}"),
        person_id: person.to_owned(),
        ..pb::Responsibility::default()
    };
    pb::ImportResponsibilitiesRequest { request_id: id(), rows: (0..rows).map(row).collect(), replace: false }
}

#[tokio::test]
async fn imports_whose_caller_falls_silent_are_given_up_and_write_nothing() {
    let suite = Suite::with("[imports]\nidle = \"300ms\"\n").await;
    suite.import_roads().await;
    let silent = iter([responsibilities(2, "an")]).chain(pending());
    let status = suite.responsible("admin").import_responsibilities(silent).await.unwrap_err();
    assert_eq!((status.code(), refusal(&status).1.as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    let part = pb::ImportOrganisationRequest {
        request_id: id(),
        units: vec![unit("late", "", "440106")],
        ..pb::ImportOrganisationRequest::default()
    };
    let silent = iter([pb::ImportOrganisationPartsRequest { part: Some(part) }]).chain(pending());
    let status = suite.organisation("admin").import_organisation_parts(silent).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    let late = pb::GetUnitRequest { id: "late".into(), at: None };
    assert_eq!(suite.organisation("admin").get_unit(late).await.unwrap_err().code(), Code::NotFound);
    // Whoever goes on speaking is heard.
    let parts = iter([responsibilities(2, "an")]);
    let came = suite.responsible("admin").import_responsibilities(parts).await.unwrap().into_inner();
    assert_eq!(came.begun, 2);
}

#[tokio::test]
async fn imports_of_more_bytes_than_are_allowed_are_refused_with_part_and_row() {
    let suite = Suite::with("[imports]\nmax_bytes = 10_000\n").await;
    suite.import_roads().await;
    let request = responsibilities(200, "an");
    let parts = iter((0..).map(move |_| request.clone()));
    let status = suite.responsible("admin").import_responsibilities(parts).await.unwrap_err();
    assert_eq!((status.code(), refusal(&status).1.as_str()), (Code::ResourceExhausted, "MESSAGE_TOO_LARGE"));
    assert_eq!(
        status.message(),
        "at most 10000 bytes in all parts: part 3, behind row 600, goes beyond",
        "{status:?}"
    );
}

#[tokio::test]
async fn imports_with_a_text_that_is_no_id_are_refused_when_it_comes_and_it_is_not_said_again() {
    let suite = Suite::start().await;
    suite.import_roads().await;
    let parts = iter([responsibilities(3, "an"), responsibilities(1, &"x".repeat(100_000))]);
    let mut first = true;
    let parts = parts.map(move |mut part| {
        if !std::mem::take(&mut first) {
            part.request_id.clear();
        }
        part
    });
    // The second part is wrong, whatever may come behind it.
    let status =
        suite.responsible("admin").import_responsibilities(parts.chain(pending())).await.unwrap_err();
    let (code, _, violations) = refusal(&status);
    assert_eq!(code, Code::InvalidArgument);
    assert_eq!(violations, ["rows[3].person_id: 1 to 64 of a-z, 0-9, '.', '-', '_'"]);
    let long = pb::ImportOrganisationRequest {
        request_id: id(),
        units: vec![unit("x", &"y".repeat(100_000), "440106")],
        ..pb::ImportOrganisationRequest::default()
    };
    let status = suite.organisation("admin").import_organisation(long).await.unwrap_err();
    let said = format!("units[0].parent_id: no unit `{}…`, neither here nor known", "y".repeat(64));
    assert_eq!(refusal(&status).2, [said]);
}

#[tokio::test]
async fn no_more_imports_than_are_allowed_go_on_at_once() {
    let suite = Suite::with("[imports]\nat_once = 1\n").await;
    suite.import_roads().await;
    let (first, more) = tokio::sync::mpsc::channel(1);
    let slow = tokio_stream::wrappers::ReceiverStream::new(more);
    let mut slow_one = suite.responsible("admin");
    let slow = tokio::spawn(async move { slow_one.import_responsibilities(slow).await });
    first.send(responsibilities(2, "an")).await.unwrap();
    let organisation = || pb::ImportOrganisationRequest {
        request_id: id(),
        units: vec![unit("late", "", "440106")],
        ..pb::ImportOrganisationRequest::default()
    };
    let busy = eventually_some("another one is refused", async || {
        suite.organisation("admin").import_organisation(organisation()).await.err()
    })
    .await;
    assert_eq!((busy.code(), refusal(&busy).1.as_str()), (Code::ResourceExhausted, "SERVER_BUSY"));
    let after =
        tonic_types::StatusExt::get_error_details(&busy).retry_info().and_then(|info| info.retry_delay);
    assert_eq!(after, Some(std::time::Duration::from_secs(10)));
    let part = pb::ImportOrganisationPartsRequest { part: Some(organisation()) };
    let refused = suite.organisation("admin").import_organisation_parts(iter([part])).await.unwrap_err();
    assert_eq!(refusal(&refused).1, "SERVER_BUSY");
    let refused = suite
        .responsible("admin")
        .import_responsibilities(iter([responsibilities(1, "an")]))
        .await
        .unwrap_err();
    assert_eq!(refusal(&refused).1, "SERVER_BUSY");
    // Once it is through there is a place again.
    drop(first);
    assert_eq!(slow.await.unwrap().unwrap().into_inner().begun, 2);
    suite.organisation("admin").import_organisation(organisation()).await.unwrap();
}
