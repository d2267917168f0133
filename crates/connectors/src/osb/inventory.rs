//! One instance after the other by `GET`: the specification lists none, so what we don't know of stays
//! unseen.

use async_trait::async_trait;
use domain::offer::Cadence;
use domain::provisioning::Fault;
use domain::reconciliation::{Holding, Standing};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::OpenServiceBroker;
use super::answer::{self, Answer};
use crate::inventory::{Account, Known, Reader, unreadable};

/// What is compared of an instance.
#[derive(Deserialize)]
struct Instance {
    service_id: Option<String>,
    plan_id: Option<String>,
    #[serde(default)]
    parameters: Map<String, Value>,
}

impl Instance {
    fn holding(self, known: &Known) -> Holding {
        let number = |name| u32::try_from(self.parameters.get(name)?.as_u64()?).ok();
        let flag = |name| self.parameters.get(name)?.as_bool();
        let tenant = self.parameters.get("tenant").and_then(Value::as_str);
        let cadence = number("term_months").zip(number("cycle_months"));
        Holding {
            tenants: tenant.map(str::to_owned).into_iter().collect(),
            product: self.service_id.clone(),
            plan: self.plan_id.clone(),
            quantity: number("quantity"),
            cadence: cadence.map(|(term_months, cycle_months)| Cadence {
                term_months,
                cycle_months,
            }),
            standing: flag("suspended").map(|is_suspended| match is_suspended {
                true => Standing::Suspended,
                false => Standing::Active,
            }),
            renews: flag("auto_renew"),
            ..Holding::new(known.reference.0.clone())
        }
    }
}

/// The instance, or `None` where the broker says in its own words that there is none.
fn read(answer: &Answer, known: &Known) -> Result<Option<Holding>, Fault> {
    answer::misconfigured(answer)?;
    match answer.status {
        200 => {
            let found = answer.read::<Instance>();
            // An object of something else is no instance: its service or its parameters tell it.
            let found = found.filter(|found| {
                found.service_id.is_some()
                    || found.plan_id.is_some()
                    || !found.parameters.is_empty()
            });
            let found = found.ok_or_else(|| unreadable("an instance that can't be read"))?;
            let is_other = found
                .service_id
                .as_ref()
                .is_some_and(|id| *id != known.product);
            match is_other {
                true => Err(unreadable(
                    "the instance of another service than was asked for",
                )),
                false => Ok(Some(found.holding(known))),
            }
        }
        404 | 410 if answer.read::<Map<String, Value>>().is_some() => Ok(None),
        status => Err(Fault::NotSent {
            reason: format!("the broker answers {status}"),
            retry_after: answer.retry_after,
        }),
    }
}

#[async_trait]
impl Reader for OpenServiceBroker {
    async fn look_up(&self, account: &Account) -> Result<Vec<Holding>, Fault> {
        let mut found = Vec::new();
        for known in &account.known {
            let path = crate::http::path(&["v2", "service_instances", &known.reference.0]);
            let hints = [
                ("service_id", known.product.clone()),
                ("plan_id", known.plan.clone()),
            ];
            let sent = self.http.send(Method::GET, &path, &hints, None, None).await;
            let answer = sent.map_err(crate::http::nothing_sent)?;
            found.extend(read(&answer, known)?);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use domain::reconciliation::Reference;

    use super::*;
    use crate::http::Secrets;

    fn heard(status: u16, body: &str) -> Result<Option<Holding>, Fault> {
        let answer = Answer {
            status,
            retry_after: None,
            body: body.as_bytes().to_vec(),
            secrets: Secrets::new([]),
        };
        let known = Known {
            reference: Reference("i-1".into()),
            product: "backup".into(),
            plan: "server".into(),
        };
        read(&answer, &known)
    }

    #[test]
    fn only_the_brokers_own_word_says_that_there_is_none() {
        let body = r#"{"service_id": "backup", "plan_id": "server", "parameters":
            {"quantity": 7, "suspended": true, "auto_renew": false, "term_months": 12, "cycle_months": 1}}"#;
        let found = heard(200, body).unwrap().unwrap();
        assert_eq!(
            (found.quantity, found.standing),
            (Some(7), Some(Standing::Suspended))
        );
        assert_eq!(
            (found.renews, found.cadence.map(|of| of.term_months)),
            (Some(false), Some(12))
        );
        assert_eq!(heard(404, "{}").unwrap(), None);
        assert_eq!(heard(410, "{}").unwrap(), None);
        for (status, body) in [
            (404, "<html>"),
            (200, "{}"),
            (200, "[]"),
            (200, ""),
            (200, r#"{"service_id": "backup", "parameters": {"quanti"#),
            (
                200,
                r#"{"service_id": "mail", "parameters": {"quantity": 7}}"#,
            ),
            (422, r#"{"error": "ConcurrencyError"}"#),
            (500, "{}"),
            (401, "{}"),
        ] {
            assert!(heard(status, body).is_err(), "{status} {body}");
        }
        // Seats beyond all counting, or in words, are not told.
        let odd = r#"{"service_id": "backup", "parameters": {"quantity": "7", "suspended": 1}}"#;
        let odd = heard(200, odd).unwrap().unwrap();
        assert_eq!((odd.quantity, odd.standing), (None, None));
    }
}
