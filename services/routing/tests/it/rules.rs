use crate::support::{Suite, id, refusal, rule};
use gongdan_proto::routing::v1::{self as pb, rule_action::Target};
use tonic::Code;

async fn put(suite: &Suite, rule: pb::Rule, etag: &str) -> Result<pb::Rule, tonic::Status> {
    let request =
        pb::PutRuleRequest { request_id: id(), rule: Some(rule), etag: etag.into(), ..Default::default() };
    suite.rules("admin").put_rule(request).await.map(tonic::Response::into_inner)
}

async fn violations(suite: &Suite, rule: pb::Rule) -> Vec<String> {
    let status = put(suite, rule, "").await.unwrap_err();
    let (code, reason, violations) = refusal(&status);
    assert_eq!((code, reason.as_str()), (Code::InvalidArgument, "INVALID_REQUEST"));
    violations
}

#[tokio::test]
async fn a_bad_condition_is_refused_with_its_position() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    let deep = format!("{}true{}", "(".repeat(40), ")".repeat(40));
    let long = vec!["1"; 5_000].join("+");
    for (when, expected) in [
        ("ticket.type == ", "rule.when: line 1, column 16:"),
        (
            "ticket.type == 'help' &&\n  ticket.colour == 'red'",
            "rule.when: line 2, column 3: unknown field `ticket.colour`",
        ),
        ("ticket.type == 'nonsense'", "rule.when: line 1, column 16: no type of tickets `nonsense`"),
        ("'nowhere' in ticket.returned_by", "rule.when: line 1, column 1: no unit `nowhere`"),
        ("weather.rain", "rule.when: line 1, column 1: unknown variable `weather`"),
        ("system('ls')", "unknown function system"),
        ("ticket.priority + 1", "rule.when: line 1, column 17: gives a value of type Int"),
        ("", "rule.when: line 1, column 1: empty"),
        (&deep, "rule.when: line 1, column 25: nested deeper than 24 brackets"),
        (&long, "longer than 4000 characters"),
    ] {
        let found = violations(&suite, rule("bad", when, "env")).await;
        assert!(found.len() == 1 && found[0].contains(expected), "{when:.60}: {found:?}");
    }
    let rules = suite.rules("admin").list_rules(pb::ListRulesRequest::default()).await.unwrap().into_inner();
    assert!(rules.rules.is_empty());
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_rule_is_said_at_once() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    let mut bad = rule("Bad Id", "tiket.type == 'x'", "nowhere");
    bad.name = String::new();
    bad.position = -1;
    let action = bad.action.as_mut().unwrap();
    action.set_priority = 9;
    action.assisting_unit_ids = vec!["nobody".into()];
    let found = violations(&suite, bad).await;
    let fields: Vec<_> = found.iter().filter_map(|v| v.split(':').next()).collect();
    assert_eq!(
        fields,
        [
            "rule.id",
            "rule.name",
            "rule.position",
            "rule.action.unit.unit_id",
            "rule.action.set_priority",
            "rule.action.assisting_unit_ids[0]",
            "rule.when",
        ]
    );
    let targets = [
        (Target::Group(pb::GroupAction { group_id: "env".into() }), "rule.action.group.group_id"),
        (Target::Desk(pb::DeskAction { desk_id: "env".into() }), "rule.action.desk.desk_id"),
        (
            Target::Person(pb::PersonAction { person_id: "nobody".into(), ..Default::default() }),
            "rule.action.person",
        ),
        (
            Target::Pool(pb::PoolAction { unit_id: "nowhere".into(), ..Default::default() }),
            "rule.action.pool.unit_id",
        ),
        (
            Target::Pool(pb::PoolAction { claim_limit: 1, ..Default::default() }),
            "rule.action.pool.claim_limit: 0 for the manual pool",
        ),
        (
            Target::Pool(pb::PoolAction { unit_id: "env".into(), claim_limit: -1, ..Default::default() }),
            "rule.action.pool.claim_limit: 0 or more",
        ),
        (
            Target::Pool(pb::PoolAction { unit_id: "env".into(), claim_limit: 10_001, ..Default::default() }),
            "rule.action.pool.claim_limit: up to 10000",
        ),
    ];
    for (target, field) in targets {
        let mut bad = rule("bad", "true", "");
        bad.action.as_mut().unwrap().target = Some(target);
        let found = violations(&suite, bad).await;
        assert!(found.len() == 1 && found[0].starts_with(field), "{found:?}");
    }
    let nothing = pb::Rule { action: None, ..rule("bad", "true", "") };
    assert_eq!(violations(&suite, nothing).await, ["rule.action: a target or at least one mark"]);
}

