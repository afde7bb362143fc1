//! Which items can be chosen now, as tickets' catalogue says: what was taken out of it is not suggested. Source: R11.
//!
//! Asked for every now and then, and before a training. Until tickets has answered for the first time, everything that was
//! learnt is suggested; while tickets is away, what it said last counts.

use gongdan_auth::AuthChannel;
use gongdan_proto::tickets::v1::{
    GetCatalogueRequest, ListCatalogueItemsRequest, catalogue_service_client::CatalogueServiceClient,
};
use std::{
    collections::HashSet,
    sync::{Arc, PoisonError, RwLock},
};
use tonic::Status;

/// Items of a page.
const PAGE: i32 = 1_000;

/// The leaves of a version of the catalogue.
#[derive(Debug)]
pub struct Items {
    version: i32,
    /// Their keys.
    pub keys: HashSet<String>,
}

/// What can be chosen.
pub struct Offered {
    catalogue: CatalogueServiceClient<AuthChannel>,
    last: RwLock<Option<Arc<Items>>>,
}

impl Offered {
    /// Asks tickets.
    pub fn new(tickets: AuthChannel) -> Self {
        Self { catalogue: CatalogueServiceClient::new(tickets), last: RwLock::default() }
    }

    /// As tickets said last; none: not yet.
    pub fn last(&self) -> Option<Arc<Items>> {
        self.last.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks whether there is another version, and for its items if so.
    ///
    /// # Errors
    /// Those of tickets; what it said before stays.
    pub async fn ask(&self) -> Result<Arc<Items>, Status> {
        let mut catalogue = self.catalogue.clone();
        let version = catalogue.get_catalogue(GetCatalogueRequest::default()).await?.into_inner().version;
        if let Some(last) = self.last().filter(|last| last.version == version) {
            return Ok(last);
        }
        let mut keys = HashSet::new();
        let mut request = ListCatalogueItemsRequest { version, page_size: PAGE, ..Default::default() };
        loop {
            let page = catalogue.list_catalogue_items(request.clone()).await?.into_inner();
            keys.extend(page.items.into_iter().filter(|item| item.leaf).map(|item| item.key));
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        let items = Arc::new(Items { version, keys });
        *self.last.write().unwrap_or_else(PoisonError::into_inner) = Some(items.clone());
        Ok(items)
    }
}
