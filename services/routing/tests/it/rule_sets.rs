//! Drafts, publishing, rolling back. Source: R4.

use crate::support::{Suite, dispatched_to, id, person, refusal, rule, unit};
use gongdan_proto::routing::v1::{self as pb, RuleSetKind};
use gongdan_testkit::PrincipalSpec;
use tonic::{Code, Status};

async fn publish(suite: &Suite, etag: &str, note: &str) -> Result<pb::RuleSet, Status> {
    let request = pb::PublishRuleDraftRequest { request_id: id(), etag: etag.into(), note: note.into() };
    suite.rule_sets("admin").publish_rule_draft(request).await.map(tonic::Response::into_inner)
}

async fn roll_back(suite: &Suite, number: i64, in_force: i64) -> Result<pb::RollBackRulesResponse, Status> {
    let request = pb::RollBackRulesRequest { request_id: id(), number, in_force, note: "回滚".to_owned() };
    suite.rule_sets("admin").roll_back_rules(request).await.map(tonic::Response::into_inner)
}

async fn discard(suite: &Suite, rule_ids: &[&str], etag: &str) -> Result<i32, Status> {
    let rule_ids = rule_ids.iter().map(|id| (*id).to_owned()).collect();
    let request = pb::DiscardRuleDraftRequest { request_id: id(), etag: etag.into(), rule_ids };
    suite.rule_sets("admin").discard_rule_draft(request).await.map(|answer| answer.into_inner().discarded)
}

async fn sets(suite: &Suite) -> Vec<pb::RuleSet> {
    let request = pb::ListRuleSetsRequest::default();
    suite.rule_sets("admin").list_rule_sets(request).await.unwrap().into_inner().sets
}

async fn rules(suite: &Suite, draft: bool) -> Vec<pb::Rule> {
    let request = pb::ListRulesRequest { draft, ..Default::default() };
    suite.rules("admin").list_rules(request).await.unwrap().into_inner().rules
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Status>) -> (Code, String) {
    let status = outcome.unwrap_err();
    (status.code(), refusal(&status).1)
}

fn unit_of(rule: &pb::Rule) -> &str {
    match rule.action.as_ref().and_then(|action| action.target.as_ref()) {
        Some(pb::rule_action::Target::Unit(unit)) => &unit.unit_id,
        _ => "",
    }
}

/// He belongs to `env`, and is active or not.
fn li_wei(active: bool) -> pb::ImportOrganisationRequest {
    pb::ImportOrganisationRequest {
        request_id: id(),
        principals: vec![pb::PrincipalRow { active: Some(active), ..person("li.wei", "env") }],
        ..Default::default()
    }
}

/// `id: before → after (fields)` by units.
fn said(change: &pb::RuleChange) -> String {
    let unit = |rule: &Option<pb::Rule>| rule.as_ref().map_or("-", unit_of).to_owned();
    format!(
        "{}: {} → {} ({})",
        change.rule_id,
        unit(&change.before),
        unit(&change.after),
        change.fields.join(" ")
    )
}

fn changes(draft: &pb::RuleDraft) -> Vec<String> {
    draft.changes.iter().map(|change| said(change.change.as_ref().unwrap())).collect()
}

