//! What the simulated Partner Center has sold, and what it makes of a call.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::customers::{check_address, rules, templates};
use super::{Asked, Call};

/// The customer that is there from the first, by its id.
pub const CUSTOMER: &str = "0c39d6d5-c70d-4c55-bc02-f620844f3fd1";
/// The same by its domain.
pub const DOMAIN: &str = "amber.onmicrosoft.com";
/// What is sold beside whatever else is asked for.
pub const PRODUCT: &str = "CFQ7TTC0LH18";
/// What all of it can become.
pub const BETTER: &str = "CFQ7TTC0LF8R";
/// What belongs to another.
pub const ADDON: &str = "CFQ7TTC0ADD0";
/// The SKU of each.
pub const SKU: &str = "0001";
/// What nobody sells.
const NOTHING: &str = "CFQNOTHING";
/// So many lookups later an availability is another.
const FRESH: u32 = 64;
/// Subscriptions of one page.
const PAGE: usize = 1_000;
/// Most seats that are sold.
const SEATS_MAX: u64 = 300;

pub(super) type Answer = (u16, Value);

/// What was sold, and how the vendor behaves.
#[derive(Default)]
pub struct Books {
    /// Every customer that was created, by its id.
    pub customers: BTreeMap<String, Value>,
    /// The agreements that were confirmed, by their customer's id.
    pub agreements: BTreeMap<String, Value>,
    /// Tenants of companies that are nobody's customers here.
    pub foreign_domains: Vec<String>,
    /// How many more lists lack the customers that were created.
    pub customer_lag: u32,
    /// How many more times a created customer is not known to the shop.
    pub shop_lag: u32,
    /// Carts with their customer and line, and their checkout once there was one.
    carts: BTreeMap<String, (String, Value, Option<Value>)>,
    /// Every order that was made.
    pub orders: Vec<Value>,
    /// Every subscription as it stands.
    pub subscriptions: BTreeMap<String, Value>,
    /// What was moved to other licenses, by the subscription that it left.
    pub transitions: BTreeMap<String, Vec<Value>>,
    availability: u32,
    next: u32,
    /// How many more reads don't list an order.
    pub lag: u32,
    /// How many more times an order is not provisioned.
    pub unprovisioned: u32,
    /// A second checkout gets no first result but an error.
    pub refuses_second_checkout: bool,
    /// Request ids are not remembered.
    pub forgets_requests: bool,
    /// A change is accepted, and shows after so many reads.
    pub accepts_changes: Option<u32>,
    pending: Option<(String, Value)>,
    /// What an order is refused with.
    pub order_error: Option<(&'static str, &'static str)>,
    /// How many more reads of a history lack its newest entry.
    pub history_lag: u32,
    /// The vendor's own date for taking back what is bought.
    pub returnable_until: Option<String>,
    /// What licenses can become beside [`BETTER`], as product and SKU.
    pub targets: Vec<(String, String)>,
    /// Where events go, and which.
    pub registration: Option<Value>,
    /// What is told of a test event, one look after the other; then that it is under way.
    pub deliveries: Vec<Value>,
}

pub(super) fn error(status: u16, code: &str, words: &str) -> Answer {
    (
        status,
        json!({"code": code, "description": words, "data": [], "source": "PartnerFD"}),
    )
}

pub(super) fn list(items: Vec<Value>) -> Answer {
    (
        200,
        json!({"totalCount": items.len(), "items": items, "attributes": {"objectType": "Collection"}}),
    )
}

