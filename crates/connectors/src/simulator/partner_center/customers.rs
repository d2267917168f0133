//! The simulated Partner Center's customers: the one that was always there, those that are created, and the
//! agreements that are confirmed for them.

use serde_json::{Value, json};

use super::Call;
use super::books::{Answer, Books, CUSTOMER, DOMAIN, error, list};

const AGREEMENT: &str = "MicrosoftCustomerAgreement";
const TEMPLATE: &str = "117a77b0-9360-443b-8795-c6dedc750cf9";
/// What no post brings anything to.
const NOWHERE: &str = "00000";

impl Books {
    pub(super) fn knows(&mut self, customer: &str) -> bool {
        if customer == CUSTOMER {
            return true;
        }
        let is_known = self.customers.contains_key(customer);
        match self.shop_lag.checked_sub(1) {
            Some(rest) if is_known => {
                self.shop_lag = rest;
                false
            }
            _ => is_known,
        }
    }

    pub(super) fn has_agreed(&self, customer: &str) -> bool {
        customer == CUSTOMER || self.agreements.contains_key(customer)
    }

    /// Two pages, of which the second has the one that is looked for; the link goes on by a header.
    pub(super) fn list_customers(&mut self, query: &str) -> Answer {
        let one = |id: &str, domain: &str, name: &str| json!({"id": id, "companyProfile": {"tenantId": id, "domain": domain, "companyName": name}});
        if query.contains("page=2") {
            let first = one(CUSTOMER, "Amber.onmicrosoft.com", "Amber");
            let created: Vec<Value> = match self.customer_lag.checked_sub(1) {
                Some(rest) => {
                    self.customer_lag = rest;
                    Vec::new()
                }
                None => self.customers.values().cloned().collect(),
            };
            return list([vec![first], created].concat());
        }
        let next = json!({"uri": "/customers?page=2", "method": "GET",
            "headers": [{"key": "MS-ContinuationToken", "value": "token"}]});
        let other = "7b26b357-9ca3-48b8-a58e-4febe2662a5d";
        let items = [one(other, "amber.onmicrosoft.com.example", "Another")];
        (
            200,
            json!({"totalCount": 2, "items": items, "links": {"next": next}}),
        )
    }

    fn has_domain(&self, domain: &str) -> bool {
        let is_it = |one: &Value| one["companyProfile"]["domain"] == domain;
        domain == DOMAIN
            || self.foreign_domains.iter().any(|taken| taken == domain)
            || self.customers.values().any(is_it)
    }

    /// 200 where somebody has it.
    pub(super) fn look_up_domain(&self, domain: &str) -> Answer {
        let status = if self.has_domain(domain) { 200 } else { 404 };
        (status, Value::Null)
    }

    pub(super) fn create_customer(&mut self, call: &Call) -> Answer {
        let (company, billing) = (&call.body["CompanyProfile"], &call.body["BillingProfile"]);
        let domain = company["Domain"].as_str().unwrap_or_default();
        if self.has_domain(domain) {
            return error(400, "600999", "The domain is not available");
        }
        let needed = [
            "Email",
            "Culture",
            "Language",
            "CompanyName",
            "DefaultAddress",
        ];
        if needed.iter().any(|name| billing[*name].is_null()) {
            return error(400, "2100", "The billing profile is not whole");
        }
        let address = &billing["DefaultAddress"];
        if address["country"] == "AM" && address["phoneNumber"].is_null() {
            return error(400, "600051", "Customer phone number is missing");
        }
        let id = format!("f47ac10b-58cc-4372-a567-{:012}", self.number());
        let profile =
            json!({"tenantId": id, "domain": domain, "companyName": billing["CompanyName"]});
        let created = json!({"id": id, "companyProfile": profile, "billingProfile": billing,
            "relationshipToPartner": "reseller"});
        self.customers.insert(id, created.clone());
        let mut told = created;
        told["userCredentials"] = json!({"userName": "admin", "password": "told-once"});
        (201, told)
    }

    pub(super) fn list_agreements(&self, customer: &str) -> Answer {
        list(self.agreements.get(customer).cloned().into_iter().collect())
    }

    pub(super) fn agree(&mut self, customer: &str, call: &Call) -> Answer {
        if call.body["templateId"] != TEMPLATE || call.body["type"] != AGREEMENT {
            return error(400, "2100", "No such agreement");
        }
        if self.agreements.contains_key(customer) {
            let words = "A partner confirmed agreement already exists for the customer.";
            return error(409, "600061", words);
        }
        self.agreements
            .insert(customer.to_owned(), call.body.clone());
        (201, call.body.clone())
    }
}

pub(super) fn templates() -> Answer {
    let of_rank = |template: &str, rank: u32| {
        json!({"templateId": template, "agreementType": AGREEMENT, "versionRank": rank,
            "agreementLink": "https://aka.ms/customeragreement"})
    };
    list(vec![of_rank("an-older-one", 0), of_rank(TEMPLATE, 1)])
}

pub(super) fn check_address(call: &Call) -> Answer {
    let status = match call.body["postalCode"] == NOWHERE {
        true => "None",
        false => "VerifiedShippable",
    };
    let mut near = call.body.clone();
    near["postalCode"] = json!("98052");
    (
        200,
        json!({"originalAddress": call.body, "suggestedAddresses": [near], "status": status,
            "validationMessage": (status == "None").then_some("Address field invalid for property: 'PostalCode'")}),
    )
}

pub(super) fn rules(country: &str) -> Answer {
    match country {
        "SE" => (200, json!({"iso2Code": country, "defaultCulture": "sv-SE"})),
        _ => (200, json!({"iso2Code": country, "defaultCulture": "en-US"})),
    }
}
