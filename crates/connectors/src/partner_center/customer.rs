//! The customer of a request: the tenant of a line is a tenant's id or its domain.

use domain::provisioning::{Failure, Request};
use serde_json::json;
use uuid::Uuid;

use super::answer::Stop;
use super::http::Http;

/// Where a tenant is named by the first word of its domain alone.
const OWN_DOMAIN: &str = "onmicrosoft.com";

/// The id by which Partner Center's addresses name the customer of a request.
pub(super) async fn id(http: &Http, request: &Request) -> Result<String, Stop> {
    find(
        http,
        request.tenant.as_deref().map(str::trim).unwrap_or_default(),
    )
    .await
}

/// The id of the customer that has a tenant, named by its id or its domain.
pub(super) async fn find(http: &Http, tenant: &str) -> Result<String, Stop> {
    if tenant.is_empty() {
        return Err(no_customer(
            "The order names no tenant of the customer at Microsoft",
        ));
    }
    if let Ok(id) = Uuid::try_parse(tenant) {
        return Ok(id.to_string());
    }
    let domain = match tenant.contains('.') {
        true => tenant.to_lowercase(),
        false => format!("{}.{OWN_DOMAIN}", tenant.to_lowercase()),
    };
    let filter = json!({"Field": "Domain", "Value": domain, "Operator": "starts_with"});
    let pairs = [("size", "0".to_owned()), ("filter", filter.to_string())];
    let listed = http.list("/customers", &pairs).await?;
    let has_domain = |customer: &&super::resource::Resource| {
        customer
            .part("companyProfile")
            .is_some_and(|profile| profile.is("domain", &domain))
    };
    let found = listed
        .iter()
        .find(has_domain)
        .and_then(|customer| customer.text("id"));
    found.ok_or_else(|| {
        no_customer(&format!(
            "Partner Center lists no customer of yours with the domain {domain}"
        ))
    })
}

fn no_customer(words: &str) -> Stop {
    Stop::Unread(Failure {
        code: "UnknownCustomer".into(),
        message: words.into(),
        field: Some("/tenant".into()),
    })
}
