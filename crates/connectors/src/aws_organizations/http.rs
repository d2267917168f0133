//! The SDK's client over our own HTTP client: static credentials, no retries and no look at the environment.

use std::time::Duration;

use aws_sdk_organizations::Client;
use aws_sdk_organizations::config::http::{HttpRequest, HttpResponse};
use aws_sdk_organizations::config::retry::RetryConfig;
use aws_sdk_organizations::config::timeout::TimeoutConfig;
use aws_sdk_organizations::config::{
    BehaviorVersion, Config, Credentials, HttpClient, IdentityCache, Region, RuntimeComponents,
    StalledStreamProtectionConfig,
};
use aws_sdk_organizations::error::ConnectorError;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use domain::provisioning::Fault;

use super::account::Account;
use super::answer::Wish;
use crate::http::retry_after::retry_after;
use crate::http::{self, misconfigured};

/// From the first byte out to the last byte in.
const DEADLINE: Duration = Duration::from_secs(10);

/// The SDK's client for one account. Nothing is looked up in files, variables or the network.
pub(super) fn client(account: &Account) -> Result<Client, Fault> {
    let address = account.address()?;
    let keys = Credentials::new(
        &account.access_key_id,
        &account.secret_access_key,
        None,
        None,
        "seatwright",
    );
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(account.region.clone()))
        .credentials_provider(keys)
        .identity_cache(IdentityCache::no_cache())
        // What is asked again is the engine's to decide.
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .http_client(Transport(http::client()?));
    if let Some(address) = address {
        config = config.endpoint_url(address.as_str().trim_end_matches('/'));
    }
    Ok(Client::from_conf(config.build()))
}

/// Our HTTP client as the SDK wants it: with our limits, and what went wrong as our faults.
#[derive(Debug, Clone)]
struct Transport(reqwest::Client);

impl HttpClient for Transport {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Transport {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let sent = send(&client, request).await;
            sent.map_err(|fault| ConnectorError::other(Box::new(fault), None))
        })
    }
}

async fn send(client: &reqwest::Client, request: HttpRequest) -> Result<HttpResponse, Fault> {
    let unfit = || misconfigured("the SDK's request can't be sent");
    let request = request.try_into_http1x().map_err(|_| unfit())?;
    let request = request.map(|body| body.bytes().unwrap_or_default().to_vec());
    let mut request = reqwest::Request::try_from(request).map_err(|_| unfit())?;
    *request.timeout_mut() = Some(DEADLINE);
    let executed = client.execute(request).await;
    let mut response = executed.map_err(|error| http::failed(&error))?;
    let wish = Wish(retry_after(response.headers()));
    let body = http::body(&mut response).await?;
    let status = response.status().as_u16().try_into();
    // It was sent, whatever kind of answer this is.
    let status = status.map_err(|_| super::answer::lost("an answer without a status"))?;
    let mut answer = HttpResponse::new(status, body.into());
    for (name, value) in response.headers() {
        if let Ok(value) = value.to_str() {
            let (name, value) = (name.as_str().to_owned(), value.to_owned());
            answer.headers_mut().try_append(name, value).ok();
        }
    }
    answer.add_extension(wish);
    Ok(answer)
}