#[tokio::test]
async fn rules_have_an_order_an_etag_and_an_end() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    let first = put(&suite, rule("a", "true", "env"), "").await.unwrap();
    let second = put(&suite, pb::Rule { id: String::new(), ..rule("b", "true", "roads") }, "").await.unwrap();
    assert_eq!((first.position, second.position), (10, 20));
    assert_eq!(second.id.len(), 36, "an id of its own");

    let taken = pb::Rule { position: 20, ..first.clone() };
    assert!(violations(&suite, taken).await[0].starts_with("rule.position: 20 is the place of rule"));
    let unchanged = put(&suite, first.clone(), &first.etag).await.unwrap();
    assert_eq!(unchanged.etag, first.etag);
    let moved = put(&suite, pb::Rule { position: 30, ..first.clone() }, &first.etag).await.unwrap();
    assert_ne!(moved.etag, first.etag);
    let stale = put(&suite, pb::Rule { position: 40, ..first.clone() }, &first.etag).await.unwrap_err();
    assert_eq!((stale.code(), refusal(&stale).1.as_str()), (Code::Aborted, "ETAG_MISMATCH"));

    let mut rules = suite.rules("admin");
    let page = rules
        .list_rules(pb::ListRulesRequest { page_size: 1, ..Default::default() })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(page.rules[0].id, second.id);
    let rest = pb::ListRulesRequest { page_token: page.next_page_token, ..Default::default() };
    assert_eq!(rules.list_rules(rest).await.unwrap().into_inner().rules, std::slice::from_ref(&moved));

    let delete = pb::DeleteRuleRequest { request_id: id(), id: "a".into(), etag: first.etag, draft: false };
    assert_eq!(rules.delete_rule(delete.clone()).await.unwrap_err().code(), Code::Aborted);
    let delete = pb::DeleteRuleRequest { etag: moved.etag.clone(), ..delete };
    let deleted = rules.delete_rule(delete.clone()).await.unwrap().into_inner();
    assert_eq!(
        rules.delete_rule(delete).await.unwrap().into_inner(),
        deleted,
        "a retry gets the same answer"
    );
    let gone = rules.get_rule(pb::GetRuleRequest { id: "a".into(), draft: false }).await.unwrap_err();
    assert_eq!((gone.code(), refusal(&gone).1.as_str()), (Code::NotFound, "RULE_NOT_FOUND"));
}

#[tokio::test]
async fn a_retry_gets_the_answer_of_then_and_another_rule_is_refused() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    let request =
        pb::PutRuleRequest { request_id: id(), rule: Some(rule("a", "true", "env")), ..Default::default() };
    let mut rules = suite.rules("admin");
    let first = rules.put_rule(request.clone()).await.unwrap().into_inner();
    put(&suite, pb::Rule { name: "另一个名字".into(), ..first.clone() }, "").await.unwrap();
    assert_eq!(rules.put_rule(request.clone()).await.unwrap().into_inner(), first);
    let other = pb::PutRuleRequest { rule: Some(rule("a", "false", "env")), ..request };
    let status = rules.put_rule(other).await.unwrap_err();
    assert_eq!((status.code(), refusal(&status).1.as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
}

#[tokio::test]
async fn a_deletion_s_request_id_is_good_for_one_rule() {
    let suite = Suite::start().await;
    suite.import_guangzhou().await;
    let (one, other) = (suite.rule("a", "true", "env").await, suite.rule("b", "false", "env").await);
    let mut rules = suite.rules("admin");
    let request = pb::DeleteRuleRequest { request_id: id(), id: one.id, etag: one.etag, draft: false };
    rules.delete_rule(request.clone()).await.unwrap();
    let reused = pb::DeleteRuleRequest { id: other.id.clone(), etag: other.etag.clone(), ..request };
    let status = rules.delete_rule(reused).await.unwrap_err();
    assert_eq!((status.code(), refusal(&status).1.as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    let kept =
        rules.get_rule(pb::GetRuleRequest { id: other.id.clone(), draft: false }).await.unwrap().into_inner();
    assert_eq!(kept, other);
}
