//! `gongdan.routing.v1`: one line an RPC; each is in the file named after it.

mod cancel_leave;
mod check_organisation;
mod citizens;
mod decode;
mod delete_responsibility;
mod delete_roster;
mod delete_rule;
mod diff_rule_sets;
mod discard_rule_draft;
mod duty;
mod explain_decision;
mod get_load;
mod get_principal;
mod get_reassignment;
mod get_roster;
mod get_rule;
mod get_rule_draft;
mod get_unit;
mod import_organisation;
mod import_organisation_parts;
mod import_responsibilities;
mod list_areas;
mod list_decisions;
mod list_leaves;
mod list_loads;
mod list_on_duty;
mod list_principals;
mod list_reassignment_tickets;
mod list_reassignments;
mod list_responsibilities;
mod list_rosters;
mod list_rule_sets;
mod list_rules;
mod list_swaps;
mod list_units;
mod move_rule;
mod page;
mod parts;
mod preview_reassignment;
mod publish_rule_draft;
mod put_responsibility;
mod put_roster;
mod put_rule;
mod reassignments;
mod record_leave;
mod responsibility;
mod roll_back_rules;
mod show;
mod simulate_rules;
mod start_reassignment;
mod stop_reassignment;
mod suggest;
mod suggest_get;
mod suggest_train;
mod swap_duty;
mod watch_reassignment;

use crate::Rooms;
use gongdan_access::caller;
use gongdan_errors::Error;
use gongdan_proto::routing::v1::{
    self as pb, decision_service_server::DecisionService, duty_service_server::DutyService,
    organisation_service_server::OrganisationService, reassignment_service_server::ReassignmentService,
    responsibility_service_server::ResponsibilityService, rule_service_server::RuleService,
    rule_set_service_server::RuleSetService, suggest_service_server::SuggestService,
};
use std::sync::Arc;
use tonic::{Request, Response, Status, Streaming};

type Answer<T> = Result<Response<T>, Status>;

/// The service's RPCs.
#[derive(Clone)]
pub struct Api(pub Arc<Rooms>);

#[tonic::async_trait]
impl OrganisationService for Api {
    async fn import_organisation(
        &self,
        request: Request<pb::ImportOrganisationRequest>,
    ) -> Answer<pb::ImportOrganisationResponse> {
        let caller = caller(&request)?;
        answer(import_organisation::import_organisation(&self.0, &caller, request.into_inner()).await)
    }

    async fn import_organisation_parts(
        &self,
        request: Request<Streaming<pb::ImportOrganisationPartsRequest>>,
    ) -> Answer<pb::ImportOrganisationResponse> {
        let caller = caller(&request)?;
        let parts = request.into_inner();
        answer(import_organisation_parts::import_organisation_parts(&self.0, &caller, parts).await)
    }

    async fn check_organisation(
        &self,
        request: Request<pb::CheckOrganisationRequest>,
    ) -> Answer<pb::CheckOrganisationResponse> {
        answer(check_organisation::check_organisation(&self.0, request.into_inner()).await)
    }

    async fn get_unit(&self, request: Request<pb::GetUnitRequest>) -> Answer<pb::Unit> {
        answer(get_unit::get_unit(&self.0, request.into_inner()).await)
    }

    async fn list_units(&self, request: Request<pb::ListUnitsRequest>) -> Answer<pb::ListUnitsResponse> {
        answer(list_units::list_units(&self.0, request.into_inner()).await)
    }

    async fn get_principal(&self, request: Request<pb::GetPrincipalRequest>) -> Answer<pb::Principal> {
        let caller = caller(&request)?;
        answer(get_principal::get_principal(&self.0, &caller, request.into_inner()).await)
    }

    async fn list_principals(
        &self,
        request: Request<pb::ListPrincipalsRequest>,
    ) -> Answer<pb::ListPrincipalsResponse> {
        let caller = caller(&request)?;
        answer(list_principals::list_principals(&self.0, &caller, request.into_inner()).await)
    }

