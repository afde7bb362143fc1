//! T9, DESIGN rule 15: customers and contacts.

use crate::suite::{Suite, cancel, complaint, fields, id, instant, reason, with_phone};
use gongdan_proto::tickets::v1::{self as pb, lookup_customer_request::Key};
use gongdan_testkit::PrincipalSpec;
use tonic::Code;

async fn look_up(suite: &Suite, key: Key) -> Vec<pb::CustomerProfile> {
    let request = pb::LookupCustomerRequest { key: Some(key), in_clear: false };
    suite.customers("zhao.min").lookup_customer(request).await.unwrap().into_inner().customers
}

#[tokio::test]
async fn every_spelling_of_a_number_finds_one_customer_with_its_tickets() {
    let suite = Suite::start().await;
    let mut agent = suite.tickets("zhao.min");
    let first = agent.create_ticket(with_phone("13800001234")).await.unwrap().into_inner();
    let second = agent.create_ticket(with_phone("+86 138-0000-1234")).await.unwrap().into_inner();
    assert_eq!(first.customer_id, second.customer_id);
    agent.cancel_ticket(cancel(&first)).await.unwrap();

    for key in [
        Key::Phone("0086 138 0000 1234".to_owned()),
        Key::PhoneLastFour("1234".to_owned()),
        Key::CustomerId(first.customer_id.clone()),
    ] {
        let found = look_up(&suite, key).await;
        assert_eq!(found.len(), 1);
        let profile = &found[0];
        assert_eq!(
            (profile.customer_id.as_str(), profile.tier.as_str()),
            (first.customer_id.as_str(), "standard")
        );
        let contact = profile.contact.as_ref().unwrap();
        assert_eq!((contact.phone.as_str(), contact.name.as_str()), ("138****1234", "张*"));
        assert_eq!((profile.total, profile.region.as_str()), (2, "440106000000"));
        assert_eq!(profile.in_flight.iter().map(|t| &t.id).collect::<Vec<_>>(), [&second.id]);
        assert_eq!(profile.past.iter().map(|t| &t.id).collect::<Vec<_>>(), [&first.id]);
    }
    assert!(look_up(&suite, Key::Phone("13900005678".to_owned())).await.is_empty());
}

#[tokio::test]
async fn what_is_personal_is_nowhere_in_clear() {
    let suite = Suite::start().await;
    let contact = pb::ContactInput {
        phone: "13800001234".to_owned(),
        name: "欧阳锋".to_owned(),
        identity_number: "43010219900307123X".to_owned(),
        address: "白驼山庄".to_owned(),
    };
    let request = pb::CreateTicketRequest { contact: Some(contact), body: "无".to_owned(), ..complaint() };
    let ticket = suite.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner();
    let masked = ticket.contact.unwrap();
    assert_eq!((masked.phone.as_str(), masked.name.as_str()), ("138****1234", "欧*"));
    for table in ["tickets", "events", "requests", "customers", "contacts"] {
        let sql = format!("SELECT count(*) FROM {table} t WHERE t::text ~ $1");
        for secret in ["13800001234", "欧阳锋", "43010219900307123X", "白驼山庄"] {
            for pattern in [secret.to_owned(), secret.bytes().map(|b| format!("{b:02x}")).collect()] {
                let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql.clone()))
                    .bind(pattern)
                    .fetch_one(suite.env.pool())
                    .await
                    .unwrap();
                assert_eq!(found, 0, "{secret} in {table}");
            }
        }
    }
}

