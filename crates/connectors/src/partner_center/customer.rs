//! The customer of a request: the tenant of a line is a tenant's id or its domain.

use domain::provisioning::{Failure, Request};
use serde_json::json;
use uuid::Uuid;

use super::answer::Stop;
use super::http::Http;
use super::resource::Resource;

/// Where a tenant is named by the first word of its domain alone.
pub(super) const OWN_DOMAIN: &str = "onmicrosoft.com";

/// The id by which Partner Center's addresses name the customer of a request.
pub(super) async fn id(http: &Http, request: &Request) -> Result<String, Stop> {
    find(http, named(request)).await
}

/// The tenant that a request names; empty where it names none.
pub(super) fn named(request: &Request) -> &str {
    request.tenant.as_deref().map(str::trim).unwrap_or_default()
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
    let domain = domain(tenant);
    let found = listed(http, &domain).await?;
    found
        .and_then(|customer| customer.text("id"))
        .ok_or_else(|| {
            no_customer(&format!(
                "Partner Center lists no customer of yours with the domain {domain}"
            ))
        })
}

/// A tenant's whole domain.
pub(super) fn domain(tenant: &str) -> String {
    match tenant.contains('.') {
        true => tenant.to_lowercase(),
        false => format!("{}.{OWN_DOMAIN}", tenant.to_lowercase()),
    }
}

/// The customer that Partner Center lists with a domain.
pub(super) async fn listed(http: &Http, domain: &str) -> Result<Option<Resource>, Stop> {
    let filter = json!({"Field": "Domain", "Value": domain, "Operator": "starts_with"});
    let pairs = [("size", "0".to_owned()), ("filter", filter.to_string())];
    let listed = http.list("/customers", &pairs).await?;
    let has_domain = |customer: &Resource| {
        customer
            .part("companyProfile")
            .is_some_and(|profile| profile.is("domain", domain))
    };
    Ok(listed.into_iter().find(has_domain))
}

fn no_customer(words: &str) -> Stop {
    Stop::Unread(Failure {
        code: "UnknownCustomer".into(),
        message: words.into(),
        field: Some("/tenant".into()),
    })
}