    async fn list_areas(&self, request: Request<pb::ListAreasRequest>) -> Answer<pb::ListAreasResponse> {
        answer(list_areas::list_areas(&self.0, request.into_inner()).await)
    }
}

#[tonic::async_trait]
impl RuleService for Api {
    async fn put_rule(&self, request: Request<pb::PutRuleRequest>) -> Answer<pb::Rule> {
        let caller = caller(&request)?;
        answer(put_rule::put_rule(&self.0, &caller, request.into_inner()).await)
    }

    async fn delete_rule(&self, request: Request<pb::DeleteRuleRequest>) -> Answer<pb::Rule> {
        let caller = caller(&request)?;
        answer(delete_rule::delete_rule(&self.0, &caller, request.into_inner()).await)
    }

    async fn move_rule(&self, request: Request<pb::MoveRuleRequest>) -> Answer<pb::Rule> {
        let caller = caller(&request)?;
        answer(move_rule::move_rule(&self.0, &caller, request.into_inner()).await)
    }

    async fn get_rule(&self, request: Request<pb::GetRuleRequest>) -> Answer<pb::Rule> {
        answer(get_rule::get_rule(&self.0, request.into_inner()).await)
    }

    async fn list_rules(&self, request: Request<pb::ListRulesRequest>) -> Answer<pb::ListRulesResponse> {
        answer(list_rules::list_rules(&self.0, request.into_inner()).await)
    }
}

#[tonic::async_trait]
impl RuleSetService for Api {
    type SimulateRulesStream = simulate_rules::Steps;

    async fn get_rule_draft(&self, request: Request<pb::GetRuleDraftRequest>) -> Answer<pb::RuleDraft> {
        answer(get_rule_draft::get_rule_draft(&self.0, request.into_inner()).await)
    }

    async fn discard_rule_draft(
        &self,
        request: Request<pb::DiscardRuleDraftRequest>,
    ) -> Answer<pb::DiscardRuleDraftResponse> {
        let caller = caller(&request)?;
        answer(discard_rule_draft::discard_rule_draft(&self.0, &caller, request.into_inner()).await)
    }

    async fn publish_rule_draft(&self, request: Request<pb::PublishRuleDraftRequest>) -> Answer<pb::RuleSet> {
        let caller = caller(&request)?;
        answer(publish_rule_draft::publish_rule_draft(&self.0, &caller, request.into_inner()).await)
    }

    async fn roll_back_rules(
        &self,
        request: Request<pb::RollBackRulesRequest>,
    ) -> Answer<pb::RollBackRulesResponse> {
        let caller = caller(&request)?;
        answer(roll_back_rules::roll_back_rules(&self.0, &caller, request.into_inner()).await)
    }

    async fn list_rule_sets(
        &self,
        request: Request<pb::ListRuleSetsRequest>,
    ) -> Answer<pb::ListRuleSetsResponse> {
        answer(list_rule_sets::list_rule_sets(&self.0, request.into_inner()).await)
    }

    async fn diff_rule_sets(
        &self,
        request: Request<pb::DiffRuleSetsRequest>,
    ) -> Answer<pb::DiffRuleSetsResponse> {
        answer(diff_rule_sets::diff_rule_sets(&self.0, request.into_inner()).await)
    }

    async fn simulate_rules(
        &self,
        request: Request<pb::SimulateRulesRequest>,
    ) -> Answer<Self::SimulateRulesStream> {
        let caller = caller(&request)?;
        answer(simulate_rules::simulate_rules(&self.0, &caller, request.into_inner()).await)
    }
}

#[tonic::async_trait]
impl DecisionService for Api {
    async fn explain_decision(
        &self,
        request: Request<pb::ExplainDecisionRequest>,
    ) -> Answer<pb::ExplainDecisionResponse> {
        let caller = caller(&request)?;
        answer(explain_decision::explain_decision(&self.0, &caller, request.into_inner()).await)
    }