impl Books {
    pub(super) fn carry_out(&mut self, asked: &Asked<'_>, call: &Call) -> Answer {
        let query = asked.query;
        match (asked.method.as_str(), asked.path) {
            (method, ["", "webhooks", "v1", "registration", path @ ..]) => {
                self.register(method, path, call)
            }
            ("GET", ["customers"]) => self.list_customers(query),
            ("POST", ["customers"]) => self.create_customer(call),
            ("HEAD", ["domains", domain]) => self.look_up_domain(domain),
            ("POST", ["validations", "address"]) => check_address(call),
            ("GET", ["countryvalidationrules", country]) => rules(country),
            ("GET", ["agreements"]) => templates(),
            ("GET", ["products", product, "skus", sku, "availabilities"]) => {
                self.availabilities(product, sku)
            }
            ("GET", ["products"]) => list(vec![json!({"id": PRODUCT, "title": "Business Basic"})]),
            ("GET", ["products", _, "skus"]) => list(vec![
                json!({"id": SKU, "title": "Basic", "maximumQuantity": SEATS_MAX, "description": "Mail"}),
            ]),
            (_, ["customers", customer, ..]) if !self.knows(customer) => error(
                403,
                "20002",
                "The partner has no commerce relationship with the customer",
            ),
            ("GET", [_, customer, "agreements"]) => self.list_agreements(customer),
            ("POST", [_, customer, "agreements"]) => self.agree(customer, call),
            ("POST", [_, customer, "carts"]) => self.fill(customer, call),
            ("POST", [.., "carts", cart, "checkout"]) => self.check_out(cart),
            ("GET", [.., "orders", _, "provisioningstatus"]) => self.provisioning(asked.is_person),
            ("GET", [.., "orders", id]) => self.order(id),
            ("GET", [.., "orders"]) => list(self.listed_orders()),
            ("GET", [.., "subscriptions"]) => self.list_subscriptions(query),
            ("GET", [.., "subscriptions", id, "addons"]) => {
                let all = self.subscriptions.values();
                list(
                    all.filter(|one| one["parentSubscriptionId"] == *id)
                        .cloned()
                        .collect(),
                )
            }
            ("GET", [.., "subscriptions", _, "transitionEligibilities"]) => self.eligibilities(),
            ("GET", [.., "subscriptions", id, "transitions"]) => self.history(id),
            ("POST", [.., "subscriptions", id, "transitions"]) => self.transition(id, call),
            ("GET", [.., "subscriptions", id]) => self.subscription(id),
            ("PATCH", [.., "subscriptions", id]) => self.patch(id, call),
            _ => (500, json!("not foreseen")),
        }
    }

    /// Those of an order; or a page of all, with a link to the next one.
    fn list_subscriptions(&self, query: &str) -> Answer {
        let all = self.subscriptions.values();
        if let Some(order) = query.strip_prefix("order_id=") {
            let of_order = all.filter(|one| one["orderId"] == order);
            return list(of_order.cloned().collect());
        }
        let page = query.strip_prefix("page=");
        let page: usize = page.and_then(|page| page.parse().ok()).unwrap_or(0);
        let items: Vec<Value> = all.skip(page * PAGE).take(PAGE).cloned().collect();
        let mut told = json!({"totalCount": self.subscriptions.len(), "items": items,
            "attributes": {"objectType": "Collection"}});
        if (page + 1) * PAGE < self.subscriptions.len() {
            let uri = format!("/customers/{CUSTOMER}/subscriptions?page={}", page + 1);
            told["links"] = json!({"next": {"uri": uri, "method": "GET", "headers": []}});
        }
        (200, told)
    }

    pub(super) fn number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn availabilities(&mut self, product: &str, sku: &str) -> Answer {
        if product == NOTHING || sku.is_empty() {
            return error(404, "400013", "The parent product was not found.");
        }
        self.availability += 1;
        let one = |segment: &str, id: String, terms: Value| json!({"catalogItemId": id, "segment": segment, "isPurchasable": true, "terms": terms});
        let yearly = json!([{"duration": "P1Y", "billingCycle": "Annual"}, {"duration": "P1Y", "billingCycle": "Monthly"}]);
        let id = format!("{product}:{sku}:AV{}", self.availability);
        list(vec![
            one(
                "commercial",
                format!("{id}M"),
                json!([{"duration": "P1M", "billingCycle": "Monthly"}]),
            ),
            one("education", format!("{id}E"), yearly.clone()),
            one("commercial", id, yearly),
        ])
    }

    /// Whether an availability was told lately; older ones are sold no more.
    fn is_fresh(&self, item: &str) -> bool {
        let told = item
            .rsplit_once(":AV")
            .and_then(|(_, number)| number.parse::<u32>().ok());
        told.is_some_and(|number| number + FRESH > self.availability)
    }

