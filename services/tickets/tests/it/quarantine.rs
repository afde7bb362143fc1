//! T12: requests of customers whom nobody has verified wait.

use crate::suite::{Suite, cancel, complaint, fields, id, name, reason, urge, with_phone};
use gongdan_auth::AuthChannel;
use gongdan_clock::{Clock as _, ManualClock, SystemClock};
use gongdan_proto::tickets::v1::{
    self as pb, Channel, Phase, quarantine_service_client::QuarantineServiceClient, ticket_event::Change,
};
use gongdan_testkit::{PrincipalSpec, eventually};
use jiff::SignedDuration;
use std::sync::Arc;
use tonic::Code;

const ON: &str = "[quarantine]\nenabled = true\nunit = \"yuexiu-env\"\n";

impl Suite {
    fn quarantine(&self, principal: &str) -> QuarantineServiceClient<AuthChannel> {
        QuarantineServiceClient::new(self.env.channel(&self.service, principal))
    }

    async fn on_the_web(&self, phone: &str) -> pb::Ticket {
        let request = pb::CreateTicketRequest { channel: Channel::Web.into(), ..with_phone(phone) };
        self.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner()
    }

    async fn happened(&self, ticket: &pb::Ticket) -> Vec<&'static str> {
        self.timeline(&ticket.id).await.iter().map(|entry| name(entry.change.as_ref().unwrap())).collect()
    }

    async fn verified(&self, customer: &str) -> pb::VerifyCustomerResponse {
        let request = pb::VerifyCustomerRequest { request_id: id(), customer_id: customer.to_owned() };
        self.customers("zhao.min").verify_customer(request).await.unwrap().into_inner()
    }
}

#[tokio::test]
async fn t12_without_a_quarantine_nothing_waits() {
    let suite = Suite::start().await;
    assert_eq!(suite.on_the_web("13800001234").await.phase(), Phase::PendingDispatch);
}

#[tokio::test]
async fn t12_requests_of_the_unverified_wait_and_go_to_the_designated_unit_when_they_are_verified() {
    let suite = Suite::start_with(ON, Arc::new(SystemClock)).await;
    let first = suite.on_the_web("13800001234").await;
    let second = suite.on_the_web("138 0000 1234").await;
    let other = suite.on_the_web("13800005678").await;
    for ticket in [&first, &second, &other] {
        assert_eq!(ticket.phase(), Phase::Quarantined);
        assert!(ticket.quarantined_until.is_some() && ticket.submitted_at.is_none());
        assert_eq!(suite.happened(ticket).await, ["quarantined"]);
    }
    // It is not in flight: nobody urges, dispatches or claims it.
    let refused = suite.tickets("zhao.min").urge_ticket(urge(&first)).await.unwrap_err();
    assert_eq!(reason(&refused), "PHASE_REFUSES");
    // By phone they do not wait, and neither does a request that is only saved.
    let by_phone = suite.tickets("zhao.min").create_ticket(with_phone("13800001234")).await.unwrap();
    assert_eq!(by_phone.get_ref().phase(), Phase::PendingDispatch);
    let draft =
        pb::CreateTicketRequest { channel: Channel::Web.into(), draft: true, ..with_phone("13800001234") };
    let draft = suite.tickets("zhao.min").create_ticket(draft).await.unwrap().into_inner();
    assert_eq!(draft.phase(), Phase::Draft);
    let submit = pb::SubmitTicketRequest { request_id: id(), ticket: draft.id.clone(), etag: String::new() };
    let third = suite.tickets("zhao.min").submit_ticket(submit).await.unwrap().into_inner();
    assert_eq!(third.phase(), Phase::Quarantined, "a draft waits when it is submitted");

    let answer = suite.verified(&first.customer_id).await;
    assert_eq!((answer.released, answer.verified_at.is_some()), (3, true));
    for ticket in [&first, &second] {
        let now = suite.get(&ticket.id).await;
        assert_eq!((now.phase(), now.lead_unit_id.as_str()), (Phase::Dispatched, "yuexiu-env"));
        assert!(now.quarantined_until.is_none() && now.submitted_at.is_some());
        assert_eq!(suite.happened(ticket).await, ["quarantined", "verified", "dispatched"]);
        let Some(Change::Verified(verified)) = &suite.timeline(&ticket.id).await[1].change else {
            panic!("not verified")
        };
        assert_eq!(verified.unit_id, "yuexiu-env");
    }
    assert_eq!(suite.get(&third.id).await.phase(), Phase::Dispatched);
    assert_eq!(suite.get(&other.id).await.phase(), Phase::Quarantined, "another customer's still waits");
    // Known from now on.
    assert_eq!(suite.on_the_web("13800001234").await.phase(), Phase::PendingDispatch);
    let again = suite.verified(&first.customer_id).await;
    assert_eq!((again.released, again.verified_at), (0, answer.verified_at));
}