#[tokio::test]
async fn r4_a_draft_changes_nothing_until_it_is_published() {
    let suite = Suite::in_guangzhou().await;
    suite.rule("a", "ticket.type == 'complaint'", "city").await;
    suite.rule("old", "ticket.priority == 1", "city").await;

    suite.draft("a", "ticket.type == 'complaint'", "env").await;
    suite.draft("new", "true", "roads").await;
    let out = pb::DeleteRuleRequest { request_id: id(), id: "old".into(), draft: true, ..Default::default() };
    suite.rules("admin").delete_rule(out).await.unwrap();

    let in_force: Vec<_> =
        rules(&suite, false).await.iter().map(|r| (r.id.clone(), unit_of(r).to_owned())).collect();
    assert_eq!(
        in_force,
        [("a".into(), "city".into()), ("old".into(), "city".into())] as [(String, String); 2]
    );
    let drafted: Vec<_> =
        rules(&suite, true).await.iter().map(|r| (r.id.clone(), unit_of(r).to_owned())).collect();
    assert_eq!(
        drafted,
        [("a".into(), "env".into()), ("new".into(), "roads".into())] as [(String, String); 2]
    );
    let draft = suite.the_draft().await;
    assert_eq!(changes(&draft), ["a: city → env (action)", "old: city → - ()", "new: - → roads ()"]);
    assert_eq!((draft.opened_by.as_str(), draft.rules, draft.in_force), ("admin", 2, 3));
    assert!(draft.changes.iter().all(|change| change.changed_by == "admin" && !change.behind));

    let before = suite.submitted("环境/噪音", "噪音").await;
    assert_eq!(dispatched_to(&suite.decision(&before).await), "city", "the draft decides nothing");
    let set = publish(&suite, &draft.etag, "十二月的规则").await.unwrap();
    assert_eq!((set.number, set.kind(), set.rules), (4, RuleSetKind::Draft, 2));
    assert_eq!((set.published_by.as_str(), set.note.as_str()), ("admin", "十二月的规则"));
    let after = suite.submitted("环境/噪音", "噪音").await;
    assert_eq!(dispatched_to(&suite.decision(&after).await), "env");

    let none = suite.the_draft().await;
    assert!(none.changes.is_empty() && none.opened_by.is_empty() && none.opened_at.is_none());
    assert_eq!(refused(publish(&suite, "", "").await), (Code::FailedPrecondition, "NO_RULE_DRAFT".into()));
    let explained = suite.explain(&before).await;
    assert_eq!(explained.decision.unwrap().summary, "rule `a` (规则 a) → city", "as the rules were then");
    assert_eq!(explained.rules[0].rule_id, "a");
}

#[tokio::test]
async fn r4_what_is_published_is_what_was_read() {
    let suite = Suite::in_guangzhou().await;
    suite.draft("a", "true", "env").await;
    let read = suite.the_draft().await;
    suite.draft("b", "true", "roads").await;
    let aborted = (Code::Aborted, "ETAG_MISMATCH".to_owned());
    assert_eq!(refused(publish(&suite, &read.etag, "").await), aborted, "the draft is another");
    let read = suite.the_draft().await;
    suite.rule("c", "false", "city").await;
    assert_eq!(refused(publish(&suite, &read.etag, "").await), aborted, "other rules are in force");
    assert!(rules(&suite, false).await.iter().all(|rule| rule.id == "c"));

    let request = pb::PublishRuleDraftRequest {
        request_id: id(),
        etag: suite.the_draft().await.etag,
        note: String::new(),
    };
    let mut client = suite.rule_sets("admin");
    let set = client.publish_rule_draft(request.clone()).await.unwrap().into_inner();
    suite.draft("d", "true", "roads").await;
    let again = pb::PublishRuleDraftRequest { etag: String::new(), ..request };
    assert_eq!(client.publish_rule_draft(again.clone()).await.unwrap().into_inner(), set, "a retry");
    assert_eq!(changes(&suite.the_draft().await), ["d: - → roads ()"], "which publishes nothing new");
    let other = pb::PublishRuleDraftRequest { note: "另一个".into(), ..again };
    let reused = client.publish_rule_draft(other).await.map(tonic::Response::into_inner);
    assert_eq!(refused(reused), (Code::AlreadyExists, "REQUEST_ID_REUSED".into()));
    let long = publish(&suite, "", &"长".repeat(501)).await.unwrap_err();
    assert_eq!(refusal(&long).2, ["note: up to 500 characters"]);
}

