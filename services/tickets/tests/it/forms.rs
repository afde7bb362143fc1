//! T5, T6, T7: forms that items bind, what is filled in, and types as data.

use crate::suite::{REGION, Suite, accept, cancel, complaint, dispatch, fields, id, reason, with_phone};
use gongdan_auth::AuthChannel;
use gongdan_proto::tickets::v1::{
    self as pb, draft_service_client::DraftServiceClient, field_condition::Rule,
    form_service_client::FormServiceClient, ticket_type_service_client::TicketTypeServiceClient,
};
use gongdan_testkit::PrincipalSpec;
use prost_types::{ListValue, Struct, Value as PbValue, value::Kind};
use serde_json::{Value, json};
use tonic::Code;

/// JSON as the contract has it.
pub fn filled(value: &Value) -> Option<Struct> {
    match as_pb(value).kind {
        Some(Kind::StructValue(fields)) => Some(fields),
        other => panic!("{other:?} is no object"),
    }
}

fn as_pb(value: &Value) -> PbValue {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(flag) => Kind::BoolValue(*flag),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap()),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(items) => Kind::ListValue(ListValue { values: items.iter().map(as_pb).collect() }),
        Value::Object(fields) => Kind::StructValue(Struct {
            fields: fields.iter().map(|(name, value)| (name.clone(), as_pb(value))).collect(),
        }),
    };
    PbValue { kind: Some(kind) }
}

/// A text among what was filled in.
pub fn text(fields: Option<&Struct>, name: &str) -> String {
    match fields.and_then(|fields| fields.fields.get(name)).and_then(|value| value.kind.clone()) {
        Some(Kind::StringValue(text)) => text,
        other => panic!("{name} is {other:?}"),
    }
}

pub const ITEM: &str = "公用事业/供水/水表";

pub fn water() -> Value {
    json!({
        "type": "object",
        "required": ["meter"],
        "additionalProperties": false,
        "properties": {
            "meter": { "type": "string", "pattern": "^[0-9]{8}$", "x-searchable": true },
            "pressure": { "type": "number", "minimum": 0, "x-searchable": true },
            "urgent": { "type": "boolean", "x-searchable": true },
            "since": { "type": "string", "format": "date", "x-searchable": true },
            "remark": { "type": "string" },
            "account": { "type": "string", "x-personal": true },
            "address": {
                "type": "object",
                "properties": { "floor": { "type": "integer", "maximum": 120, "x-searchable": true } },
            },
        },
    })
}

impl Suite {
    pub fn forms(&self, principal: &str) -> FormServiceClient<AuthChannel> {
        FormServiceClient::new(self.env.channel(&self.service, principal))
    }

    fn types(&self, principal: &str) -> TicketTypeServiceClient<AuthChannel> {
        TicketTypeServiceClient::new(self.env.channel(&self.service, principal))
    }

    pub async fn put_form(&self, key: &str, schema: &Value) -> pb::Form {
        self.forms("admin").put_form(put(key, schema)).await.unwrap().into_inner()
    }

    pub async fn import(&self, rows: Vec<pb::CatalogueRow>) -> pb::Catalogue {
        let request = pb::ImportCatalogueRequest { request_id: id(), rows };
        self.catalogue("admin").import_catalogue(request).await.unwrap().into_inner()
    }

    /// With the form of water meters, and an item that binds it.
    pub async fn with_water() -> Self {
        let suite = Self::start().await;
        suite.put_form("water", &water()).await;
        suite.import(vec![item(ITEM)]).await;
        suite
    }
}

fn put(key: &str, schema: &Value) -> pb::PutFormRequest {
    pb::PutFormRequest {
        request_id: id(),
        key: key.to_owned(),
        name: "水表".to_owned(),
        schema: schema.to_string(),
    }
}

fn item(path: &str) -> pb::CatalogueRow {
    pb::CatalogueRow {
        path: path.split('/').map(str::to_owned).collect(),
        form: "water".to_owned(),
        ..Default::default()
    }
}

pub fn about_water(fields: &Value) -> pb::CreateTicketRequest {
    pb::CreateTicketRequest { item: ITEM.to_owned(), custom_fields: filled(fields), ..complaint() }
}

