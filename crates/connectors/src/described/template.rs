//! Requests made of templates: strict, bounded, and never by pasting text into JSON or an address.

use std::collections::BTreeMap;

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::{Map, Value};

use super::description::Call;
use crate::http::percent;

/// Steps of one template at the most: a description can't keep a worker busy.
const FUEL: u64 = 10_000;

/// A request, ready to be sent.
pub(super) struct Made {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Option<Value>,
}

/// Renders templates.
pub(super) struct Templates {
    plain: Environment<'static>,
    /// What is put into an address is percent-encoded.
    encoding: Environment<'static>,
}

impl Templates {
    pub(super) fn new() -> Templates {
        let strict = || {
            let mut environment = Environment::new();
            environment.set_undefined_behavior(UndefinedBehavior::Strict);
            environment.set_fuel(Some(FUEL));
            environment
        };
        let mut encoding = strict();
        encoding.set_formatter(|out, _, value| Ok(out.write_str(&percent(&value.to_string()))?));
        Templates {
            plain: strict(),
            encoding,
        }
    }

    /// Makes a request, or says what is wrong with its description.
    pub(super) fn make(&self, call: &Call, facts: &Value) -> Result<Made, String> {
        let methods = [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ];
        let method = methods
            .into_iter()
            .find(|known| call.method == known.as_str());
        let address = self.encode(&call.path, facts)?;
        let (path, query) = match address.split_once('?') {
            Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
            None => (address, None),
        };
        if !path.starts_with('/') || path.split('/').any(|part| part == "..") {
            return Err("path must begin with / and have no .. in it".into());
        }
        let mut headers = BTreeMap::new();
        for (name, text) in &call.headers {
            let value = self.text(text, facts)?;
            let is_fine =
                HeaderName::try_from(name).is_ok() && HeaderValue::try_from(&value).is_ok();
            if !is_fine {
                return Err(format!("header {name} can't be sent"));
            }
            headers.insert(name.clone(), value);
        }
        Ok(Made {
            method: method.ok_or("method must be GET, POST, PUT, PATCH or DELETE")?,
            path,
            query,
            headers,
            body: match &call.body {
                Some(body) => Some(self.value(body, facts)?),
                None => None,
            },
        })
    }

    fn encode(&self, text: &str, facts: &Value) -> Result<String, String> {
        let made = self.encoding.render_str(text, Serde(facts));
        made.map_err(|error| error.to_string())
    }

    fn text(&self, text: &str, facts: &Value) -> Result<String, String> {
        let made = self.plain.render_str(text, Serde(facts));
        made.map_err(|error| error.to_string())
    }

    /// JSON whose texts are templates.
    pub(super) fn value(&self, described: &Value, facts: &Value) -> Result<Value, String> {
        Ok(match described {
            Value::String(text) => match expression(text) {
                Some(expression) => {
                    let compiled = self.plain.compile_expression(expression);
                    let value = compiled.and_then(|compiled| compiled.eval(Serde(facts)));
                    let value = value.map_err(|error| format!("{text}: {error}"))?;
                    if value.is_undefined() {
                        return Err(format!("{text}: there is no such thing"));
                    }
                    serde_json::to_value(&value).map_err(|error| format!("{text}: {error}"))?
                }
                None => Value::String(self.text(text, facts)?),
            },
            Value::Array(items) => {
                let made: Result<Vec<Value>, String> =
                    items.iter().map(|item| self.value(item, facts)).collect();
                Value::Array(made?)
            }
            Value::Object(members) => {
                let mut made = Map::new();
                for (name, member) in members {
                    let value = self.value(member, facts)?;
                    if !value.is_null() {
                        made.insert(name.clone(), value);
                    }
                }
                Value::Object(made)
            }
            other => other.clone(),
        })
    }
}

/// What stands in a text that is one expression and nothing else.
fn expression(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    (!inner.contains("{{") && !inner.contains("}}")).then(|| inner.trim())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn made(path: &str, body: Value) -> Result<Made, String> {
        let call = Call {
            method: "POST".into(),
            path: path.into(),
            headers: BTreeMap::from([("X-Key".to_owned(), "k-{{ key }}".to_owned())]),
            body: Some(body),
            answers: Vec::new(),
        };
        let facts =
            json!({ "key": "a/b?c\"d", "quantity": 3, "tenant": null, "asked": { "to": 5 } });
        Templates::new().make(&call, &facts)
    }

    #[test]
    fn values_keep_their_type_and_can_not_break_out() {
        let body = json!({ "seats": "{{ quantity }}", "more": "{{ asked.to - quantity }}",
            "note": "for {{ key }}", "tenant": "{{ tenant }}", "list": ["{{ key }}", 1, true] });
        let made = made("/orders/{{ key }}?q={{ key }}", body).unwrap();
        assert_eq!(made.path, "/orders/a%2Fb%3Fc%22d");
        assert_eq!(made.query.as_deref(), Some("q=a%2Fb%3Fc%22d"));
        assert_eq!(made.headers["X-Key"], "k-a/b?c\"d");
        let expected = json!({ "seats": 3, "more": 2, "note": "for a/b?c\"d",
            "list": ["a/b?c\"d", 1, true] });
        assert_eq!(made.body, Some(expected));
    }

    #[test]
    fn what_can_not_be_made_is_said() {
        for (path, body, words) in [
            ("orders", json!({}), "must begin with /"),
            ("/a/../b", json!({}), "no .. in it"),
            ("/{{ unknown }}", json!({}), "undefined"),
            ("/", json!({ "a": "{{ unknown }}" }), "no such thing"),
            ("/", json!({ "a": "{{ 1 +" }), "syntax"),
            (
                "/",
                json!({ "a": "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}" }),
                "fuel",
            ),
        ] {
            let error = made(path, body).err().unwrap();
            assert!(error.contains(words), "{error} lacks {words}");
        }
    }
}
