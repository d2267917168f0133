//! A customer's way into Partner Center, each step stored before the next is asked for: its domain and its
//! address are looked at, it is created, and the agreement that it accepted is confirmed. A domain belongs to
//! one tenant in all the world, so what is created twice is refused, and what a lost answer left is found.

use std::time::Duration;

use domain::provisioning::{Failure, Fault, Outcome, Request};
use reqwest::Method;

use super::PartnerCenter;
use super::answer::{Answer, Stop};
use super::cart::{ABSENCES, PACE, Purchase, accepted};
use super::customer::listed;
use super::http::{StepKey, path};
use super::new_customer::{ADDRESS, CULTURE, IS_NEW, NewCustomer, PHONE, REGISTRATION, pointer};
use super::resource::Resource;
use super::stage::Stage;
use crate::http::clean;

/// As Microsoft names the agreement that purchases need.
const AGREEMENT: &str = "MicrosoftCustomerAgreement";
/// What Microsoft says of an address that it does not know; with any other word the creation decides.
const UNFIT: [&str; 5] = [
    "InteractionRequired",
    "StreetPartial",
    "PremisesPartial",
    "Multiple",
    "None",
];
/// What Microsoft says of a customer that not all of it has heard of yet.
const NOT_KNOWN_YET: [&str; 3] = ["20002", "60003", "900118"];
/// An agreement that was confirmed before.
const CONFIRMED_BEFORE: &str = "600061";

fn still(stage: &Stage, pace: Duration) -> Outcome {
    accepted(stage, Some(pace))
}

fn refused(code: &str, message: String, field: &str) -> Failure {
    Failure {
        code: code.into(),
        message: clean(&message),
        field: Some(field.into()),
    }
}

impl PartnerCenter {
    /// Only reads: what can't be created is refused before anything is.
    pub(super) async fn prepare_customer(&self, new: &NewCustomer<'_>) -> Result<Outcome, Stop> {
        if let Some(customer) = self.find_created(new).await? {
            return Ok(agreeing(customer));
        }
        if self.is_taken(&new.domain).await? {
            // It may have been created meanwhile, for another line.
            return match self.find_created(new).await? {
                Some(customer) => Ok(agreeing(customer)),
                None => Err(Stop::Unread(taken(new))),
            };
        }
        self.check_address(new).await?;
        Ok(still(&Stage::Customer { absences: 0 }, Duration::ZERO))
    }

    /// Creates the customer, unless an earlier call has: then it is listed, or will be.
    pub(super) async fn create_customer(
        &self,
        request: &Request,
        new: &NewCustomer<'_>,
        absences: u32,
    ) -> Result<Outcome, Stop> {
        if let Some(customer) = self.find_created(new).await? {
            return Ok(agreeing(customer));
        }
        if self.is_taken(&new.domain).await? {
            return wait_for_listing(new, absences);
        }
        let culture = self.culture(new).await?;
        let key = StepKey::of(request, "customer");
        let body = new.profile(&culture);
        let answer = self
            .http
            .write((Method::POST, "/customers"), Some(&body), &key, None)
            .await?;
        if matches!(answer.status, 200 | 201) {
            let created = answer.resource().and_then(|customer| customer.text("id"));
            // The answer holds a password: nothing of it is kept as evidence.
            return created.map(agreeing).ok_or_else(|| lost(&answer));
        }
        match answer.stop() {
            Stop::Refused(failure) => Err(Stop::Refused(blamed(failure))),
            // Microsoft says no with a number that nobody has told us: a domain that is still free proves it.
            Stop::Fault(Fault::AnswerLost { .. }) if (400..500).contains(&answer.status) => {
                match (answer.error(), self.is_taken(&new.domain).await?) {
                    (Some(error), false) => Err(Stop::Refused(answer.failure(&error))),
                    (_, true) => wait_for_listing(new, absences),
                    (None, false) => Err(answer.stop()),
                }
            }
            stop => Err(stop),
        }
    }

    /// Confirms the agreement where none is, and goes on to the cart. A customer that was created a moment ago
    /// is not known everywhere.
    pub(super) async fn confirm_agreement(
        &self,
        request: &Request,
        (new, purchase): (&NewCustomer<'_>, &Purchase<'_>),
        customer: String,
        absences: u32,
    ) -> Result<Outcome, Stop> {
        let confirmed = match self.confirm(request, new, &customer).await {
            Ok(()) => self.fill_cart(customer.clone(), purchase, request).await,
            Err(stop) => Err(stop),
        };
        match confirmed {
            Err(Stop::Unread(failure) | Stop::Refused(failure))
                if absences < ABSENCES && NOT_KNOWN_YET.contains(&failure.code.as_str()) =>
            {
                Ok(still(
                    &Stage::Agreement {
                        customer,
                        absences: absences + 1,
                    },
                    PACE,
                ))
            }
            other => other,
        }
    }

    async fn confirm(
        &self,
        request: &Request,
        new: &NewCustomer<'_>,
        customer: &str,
    ) -> Result<(), Stop> {
        let path = path(&["customers", customer, "agreements"]);
        let pairs = [("agreementType", AGREEMENT.to_owned())];
        let known = self.http.list(&path, &pairs).await?;
        if known.iter().any(|one| one.is("type", AGREEMENT)) {
            return Ok(());
        }
        let templates = self.http.list("/agreements", &pairs).await?;
        let newest = templates.iter().max_by_key(|one| one.number("versionRank"));
        let Some(template) = newest.and_then(|one| one.text("templateId")) else {
            return Err(Stop::Fault(Fault::NotSent {
                reason: "Microsoft lists no customer agreement that could be confirmed".into(),
                retry_after: None,
            }));
        };
        let body = new.agreement(&template, AGREEMENT);
        let key = StepKey::of(request, &format!("agreement {customer}"));
        let answer = self
            .http
            .write((Method::POST, &path), Some(&body), &key, None)
            .await?;
        let is_known = answer
            .error()
            .is_some_and(|error| error.code == CONFIRMED_BEFORE);
        match answer.status {
            200 | 201 => Ok(()),
            400 | 409 if is_known => Ok(()),
            _ => Err(match answer.stop() {
                Stop::Refused(failure) => Stop::Refused(blamed(failure)),
                stop => stop,
            }),
        }
    }

