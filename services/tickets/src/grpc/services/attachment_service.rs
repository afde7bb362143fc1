//! The RPCs of `AttachmentService`: one line each.

use super::super::{Api, download_attachment, list_attachments, remove_attachment, upload_attachment};
use gongdan_access::caller;
use gongdan_proto::tickets::v1::{self as pb, attachment_service_server::AttachmentService};
use tonic::{Request, Response, Status, Streaming};

#[tonic::async_trait]
impl AttachmentService for Api {
    type DownloadAttachmentStream = download_attachment::Pieces;

    async fn upload_attachment(
        &self,
        request: Request<Streaming<pb::UploadAttachmentRequest>>,
    ) -> Result<Response<pb::Attachment>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(upload_attachment::upload_attachment(&self.0, &caller, request.into_inner()).await?))
    }

    async fn download_attachment(
        &self,
        request: Request<pb::DownloadAttachmentRequest>,
    ) -> Result<Response<Self::DownloadAttachmentStream>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(
            download_attachment::download_attachment(&self.0, &caller, request.into_inner()).await?,
        ))
    }

    async fn list_attachments(
        &self,
        request: Request<pb::ListAttachmentsRequest>,
    ) -> Result<Response<pb::ListAttachmentsResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(list_attachments::list_attachments(&self.0, &caller, request.into_inner()).await?))
    }

    async fn remove_attachment(
        &self,
        request: Request<pb::RemoveAttachmentRequest>,
    ) -> Result<Response<pb::Ticket>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(remove_attachment::remove_attachment(&self.0, &caller, request.into_inner()).await?))
    }
}