#[tokio::test]
async fn t05_an_item_binds_a_form_and_a_ticket_keeps_its_version() {
    let suite = Suite::with_water().await;
    let listed = suite
        .catalogue("zhao.min")
        .list_catalogue_items(pb::ListCatalogueItemsRequest::default())
        .await
        .unwrap()
        .into_inner();
    let leaf = listed.items.iter().find(|item| item.key == ITEM).unwrap();
    assert_eq!((leaf.form.as_str(), leaf.level), ("water", 3));
    let mut agent = suite.tickets("zhao.min");
    let first = agent.create_ticket(about_water(&json!({ "meter": "12345678" }))).await.unwrap().into_inner();
    assert_eq!((first.form.as_str(), first.form_version), ("water", 1));

    // Another version asks for more; what was taken down before stays what it was.
    let mut next = water();
    next["required"] = json!(["meter", "since"]);
    assert_eq!(suite.put_form("water", &next).await.version, 2);
    assert_eq!(suite.put_form("water", &next).await.version, 2, "the same content is the same version");
    let refused = agent.create_ticket(about_water(&json!({ "meter": "12345678" }))).await.unwrap_err();
    assert_eq!(fields(&refused), ["custom_fields.since"]);
    let with_both = about_water(&json!({ "meter": "12345678", "since": "2026-11-01" }));
    assert_eq!(agent.create_ticket(with_both).await.unwrap().into_inner().form_version, 2);
    assert_eq!(suite.get(&first.id).await.form_version, 1);
    let old = pb::GetFormRequest { key: "water".to_owned(), version: 1 };
    assert_eq!(suite.forms("zhao.min").get_form(old).await.unwrap().into_inner().schema, water().to_string());

    // A row that names a form that is not there makes no version.
    let bad = pb::CatalogueRow { form: "gas".to_owned(), ..item("a/b/c") };
    let request = pb::ImportCatalogueRequest { request_id: id(), rows: vec![item("a/b/d"), bad] };
    let refused = suite.catalogue("admin").import_catalogue(request).await.unwrap_err();
    assert_eq!(fields(&refused), ["rows[1].form"]);
}

