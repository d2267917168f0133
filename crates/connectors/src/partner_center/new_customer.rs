//! A customer that Partner Center is to be told of: what the offer's form asks, and the answers, read.

use domain::offer::form::{Form, Kind, Question};
use domain::provisioning::{Failure, Request, Verb};
use domain::text::Contact;
use serde_json::{Value, json};

use super::account::Account;
use super::answer::Stop;
use super::customer::{self, OWN_DOMAIN};

pub(super) const IS_NEW: &str = "new_customer";
const COMPANY: &str = "company_name";
pub(super) const ADDRESS: &str = "address_line_1";
const MORE_ADDRESS: &str = "address_line_2";
const CITY: &str = "city";
const STATE: &str = "state";
const POSTAL_CODE: &str = "postal_code";
const COUNTRY: &str = "country";
pub(super) const PHONE: &str = "phone_number";
pub(super) const REGISTRATION: &str = "registration_number";
pub(super) const CULTURE: &str = "culture";
const AGREED_ON: &str = "agreement_accepted_on";

/// What is asked of whoever buys. Nothing has to be answered for a customer that is there.
pub(super) fn form(account: &Account) -> Form {
    let question = |name: &str, title: &str, description: &str, kind| Question {
        name: name.into(),
        title: title.into(),
        description: (!description.is_empty()).then(|| description.into()),
        is_required: false,
        kind,
        default: None,
    };
    let text = |most: u32| Kind::Text {
        least: 0,
        most,
        pattern: None,
    };
    let shaped = |pattern: &str| Kind::Text {
        least: 0,
        most: 5,
        pattern: Some(pattern.into()),
    };
    let country = Question {
        default: Some(account.market.clone().into()),
        ..question(
            COUNTRY,
            "Country",
            "Two capital letters, such as SE.",
            shaped("^[A-Z]{2}$"),
        )
    };
    let new = "Creates the tenant above for a company that is new to Microsoft. The fields below are for it alone.";
    let agreed = "The day on which somebody of the company accepted the Microsoft Customer Agreement; the contact is named as who did.";
    Form {
        questions: vec![
            question(IS_NEW, "New Microsoft customer", new, Kind::YesNo),
            question(COMPANY, "Company name", "As it is registered.", text(100)),
            question(ADDRESS, "Address", "", text(128)),
            question(MORE_ADDRESS, "Address, second line", "", text(128)),
            question(CITY, "City", "", text(64)),
            question(
                STATE,
                "State or province",
                "Where the country has such a thing; two letters in the US and in Canada.",
                text(64),
            ),
            question(POSTAL_CODE, "Postal code", "", text(16)),
            country,
            question(
                PHONE,
                "Phone number",
                "Some countries ask for it.",
                text(32),
            ),
            question(
                REGISTRATION,
                "Registration number",
                "Of the company; some countries ask for it.",
                text(64),
            ),
            question(
                CULTURE,
                "Language",
                "Of Microsoft's letters to the company, such as sv-SE; the country's usual one where it is empty.",
                shaped("^[a-z]{2}-[A-Z]{2}$"),
            ),
            question(AGREED_ON, "Agreement accepted on", agreed, Kind::Day),
        ],
    }
}

/// A customer to create, as the line has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewCustomer<'r> {
    pub(super) domain: String,
    pub(super) company: &'r str,
    pub(super) country: &'r str,
    pub(super) culture: Option<&'r str>,
    contact: &'r Contact,
    /// The day, as people write days for machines.
    agreed_on: &'r str,
    address: &'r str,
    more_address: Option<&'r str>,
    city: &'r str,
    state: Option<&'r str>,
    postal_code: Option<&'r str>,
    phone: Option<&'r str>,
    registration: Option<&'r str>,
}

