//! The layer in front of all services.

use std::convert::Infallible;

use gongdan_auth::{Actor, actor};
use gongdan_errors::Reason;
use http::{Request, Response, header::AUTHORIZATION};
use tonic::{Code, Status, body::Body};
use tonic_types::StatusExt;
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{House, li_wei};

/// What the door lets through: the principal's id, or nothing for those who need none.
async fn call(house: &House, path: &str, authorization: Option<&str>) -> Result<Option<String>, Status> {
    let inner = service_fn(|request: Request<Body>| async move {
        let mut answer = Response::new(Body::default());
        if let Some(actor) = request.extensions().get::<Actor>() {
            answer.extensions_mut().insert(actor.clone());
        }
        Ok::<_, Infallible>(answer)
    });
    let mut request = Request::builder().uri(format!("http://tickets{path}")).body(Body::default()).unwrap();
    if let Some(value) = authorization {
        request.headers_mut().insert(AUTHORIZATION, value.parse().unwrap());
    }
    let answer = house.authenticator.layer().layer(inner).oneshot(request).await.unwrap();
    match Status::from_header_map(answer.headers()) {
        Some(status) => Err(status),
        None => Ok(answer.extensions().get::<Actor>().map(|actor| actor.principal_id.clone())),
    }
}

#[tokio::test]
async fn only_health_and_reflection_are_open() {
    let house = House::new().await;
    for open in [
        "/grpc.health.v1.Health/Check",
        "/grpc.health.v1.Health/Watch",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ] {
        assert_eq!(call(&house, open, None).await.unwrap(), None, "{open}");
    }
    for closed in [
        "/gongdan.tickets.v1.TicketService/GetTicket",
        "/gongdan.common.v1.EventService/ReplayEvents",
        "/grpc.health.v1.HealthX/Check",
        "/x/grpc.health.v1.Health/Check",
        "/",
    ] {
        let refused = call(&house, closed, None).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{closed}");
        assert_eq!(
            refused.get_error_details().error_info().unwrap().reason,
            Reason::CredentialsRefused.as_str()
        );
    }
}

#[tokio::test]
async fn the_caller_stands_in_the_request() {
    let house = House::new().await;
    let path = "/gongdan.tickets.v1.TicketService/GetTicket";
    let token = house.token();
    assert_eq!(
        call(&house, path, Some(&format!("Bearer {token}"))).await.unwrap().as_deref(),
        Some("li.wei")
    );
    assert_eq!(
        call(&house, path, Some(&format!("bearer {token}"))).await.unwrap().as_deref(),
        Some("li.wei")
    );
    for other in [format!("Basic {token}"), token, "Bearer".to_owned()] {
        assert_eq!(call(&house, path, Some(&other)).await.unwrap_err().code(), Code::Unauthenticated);
    }
}

#[tokio::test]
async fn an_inactive_principal_is_refused_at_once() {
    let house = House::new().await;
    let path = "/gongdan.tickets.v1.TicketService/GetTicket";
    let bearer = format!("Bearer {}", house.token());
    call(&house, path, Some(&bearer)).await.unwrap();
    let mut gone = li_wei();
    gone.active = false;
    gone.version = 2;
    house.authenticator.changed(&[gone]);
    // An older state that arrives late does not bring it back.
    house.authenticator.changed(&[li_wei()]);
    let refused = call(&house, path, Some(&bearer)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(refused.get_error_details().error_info().unwrap().reason, "PRINCIPAL_UNKNOWN");
}

#[test]
fn a_request_that_came_past_the_door_has_no_caller() {
    let request = tonic::Request::new(());
    assert_eq!(actor(&request).unwrap_err().code(), Code::Unauthenticated);
}