#[tokio::test]
async fn t06_bad_values_are_refused_with_the_path_of_each_and_good_ones_are_kept() {
    let suite = Suite::with_water().await;
    let mut agent = suite.tickets("zhao.min");
    let bad = json!({ "meter": "1234", "pressure": -1, "since": "2026-02-30", "address": { "floor": 121 }, "x": 1 });
    let refused = agent.create_ticket(about_water(&bad)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(
        fields(&refused),
        [
            "custom_fields",
            "custom_fields.address.floor",
            "custom_fields.meter",
            "custom_fields.pressure",
            "custom_fields.since"
        ]
    );
    let request = pb::ValidateFieldsRequest {
        key: "water".to_owned(),
        version: 0,
        custom_fields: filled(&json!({ "address": { "floor": "third" } })),
    };
    let refused = suite.forms("zhao.min").validate_fields(request).await.unwrap_err();
    assert_eq!(fields(&refused), ["custom_fields.address.floor", "custom_fields.meter"]);

    let given = json!({ "meter": "12345678", "pressure": 2.5, "address": { "floor": 3 }, "remark": "请拨13800001234" });
    let ticket = agent.create_ticket(about_water(&given)).await.unwrap().into_inner();
    let kept = suite.get(&ticket.id).await;
    assert_eq!(kept.custom_fields, ticket.custom_fields);
    assert_eq!(text(kept.custom_fields.as_ref(), "meter"), "12345678");
    let pressure = &kept.custom_fields.as_ref().unwrap().fields["pressure"];
    assert_eq!(pressure.kind, Some(prost_types::value::Kind::NumberValue(2.5)), "numbers stay numbers");
    assert_eq!(text(kept.custom_fields.as_ref(), "remark"), "请拨138****1234", "numbers are masked");
    // Not in what travels.
    let entry = suite.timeline(&ticket.id).await.remove(0);
    assert!(!format!("{entry:?}").contains("12345678"), "{entry:?}");
    let no_form = pb::CreateTicketRequest { custom_fields: filled(&json!({ "meter": "1" })), ..complaint() };
    assert_eq!(fields(&agent.create_ticket(no_form).await.unwrap_err()), ["custom_fields"]);
}

#[tokio::test]
async fn t06_searchable_fields_can_be_filtered_on() {
    let suite = Suite::with_water().await;
    let mut agent = suite.tickets("zhao.min");
    let mut made = Vec::new();
    for given in [
        json!({ "meter": "10000001", "pressure": 1, "urgent": true, "since": "2026-11-01", "address": { "floor": 3 } }),
        json!({ "meter": "10000002", "pressure": 2.5, "urgent": false, "since": "2026-11-15" }),
        json!({ "meter": "20000001", "pressure": 4, "since": "2026-12-01" }),
    ] {
        made.push(agent.create_ticket(about_water(&given)).await.unwrap().into_inner().id);
    }
    agent.create_ticket(complaint()).await.unwrap();
    let condition = |field: &str, rule| pb::FieldCondition { field: field.to_owned(), rule: Some(rule) };
    let number = |from, to| Rule::Number(pb::NumberRange { from, to });
    let date = |from: &str, to: &str| Rule::Date(pb::DateRange { from: from.to_owned(), to: to.to_owned() });
    for (conditions, expected) in [
        (vec![condition("meter", Rule::Equals("10000001".to_owned()))], vec![0]),
        (vec![condition("meter", Rule::Prefix("1000".to_owned()))], vec![0, 1]),
        (vec![condition("meter", Rule::Prefix("3".to_owned()))], vec![]),
        (vec![condition("pressure", number(Some(2.5), None))], vec![1, 2]),
        (vec![condition("pressure", number(Some(1.0), Some(2.5)))], vec![0, 1]),
        (vec![condition("urgent", Rule::Flag(false))], vec![1]),
        (vec![condition("since", date("2026-11-15", ""))], vec![1, 2]),
        (vec![condition("since", date("2026-11-01", "2026-11-15"))], vec![0, 1]),
        (vec![condition("address.floor", number(Some(3.0), Some(3.0)))], vec![0]),
        (
            vec![
                condition("meter", Rule::Prefix("1".to_owned())),
                condition("pressure", number(Some(2.0), None)),
            ],
            vec![1],
        ),
        (vec![condition("remark", Rule::Equals(String::new()))], vec![]),
    ] {
        let filter = pb::TicketFilter { fields: conditions.clone(), ..Default::default() };
        let request = pb::ListTicketsRequest { filter: Some(filter), ..Default::default() };
        let listed = agent.list_tickets(request).await.unwrap().into_inner().tickets;
        let mut found: Vec<usize> =
            listed.iter().map(|t| made.iter().position(|id| *id == t.id).unwrap()).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{conditions:?}");
    }
    for (bad, field) in [
        (condition("meter", number(None, None)), "filter.fields[0].number"),
        (condition("meter", Rule::Prefix(String::new())), "filter.fields[0].prefix"),
        (condition("since", date("yesterday", "")), "filter.fields[0].date.from"),
        (condition("$type", Rule::Equals("x".to_owned())), "filter.fields[0].field"),
        (pb::FieldCondition { field: "meter".to_owned(), rule: None }, "filter.fields[0].rule"),
    ] {
        let filter = pb::TicketFilter { fields: vec![bad], ..Default::default() };
        let request = pb::ListTicketsRequest { filter: Some(filter.clone()), ..Default::default() };
        assert_eq!(fields(&agent.list_tickets(request).await.unwrap_err()), [field]);
    }
    let filter =
        pb::TicketFilter { fields: vec![condition("urgent", Rule::Flag(true))], ..Default::default() };
    let request = pb::WatchTicketsRequest { filter: Some(filter), ..Default::default() };
    assert_eq!(fields(&agent.watch_tickets(request).await.unwrap_err()), ["filter.fields"]);
}

/// Whatever the table comes to, values are looked up.
#[tokio::test]
async fn values_of_forms_are_found_by_their_index() {
    let suite = Suite::with_water().await;
    sqlx::query(
        "INSERT INTO ticket_fields (ticket_id, field, text_value)
         SELECT gen_random_uuid(), 'meter', lpad(n::text, 8, '0') FROM generate_series(1, 20000) n",
    )
    .execute(suite.env.pool())
    .await
    .unwrap();
    sqlx::query("ANALYZE ticket_fields").execute(suite.env.pool()).await.unwrap();
    let plan: Vec<String> = sqlx::query_scalar(
        "EXPLAIN SELECT ticket_id FROM ticket_fields f
         WHERE f.field = 'meter' AND f.text_value >= '0000123' AND f.text_value <= '0000123' || U&'\\+10FFFF'",
    )
    .fetch_all(suite.env.pool())
    .await
    .unwrap();
    assert!(plan.iter().any(|line| line.contains("ticket_fields_text")), "{plan:#?}");
}

#[tokio::test]
async fn t06_what_says_who_somebody_is_is_kept_and_shown_as_a_contact() {
    let suite = Suite::with_water().await;
    for (name, right) in [("reader", "personal")] {
        let spec = PrincipalSpec::new(name).role("agent").region("44").right(right);
        suite.env.principal(spec).await;
    }
    let given = json!({ "meter": "12345678", "account": "工行 6222-0000" });
    for (phone, confidential) in [(true, false), (false, true)] {
        let contact = if phone { with_phone("13800001234").contact } else { None };
        let request =
            pb::CreateTicketRequest { contact, reporter_confidential: confidential, ..about_water(&given) };
        let ticket = suite.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner();
        assert_eq!(text(ticket.custom_fields.as_ref(), "account"), "****");
        let clear = pb::GetTicketRequest { ticket: ticket.id.clone(), in_clear: true };
        let clear = suite.tickets("reader").get_ticket(clear).await.unwrap().into_inner();
        assert_eq!(text(clear.custom_fields.as_ref(), "account"), "工行 6222-0000");
        // The unit that handles a confidential one does not even learn that there is any.
        suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
        let request = pb::GetTicketRequest { ticket: ticket.id.clone(), in_clear: false };
        let seen = suite.tickets("li.wei").get_ticket(request).await.unwrap().into_inner();
        assert_eq!(seen.custom_fields.unwrap().fields.contains_key("account"), !confidential);
    }
    let kept: Vec<String> =
        sqlx::query_scalar("SELECT text FROM record_texts").fetch_all(suite.env.pool()).await.unwrap();
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().all(|text| !text.contains("6222")), "{kept:?}");
}