    /// The customer of the domain, where it is the one that was to be created: by the company's name.
    async fn find_created(&self, new: &NewCustomer<'_>) -> Result<Option<String>, Stop> {
        let Some(customer) = listed(&self.http, &new.domain).await? else {
            return Ok(None);
        };
        let profile = customer.part("companyProfile");
        let name = profile
            .and_then(|profile| profile.text("companyName"))
            .unwrap_or_default();
        let is_it = name.trim().to_lowercase() == new.company.to_lowercase();
        match customer.text("id").filter(|_| is_it) {
            Some(id) => Ok(Some(id)),
            // The other name is not for whoever typed the domain to know.
            None => Err(Stop::Unread(refused(
                "DuplicateCustomer",
                format!(
                    "Partner Center lists {} already, with another company name; it is no new customer",
                    new.domain
                ),
                &pointer(IS_NEW),
            ))),
        }
    }

    /// Microsoft answers 200 for a domain that somebody has, and 404 for a free one.
    async fn is_taken(&self, domain: &str) -> Result<bool, Stop> {
        let answer = self.http.head(&path(&["domains", domain])).await?;
        match answer.status {
            200 => Ok(true),
            404 => Ok(false),
            _ => Err(answer.unread()),
        }
    }

    async fn check_address(&self, new: &NewCustomer<'_>) -> Result<(), Stop> {
        let answer = self
            .http
            .look("/validations/address", &new.address())
            .await?;
        let unfit = |words: String| {
            Err(Stop::Unread(refused(
                "InvalidAddress",
                words,
                &pointer(ADDRESS),
            )))
        };
        let said = answer.resource().unwrap_or_default();
        match (answer.status, answer.error()) {
            (200, None) => {}
            // Microsoft has several numbers for an address that it does not take.
            (400, Some(error)) => return unfit(answer.failure(&error).message),
            _ => return Err(answer.unread()),
        }
        if !UNFIT.iter().any(|status| said.is("status", status)) {
            return Ok(());
        }
        let words = said.text("validationMessage").or(said.text("status"));
        let words = words.unwrap_or_default();
        let near = said.parts("suggestedAddresses");
        let near = near.first().map(shown).unwrap_or_default();
        unfit(format!(
            "Microsoft does not know the address: {words}{near}"
        ))
    }

    /// In which language Microsoft writes to the customer: the one that was asked for, or the country's.
    async fn culture(&self, new: &NewCustomer<'_>) -> Result<String, Stop> {
        if let Some(culture) = new.culture {
            return Ok(culture.to_owned());
        }
        let answer = self
            .http
            .read(&path(&["countryvalidationrules", new.country]), &[])
            .await?;
        let rules = answer.resource().filter(|_| answer.status == 200);
        match rules.and_then(|rules| rules.text("defaultCulture")) {
            Some(culture) => Ok(culture),
            None if matches!(answer.status, 200 | 404) => Err(Stop::Unread(refused(
                "MissingField",
                format!("Microsoft names no language for {}", new.country),
                &pointer(CULTURE),
            ))),
            None => Err(answer.unread()),
        }
    }
}

fn agreeing(customer: String) -> Outcome {
    let stage = Stage::Agreement {
        customer,
        absences: 0,
    };
    still(&stage, Duration::ZERO)
}

/// Somebody has the domain, and Partner Center does not list it: a lost creation of ours may be listed later.
fn wait_for_listing(new: &NewCustomer<'_>, absences: u32) -> Result<Outcome, Stop> {
    match absences < ABSENCES {
        true => Ok(still(
            &Stage::Customer {
                absences: absences + 1,
            },
            PACE,
        )),
        false => Err(Stop::Refused(taken(new))),
    }
}

fn taken(new: &NewCustomer<'_>) -> Failure {
    let words = format!(
        "The tenant {} exists, and Partner Center lists it as no customer of yours; nothing was bought",
        new.domain
    );
    refused("DomainTaken", words, "/tenant")
}

/// A created customer that can't be read, without a word of the answer.
fn lost(answer: &Answer) -> Stop {
    Stop::Fault(Fault::AnswerLost {
        evidence: clean(&format!(
            "{}: a customer without an id [{}]",
            answer.status, answer.trace
        )),
        retry_after: answer.retry_after,
    })
}

/// A refusal with the answer of the form that it is about.
fn blamed(failure: Failure) -> Failure {
    let name = match failure.code.as_str() {
        "600002" | "600049" | "600050" => REGISTRATION,
        "600051" => PHONE,
        _ => return failure,
    };
    Failure {
        field: Some(pointer(name)),
        ..failure
    }
}

fn shown(address: &Resource) -> String {
    let parts = [
        "addressLine1",
        "addressLine2",
        "city",
        "state",
        "postalCode",
        "country",
    ];
    let parts: Vec<String> = parts.iter().filter_map(|name| address.text(name)).collect();
    format!(". It knows: {}", parts.join(", "))
}