#[tokio::test]
async fn r4_every_rule_is_checked_again_and_a_bad_one_holds_all_back() {
    let suite = Suite::in_guangzhou().await;
    suite.import(li_wei(true)).await;
    let to_person = pb::PersonAction { person_id: "li.wei".into(), ..Default::default() };
    let mut personal = rule("personal", "true", "");
    personal.action.as_mut().unwrap().target = Some(pb::rule_action::Target::Person(to_person));
    let put =
        pb::PutRuleRequest { request_id: id(), rule: Some(personal), draft: true, ..Default::default() };
    suite.rules("admin").put_rule(put).await.unwrap();
    suite.draft("good", "true", "roads").await;
    suite.import(li_wei(false)).await;

    let status = publish(&suite, "", "").await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(refusal(&status).2, ["rules[personal].action.person.person_id: `li.wei` is not active"]);
    assert!(rules(&suite, false).await.is_empty(), "not even the good one");
    assert_eq!(sets(&suite).await.len(), 1);

    let unknown = discard(&suite, &["personal", "nobody"], "").await.unwrap_err();
    assert_eq!(refusal(&unknown).2, ["rule_ids[1]: the draft does not change `nobody`"]);
    assert_eq!(refused(discard(&suite, &[], "0.0").await), (Code::Aborted, "ETAG_MISMATCH".into()));
    assert_eq!(discard(&suite, &["personal"], "").await.unwrap(), 1);
    publish(&suite, "", "").await.unwrap();
    assert_eq!(rules(&suite, false).await[0].id, "good");
}

#[tokio::test]
async fn r4_what_is_changed_at_once_is_in_the_draft_unless_both_changed_it() {
    let suite = Suite::in_guangzhou().await;
    suite.rule("a", "true", "city").await;
    suite.rule("b", "true", "city").await;
    suite.draft("a", "true", "env").await;
    suite.rule("b", "false", "roads").await;
    let draft = suite.the_draft().await;
    assert_eq!(changes(&draft), ["a: city → env (action)"], "b is as it is in force");

    suite.rule("a", "false", "city").await;
    assert!(suite.the_draft().await.changes[0].behind);
    let status = publish(&suite, "", "").await.unwrap_err();
    assert_eq!((status.code(), refusal(&status).1.as_str()), (Code::FailedPrecondition, "RULE_DRAFT_BEHIND"));
    suite.draft("a", "false", "env").await;
    assert!(!suite.the_draft().await.changes[0].behind, "somebody looked");
    publish(&suite, "", "").await.unwrap();
    let now: Vec<_> =
        rules(&suite, false).await.iter().map(|r| (r.when.clone(), unit_of(r).to_owned())).collect();
    assert_eq!(
        now,
        [("false".into(), "env".into()), ("false".into(), "roads".into())] as [(String, String); 2]
    );

    suite.draft("b", "true", "roads").await;
    suite.draft("b", "false", "roads").await;
    assert!(suite.the_draft().await.opened_by.is_empty(), "a change taken back is none");
}