#[tokio::test]
async fn t06_a_draft_may_be_incomplete_and_is_complete_when_it_is_submitted() {
    let suite = Suite::with_water().await;
    let mut agent = suite.tickets("zhao.min");
    let wrong = pb::CreateTicketRequest { draft: true, ..about_water(&json!({ "meter": "x" })) };
    assert_eq!(fields(&agent.create_ticket(wrong).await.unwrap_err()), ["custom_fields.meter"]);
    let incomplete =
        pb::CreateTicketRequest { draft: true, ..about_water(&json!({ "pressure": 1, "account": "a" })) };
    let draft = agent.create_ticket(incomplete).await.unwrap().into_inner();
    let draft_id = draft.id;
    let submit = pb::SubmitTicketRequest { request_id: id(), ticket: draft_id.clone(), etag: String::new() };
    assert_eq!(fields(&agent.submit_ticket(submit).await.unwrap_err()), ["custom_fields.meter"]);
    // What says who somebody is stays as it was given where it is left out.
    let mut drafts = DraftServiceClient::new(suite.env.channel(&suite.service, "zhao.min"));
    let update = |fields: Value| pb::UpdateDraftRequest {
        request_id: id(),
        ticket: draft_id.clone(),
        etag: String::new(),
        draft: Some(pb::DraftFields { custom_fields: filled(&fields), ..Default::default() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["custom_fields".to_owned()] }),
    };
    let refused = drafts.update_draft(update(json!({ "meter": "x" }))).await.unwrap_err();
    assert_eq!(fields(&refused), ["draft.custom_fields.meter"]);
    let updated = drafts.update_draft(update(json!({ "account": "b" }))).await.unwrap().into_inner();
    assert!(!format!("{updated:?}").contains("pressure"), "{updated:?}");
    let updated = drafts.update_draft(update(json!({ "meter": "87654321" }))).await.unwrap().into_inner();
    assert_eq!(text(updated.custom_fields.as_ref(), "meter"), "87654321");
    assert_eq!(text(updated.custom_fields.as_ref(), "account"), "****", "it is there still");
    let filter = pb::TicketFilter {
        fields: vec![pb::FieldCondition {
            field: "meter".to_owned(),
            rule: Some(Rule::Equals("87654321".to_owned())),
        }],
        ..Default::default()
    };
    let request = pb::ListTicketsRequest { filter: Some(filter), ..Default::default() };
    assert_eq!(agent.list_tickets(request).await.unwrap().into_inner().tickets.len(), 1);
    let submit = pb::SubmitTicketRequest { request_id: id(), ticket: draft_id, etag: String::new() };
    assert_eq!(agent.submit_ticket(submit).await.unwrap().into_inner().phase(), pb::Phase::PendingDispatch);
    let complete = pb::CreateTicketRequest { draft: true, ..about_water(&json!({ "meter": "12345678" })) };
    let draft = agent.create_ticket(complete).await.unwrap().into_inner();
    let submit = pb::SubmitTicketRequest { request_id: id(), ticket: draft.id, etag: String::new() };
    let ticket = agent.submit_ticket(submit).await.unwrap().into_inner();
    assert_eq!(ticket.phase(), pb::Phase::PendingDispatch);
}

