//! What a retry may bring that is different, as it is typed; and who else fails for the same cause.

mod same_cause;

use std::collections::BTreeSet;

use domain::order::line::Line;
use domain::order::retry::Corrected;
use domain::subscription::decide::Problem;
use domain::text::{Email, Invalid, line};
use jiff::Timestamp;
use serde_json::{Map, Value};
use store::Tx;

pub use self::same_cause::{OTHERS_MAX, Retried, RetriedOrder, SameCause, SameCauseRetry};
use crate::access::Access;
use crate::carts::parse_tenant;
use crate::{Error, catalog};

/// Answers to an offer's form in one correction at the most.
const PARAMETERS_MAX: usize = 50;
/// Characters of one answer.
const PARAMETER_MAX: usize = 500;

/// Corrections of a failed line, as they are typed; what is absent stays as it was.
#[derive(Debug, Clone, Default)]
pub struct TypedCorrection {
    /// E-mail address of the contact.
    pub contact_email: Option<String>,
    /// First name.
    pub contact_name: Option<String>,
    /// Family name.
    pub contact_surname: Option<String>,
    /// The customer's tenant at the vendor.
    pub tenant: Option<String>,
    /// Answers to the offer's form.
    pub parameters: Map<String, Value>,
}

impl TypedCorrection {
    /// Takes what can be taken, or names the field and what would be.
    pub fn parse(self) -> Result<Corrected, Error> {
        let invalid = |field| move |reason| Error::Invalid { field, reason };
        let named = |field, text: Option<String>| {
            text.map(|text| line(&text, 80).map_err(invalid(field)))
                .transpose()
        };
        let email = self.contact_email.map(|email| Email::parse(&email));
        let tenant = self.tenant.as_deref().map(parse_tenant);
        Ok(Corrected {
            email: email.transpose().map_err(invalid("/contact_email"))?,
            name: named("/contact_name", self.contact_name)?,
            surname: named("/contact_surname", self.contact_surname)?,
            tenant: tenant.transpose().map_err(invalid("/tenant"))?,
            parameters: parameters(self.parameters).map_err(invalid("/parameters"))?,
        })
    }
}

/// Answers are plain: a text, a number, yes or no.
fn parameters(typed: Map<String, Value>) -> Result<Map<String, Value>, Invalid> {
    if typed.len() > PARAMETERS_MAX {
        let words = format!("must have at most {PARAMETERS_MAX} names");
        return Err(Invalid(words));
    }
    for (name, value) in &typed {
        line(name, 80)?;
        match value {
            Value::String(text) => drop(line(text, PARAMETER_MAX)?),
            Value::Number(_) | Value::Bool(_) => {}
            Value::Null | Value::Array(_) | Value::Object(_) => {
                let words = format!("must give {name} a text, a number, true or false");
                return Err(Invalid(words));
            }
        }
    }
    Ok(typed)
}

/// A correction with its answers read by the offer's form, or every problem of theirs by its field. A name
/// that the form does not ask for goes as it is: the vendor that refuses may know more than our catalog.
pub(crate) async fn checked(
    tx: &mut Tx,
    access: &Access,
    line: &Line,
    correction: &Corrected,
    now: Timestamp,
) -> Result<Corrected, Error> {
    let mut corrected = correction.clone();
    let offer = line.item.offer;
    let offers = catalog::load_all(tx, access, BTreeSet::from([offer]), now).await?;
    let mut problems = Vec::new();
    for (name, value) in &correction.parameters {
        let Some(question) = offers.form(offer).and_then(|form| form.question(name)) else {
            continue;
        };
        let answer = match value {
            Value::String(typed) => question.read(typed),
            other => Some(other.clone()),
        };
        let checked = match &answer {
            Some(answer) => question.check(answer),
            None if question.is_required => Err(Invalid("must be answered".into())),
            None => Ok(()),
        };
        if let Err(reason) = checked {
            problems.push(Problem::new(format!("/parameters/{name}"), reason.0));
        }
        match answer {
            Some(answer) => corrected.parameters.insert(name.clone(), answer),
            // Left empty where it may be: it stays as it was.
            None => corrected.parameters.remove(name),
        };
    }
    match problems.is_empty() {
        true => Ok(corrected),
        false => Err(Error::Problems(problems)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_typed_is_taken_or_the_field_is_named() {
        let typed = |change: fn(&mut TypedCorrection)| {
            let mut typed = TypedCorrection::default();
            change(&mut typed);
            typed.parse()
        };
        assert!(typed(|_| {}).is_ok_and(|corrected| corrected.is_empty()));
        let good = typed(|t| {
            t.contact_email = Some(" new@Amber.example ".into());
            t.tenant = Some("Amber2.onmicrosoft.com".into());
            t.parameters = json!({"region": "north", "seats": 5})
                .as_object()
                .cloned()
                .unwrap_or_default();
        })
        .expect("good");
        assert_eq!(
            good.email.map(String::from).as_deref(),
            Some("new@amber.example")
        );
        assert_eq!(good.tenant.as_deref(), Some("amber2.onmicrosoft.com"));
        for (field, change) in [
            (
                "/contact_email",
                (|t| t.contact_email = Some(String::new())) as fn(&mut TypedCorrection),
            ),
            ("/contact_name", |t| t.contact_name = Some("a\nb".into())),
            ("/contact_surname", |t| {
                t.contact_surname = Some("x".repeat(81))
            }),
            ("/tenant", |t| t.tenant = Some("amber.example".into())),
            ("/parameters", |t| {
                drop(t.parameters.insert("a".into(), json!({})))
            }),
            ("/parameters", |t| {
                drop(t.parameters.insert("a".into(), json!("x".repeat(501))))
            }),
            ("/parameters", |t| {
                t.parameters
                    .extend((0..51).map(|n| (n.to_string(), json!(1))))
            }),
        ] {
            let refused = typed(change);
            assert!(
                matches!(&refused, Err(Error::Invalid { field: named, .. }) if *named == field),
                "{field}: {refused:?}"
            );
        }
    }
}
