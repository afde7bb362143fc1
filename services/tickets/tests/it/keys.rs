//! X11, DESIGN rule 15: versions of keys, their file, and rotation.

use crate::suite::{NO_SHARES, Suite, id, past, reason, with_phone};
use gongdan_clock::SystemClock;
use gongdan_proto::tickets::v1::{
    self as pb, GetContactRequest, LookupCustomerRequest, RotationState, lookup_customer_request::Key,
};
use gongdan_testkit::eventually;
use gongdan_tickets::{NewKeys, add_key_version};
use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tonic::Code;

/// Looks often, rotates in small steps.
const QUICK: &str = "look_again = \"50ms\"\nrotation_batch = 7\nrotation_pause = \"1ms\"\n";

async fn start() -> Suite {
    Suite::start_with(&format!("{QUICK}{NO_SHARES}"), Arc::new(SystemClock)).await
}

impl Suite {
    fn key_file(&self) -> PathBuf {
        self.env.dir().join("contacts.keys")
    }

    async fn status(&self) -> pb::KeyStatus {
        self.privacy("admin").get_key_status(pb::GetKeyStatusRequest {}).await.unwrap().into_inner()
    }

    async fn in_use(&self) -> (i32, i32) {
        let status = self.status().await;
        let used = |keys: &[pb::KeyVersion]| keys.iter().find(|key| key.in_use).unwrap().version;
        (used(&status.encryption), used(&status.index))
    }

    async fn uses(&self, encryption: i32, index: i32) {
        eventually("the newest keys are in use", async || self.in_use().await == (encryption, index)).await;
    }

    /// Waits until the file and the other replicas were looked at again.
    async fn looks(&self) {
        let mut seen = HashSet::new();
        eventually("the keys are looked at", async || {
            let at: i64 = sqlx::query_scalar(
                "SELECT (extract(epoch FROM max(seen_at)) * 1000000)::bigint FROM key_holders",
            )
            .fetch_one(self.env.pool())
            .await
            .unwrap();
            seen.insert(at);
            seen.len() > 4
        })
        .await;
    }

    async fn rotate(&self, forget_unknown: bool) -> pb::Rotation {
        let request = pb::StartRotationRequest { request_id: id(), forget_unknown };
        let mut client = self.privacy("admin");
        let mut last = client.start_rotation(request).await.unwrap().into_inner();
        let request = pb::WatchRotationRequest { id: last.id.clone() };
        let mut changes = client.watch_rotation(request).await.unwrap().into_inner();
        while let Some(rotation) = changes.message().await.unwrap() {
            last = rotation;
        }
        last
    }

    async fn phone(&self, customer_id: &str) -> String {
        let request = GetContactRequest {
            customer_id: customer_id.to_owned(),
            purpose: "callback".to_owned(),
            ..Default::default()
        };
        self.customers("service.callback").get_contact(request).await.unwrap().into_inner().phone
    }

    async fn looked_up(&self, phone: &str) -> Vec<String> {
        let request = LookupCustomerRequest { key: Some(Key::Phone(phone.to_owned())), in_clear: false };
        let found = self.customers("zhao.min").lookup_customer(request).await.unwrap().into_inner();
        found.customers.into_iter().map(|customer| customer.customer_id).collect()
    }
}

fn number(n: usize) -> String {
    format!("138{n:08}")
}