    fn fill(&mut self, customer: &str, call: &Call) -> Answer {
        if !self.has_agreed(customer) {
            return error(
                403,
                "13605",
                "A partner confirmation of the Microsoft Customer Agreement must be provided",
            );
        }
        let mut line = call.body["lineItems"][0].clone();
        let item = line["catalogItemId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if !self.is_fresh(&item) {
            line["error"] =
                json!({"errorCode": "10001", "errorDescription": "Catalog item id is not valid"});
        } else if line["quantity"]
            .as_u64()
            .is_none_or(|seats| seats > SEATS_MAX)
        {
            line["error"] =
                json!({"errorCode": 10002, "errorDescription": "Not enough quota available"});
        }
        let id = format!("cart-{}", self.number());
        self.carts
            .insert(id.clone(), (customer.to_owned(), line.clone(), None));
        (
            201,
            json!({"id": id, "status": "Active", "lineItems": [line]}),
        )
    }

    fn check_out(&mut self, cart: &str) -> Answer {
        let number = self.number();
        let Some((customer, line, done)) = self.carts.get_mut(cart) else {
            return error(404, "800008", "Unable to retrieve cart ID");
        };
        match done {
            Some(_) if self.refuses_second_checkout => {
                return error(400, "800065", "Cannot check out an already submitted cart.");
            }
            Some(done) => return (201, done.clone()),
            None => {}
        }
        if let Some((code, words)) = self.order_error {
            let failed = json!([{"orderGroupId": "0", "code": code, "description": words}]);
            return (201, json!({"orders": null, "orderErrors": failed}));
        }
        let (id, subscription) = (format!("order-{number}"), format!("sub-{number}"));
        let sold = json!({"lineItemNumber": 0, "offerId": line["catalogItemId"], "quantity": line["quantity"],
            "friendlyName": line["friendlyName"], "subscriptionId": subscription});
        let order = json!({"id": id, "referenceCustomerId": customer, "status": "completed", "lineItems": [sold]});
        let mut result =
            json!({"Orders": [order], "attributes": {"objectType": "CartCheckoutResult"}});
        // Provisioning has hardly begun: the answer names no subscription.
        result["Orders"][0]["lineItems"][0]["subscriptionId"] = Value::Null;
        result["Orders"][0]["status"] = json!("pending");
        *done = Some(result.clone());
        let parent = line["provisioningContext"]["ParentSubscriptionId"].clone();
        let bought = json!({"id": subscription, "offerId": line["catalogItemId"], "orderId": id,
            "friendlyName": line["friendlyName"], "quantity": line["quantity"], "status": "active",
            "autoRenewEnabled": true, "termDuration": line["termDuration"], "billingCycle": line["billingCycle"],
            "cancellationAllowedUntilDate": self.returnable_until,
            "parentSubscriptionId": parent, "newerThanUs": {"keep": [1, 2]},
            "attributes": {"etag": "etag-1", "objectType": "Subscription"}});
        self.orders.push(order);
        self.subscriptions.insert(subscription, bought);
        (201, result)
    }

    fn listed_orders(&mut self) -> Vec<Value> {
        match self.lag.checked_sub(1) {
            Some(rest) => {
                self.lag = rest;
                Vec::new()
            }
            None => self.orders.clone(),
        }
    }

    fn order(&mut self, id: &str) -> Answer {
        let listed = self.listed_orders();
        match listed.into_iter().find(|order| order["id"] == id) {
            Some(order) => (200, order),
            None => error(404, "20000", "Order ID not found"),
        }
    }

    fn provisioning(&mut self, is_person: bool) -> Answer {
        if !is_person {
            return error(
                403,
                "900329",
                "This resource doesn't support application-only authentication.",
            );
        }
        let status = match self.unprovisioned.checked_sub(1) {
            Some(rest) => {
                self.unprovisioned = rest;
                "PrefulfillmentPending"
            }
            None => "Fulfilled",
        };
        list(vec![json!({"lineItemNumber": 0, "status": status})])
    }

    fn subscription(&mut self, id: &str) -> Answer {
        if let Some(reads) = self.accepts_changes.as_mut() {
            *reads = reads.saturating_sub(1);
            if *reads == 0
                && let Some((id, changed)) = self.pending.take()
            {
                self.subscriptions.insert(id, changed);
            }
        }
        match self.subscriptions.get(id) {
            Some(found) => (200, found.clone()),
            None => error(404, "20003", "Subscription not found."),
        }
    }