#[tokio::test]
async fn t06_what_was_filled_in_is_erased_with_the_texts() {
    let suite = Suite::with_water().await;
    let given = json!({ "meter": "12345678", "remark": "很私人的话", "account": "6222" });
    let request =
        pb::CreateTicketRequest { contact: with_phone("13800001234").contact, ..about_water(&given) };
    let ticket = suite.tickets("zhao.min").create_ticket(request).await.unwrap().into_inner();
    suite.tickets("zhao.min").cancel_ticket(cancel(&ticket)).await.unwrap();
    let erase = pb::EraseCustomerRequest {
        request_id: id(),
        reason: "本人要求".to_owned(),
        subject: Some(pb::erase_customer_request::Subject::CustomerId(ticket.customer_id.clone())),
        force: false,
    };
    suite.privacy("admin").erase_customer(erase).await.unwrap();
    let left = suite.get(&ticket.id).await;
    assert_eq!(left.custom_fields, None);
    assert_eq!(suite.count("ticket_fields").await, 0);
    let texts: Vec<String> =
        sqlx::query_scalar("SELECT text FROM record_texts").fetch_all(suite.env.pool()).await.unwrap();
    assert!(texts.iter().all(|text| !text.contains("私人") && !text.contains("12345678")), "{texts:?}");
}