#[tokio::test]
async fn a_contact_in_clear_is_for_services_and_each_use_is_written_down() {
    let suite = Suite::start().await;
    let ticket =
        suite.tickets("zhao.min").create_ticket(with_phone("13800001234")).await.unwrap().into_inner();
    let request = pb::GetContactRequest {
        customer_id: ticket.customer_id.clone(),
        ticket_id: ticket.id.clone(),
        purpose: "callback".to_owned(),
    };
    let refused = suite.customers("admin").get_contact(request.clone()).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "PERMISSION_DENIED"));
    let contact =
        suite.customers("service.callback").get_contact(request.clone()).await.unwrap().into_inner();
    assert_eq!((contact.phone.as_str(), contact.name.as_str()), ("+8613800001234", "张三"));
    let (reader, purpose): (String, String) = sqlx::query_as("SELECT reader, purpose FROM contact_reads")
        .fetch_one(suite.env.pool())
        .await
        .unwrap();
    assert_eq!((reader.as_str(), purpose.as_str()), ("service.callback", "callback"));
    let unknown = pb::GetContactRequest { customer_id: ticket.id, ..request };
    let refused = suite.customers("service.callback").get_contact(unknown).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "CUSTOMER_NOT_FOUND"));
}

#[tokio::test]
async fn a_name_without_number_is_a_customer_of_its_own() {
    let suite = Suite::start().await;
    let contact = pb::ContactInput { name: "李四".to_owned(), ..Default::default() };
    let request = || pb::CreateTicketRequest { contact: Some(contact.clone()), ..complaint() };
    let mut agent = suite.tickets("zhao.min");
    let one = agent.create_ticket(request()).await.unwrap().into_inner();
    let two = agent.create_ticket(request()).await.unwrap().into_inner();
    assert!(!one.customer_id.is_empty() && one.customer_id != two.customer_id);
    let anonymous = agent.create_ticket(complaint()).await.unwrap().into_inner();
    assert_eq!((anonymous.customer_id.as_str(), anonymous.contact), ("", None));
}

#[tokio::test]
async fn a_lookup_needs_one_key_that_is_one() {
    let suite = Suite::start().await;
    let mut agent = suite.customers("zhao.min");
    for (key, field) in [
        (None, "key"),
        (Some(Key::Phone("12".to_owned())), "phone"),
        (Some(Key::PhoneLastFour("12x4".to_owned())), "phone_last_four"),
        (Some(Key::CustomerId("x".to_owned())), "customer_id"),
    ] {
        let refused =
            agent.lookup_customer(pb::LookupCustomerRequest { key, in_clear: false }).await.unwrap_err();
        assert_eq!((refused.code(), fields(&refused)), (Code::InvalidArgument, vec![field.to_owned()]));
    }
}

#[tokio::test]
async fn a_profile_is_made_of_the_tickets_that_the_caller_may_see() {
    let suite = Suite::start().await;
    for (name, role, region) in [
        ("tianhe", "agent", "440106"),
        ("hunan", "agent", "43"),
        ("beijing", "agent", "11"),
        ("overseer", "supervisor", "11"),
    ] {
        suite.env.principal(PrincipalSpec::new(name).role(role).region(region)).await;
    }
    let mut agent = suite.tickets("zhao.min");
    let with = |name: &str, region: &str, received: &str, sensitive| pb::CreateTicketRequest {
        contact: Some(pb::ContactInput {
            phone: "13800001234".to_owned(),
            name: name.to_owned(),
            ..Default::default()
        }),
        region: region.to_owned(),
        received_at: Some(instant(received)),
        sensitive,
        ..complaint()
    };
    let mut customer = String::new();
    for request in [
        with("赵一", "430100", "2026-01-01T00:00:00Z", false),
        with("钱二", "440106", "2026-02-01T00:00:00Z", false),
        with("孙三", "440106", "2026-03-01T00:00:00Z", true),
        with("李四", "430100", "2026-04-01T00:00:00Z", false),
    ] {
        customer = agent.create_ticket(request).await.unwrap().into_inner().customer_id;
    }
    let look_up = async |who: &str, key: Key| {
        let request = pb::LookupCustomerRequest { key: Some(key), in_clear: false };
        suite.customers(who).lookup_customer(request).await.unwrap().into_inner().customers
    };
    let keys = || {
        [
            Key::Phone("13800001234".to_owned()),
            Key::PhoneLastFour("1234".to_owned()),
            Key::CustomerId(customer.clone()),
        ]
    };
    for (who, name, total, first) in [
        ("tianhe", "钱*", 1, "2026-02-01T00:00:00Z"),
        ("hunan", "李*", 2, "2026-01-01T00:00:00Z"),
        ("zhao.min", "李*", 4, "2026-01-01T00:00:00Z"),
    ] {
        for key in keys() {
            let profile = look_up(who, key).await.remove(0);
            let contact = profile.contact.unwrap();
            assert_eq!((contact.name.as_str(), profile.total), (name, total), "{who}");
            assert_eq!((profile.first_seen_at, profile.tier.as_str()), (Some(instant(first)), "standard"));
        }
    }
    // Who sees none of them recognises who calls, if it takes requests down, and learns nothing else.
    let [phone, last_four, by_id] = keys();
    let known = pb::CustomerProfile { customer_id: customer.clone(), ..Default::default() };
    assert_eq!(look_up("beijing", phone.clone()).await, [known]);
    assert_eq!(look_up("overseer", phone).await, []);
    for who in ["beijing", "overseer"] {
        assert_eq!(look_up(who, last_four.clone()).await, [], "{who}");
        assert_eq!(look_up(who, by_id.clone()).await, [], "{who}");
    }
}

