use gongdan_proto::routing::v1::{self as pb, organisation_service_client::OrganisationServiceClient};
use gongdan_testkit::{Env, Served, eventually};

async fn start(env: &Env, principals: &str) -> Served {
    let file = env.dir().join("principals.json");
    std::fs::write(&file, principals).unwrap();
    let settings = format!(
        "[bootstrap]\nprincipals_file = {}\n[peers.addresses]\ntickets = \"http://127.0.0.1:1\"\n",
        serde_json::to_string(&file).unwrap()
    );
    let config = env.config_with(gongdan_routing::DEFAULTS, &settings);
    env.serve(|listeners, stop| gongdan_routing::run(config, listeners, stop)).await
}

async fn changed(env: &Env) -> usize {
    env.events("routing").await.iter().filter(|event| event.kind == "principal_changed").count()
}

#[tokio::test]
async fn principals_of_the_file_may_call_and_a_second_start_tells_nobody() {
    let env = Env::start(gongdan_routing::schema()).await;
    let file = r#"[{"id": "chief", "name": "主任", "roles": ["administrator"], "regions": ["44"]},
                   {"id": "service.other", "name": "other", "kind": "service", "roles": ["service"]}]"#;
    let service = start(&env, file).await;
    let request = pb::GetPrincipalRequest { id: "service.other".into(), at: None };
    let mut chief = OrganisationServiceClient::new(env.channel(&service, "chief"));
    let other = chief.get_principal(request).await.unwrap().into_inner();
    assert_eq!((other.kind, other.version), (gongdan_proto::common::v1::PrincipalKind::Service.into(), 1));
    eventually("both are told of", async || changed(&env).await == 2).await;
    service.stop().await;

    let renamed = file.replace("主任", "副主任");
    let service = start(&env, &renamed).await;
    eventually("the change is told of", async || changed(&env).await == 3).await;
    service.stop().await;
    let service = start(&env, &renamed).await;
    let mut chief = OrganisationServiceClient::new(env.channel(&service, "chief"));
    let me = chief
        .get_principal(pb::GetPrincipalRequest { id: "chief".into(), at: None })
        .await
        .unwrap()
        .into_inner();
    assert_eq!((me.name.as_str(), me.version), ("副主任", 2));
    assert_eq!(changed(&env).await, 3);
}

#[tokio::test]
async fn a_file_with_a_bad_principal_stops_the_start_and_names_it() {
    let env = Env::start(gongdan_routing::schema()).await;
    let file = env.dir().join("principals.json");
    std::fs::write(&file, r#"[{"id": "chief", "name": "主任", "roles": ["king"]}]"#).unwrap();
    let settings = format!("[bootstrap]\nprincipals_file = {}\n", serde_json::to_string(&file).unwrap());
    let config = env.config_with(gongdan_routing::DEFAULTS, &settings);
    let listeners = gongdan_runtime::Listeners::free().await.unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let error = Box::pin(gongdan_routing::run(config, listeners, stop)).await.unwrap_err().to_string();
    assert!(error.contains("principals[0].roles[0]: one of administrator"), "{error}");
}
