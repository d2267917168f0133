//! Where the simulated Partner Center sends events: it keeps one registration, and tells of a test event what it
//! was told to tell. It sends none, for nobody but Microsoft can sign them.

use serde_json::{Value, json};

use super::Call;
use super::books::{Answer, Books, error};

/// The only test event there is.
const TEST: &str = "04af2aea-d413-42db-824e-f328001484d1";

impl Books {
    pub(super) fn register(&mut self, method: &str, path: &[&str], call: &Call) -> Answer {
        let missing = || error(404, "1000", "The registration was not found");
        match (method, path, &mut self.registration) {
            ("GET", [], Some(known)) => (200, known.clone()),
            ("GET" | "PUT", [], None) | ("POST", ["validationEvents"], None) => missing(),
            ("POST", [], Some(_)) => error(409, "2100", "The registration exists; use PUT"),
            ("POST", [], known @ None) | ("PUT", [], known @ Some(_)) => {
                let is_url =
                    |url: &Value| url.as_str().is_some_and(|url| url.starts_with("https://"));
                if !is_url(&call.body["WebhookUrl"]) || !call.body["WebhookEvents"].is_array() {
                    return error(400, "2001", "The registration is not valid");
                }
                (200, known.insert(call.body.clone()).clone())
            }
            ("POST", ["validationEvents"], Some(_)) => (200, json!({"correlationId": TEST})),
            ("GET", ["validationEvents", TEST], Some(known)) => {
                let mut told = match self.deliveries.is_empty() {
                    true => json!({"status": "started", "results": []}),
                    false => self.deliveries.remove(0),
                };
                told["correlationId"] = json!(TEST);
                told["callbackUrl"] = known["WebhookUrl"].clone();
                (200, told)
            }
            ("GET", ["validationEvents", _], _) => error(404, "1000", "The event was not found"),
            _ => (500, json!("not foreseen")),
        }
    }
}
