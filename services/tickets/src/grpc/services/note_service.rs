//! The RPCs of `NoteService`: one line each.

use super::super::{Api, add_note, list_notes};
use gongdan_access::caller;
use gongdan_proto::tickets::v1::{self as pb, note_service_server::NoteService};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl NoteService for Api {
    async fn add_note(&self, request: Request<pb::AddNoteRequest>) -> Result<Response<pb::Note>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(add_note::add_note(&self.0, &caller, request.into_inner()).await?))
    }

    async fn list_notes(
        &self,
        request: Request<pb::ListNotesRequest>,
    ) -> Result<Response<pb::ListNotesResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(list_notes::list_notes(&self.0, &caller, request.into_inner()).await?))
    }
}