fn update(customer: &str, tier: &str, region: &str, paths: &[&str]) -> pb::UpdateCustomerRequest {
    pb::UpdateCustomerRequest {
        request_id: id(),
        customer_id: customer.to_owned(),
        etag: String::new(),
        customer: Some(pb::CustomerSettings { tier: tier.to_owned(), region: region.to_owned() }),
        update_mask: Some(prost_types::FieldMask { paths: paths.iter().map(|p| (*p).to_owned()).collect() }),
    }
}

#[tokio::test]
async fn t09_a_profile_is_kept_and_its_tier_goes_with_what_is_asked_next() {
    let suite = Suite::start().await;
    let mut agent = suite.tickets("zhao.min");
    let first = agent.create_ticket(with_phone("13800001234")).await.unwrap().into_inner();
    assert_eq!(first.customer_tier, "standard");
    let customer = first.customer_id.clone();
    let mut desk = suite.customers("zhao.min");
    let gold = desk.update_customer(update(&customer, "gold", "", &["tier"])).await.unwrap().into_inner();
    assert_eq!((gold.tier.as_str(), gold.region.as_str(), gold.total), ("gold", "440106000000", 1));
    let moved = update(&customer, "ignored", "440103", &["region"]);
    let moved = pb::UpdateCustomerRequest { etag: gold.etag.clone(), ..moved };
    let answer = desk.update_customer(moved.clone()).await.unwrap().into_inner();
    assert_eq!((answer.tier.as_str(), answer.region.as_str()), ("gold", "440103000000"));
    let again = desk.update_customer(moved).await.unwrap().into_inner();
    assert_eq!(again.etag, answer.etag, "a retry changes nothing, whatever its etag");
    let stale = pb::UpdateCustomerRequest { etag: gold.etag, ..update(&customer, "silver", "", &["tier"]) };
    assert_eq!(reason(&desk.update_customer(stale).await.unwrap_err()), "ETAG_MISMATCH");

    // Routing and clocks hear it with the next request, in whatever spelling the phone comes.
    let second = agent.create_ticket(with_phone("+86 138-0000-1234")).await.unwrap().into_inner();
    assert_eq!((second.customer_id.as_str(), second.customer_tier.as_str()), (customer.as_str(), "gold"));
    assert_eq!(suite.get(&first.id).await.customer_tier, "standard", "as it was then");
    agent.cancel_ticket(cancel(&first)).await.unwrap();
    let found = desk
        .lookup_customer(pb::LookupCustomerRequest {
            key: Some(Key::Phone("0086 13800001234".to_owned())),
            in_clear: false,
        })
        .await
        .unwrap()
        .into_inner();
    let profile = &found.customers[0];
    assert_eq!((profile.tier.as_str(), profile.region.as_str()), ("gold", "440103000000"));
    assert_eq!((profile.in_flight.len(), profile.past.len(), profile.total), (1, 1, 2));
    assert_eq!(profile.contact_in_clear, None);
    let back = desk.update_customer(update(&customer, "", "", &["region"])).await.unwrap().into_inner();
    assert_eq!(back.region, "440106000000", "that of the last ticket again");
}