    /// Replaces the whole resource by what is sent, as the vendor does.
    fn patch(&mut self, id: &str, call: &Call) -> Answer {
        let Some(found) = self.subscriptions.get_mut(id) else {
            return error(404, "20003", "Subscription not found.");
        };
        let etag = found["attributes"]["etag"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if call.etag.as_deref() != Some(&format!("\"{etag}\"")) {
            return error(400, "2055", "Etag is no longer valid");
        }
        if found["status"] == "deleted" {
            return error(
                400,
                "2011",
                "Subscription with deleted status cannot be updated.",
            );
        }
        if call.body["quantity"]
            .as_u64()
            .is_none_or(|seats| seats > SEATS_MAX)
        {
            return error(
                400,
                "2002",
                "Subscription quantity is not within minimum and maximum allowed quantity",
            );
        }
        let mut changed = call.body.clone();
        changed["attributes"]["etag"] = json!(format!("{etag}+"));
        if self.accepts_changes.is_some() {
            self.pending = Some((id.to_owned(), changed));
            return (202, Value::Null);
        }
        *found = changed.clone();
        (200, changed)
    }

    fn transition(&mut self, id: &str, call: &Call) -> Answer {
        let mut begun = call.body.clone();
        begun["Events"] =
            json!([{"name": "Conversion", "status": "Started ", "timestamp": self.time()}]);
        self.transitions
            .entry(id.to_owned())
            .or_default()
            .push(begun.clone());
        (200, begun)
    }

    fn time(&mut self) -> String {
        format!("2026-01-01T00:00:{:02}Z", self.number())
    }

    /// A second look finds what was under way at the first one completed.
    fn history(&mut self, id: &str) -> Answer {
        let mut told = self.transitions.get(id).cloned().unwrap_or_default();
        if let Some(rest) = self.history_lag.checked_sub(1) {
            self.history_lag = rest;
            told.pop();
            return (200, json!({"transition": told}));
        }
        let time = self.time();
        let number = self.number();
        let newest = self.transitions.get_mut(id).and_then(|all| all.last_mut());
        let (Some(newest), Some(source)) = (newest, self.subscriptions.get_mut(id)) else {
            return (200, json!({"transition": []}));
        };
        let is_under_way = newest["Events"]
            .as_array()
            .is_some_and(|events| events.len() == 1);
        if is_under_way {
            let started = newest["Events"][0].clone();
            let completed = json!({"name": "Conversion", "status": "Completed", "timestamp": time});
            newest["Events"] = json!([started, completed]);
            let (seats, moved) = (source["quantity"].as_u64(), newest["quantity"].as_u64());
            let left = seats
                .unwrap_or_default()
                .saturating_sub(moved.unwrap_or_default());
            if left == 0 {
                source["offerId"] = newest["toCatalogItemId"].clone();
            } else {
                let to = format!("sub-{number}");
                newest["toSubscriptionId"] = json!(to);
                source["quantity"] = json!(left);
                let mut new = source.clone();
                new["id"] = json!(to);
                new["quantity"] = json!(moved);
                new["offerId"] = newest["toCatalogItemId"].clone();
                self.subscriptions.insert(to, new);
            }
        }
        (200, json!({"transition": told}))
    }
}

impl Books {
    fn eligibilities(&self) -> Answer {
        let way = |kind: &str, is_eligible: bool| {
            json!({"isEligible": is_eligible, "transitionType": kind,
                "errors": [{"code": 3, "description": "There are conflicting services."}]})
        };
        let target = |product: &str, sku: &str, is_open: bool| {
            let ways = [
                way("transition_with_license_transfer", false),
                way("transition_only", is_open),
            ];
            json!({"catalogItemId": format!("{product}:{sku}:AVT"), "eligibilities": ways})
        };
        let more = self
            .targets
            .iter()
            .map(|(product, sku)| target(product, sku, true));
        let own = [target(BETTER, SKU, true), target(ADDON, SKU, false)];
        list(own.into_iter().chain(more).collect())
    }
}