#[tokio::test]
async fn t12_one_request_is_let_out_without_its_customer() {
    let suite = Suite::start_with("[quarantine]\nenabled = true\n", Arc::new(SystemClock)).await;
    let anonymous = pb::CreateTicketRequest { channel: Channel::Web.into(), ..complaint() };
    let ticket = suite.tickets("zhao.min").create_ticket(anonymous).await.unwrap().into_inner();
    assert_eq!((ticket.phase(), ticket.customer_id.as_str()), (Phase::Quarantined, ""));
    let release =
        || pb::ReleaseTicketRequest { request_id: id(), ticket: ticket.id.clone(), etag: String::new() };
    let refused = suite.quarantine("zhao.min").release_ticket(release()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let released = suite.quarantine("chen.jing").release_ticket(release()).await.unwrap().into_inner();
    assert_eq!(released.phase(), Phase::PendingDispatch, "without a designated unit it is routed");
    assert_eq!(suite.happened(&ticket).await, ["quarantined", "verified"]);
    let refused = suite.quarantine("chen.jing").release_ticket(release()).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "PHASE_REFUSES"));
}

#[tokio::test]
async fn t12_what_nobody_verifies_expires_and_what_was_verified_meanwhile_does_not() {
    let clock = ManualClock::new(SystemClock.now());
    let settings = format!("{ON}expire_after = \"24min\"\ninterval = \"1min\"\n");
    let suite = Suite::start_with(&settings, Arc::new(clock.clone())).await;
    let late = suite.on_the_web("13800001234").await;
    let gone = suite.on_the_web("13800001111").await;
    suite.tickets("zhao.min").cancel_ticket(cancel(&gone)).await.unwrap();
    clock.advance(SignedDuration::from_mins(23));
    let young = suite.on_the_web("13800005678").await;
    assert_eq!(suite.get(&late.id).await.phase(), Phase::Quarantined);
    // Somebody noted that they are verified, and was cut off before anything was let out.
    let missed = suite.on_the_web("13800002222").await;
    sqlx::query("UPDATE customers SET verified_at = now(), verified_by = 'x' WHERE id = $1::uuid")
        .bind(&missed.customer_id)
        .execute(suite.env.pool())
        .await
        .unwrap();
    clock.advance(SignedDuration::from_mins(2));
    eventually("it expires", async || suite.get(&late.id).await.phase() == Phase::Cancelled).await;
    assert_eq!(suite.happened(&late).await, ["quarantined", "cancelled"]);
    assert!(suite.get(&late.id).await.cancel_reason.contains("not verified in time"));
    eventually("it goes on", async || suite.get(&missed.id).await.phase() == Phase::Dispatched).await;
    assert_eq!(suite.get(&young.id).await.phase(), Phase::Quarantined);
    eventually("those that left are forgotten", async || suite.count("quarantined").await == 2).await;
}

#[tokio::test]
async fn t12_whoever_may_not_know_of_a_customer_verifies_nobody() {
    let suite = Suite::start_with(ON, Arc::new(SystemClock)).await;
    suite.env.principal(PrincipalSpec::new("beijing").role("agent").region("11")).await;
    let ticket = suite.on_the_web("13800001234").await;
    let verify =
        |customer: &str| pb::VerifyCustomerRequest { request_id: id(), customer_id: customer.to_owned() };
    let refused = suite.customers("beijing").verify_customer(verify(&ticket.customer_id)).await.unwrap_err();
    assert_eq!(reason(&refused), "CUSTOMER_NOT_FOUND");
    let refused = suite.customers("li.wei").verify_customer(verify(&ticket.customer_id)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let refused = suite.customers("zhao.min").verify_customer(verify("x")).await.unwrap_err();
    assert_eq!(fields(&refused), ["customer_id"]);
    assert_eq!(suite.get(&ticket.id).await.phase(), Phase::Quarantined);
}