    async fn list_decisions(
        &self,
        request: Request<pb::ListDecisionsRequest>,
    ) -> Answer<pb::ListDecisionsResponse> {
        let caller = caller(&request)?;
        answer(list_decisions::list_decisions(&self.0, &caller, request.into_inner()).await)
    }
}

#[tonic::async_trait]
impl SuggestService for Api {
    type TrainSuggesterStream = suggest_train::Answers;

    async fn suggest(&self, request: Request<pb::SuggestRequest>) -> Answer<pb::SuggestResponse> {
        answer(suggest::suggest(&self.0, request.into_inner()).await)
    }

    async fn get_suggester(&self, _: Request<pb::GetSuggesterRequest>) -> Answer<pb::Suggester> {
        answer(suggest_get::get_suggester(&self.0).await)
    }

    async fn train_suggester(
        &self,
        request: Request<pb::TrainSuggesterRequest>,
    ) -> Answer<Self::TrainSuggesterStream> {
        let caller = caller(&request)?;
        answer(suggest_train::train_suggester(self.0.clone(), &caller).await)
    }
}

#[tonic::async_trait]
impl DutyService for Api {
    async fn put_roster(&self, request: Request<pb::PutRosterRequest>) -> Answer<pb::Roster> {
        let caller = caller(&request)?;
        answer(put_roster::put_roster(&self.0, &caller, request.into_inner()).await)
    }

    async fn delete_roster(&self, request: Request<pb::DeleteRosterRequest>) -> Answer<pb::Roster> {
        let caller = caller(&request)?;
        answer(delete_roster::delete_roster(&self.0, &caller, request.into_inner()).await)
    }

    async fn get_roster(&self, request: Request<pb::GetRosterRequest>) -> Answer<pb::Roster> {
        answer(get_roster::get_roster(&self.0, request.into_inner()).await)
    }

    async fn list_rosters(
        &self,
        request: Request<pb::ListRostersRequest>,
    ) -> Answer<pb::ListRostersResponse> {
        answer(list_rosters::list_rosters(&self.0, request.into_inner()).await)
    }

    async fn record_leave(&self, request: Request<pb::RecordLeaveRequest>) -> Answer<pb::Leave> {
        let caller = caller(&request)?;
        answer(record_leave::record_leave(&self.0, &caller, request.into_inner()).await)
    }

    async fn cancel_leave(&self, request: Request<pb::CancelLeaveRequest>) -> Answer<pb::Leave> {
        let caller = caller(&request)?;
        answer(cancel_leave::cancel_leave(&self.0, &caller, request.into_inner()).await)
    }

    async fn list_leaves(&self, request: Request<pb::ListLeavesRequest>) -> Answer<pb::ListLeavesResponse> {
        let caller = caller(&request)?;
        answer(list_leaves::list_leaves(&self.0, &caller, request.into_inner()).await)
    }

    async fn swap_duty(&self, request: Request<pb::SwapDutyRequest>) -> Answer<pb::Swap> {
        let caller = caller(&request)?;
        answer(swap_duty::swap_duty(&self.0, &caller, request.into_inner()).await)
    }

    async fn list_swaps(&self, request: Request<pb::ListSwapsRequest>) -> Answer<pb::ListSwapsResponse> {
        answer(list_swaps::list_swaps(&self.0, request.into_inner()).await)
    }

    async fn list_on_duty(&self, request: Request<pb::ListOnDutyRequest>) -> Answer<pb::ListOnDutyResponse> {
        answer(list_on_duty::list_on_duty(&self.0, request.into_inner()).await)
    }

    async fn get_load(&self, request: Request<pb::GetLoadRequest>) -> Answer<pb::PersonLoad> {
        answer(get_load::get_load(&self.0, request.into_inner()).await)
    }

    async fn list_loads(&self, request: Request<pb::ListLoadsRequest>) -> Answer<pb::ListLoadsResponse> {
        answer(list_loads::list_loads(&self.0, request.into_inner()).await)
    }
}

