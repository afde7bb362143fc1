//! Waiting until the suite can be used: every service is SERVING and knows the administrator.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use gongdan_proto::common::v1::{
    ListDeadLettersRequest, dead_letter_service_client::DeadLetterServiceClient,
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, metadata::MetadataValue, transport::Channel};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use super::{
    child::{Keeper, last_words},
    directory::Directory,
};

const PATIENCE: Duration = Duration::from_secs(180);
const LOOK: Duration = Duration::from_millis(100);
const ANSWER: Duration = Duration::from_secs(5);
/// A service that ends this often while the suite starts will not do better.
const HOPELESS: u32 = 3;

/// Waits until the service at `address` is SERVING and takes the administrator's token.
///
/// # Errors
/// When it keeps ending, or is not ready after three minutes; the text has the end of its log.
pub async fn wait(keeper: &Keeper, directory: &Directory, address: &str, token: &SecretString) -> Result<()> {
    let channel = Channel::from_shared(address.to_owned())?.connect_timeout(ANSWER).connect_lazy();
    let until = Instant::now() + PATIENCE;
    let mut missing = "it does not answer";
    while keeper.ends() < HOPELESS && Instant::now() < until {
        if !is_serving(&channel).await {
            missing = "it is not SERVING";
        } else if !knows(&channel, token).await? {
            missing = "it does not know the administrator";
        } else {
            return Ok(());
        }
        sleep(LOOK).await;
    }
    let reason = if keeper.ends() >= HOPELESS { "it keeps ending" } else { missing };
    let words = last_words(directory, keeper.name());
    bail!("{} is not ready: {reason}; its log ends with\n{words}", keeper.name())
}

/// Whether the health service says SERVING.
pub async fn is_serving(channel: &Channel) -> bool {
    let mut client = HealthClient::new(channel.clone());
    let check = client.check(HealthCheckRequest { service: String::new() });
    matches!(timeout(ANSWER, check).await, Ok(Ok(answer)) if answer.get_ref().status() == ServingStatus::Serving)
}

/// Principals reach a service as events, shortly after routing has them.
async fn knows(channel: &Channel, token: &SecretString) -> Result<bool> {
    let mut request = tonic::Request::new(ListDeadLettersRequest { page_size: 1, ..Default::default() });
    let mut bearer = MetadataValue::try_from(format!("Bearer {}", token.expose_secret()))?;
    bearer.set_sensitive(true);
    request.metadata_mut().insert("authorization", bearer);
    request.set_timeout(ANSWER);
    match DeadLetterServiceClient::new(channel.clone()).list_dead_letters(request).await {
        Ok(_) => Ok(true),
        Err(status)
            if matches!(
                status.code(),
                Code::Unauthenticated | Code::Unimplemented | Code::InvalidArgument
            ) =>
        {
            Err(status).context("asking a service with the administrator's token")
        }
        // Not known yet, busy, or just ending: what passes.
        Err(_) => Ok(false),
    }
}