/// Takes all but the newest version of each kind out of the file.
fn keep_newest(file: &Path, encryption: i32, index: i32) {
    let text = std::fs::read_to_string(file).unwrap();
    let (sealing, indexing) = (format!("{encryption} "), format!("index {index} "));
    let kept: Vec<&str> =
        text.lines().filter(|line| line.starts_with(&sealing) || line.starts_with(&indexing)).collect();
    assert_eq!(kept.len(), 2);
    std::fs::write(file, kept.join("\n")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rotation_while_people_call_doubles_and_loses_nobody() {
    let suite = start().await;
    let mut known = HashMap::new();
    for n in 0..40 {
        let ticket =
            suite.tickets("zhao.min").create_ticket(with_phone(&number(n))).await.unwrap().into_inner();
        known.insert(n, ticket.customer_id);
    }
    add_key_version(&suite.key_file(), NewKeys::Both).unwrap();
    suite.uses(2, 2).await;

    let stop = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..3_usize)
        .map(|caller| {
            let (mut tickets, mut customers) = (suite.tickets("zhao.min"), suite.customers("zhao.min"));
            let stop = stop.clone();
            tokio::spawn(async move {
                let mut met = Vec::new();
                // Old customers, and new ones that all callers meet at the same moment.
                for turn in 0.. {
                    if stop.load(Ordering::Relaxed) && turn > 60 {
                        break;
                    }
                    let n = if turn % 2 == 0 { turn % 40 } else { 100 + turn };
                    let made = tickets.create_ticket(with_phone(&number(n))).await.unwrap().into_inner();
                    let request = LookupCustomerRequest { key: Some(Key::Phone(number(n))), in_clear: false };
                    let found = customers.lookup_customer(request).await.unwrap().into_inner().customers;
                    assert_eq!(found.len(), 1, "caller {caller}, {}", number(n));
                    assert_eq!(found[0].customer_id, made.customer_id);
                    met.push((n, made.customer_id));
                }
                met
            })
        })
        .collect();
    let rotation = suite.rotate(false).await;
    stop.store(true, Ordering::Relaxed);
    assert_eq!((rotation.state(), rotation.error.as_str()), (RotationState::Succeeded, ""));
    assert!(rotation.contacts_done >= 40 && rotation.customers_done >= 40, "{rotation:?}");
    for caller in callers {
        for (n, customer) in caller.await.unwrap() {
            assert_eq!(
                known.entry(n).or_insert_with(|| customer.clone()),
                &customer,
                "{} is doubled",
                number(n)
            );
        }
    }
    let distinct: HashSet<&String> = known.values().collect();
    assert_eq!(distinct.len(), known.len());
    assert_eq!(suite.count("customers").await, i64::try_from(known.len()).unwrap());
    assert_eq!(suite.count("customer_keys").await, i64::try_from(known.len()).unwrap());

    // Nothing needs the first keys: they may go, and everything still opens and is found.
    let status = suite.status().await;
    let old = |keys: &[pb::KeyVersion]| keys.iter().find(|key| key.version == 1).copied().unwrap();
    for key in [old(&status.encryption), old(&status.index)] {
        assert!(key.removable && key.rows == 0 && !key.in_use, "{key:?}");
    }
    keep_newest(&suite.key_file(), 2, 2);
    eventually("the old keys are gone", async || suite.status().await.encryption.len() == 1).await;
    for (n, customer) in &known {
        assert_eq!(suite.phone(customer).await, format!("+86{}", number(*n)));
        assert_eq!(suite.looked_up(&number(*n)).await, std::slice::from_ref(customer));
    }
    let again = suite.tickets("zhao.min").create_ticket(with_phone(&number(0))).await.unwrap().into_inner();
    assert_eq!(again.customer_id, known[&0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_from_a_number_find_each_other_after_a_rotation() {
    let suite = start().await;
    let channel = suite.env.channel(&suite.service, "zhao.min");
    let mut calls = pb::call_service_client::CallServiceClient::new(channel);
    let start = |call: &str| pb::StartCallRequest {
        call_id: call.to_owned(),
        phone: number(7),
        ..Default::default()
    };
    for call in ["c-1", "c-2"] {
        calls.start_call(start(call)).await.unwrap();
    }
    add_key_version(&suite.key_file(), NewKeys::Both).unwrap();
    suite.uses(2, 2).await;
    assert_eq!(suite.rotate(false).await.state(), RotationState::Succeeded);
    keep_newest(&suite.key_file(), 2, 2);
    eventually("the old keys are gone", async || suite.status().await.index.len() == 1).await;
    let versions: Vec<(i32, i32)> =
        sqlx::query_as("SELECT c.key_version, k.version FROM calls c JOIN call_keys k USING (call_id)")
            .fetch_all(suite.env.pool())
            .await
            .unwrap();
    assert_eq!(versions, [(2, 2); 2]);
    let told = calls.start_call(start("c-3")).await.unwrap().into_inner();
    let earlier: Vec<_> = told.earlier.iter().map(|call| call.call_id.as_str()).collect();
    assert_eq!(earlier, ["c-2", "c-1"]);
}

#[tokio::test]
async fn citizens_of_imports_are_the_same_after_a_rotation() {
    let suite = start().await;
    let record = async |request| {
        let answer = suite.tickets("admin").record_past_ticket(request).await.unwrap().into_inner();
        answer.ticket.unwrap().customer_id
    };
    let before = record(past("1")).await;
    add_key_version(&suite.key_file(), NewKeys::Both).unwrap();
    suite.uses(2, 2).await;
    assert_eq!(suite.rotate(false).await.state(), RotationState::Succeeded);
    keep_newest(&suite.key_file(), 2, 2);
    eventually("the old keys are gone", async || suite.status().await.index.len() == 1).await;
    assert_eq!(record(past("2")).await, before);
}

#[tokio::test]
async fn customers_whose_key_was_not_kept_are_left_or_forgotten_as_told() {
    let suite = start().await;
    suite.tickets("admin").record_past_ticket(past("1")).await.unwrap();
    suite.tickets("zhao.min").create_ticket(with_phone("13800001234")).await.unwrap();
    // As rows of the first releases are: a number is in the contacts, a source's key nowhere.
    sqlx::query("UPDATE customer_keys SET sealed = NULL, key_version = NULL")
        .execute(suite.env.pool())
        .await
        .unwrap();
    add_key_version(&suite.key_file(), NewKeys::Index).unwrap();
    suite.uses(1, 2).await;
    assert_eq!(suite.status().await.unknown_customers, 1);
    let left = suite.rotate(false).await;
    assert_eq!(left.state(), RotationState::Failed);
    assert!(left.error.contains("1 customers cannot be indexed anew"), "{}", left.error);
    assert_eq!(suite.looked_up("13800001234").await.len(), 1);
    let forgotten = suite.rotate(true).await;
    assert_eq!((forgotten.state(), forgotten.customers_forgotten), (RotationState::Succeeded, 1));
    assert_eq!(suite.status().await.unknown_customers, 0);
    assert_eq!(suite.looked_up("13800001234").await.len(), 1);
}

#[tokio::test]
async fn a_bad_key_file_and_one_that_lacks_a_needed_key_leave_the_old_ones_in_use() {
    let suite = start().await;
    let ticket =
        suite.tickets("zhao.min").create_ticket(with_phone("13800001234")).await.unwrap().into_inner();
    let good = std::fs::read_to_string(suite.key_file()).unwrap();
    let bad = format!("{good}one more line\n");
    std::fs::write(suite.key_file(), bad).unwrap();
    suite.looks().await;
    assert_eq!(suite.in_use().await, (1, 1));

    // Good in itself, but the contact is sealed with version 1.
    std::fs::write(suite.key_file(), good.replace("1 ", "2 ")).unwrap();
    suite.looks().await;
    assert_eq!(suite.in_use().await, (1, 1));
    assert_eq!(suite.phone(&ticket.customer_id).await, "+8613800001234");

    std::fs::write(suite.key_file(), good).unwrap();
    add_key_version(&suite.key_file(), NewKeys::Both).unwrap();
    suite.uses(2, 2).await;
    assert_eq!(suite.phone(&ticket.customer_id).await, "+8613800001234");
}

#[tokio::test]
async fn a_new_key_is_used_once_every_replica_holds_it() {
    let suite = start().await;
    // A second replica with a file of its own, that does not get the new key yet.
    let other = suite.env.dir().join("other.keys");
    std::fs::copy(suite.key_file(), &other).unwrap();
    let overrides = format!("{QUICK}key_file = {:?}\n", other.display().to_string());
    let replica = serve_with(&suite, &overrides).await;
    eventually("both are seen", async || suite.status().await.replicas == 2).await;
    add_key_version(&suite.key_file(), NewKeys::Both).unwrap();
    eventually("one holds it", async || suite.status().await.encryption[0].held_by == 1).await;
    suite.looks().await;
    assert_eq!(suite.in_use().await, (1, 1), "the other could not open it");
    let request = pb::StartRotationRequest { request_id: id(), forget_unknown: false };
    let refused = suite.privacy("admin").start_rotation(request.clone()).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "KEY_NOT_EVERYWHERE"));
    // Both make the same customer at the same moment, knowing different versions.
    let mut one = suite.tickets("zhao.min");
    let mut two =
        pb::ticket_service_client::TicketServiceClient::new(suite.env.channel(&replica, "zhao.min"));
    for n in 0..20 {
        let (a, b) = tokio::join!(
            one.create_ticket(with_phone(&number(n))),
            two.create_ticket(with_phone(&number(n)))
        );
        assert_eq!(a.unwrap().into_inner().customer_id, b.unwrap().into_inner().customer_id);
    }
    std::fs::copy(suite.key_file(), &other).unwrap();
    suite.uses(2, 2).await;
    let first = suite.privacy("admin").start_rotation(request.clone()).await.unwrap().into_inner();
    let again = suite.privacy("admin").start_rotation(request).await.unwrap().into_inner();
    assert_eq!(first.id, again.id);
    eventually("both replicas finish it", async || {
        suite.status().await.rotation.unwrap().state() == RotationState::Succeeded
    })
    .await;
    assert_eq!(suite.count("customers").await, 20);
    let n = number(3);
    assert_eq!(suite.looked_up(&n).await.len(), 1);
    replica.stop().await;
    eventually("the other has left", async || suite.status().await.replicas == 1).await;
}

#[tokio::test]
async fn keys_are_for_administrators() {
    let suite = start().await;
    let refused = suite.privacy("li.wei").get_key_status(pb::GetKeyStatusRequest {}).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let request = pb::StartRotationRequest::default();
    let refused = suite.privacy("admin").start_rotation(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let request = pb::WatchRotationRequest::default();
    let refused = suite.privacy("admin").watch_rotation(request).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "ROTATION_NOT_FOUND"));
}

async fn serve_with(suite: &Suite, overrides: &str) -> gongdan_testkit::Served {
    let overrides = format!("[contacts]\n{overrides}");
    let config = suite.env.config_with(gongdan_tickets::DEFAULTS, &overrides);
    suite
        .env
        .serve(|listeners, shutdown| {
            gongdan_tickets::run_at(config, listeners, Arc::new(SystemClock), shutdown)
        })
        .await
}