#[tokio::test]
async fn forms_that_are_none_are_refused_with_their_places_and_only_administrators_put_them() {
    let suite = Suite::start().await;
    let mut admin = suite.forms("admin");
    let bad = json!({ "type": "object", "properties": {
        "a": { "$ref": "https://example.com/x.json" },
        "b": { "type": "string", "pattern": "(?=x)" },
        "c": { "maxlength": 3 },
    }});
    let refused = admin.put_form(put("bad", &bad)).await.unwrap_err();
    assert_eq!(fields(&refused), ["schema/properties/a/$ref", "schema/properties/c/maxlength"]);
    let bad = json!({ "type": "object", "properties": { "b": { "type": "string", "pattern": "(?=x)" } } });
    let refused = admin.put_form(put("bad", &bad)).await.unwrap_err();
    assert_eq!(fields(&refused), ["schema/properties/b/pattern"]);
    let refused = admin.put_form(put("Bad Key", &water())).await.unwrap_err();
    assert_eq!(fields(&refused), ["key"]);
    assert_eq!(
        suite.forms("zhao.min").put_form(put("water", &water())).await.unwrap_err().code(),
        Code::PermissionDenied
    );
    let get = pb::GetFormRequest { key: "bad".to_owned(), version: 0 };
    assert_eq!(reason(&admin.get_form(get).await.unwrap_err()), "FORM_NOT_FOUND");

    // A page after another.
    for key in ["a", "b", "c"] {
        suite.put_form(key, &water()).await;
    }
    let mut request = pb::ListFormsRequest { page_size: 2, page_token: String::new() };
    let mut listed = Vec::new();
    loop {
        let page = admin.list_forms(request.clone()).await.unwrap().into_inner();
        listed.extend(page.forms.into_iter().map(|form| (form.key, form.searchable.len())));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(listed, [("a".to_owned(), 5), ("b".to_owned(), 5), ("c".to_owned(), 5)]);
    let request = put("d", &water());
    admin.put_form(request.clone()).await.unwrap();
    let other = pb::PutFormRequest { name: "燃气表".to_owned(), ..request };
    assert_eq!(reason(&admin.put_form(other).await.unwrap_err()), "REQUEST_ID_REUSED");
}

fn own_type(key: &str, base: pb::TicketType, enabled: bool) -> pb::PutTicketTypeRequest {
    let put = pb::TicketTypeDefinition {
        key: key.to_owned(),
        name_zh: "噪音投诉".to_owned(),
        name_en: "Noise complaint".to_owned(),
        base: base.into(),
        enabled,
        ..Default::default()
    };
    pb::PutTicketTypeRequest { request_id: id(), r#type: Some(put) }
}

#[tokio::test]
async fn t07_types_are_data_and_own_ones_count_as_one_that_ships() {
    let suite = Suite::start().await;
    let mut admin = suite.types("admin");
    let list = async || {
        let types = suite.types("zhao.min").list_ticket_types(pb::ListTicketTypesRequest {}).await;
        types.unwrap().into_inner().types
    };
    let shipped = list().await;
    let names: Vec<_> = shipped.iter().map(|t| (t.key.as_str(), t.name_zh.as_str())).collect();
    assert_eq!(
        names,
        [
            ("consultation", "咨询"),
            ("complaint", "投诉"),
            ("report", "举报"),
            ("suggestion", "建议"),
            ("help", "求助"),
            ("praise", "表扬"),
            ("incident", "故障"),
            ("business_processing", "业务处理"),
            ("maintenance", "维护作业"),
            ("other", "其他"),
        ]
    );
    assert!(shipped.iter().all(|t| t.built_in && t.enabled && t.version == 0));
    let complaint_type = pb::TicketType::Complaint;
    let made =
        admin.put_ticket_type(own_type("noise_complaint", complaint_type, true)).await.unwrap().into_inner();
    assert_eq!((made.base(), made.built_in, made.version), (complaint_type, false, 1));
    assert_eq!(list().await.last().unwrap().key, "noise_complaint");

    // A request of it counts as a complaint, and is found by either.
    let mut agent = suite.tickets("zhao.min");
    let asked = pb::CreateTicketRequest { r#type: 0, type_key: "noise_complaint".to_owned(), ..complaint() };
    let ticket = agent.create_ticket(asked.clone()).await.unwrap().into_inner();
    assert_eq!((ticket.r#type(), ticket.type_key.as_str()), (complaint_type, "noise_complaint"));
    let other = agent.create_ticket(complaint()).await.unwrap().into_inner();
    for (filter, expected) in [
        (pb::TicketFilter { type_keys: vec!["noise_complaint".to_owned()], ..Default::default() }, 1),
        (pb::TicketFilter { type_keys: vec!["complaint".to_owned()], ..Default::default() }, 2),
        (pb::TicketFilter { types: vec![complaint_type.into()], ..Default::default() }, 2),
        (pb::TicketFilter { type_keys: vec!["praise".to_owned()], ..Default::default() }, 0),
    ] {
        let request = pb::ListTicketsRequest { filter: Some(filter.clone()), ..Default::default() };
        let found = agent.list_tickets(request).await.unwrap().into_inner().tickets;
        assert_eq!(found.len(), expected, "{filter:?}");
    }
    assert_eq!(other.type_key, "");

    // Another type than it is counted as, one that is none, one that is no longer in use.
    let wrong =
        pb::CreateTicketRequest { request_id: id(), r#type: pb::TicketType::Praise.into(), ..asked.clone() };
    assert_eq!(fields(&agent.create_ticket(wrong).await.unwrap_err()), ["type"]);
    let unknown =
        pb::CreateTicketRequest { request_id: id(), type_key: "unknown".to_owned(), ..asked.clone() };
    assert_eq!(fields(&agent.create_ticket(unknown).await.unwrap_err()), ["type_key"]);
    let off = admin.put_ticket_type(own_type("noise_complaint", complaint_type, false)).await.unwrap();
    assert_eq!((off.get_ref().version, off.get_ref().enabled), (2, false));
    let late = pb::CreateTicketRequest { request_id: id(), ..asked };
    assert_eq!(fields(&agent.create_ticket(late).await.unwrap_err()), ["type"]);
    assert_eq!(suite.get(&ticket.id).await.type_key, "noise_complaint", "tickets keep it");

    // One that ships can be renamed and taken out of use, but counts as itself.
    let refused = admin.put_ticket_type(own_type("praise", complaint_type, true)).await.unwrap_err();
    assert_eq!(fields(&refused), ["type.base"]);
    admin.put_ticket_type(own_type("praise", pb::TicketType::Praise, false)).await.unwrap();
    let praise = pb::CreateTicketRequest { r#type: pb::TicketType::Praise.into(), ..complaint() };
    assert_eq!(fields(&agent.create_ticket(praise).await.unwrap_err()), ["type"]);
    let refused = suite.types("zhao.min").put_ticket_type(own_type("x", complaint_type, true)).await;
    assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
    let refused = admin.put_ticket_type(own_type("Noise", pb::TicketType::Unspecified, true)).await;
    assert_eq!(fields(&refused.unwrap_err()), ["type.key", "type.base"]);
}

#[tokio::test]
async fn t07_an_item_may_bind_an_own_type() {
    let suite = Suite::start().await;
    let complaint_type = pb::TicketType::Complaint;
    suite.types("admin").put_ticket_type(own_type("noise_complaint", complaint_type, true)).await.unwrap();
    let row = |type_key: &str, kind: pb::TicketType| pb::CatalogueRow {
        path: vec!["环境".to_owned(), "噪声".to_owned(), "施工".to_owned()],
        r#type: kind.into(),
        type_key: type_key.to_owned(),
        ..Default::default()
    };
    for (bad, field) in [
        (row("unknown", pb::TicketType::Unspecified), "rows[0].type_key"),
        (row("noise_complaint", pb::TicketType::Praise), "rows[0].type"),
    ] {
        let request = pb::ImportCatalogueRequest { request_id: id(), rows: vec![bad] };
        let refused = suite.catalogue("admin").import_catalogue(request).await.unwrap_err();
        assert_eq!(fields(&refused), [field]);
    }
    suite.import(vec![row("noise_complaint", pb::TicketType::Unspecified)]).await;
    let mut agent = suite.tickets("zhao.min");
    let about = pb::CreateTicketRequest { item: "环境/噪声/施工".to_owned(), ..complaint() };
    let ticket = agent.create_ticket(about.clone()).await.unwrap().into_inner();
    assert_eq!((ticket.r#type(), ticket.type_key.as_str()), (complaint_type, "noise_complaint"));
    assert_eq!(ticket.region, REGION);
    suite.tickets("chen.jing").dispatch_ticket(dispatch(&ticket, "tianhe-env")).await.unwrap();
    let accepted = suite.tickets("li.wei").accept_ticket(accept(&ticket)).await.unwrap().into_inner();
    assert_eq!(accepted.type_key, "noise_complaint", "it survives acts");
    let other =
        pb::CreateTicketRequest { request_id: id(), type_key: "praise".to_owned(), r#type: 0, ..about };
    assert_eq!(fields(&agent.create_ticket(other).await.unwrap_err()), ["type"]);
}
