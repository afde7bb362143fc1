//! tickets' side of `GetContact`: what callback asks, and with which token.

use gongdan_errors::{Code, Error, Reason};
use gongdan_proto::tickets::v1::{
    Contact, CustomerProfile, GetContactRequest, LookupCustomerRequest, LookupCustomerResponse,
    UpdateCustomerRequest, VerifyCustomerRequest, VerifyCustomerResponse,
    customer_service_server::{CustomerService, CustomerServiceServer},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, transport::Server};

#[derive(Debug, Default)]
struct Known {
    contacts: HashMap<String, Contact>,
    asked: Vec<(GetContactRequest, String)>,
    refuses: Option<Code>,
}

/// A server that knows contacts and remembers who asked for them.
pub struct Customers {
    known: Arc<Mutex<Known>>,
    address: String,
    stop: CancellationToken,
}

impl Customers {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let known = Arc::new(Mutex::new(Known::default()));
        let service = CustomerServiceServer::new(Desk(known.clone()));
        let stop = CancellationToken::new();
        let server = Server::builder()
            .add_service(service)
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), stop.clone().cancelled_owned());
        tokio::spawn(async move { server.await.unwrap() });
        Self { known, address, stop }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn knows(&self, customer_id: &str, phone: &str, name: &str) {
        let contact =
            Contact { phone: phone.to_owned(), name: name.to_owned(), address: "天河路 1 号".to_owned() };
        self.known.lock().unwrap().contacts.insert(customer_id.to_owned(), contact);
    }

    /// Answers with this code from now on, as tickets does while it does not know the caller.
    pub fn refuses(&self, code: Code) {
        self.known.lock().unwrap().refuses = Some(code);
    }

    /// Every request, with its `authorization`.
    pub fn asked(&self) -> Vec<(GetContactRequest, String)> {
        self.known.lock().unwrap().asked.clone()
    }

    pub fn stop(&self) {
        self.stop.cancel();
    }
}

impl Drop for Customers {
    fn drop(&mut self) {
        self.stop();
    }
}

struct Desk(Arc<Mutex<Known>>);

#[tonic::async_trait]
impl CustomerService for Desk {
    async fn lookup_customer(
        &self,
        _: Request<LookupCustomerRequest>,
    ) -> Result<Response<LookupCustomerResponse>, Status> {
        Err(Status::unimplemented("callback does not look up"))
    }

    async fn update_customer(
        &self,
        _: Request<UpdateCustomerRequest>,
    ) -> Result<Response<CustomerProfile>, Status> {
        Err(Status::unimplemented("callback does not keep customers"))
    }

    async fn verify_customer(
        &self,
        _: Request<VerifyCustomerRequest>,
    ) -> Result<Response<VerifyCustomerResponse>, Status> {
        Err(Status::unimplemented("callback verifies nobody"))
    }

    async fn get_contact(&self, request: Request<GetContactRequest>) -> Result<Response<Contact>, Status> {
        let bearer =
            request.metadata().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let bearer = bearer.to_owned();
        let request = request.into_inner();
        let mut known = self.0.lock().unwrap();
        if let Some(code) = known.refuses {
            return Err(Status::new(code, "the principal is not known"));
        }
        let contact = known.contacts.get(&request.customer_id).cloned();
        known.asked.push((request, bearer));
        contact
            .map(Response::new)
            .ok_or_else(|| Error::not_found(Reason::CustomerNotFound, "no such customer").into())
    }
}
