//! Whom a service serves, and what its certificate says.

use std::time::Duration;

use gongdan_auth::{Actor, CALLER_HEADER, OnBehalfOf};
use gongdan_proto::{common::v1::PrincipalKind, routing::v1::Principal};
use gongdan_tls::Remote;
use http::{Request, header::AUTHORIZATION};
use jiff::SignedDuration;
use std::convert::Infallible;
use tonic::{Code, Status, body::Body};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{House, li_wei};

fn tickets() -> Principal {
    Principal {
        id: "service.tickets".to_owned(),
        subject: "service.tickets".to_owned(),
        kind: PrincipalKind::Service.into(),
        ..li_wei()
    }
}

struct Call<'a> {
    house: &'a House,
    token: String,
    carried: Vec<String>,
    names: Option<&'a [&'a str]>,
}

impl Call<'_> {
    /// Who calls and whom it serves, as what stands behind the door sees it.
    async fn seen(self) -> Result<(String, Option<String>), Status> {
        let inner = service_fn(|request: Request<Body>| async move {
            let mut answer = http::Response::new(Body::default());
            let id = |actor: &Actor| actor.principal_id.clone();
            let seen = (
                request.extensions().get::<Actor>().map(id).unwrap(),
                request.extensions().get::<OnBehalfOf>().map(|OnBehalfOf(actor)| id(actor)),
            );
            answer.extensions_mut().insert(seen);
            Ok::<_, Infallible>(answer)
        });
        let mut request = Request::builder()
            .uri("http://tickets/gongdan.tickets.v1.TicketService/GetTicket")
            .header(AUTHORIZATION, format!("Bearer {}", self.token));
        for carried in &self.carried {
            request = request.header(CALLER_HEADER, carried);
        }
        let mut remote = Remote::new(None, None);
        if let Some(names) = self.names {
            remote = remote.with_names(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        }
        let request = request.extension(remote).body(Body::default()).unwrap();
        let answer = self.house.authenticator.layer().layer(inner).oneshot(request).await.unwrap();
        match Status::from_header_map(answer.headers()) {
            Some(status) => Err(status),
            None => Ok(answer.extensions().get::<(String, Option<String>)>().cloned().unwrap()),
        }
    }
}

fn call<'a>(house: &'a House, subject: &str) -> Call<'a> {
    let token = house.issuer.mint(subject, Duration::from_secs(3600)).unwrap();
    Call { house, token, carried: Vec::new(), names: None }
}

#[tokio::test]
async fn a_service_says_whom_it_serves() {
    let house = House::new().await;
    house.authenticator.changed(&[tickets()]);
    let alone = call(&house, "service.tickets").seen().await.unwrap();
    assert_eq!(alone, ("service.tickets".to_owned(), None));
    let carried = vec![format!("Bearer {}", house.token())];
    let serving = Call { carried, ..call(&house, "service.tickets") }.seen().await.unwrap();
    assert_eq!(serving, ("service.tickets".to_owned(), Some("li.wei".to_owned())));
}

#[tokio::test]
async fn nobody_but_a_service_speaks_for_another() {
    let house = House::new().await;
    house.authenticator.changed(&[tickets()]);
    let carried =
        vec![format!("Bearer {}", house.issuer.mint("service.tickets", Duration::from_secs(60)).unwrap())];
    let refused = Call { carried, ..call(&house, "li.wei") }.seen().await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_carried_token_must_be_as_good_as_any() {
    let house = House::new().await;
    house.authenticator.changed(&[tickets()]);
    let stranger = House::new().await;
    let good = format!("Bearer {}", house.token());
    let bad = [
        vec![String::new()],
        vec!["Bearer".to_owned()],
        vec![house.token()],
        vec!["Bearer a.b.c".to_owned()],
        vec![format!("Bearer {}", stranger.token())],
        vec![good.clone(), good.clone()],
    ];
    for carried in bad {
        let refused = Call { carried: carried.clone(), ..call(&house, "service.tickets") }.seen().await;
        assert_eq!(refused.unwrap_err().code(), Code::Unauthenticated, "{carried:?}");
    }
    // One that ended while its call went on is still good for that call, and not for another's.
    house.clock.advance(SignedDuration::from_secs(600 + 30 + 30));
    let serving = Call { carried: vec![good.clone()], ..call(&house, "service.tickets") };
    serving.seen().await.unwrap();
    let own = Call { token: good.trim_start_matches("Bearer ").to_owned(), ..call(&house, "li.wei") };
    assert_eq!(own.seen().await.unwrap_err().code(), Code::Unauthenticated);
    house.clock.advance(SignedDuration::from_secs(60));
    let serving = Call { carried: vec![good], ..call(&house, "service.tickets") };
    assert_eq!(serving.seen().await.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_services_token_needs_the_services_certificate() {
    let house = House::with(|config| config.service_certificates = true).await;
    house.authenticator.changed(&[tickets()]);
    let with = |names| Call { names, ..call(&house, "service.tickets") };
    for good in [&["tickets"][..], &["service.tickets"], &["a.example", "service.tickets"]] {
        with(Some(good)).seen().await.unwrap();
    }
    for bad in [None, Some(&[][..]), Some(&["service.sla"]), Some(&["tickets.example", "*", "ticket"])] {
        assert_eq!(with(bad).seen().await.unwrap_err().code(), Code::Unauthenticated, "{bad:?}");
    }
    // People come without, and whom a service serves needs none.
    call(&house, "li.wei").seen().await.unwrap();
    let carried = vec![format!("Bearer {}", house.token())];
    Call { carried, ..with(Some(&["tickets"])) }.seen().await.unwrap();
}