#[tonic::async_trait]
impl ReassignmentService for Api {
    type PreviewReassignmentStream = preview_reassignment::Parts;
    type WatchReassignmentStream = watch_reassignment::Answers;

    async fn preview_reassignment(
        &self,
        request: Request<pb::PreviewReassignmentRequest>,
    ) -> Answer<Self::PreviewReassignmentStream> {
        let caller = caller(&request)?;
        answer(preview_reassignment::preview_reassignment(&self.0, &caller, request.into_inner()).await)
    }

    async fn start_reassignment(
        &self,
        request: Request<pb::StartReassignmentRequest>,
    ) -> Answer<pb::Reassignment> {
        let caller = caller(&request)?;
        answer(start_reassignment::start_reassignment(&self.0, &caller, request.into_inner()).await)
    }

    async fn get_reassignment(
        &self,
        request: Request<pb::GetReassignmentRequest>,
    ) -> Answer<pb::Reassignment> {
        let caller = caller(&request)?;
        answer(get_reassignment::get_reassignment(&self.0, &caller, request.into_inner()).await)
    }

    async fn list_reassignments(
        &self,
        request: Request<pb::ListReassignmentsRequest>,
    ) -> Answer<pb::ListReassignmentsResponse> {
        let caller = caller(&request)?;
        answer(list_reassignments::list_reassignments(&self.0, &caller, request.into_inner()).await)
    }

    async fn list_reassignment_tickets(
        &self,
        request: Request<pb::ListReassignmentTicketsRequest>,
    ) -> Answer<pb::ListReassignmentTicketsResponse> {
        let caller = caller(&request)?;
        answer(
            list_reassignment_tickets::list_reassignment_tickets(&self.0, &caller, request.into_inner())
                .await,
        )
    }

    async fn watch_reassignment(
        &self,
        request: Request<pb::WatchReassignmentRequest>,
    ) -> Answer<Self::WatchReassignmentStream> {
        let caller = caller(&request)?;
        answer(watch_reassignment::watch_reassignment(self.0.clone(), &caller, request.into_inner()).await)
    }

    async fn stop_reassignment(
        &self,
        request: Request<pb::StopReassignmentRequest>,
    ) -> Answer<pb::Reassignment> {
        let caller = caller(&request)?;
        answer(stop_reassignment::stop_reassignment(&self.0, &caller, request.into_inner()).await)
    }
}

#[tonic::async_trait]
impl ResponsibilityService for Api {
    async fn put_responsibility(
        &self,
        request: Request<pb::PutResponsibilityRequest>,
    ) -> Answer<pb::Responsibility> {
        let caller = caller(&request)?;
        answer(put_responsibility::put_responsibility(&self.0, &caller, request.into_inner()).await)
    }

    async fn delete_responsibility(
        &self,
        request: Request<pb::DeleteResponsibilityRequest>,
    ) -> Answer<pb::DeleteResponsibilityResponse> {
        let caller = caller(&request)?;
        answer(delete_responsibility::delete_responsibility(&self.0, &caller, request.into_inner()).await)
    }

    async fn list_responsibilities(
        &self,
        request: Request<pb::ListResponsibilitiesRequest>,
    ) -> Answer<pb::ListResponsibilitiesResponse> {
        let caller = caller(&request)?;
        answer(list_responsibilities::list_responsibilities(&self.0, &caller, request.into_inner()).await)
    }

    async fn import_responsibilities(
        &self,
        request: Request<Streaming<pb::ImportResponsibilitiesRequest>>,
    ) -> Answer<pb::ImportResponsibilitiesResponse> {
        let caller = caller(&request)?;
        answer(import_responsibilities::import_responsibilities(&self.0, &caller, request.into_inner()).await)
    }
}

fn answer<T>(result: Result<T, Error>) -> Answer<T> {
    Ok(Response::new(result?))
}