#[tokio::test]
async fn a_customer_is_set_by_whom_may_see_them_and_to_what_there_is() {
    let suite = Suite::start().await;
    suite.env.principal(PrincipalSpec::new("beijing").role("agent").region("11")).await;
    let ticket =
        suite.tickets("zhao.min").create_ticket(with_phone("13800001234")).await.unwrap().into_inner();
    let customer = ticket.customer_id;
    let mut desk = suite.customers("zhao.min");
    for (bad, field) in [
        (update(&customer, "gold", "", &[]), "update_mask"),
        (update(&customer, "gold", "", &["phone"]), "update_mask"),
        (update(&customer, "Gold Class", "", &["tier"]), "customer.tier"),
        (update(&customer, "", "999999", &["region"]), "customer.region"),
        (update("x", "gold", "", &["tier"]), "customer_id"),
    ] {
        assert_eq!(fields(&desk.update_customer(bad).await.unwrap_err()), [field]);
    }
    let nobody = update(&id(), "gold", "", &["tier"]);
    assert_eq!(reason(&desk.update_customer(nobody).await.unwrap_err()), "CUSTOMER_NOT_FOUND");
    let gold = || update(&customer, "gold", "", &["tier"]);
    let refused = suite.customers("beijing").update_customer(gold()).await.unwrap_err();
    assert_eq!(reason(&refused), "CUSTOMER_NOT_FOUND");
    let refused = suite.customers("li.wei").update_customer(gold()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn t09_a_contact_is_looked_up_in_clear_by_whom_may_see_it_and_noted_first() {
    let suite = Suite::start().await;
    for (name, region, right) in
        [("reader", "4401", Some("personal")), ("changsha", "4301", Some("personal"))]
    {
        let spec = PrincipalSpec::new(name).role("agent").region(region);
        suite.env.principal(if let Some(right) = right { spec.right(right) } else { spec }).await;
    }
    let mut agent = suite.tickets("zhao.min");
    let ticket = agent.create_ticket(with_phone("13800001234")).await.unwrap().into_inner();
    let clear = |key| pb::LookupCustomerRequest { key: Some(key), in_clear: true };
    let phone = || Key::Phone("13800001234".to_owned());
    let refused = suite.customers("zhao.min").lookup_customer(clear(phone())).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(suite.count("contact_reads").await, 0);
    for key in [phone(), Key::PhoneLastFour("1234".to_owned()), Key::CustomerId(ticket.customer_id.clone())] {
        let found = suite.customers("reader").lookup_customer(clear(key)).await.unwrap().into_inner();
        let contact = found.customers[0].contact_in_clear.clone().unwrap();
        assert_eq!((contact.phone.as_str(), contact.name.as_str()), ("+8613800001234", "张三"));
    }
    let noted: Vec<(String, String)> = sqlx::query_as("SELECT reader, purpose FROM contact_reads")
        .fetch_all(suite.env.pool())
        .await
        .unwrap();
    assert_eq!(noted, vec![("reader".to_owned(), "lookup".to_owned()); 3]);
    // Who is only recognised as a caller elsewhere reads nothing.
    let found = suite.customers("changsha").lookup_customer(clear(phone())).await.unwrap().into_inner();
    assert_eq!((found.customers[0].total, &found.customers[0].contact_in_clear), (0, &None));
    assert_eq!(suite.count("contact_reads").await, 3);
}
