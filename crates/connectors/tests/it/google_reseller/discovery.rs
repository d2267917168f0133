//! Holds a request against Google's own description of its API.

use serde_json::{Map, Value, json};

const DOCUMENT: &str = include_str!("../../google/reseller.v1.json");

/// What a request is, once it is found to be one that Google describes.
#[derive(Debug, PartialEq)]
pub(super) struct Described {
    /// Such as `subscriptions.insert`.
    pub(super) name: String,
    /// What stands in the path, and the query.
    pub(super) parameters: Map<String, Value>,
}

/// Names the call, or says what Google knows nothing of.
pub(super) fn read(
    (verb, path): (&str, &str),
    query: &[(String, String)],
    body: &[u8],
) -> Result<Described, String> {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let (name, method, mut parameters) =
        find(&document, verb, path).ok_or(format!("no such call: {verb} {path}"))?;
    for (key, value) in query {
        let described = &method["parameters"][key];
        if described["location"] != "query" {
            return Err(format!("{name} has no parameter {key}"));
        }
        let allowed = described["enum"].as_array();
        if allowed.is_some_and(|allowed| !allowed.contains(&json!(value))) {
            return Err(format!("{name}: {key} can't be {value}"));
        }
        if described["type"] == "integer" && value.parse::<i32>().is_err() {
            return Err(format!("{name}: {key} is a number"));
        }
        if parameters.insert(key.clone(), json!(value)).is_some() {
            return Err(format!("{name}: {key} stands there twice"));
        }
    }
    let described = method["parameters"].as_object().into_iter().flatten();
    for (key, _) in described.filter(|(_, one)| one["required"] == true) {
        if !parameters.contains_key(key) {
            return Err(format!("{name} needs {key}"));
        }
    }
    match (method["request"]["$ref"].as_str(), body.is_empty()) {
        (None, true) => {}
        (None, false) => return Err(format!("{name} takes no body")),
        (Some(schema), _) => {
            let body = serde_json::from_slice(body).map_err(|_| format!("{name} takes JSON"))?;
            fits(&document, &document["schemas"][schema], &body, schema)?;
        }
    }
    Ok(Described { name, parameters })
}

fn find<'d>(
    document: &'d Value,
    verb: &str,
    path: &str,
) -> Option<(String, &'d Value, Map<String, Value>)> {
    let resources = document["resources"].as_object().unwrap();
    for (resource, described) in resources {
        for (name, method) in described["methods"].as_object().unwrap() {
            let template = method["flatPath"].as_str().unwrap();
            if method["httpMethod"] == verb
                && let Some(parameters) = matched(template, path.trim_start_matches('/'))
            {
                return Some((format!("{resource}.{name}"), method, parameters));
            }
        }
    }
    None
}

fn matched(template: &str, path: &str) -> Option<Map<String, Value>> {
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    let mut parameters = Map::new();
    for (wanted, part) in template.iter().zip(&path) {
        let name = wanted
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'));
        match name {
            Some(_) if part.is_empty() => return None,
            Some(name) => {
                parameters.insert(name.into(), json!(part));
            }
            None if wanted == part => {}
            None => return None,
        }
    }
    (template.len() == path.len()).then_some(parameters)
}

/// Whether a value has only fields that the schema has, of the types that it says.
fn fits(document: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    if let Some(other) = schema["$ref"].as_str() {
        return fits(document, &document["schemas"][other], value, at);
    }
    let is_right = match schema["type"].as_str() {
        Some("object") => {
            let fields = value.as_object().ok_or(format!("{at} is an object"))?;
            for (name, value) in fields {
                let field = &schema["properties"][name];
                if field.is_null() {
                    return Err(format!("{at} has no field {name}"));
                }
                fits(document, field, value, &format!("{at}.{name}"))?;
            }
            true
        }
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value
            .as_i64()
            .is_some_and(|number| i32::try_from(number).is_ok()),
        _ => false,
    };
    match is_right {
        true => Ok(()),
        false => Err(format!("{at} is no {}", schema["type"])),
    }
}

#[test]
fn what_google_does_not_describe_is_told() {
    let subscription = "/apps/reseller/v1/customers/C1/subscriptions/s1";
    let seats = format!("{subscription}/changeSeats");
    for (verb, path, query, body, said) in [
        ("GET", "/apps/reseller/v2/subscriptions", "", "", "no such"),
        ("PATCH", subscription, "", "", "no such"),
        (
            "DELETE",
            subscription,
            "",
            "",
            "subscriptions.delete needs deletionType",
        ),
        ("DELETE", subscription, "deletionType=end", "", "can't be"),
        ("GET", subscription, "customer=C1", "", "no parameter"),
        (
            "POST",
            &seats,
            "",
            r#"{"seats": 1}"#,
            "Seats has no field seats",
        ),
        (
            "POST",
            &seats,
            "",
            r#"{"numberOfSeats": "1"}"#,
            "Seats.numberOfSeats is no",
        ),
        (
            "POST",
            &seats,
            "",
            r#"{"numberOfSeats": 3000000000}"#,
            "is no",
        ),
        (
            "POST",
            &format!("{subscription}/suspend"),
            "",
            "{}",
            "takes no body",
        ),
    ] {
        let query: Vec<_> = query
            .split_once('=')
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into_iter()
            .collect();
        let found = read((verb, path), &query, body.as_bytes()).unwrap_err();
        assert!(found.contains(said), "{found}");
    }
    let fine = read(("POST", &seats), &[], br#"{"numberOfSeats": 1}"#).unwrap();
    assert_eq!(fine.name, "subscriptions.changeSeats");
    assert_eq!(fine.parameters["subscriptionId"], "s1");
}