#[tokio::test]
async fn r4_rolling_back_is_one_call() {
    let suite = Suite::in_guangzhou().await;
    suite.rule("a", "true", "city").await;
    suite.rule("b", "true", "roads").await;
    suite.draft("a", "true", "env").await;
    suite.draft("b", "false", "env").await;
    suite.draft("c", "true", "env").await;
    let published = publish(&suite, "", "").await.unwrap().number;
    let wrong = suite.submitted("环境/噪音", "噪音").await;
    assert_eq!(dispatched_to(&suite.decision(&wrong).await), "env");

    suite.draft("d", "true", "env").await;
    let seen = (Code::Aborted, "ETAG_MISMATCH".to_owned());
    assert_eq!(refused(roll_back(&suite, 3, published - 1).await), seen);
    let not_found = (Code::NotFound, "RULE_SET_NOT_FOUND".to_owned());
    assert_eq!(refused(roll_back(&suite, 99, 0).await), not_found);
    let same = roll_back(&suite, published, 0).await.unwrap_err();
    assert_eq!(refusal(&same).2, ["number: an earlier set than the one in force"]);

    let request =
        pb::RollBackRulesRequest { request_id: id(), number: 3, in_force: published, note: "误派".into() };
    let mut client = suite.rule_sets("admin");
    let back = client.roll_back_rules(request.clone()).await.unwrap().into_inner();
    let set = back.set.clone().unwrap();
    assert_eq!((set.kind(), set.number, set.rolled_back_to, set.rules), (RuleSetKind::RollBack, 5, 3, 2));
    assert!(back.passed_over.is_empty());
    assert_eq!(client.roll_back_rules(request).await.unwrap().into_inner(), back, "a retry");
    let right = suite.submitted("环境/噪音", "噪音").await;
    assert_eq!(dispatched_to(&suite.decision(&right).await), "city");
    assert_eq!(suite.explain(&wrong).await.decision.unwrap().summary, "rule `a` (规则 a) → env");
    assert_eq!(changes(&suite.the_draft().await), ["d: - → env ()"], "the draft is kept");

    let told: Vec<_> = sets(&suite).await.iter().map(|set| (set.number, set.kind())).collect();
    let kinds = [
        RuleSetKind::RollBack,
        RuleSetKind::Draft,
        RuleSetKind::AtOnce,
        RuleSetKind::AtOnce,
        RuleSetKind::First,
    ];
    assert_eq!(told, (1..=5).rev().zip(kinds).collect::<Vec<_>>());
    let page = pb::ListRuleSetsRequest { page_size: 2, ..Default::default() };
    let first = client.list_rule_sets(page).await.unwrap().into_inner();
    let page = pb::ListRuleSetsRequest { page_token: first.next_page_token, ..Default::default() };
    assert_eq!(client.list_rule_sets(page).await.unwrap().into_inner().sets[0].number, 3);

    let diff = |from, to| pb::DiffRuleSetsRequest { from, to, ..Default::default() };
    let changes = client.diff_rule_sets(diff(3, 4)).await.unwrap().into_inner().changes;
    assert_eq!(
        changes.iter().map(said).collect::<Vec<_>>(),
        ["a: city → env (action)", "b: roads → env (when action)", "c: - → env ()"]
    );
    assert!(client.diff_rule_sets(diff(3, 0)).await.unwrap().into_inner().changes.is_empty());
    assert_eq!(client.diff_rule_sets(diff(3, 99)).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn r4_rolling_back_names_what_cannot_decide_and_does_it_all_the_same() {
    let suite = Suite::in_guangzhou().await;
    suite.import(li_wei(true)).await;
    let to_person = pb::PersonAction { person_id: "li.wei".into(), ..Default::default() };
    let mut personal = rule("personal", "true", "");
    personal.action.as_mut().unwrap().target = Some(pb::rule_action::Target::Person(to_person));
    let put = pb::PutRuleRequest { request_id: id(), rule: Some(personal), ..Default::default() };
    suite.rules("admin").put_rule(put).await.unwrap();
    suite.rule("personal", "true", "roads").await;
    suite.import(li_wei(false)).await;
    let back = roll_back(&suite, 2, 0).await.unwrap();
    assert_eq!(back.passed_over["personal"], "`li.wei` is not active");
    let ticket = suite.submitted("环境/噪音", "噪音").await;
    assert_eq!(dispatched_to(&suite.decision(&ticket).await), "env", "by the area: the rule is passed over");
}

#[tokio::test]
async fn r4_rules_change_places() {
    let suite = Suite::in_guangzhou().await;
    for name in ["a", "b", "c"] {
        suite.rule(name, "true", "env").await;
    }
    let order = async |draft| {
        rules(&suite, draft)
            .await
            .iter()
            .map(|r| format!("{}{}", r.id, r.position))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let mut client = suite.rules("admin");
    let to = |id: &str, place, draft| pb::MoveRuleRequest {
        request_id: crate::support::id(),
        id: id.into(),
        place,
        etag: String::new(),
        draft,
    };
    use pb::move_rule_request::Place::{AfterId, BeforeId};
    client.move_rule(to("c", Some(BeforeId("a".into())), true)).await.unwrap();
    assert_eq!((order(false).await, order(true).await), ("a10 b20 c30".into(), "c5 a10 b20".into()));
    client.move_rule(to("a", None, true)).await.unwrap();
    assert_eq!(order(true).await, "c5 b20 a30");
    publish(&suite, "", "").await.unwrap();
    assert_eq!(order(false).await, "c5 b20 a30", "two changed places in one publishing");

    let moved = client.move_rule(to("a", Some(AfterId("c".into())), false)).await.unwrap().into_inner();
    assert_eq!((order(false).await, moved.position), ("c5 a12 b20".into(), 12));
    for place in [13, 14] {
        let rule = pb::Rule { position: place, ..rule(&format!("n{place}"), "true", "env") };
        let put = pb::PutRuleRequest { request_id: id(), rule: Some(rule), ..Default::default() };
        client.put_rule(put).await.unwrap();
    }
    client.move_rule(to("b", Some(AfterId("a".into())), false)).await.unwrap();
    assert_eq!(order(false).await, "c5 a12 b22 n1332 n1442", "those behind made room, in one set");
    let unknown = client.move_rule(to("a", Some(AfterId("z".into())), false)).await.unwrap_err();
    assert_eq!(refusal(&unknown).2, ["after_id: no other rule `z`"]);
    assert_eq!(client.move_rule(to("z", None, false)).await.unwrap_err().code(), Code::NotFound);
    let stale = pb::MoveRuleRequest { etag: "1".into(), ..to("a", None, false) };
    assert_eq!(client.move_rule(stale).await.unwrap_err().code(), Code::Aborted);
}

#[tokio::test]
async fn r4_only_administrators_publish_and_roll_back() {
    let suite = Suite::in_guangzhou().await;
    suite.env.principal(PrincipalSpec::new("li.wei").role("handler").unit("env")).await;
    suite.draft("a", "true", "env").await;
    let mut client = suite.rule_sets("li.wei");
    assert_eq!(
        client.get_rule_draft(pb::GetRuleDraftRequest::default()).await.unwrap().into_inner().rules,
        1
    );
    let publish = pb::PublishRuleDraftRequest { request_id: id(), ..Default::default() };
    assert_eq!(client.publish_rule_draft(publish).await.unwrap_err().code(), Code::PermissionDenied);
    let back = pb::RollBackRulesRequest { request_id: id(), number: 1, ..Default::default() };
    assert_eq!(client.roll_back_rules(back).await.unwrap_err().code(), Code::PermissionDenied);
    let discard = pb::DiscardRuleDraftRequest { request_id: id(), ..Default::default() };
    assert_eq!(client.discard_rule_draft(discard).await.unwrap_err().code(), Code::PermissionDenied);
    let simulate = pb::SimulateRulesRequest::default();
    assert_eq!(client.simulate_rules(simulate).await.unwrap_err().code(), Code::PermissionDenied);
}

/// A unit ends, or comes back.
async fn end(suite: &Suite, name: &str, at: Option<&str>) {
    let at = at.map(|at| gongdan_proto::to_timestamp(at.parse().unwrap()));
    let units = vec![pb::UnitRow { valid_to: at, ..unit(name, "city", "440106") }];
    suite.import(pb::ImportOrganisationRequest { request_id: id(), units, ..Default::default() }).await;
}

#[tokio::test]
async fn r4_a_move_in_the_draft_does_not_hide_what_was_changed_at_once() {
    let suite = Suite::in_guangzhou().await;
    suite.rule("a", "true", "city").await;
    suite.rule("b", "true", "city").await;
    suite.draft("a", "true", "env").await;
    suite.rule("a", "false", "roads").await;
    let behind = (Code::FailedPrecondition, "RULE_DRAFT_BEHIND".to_owned());
    let place = Some(pb::move_rule_request::Place::AfterId("b".into()));
    let request =
        pb::MoveRuleRequest { request_id: id(), id: "a".into(), place, draft: true, ..Default::default() };
    suite.rules("admin").move_rule(request).await.unwrap();
    assert_eq!(refused(publish(&suite, "", "").await), behind, "nobody looked");

    // Whoever puts it again as it is has.
    let drafted = rules(&suite, true).await.into_iter().find(|rule| rule.id == "a").unwrap();
    let again =
        pb::PutRuleRequest { request_id: id(), rule: Some(drafted.clone()), etag: drafted.etag, draft: true };
    suite.rules("admin").put_rule(again).await.unwrap();
    publish(&suite, "", "").await.unwrap();
    let now = rules(&suite, false).await;
    assert_eq!(
        now.iter().map(|rule| (rule.id.as_str(), unit_of(rule))).collect::<Vec<_>>(),
        [("b", "city"), ("a", "env")]
    );
}

#[tokio::test]
async fn r4_a_change_that_is_in_force_already_is_none() {
    let suite = Suite::in_guangzhou().await;
    suite.rule("a", "true", "city").await;
    suite.rule("b", "true", "city").await;
    suite.draft("a", "true", "env").await;
    suite.rule("a", "true", "env").await;
    assert!(suite.the_draft().await.changes.is_empty(), "caught up");
    assert_eq!(refused(publish(&suite, "", "").await), (Code::FailedPrecondition, "NO_RULE_DRAFT".into()));
    suite.draft("b", "false", "city").await;
    assert_eq!(changes(&suite.the_draft().await), ["b: city → city (when)"]);
    publish(&suite, "", "").await.unwrap();

    // Put back to what is in force, it answers that, whose etag guards the next write.
    suite.draft("a", "false", "env").await;
    let in_force = rules(&suite, false).await.into_iter().find(|rule| rule.id == "a").unwrap();
    let put = |rule: &pb::Rule, when: &str, etag: &str| pb::PutRuleRequest {
        request_id: id(),
        rule: Some(pb::Rule { when: when.into(), ..rule.clone() }),
        etag: etag.into(),
        draft: true,
    };
    let back = suite.rules("admin").put_rule(put(&in_force, "true", "")).await.unwrap().into_inner();
    assert_eq!(back.etag, in_force.etag);
    suite.rules("admin").put_rule(put(&in_force, "false", &back.etag)).await.unwrap();

    // Taken out on one side and changed on the other: taken out once more, somebody has looked.
    let out = |draft| pb::DeleteRuleRequest { request_id: id(), id: "a".into(), draft, ..Default::default() };
    suite.rules("admin").delete_rule(out(true)).await.unwrap();
    suite.rule("a", "ticket.priority == 1", "env").await;
    assert!(suite.the_draft().await.changes[0].behind);
    suite.rules("admin").delete_rule(out(true)).await.unwrap();
    publish(&suite, "", "").await.unwrap();
    assert_eq!(rules(&suite, false).await.len(), 1);
}

#[tokio::test]
async fn r4_a_unit_that_has_ended_is_named_and_passed_over_when_rolled_back() {
    let suite = Suite::in_guangzhou().await;
    suite.rule("a", "true", "roads").await;
    suite.rule("a", "true", "city").await;
    end(&suite, "roads", Some("2026-01-01T00:00:00Z")).await;
    let put =
        pb::PutRuleRequest { request_id: id(), rule: Some(rule("b", "true", "roads")), ..Default::default() };
    let status = suite.rules("admin").put_rule(put).await.unwrap_err();
    assert_eq!(
        refusal(&status).2,
        ["rule.action.unit.unit_id: `roads` takes no tickets any more: it ended at 2026-01-01T00:00:00Z"]
    );
    let back = roll_back(&suite, 2, 0).await.unwrap();
    assert!(back.passed_over["a"].contains("it ended at 2026-01-01"), "{:?}", back.passed_over);
    end(&suite, "roads", None).await;
    suite.draft("c", "true", "roads").await;
    end(&suite, "roads", Some("2026-01-01T00:00:00Z")).await;
    let status = publish(&suite, "", "").await.unwrap_err();
    let said = refusal(&status).2;
    assert!(
        said.iter().any(|said| said.starts_with("rules[c].action.unit.unit_id: `roads` takes")),
        "{said:?}"
    );
}

#[tokio::test]
async fn r4_a_long_draft_comes_in_pages_of_one_state() {
    let suite = Suite::in_guangzhou().await;
    for n in 0..5 {
        suite.draft(&format!("r{n}"), "true", "env").await;
    }
    let mut client = suite.rule_sets("admin");
    let ask = |page_token: &str| pb::GetRuleDraftRequest { page_size: 2, page_token: page_token.into() };
    let first = client.get_rule_draft(ask("")).await.unwrap().into_inner();
    assert_eq!(changes(&first).len(), 2);
    let second = client.get_rule_draft(ask(&first.next_page_token)).await.unwrap().into_inner();
    assert_eq!(changes(&second), ["r2: - → env ()", "r3: - → env ()"]);
    let last = client.get_rule_draft(ask(&second.next_page_token)).await.unwrap().into_inner();
    assert_eq!((changes(&last).len(), last.next_page_token.as_str()), (1, ""));
    suite.draft("other", "true", "env").await;
    let status = client.get_rule_draft(ask(&second.next_page_token)).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "another state");
}