impl<'r> NewCustomer<'r> {
    /// Reads the answers; `None` for a customer that is there. Nothing is sent while one is missing.
    pub(super) fn of(
        request: &'r Request,
        account: &'r Account,
    ) -> Result<Option<NewCustomer<'r>>, Stop> {
        let is_purchase = matches!(request.verb, Verb::Purchase { .. });
        if !is_purchase || request.parameters.get(IS_NEW) != Some(&Value::Bool(true)) {
            return Ok(None);
        }
        let form = form(account);
        let answer = |name: &str| -> Result<Option<&'r str>, Stop> {
            let Some(given) = request.parameters.get(name) else {
                return Ok(None);
            };
            let checked = form
                .question(name)
                .map_or(Ok(()), |question| question.check(given));
            checked.map_err(|reason| missing(&pointer(name), &format!("{name} {}", reason.0)))?;
            Ok(given
                .as_str()
                .map(str::trim)
                .filter(|text| !text.is_empty()))
        };
        let needed = |name: &str| -> Result<&'r str, Stop> {
            answer(name)?
                .ok_or_else(|| missing(&pointer(name), &format!("A new customer needs {name}")))
        };
        let domain = customer::domain(customer::named(request));
        let name = domain.strip_suffix(OWN_DOMAIN);
        let name = name
            .and_then(|name| name.strip_suffix('.'))
            .unwrap_or_default();
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
            let words = format!("A new tenant is letters and digits before .{OWN_DOMAIN}");
            return Err(missing("/tenant", &words));
        }
        let contact = request.contact.as_ref();
        Ok(Some(NewCustomer {
            domain,
            company: needed(COMPANY)?,
            country: answer(COUNTRY)?.unwrap_or(&account.market),
            culture: answer(CULTURE)?,
            contact: contact
                .ok_or_else(|| missing("/contact/email", "A new customer needs a contact"))?,
            agreed_on: needed(AGREED_ON)?,
            address: needed(ADDRESS)?,
            more_address: answer(MORE_ADDRESS)?,
            city: needed(CITY)?,
            state: answer(STATE)?,
            postal_code: answer(POSTAL_CODE)?,
            phone: answer(PHONE)?,
            registration: answer(REGISTRATION)?,
        }))
    }

    /// The address as Microsoft is asked about it.
    pub(super) fn address(&self) -> Value {
        filled(&[
            ("addressLine1", Some(self.address)),
            ("addressLine2", self.more_address),
            ("city", Some(self.city)),
            ("state", self.state),
            ("postalCode", self.postal_code),
            ("country", Some(self.country)),
        ])
    }

    /// What the customer is created with.
    pub(super) fn profile(&self, culture: &str) -> Value {
        let mut address = self.address();
        address["firstName"] = json!(self.contact.name);
        address["lastName"] = json!(self.contact.surname);
        if let Some(phone) = self.phone {
            address["phoneNumber"] = json!(phone);
        }
        let language = culture.split('-').next().unwrap_or(culture);
        let mut company = json!({"Domain": self.domain});
        if let Some(number) = self.registration {
            company["OrganizationRegistrationNumber"] = json!(number);
        }
        json!({
            "CompanyProfile": company,
            "BillingProfile": {
                "Email": self.contact.email.as_str(),
                "Culture": culture,
                "Language": language,
                "CompanyName": self.company,
                "DefaultAddress": address,
            },
        })
    }

    /// What the reseller confirms: who accepted the agreement, and when.
    pub(super) fn agreement(&self, template: &str, kind: &str) -> Value {
        json!({
            "primaryContact": filled(&[
                ("firstName", Some(self.contact.name.as_str())),
                ("lastName", Some(self.contact.surname.as_str())),
                ("email", Some(self.contact.email.as_str())),
                ("phoneNumber", self.phone),
            ]),
            "templateId": template,
            "dateAgreed": format!("{}T00:00:00.000Z", self.agreed_on),
            "type": kind,
        })
    }
}

/// An object of what is there.
fn filled(pairs: &[(&str, Option<&str>)]) -> Value {
    let there = pairs
        .iter()
        .filter_map(|(name, value)| Some(((*name).to_owned(), Value::from((*value)?))));
    Value::Object(there.collect())
}

/// An answer's place in a line.
pub(super) fn pointer(name: &str) -> String {
    format!("/parameters/{name}")
}

fn missing(field: &str, words: &str) -> Stop {
    Stop::Unread(Failure {
        code: "MissingField".into(),
        message: format!("{words}; nothing was sent"),
        field: Some(field.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::super::account::tests::account;
    use super::*;

    #[test]
    fn the_form_is_one_that_an_offer_can_have() {
        let form = form(&account());
        let written = serde_json::to_string(&form).unwrap();
        let read: Form = serde_json::from_str(&written).unwrap();
        assert_eq!(read, form);
        let nothing = serde_json::Map::new();
        assert!(
            form.check(&nothing).is_empty(),
            "a customer that is there needs no answer"
        );
    }
}
