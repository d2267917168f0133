//! A vendor's own schema of what its orders take: what has a field becomes a question, what has none is
//! told, and where an order could not be right without it nothing is taken over.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::parse::{Schema, escaped};
use super::{Changes, Form};
use crate::text::Invalid;

/// Parameters that every purchase sends, whatever is asked; no schema makes them questions.
const OURS: [&str; 2] = ["quantity", "contact"];
/// What of them changes send; a contact only where it was put right after a refusal.
const CHANGED: [&str; 1] = ["quantity"];
/// Keywords that rule nothing.
const REMARKS: [&str; 5] = ["$id", "id", "$comment", "examples", "deprecated"];

/// What a vendor's schema comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// What is asked; nothing is asked without it.
    pub form: Option<Form>,
    /// What of it can be others later.
    #[serde(default, skip_serializing_if = "Changes::is_as_ordered")]
    pub changes: Changes,
    /// What of the schema is not, and why, by JSON pointers.
    pub told: Vec<String>,
}

impl Asked {
    /// Takes in what the vendor's schema of changes says. What a change could be wrong without is not asked
    /// at all: then nothing can be changed.
    pub fn and_changes(mut self, schema: Result<Schema, Invalid>) -> Asked {
        let told = |words: &String| format!("in changes, {words}");
        match schema.and_then(Schema::of_change) {
            Ok(read) => {
                self.changes = read.form.map_or(Changes::Nothing, Changes::Form);
                self.told.extend(read.told.iter().map(told));
            }
            Err(reason) => {
                self.changes = Changes::Nothing;
                let words = told(&reason.0);
                self.told.push(format!("{words}: nothing can be changed"));
            }
        }
        self
    }
}

impl Schema {
    /// Reads a vendor's schema. Refused is one of which an order could be wrong unseen: a rule over several
    /// answers, or something without a field that must be there.
    pub fn of_vendor(self) -> Result<Asked, Invalid> {
        let (properties, rest) = self.into_parts();
        read(properties, rest, &OURS)
    }

    /// Reads a vendor's schema of changes. One change names what it changes alone, so nothing is required.
    fn of_change(self) -> Result<Asked, Invalid> {
        let (mut properties, mut rest) = self.into_parts();
        for (_, property) in &mut properties {
            // What is not named stays.
            if let Value::Object(keywords) = property {
                keywords.remove("default");
            }
        }
        let required = rest.remove("required");
        let is_empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
        let mut read = read(properties, rest, &CHANGED)?;
        if let Some(required) = required.filter(|required| !is_empty(required)) {
            read.told.push(format!(
                "/required is {required}: the vendor may refuse a change that does not name them all"
            ));
        }
        Ok(read)
    }
}

/// `sent` is what these orders send beside the answers.
fn read(
    properties: Vec<(String, Value)>,
    mut rest: Map<String, Value>,
    sent: &[&str],
) -> Result<Asked, Invalid> {
    remark_nothing(&mut rest);
    rest.entry("type").or_insert("object".into());
    let mut told = Vec::new();
    let is_closed = rest.remove("additionalProperties") == Some(Value::Bool(false));
    let is_ours = |name: &str| OURS.contains(&name);
    let unknown = |name: &&str| properties.iter().all(|(known, _)| known != name);
    if is_closed && sent.iter().any(unknown) {
        let sent = sent.join(" and ");
        told.push(format!(
            "/additionalProperties is false: the vendor may refuse {sent}, which orders send"
        ));
    }
    let required = match rest.remove("required") {
        None => Vec::new(),
        Some(Value::Array(names)) => names,
        Some(_) => return Err(Invalid("/required must be a list of names".into())),
    };
    let mut kept = Vec::new();
    for (name, property) in properties {
        let pointer = format!("/properties/{}", escaped(&name));
        if is_ours(&name) {
            told.push(format!("{pointer} is sent with each order and not asked"));
            continue;
        }
        let property = plain(property, &pointer, &mut told);
        let alone = Schema::new(vec![(name.clone(), property.clone())], object());
        match Form::try_from(alone) {
            Ok(_) => kept.push((name, property)),
            Err(reason) if required.contains(&Value::from(name.as_str())) => {
                return Err(reason);
            }
            Err(reason) => told.push(reason.0),
        }
    }
    let is_left = |name: &Value| !name.as_str().is_some_and(is_ours);
    let required: Vec<Value> = required.into_iter().filter(is_left).collect();
    if kept.is_empty() && required.is_empty() && is_plain_object(&rest) {
        return Ok(Asked {
            told,
            ..Asked::default()
        });
    }
    rest.insert("required".into(), required.into());
    Ok(Asked {
        form: Some(Form::try_from(Schema::new(kept, rest))?),
        told,
        ..Asked::default()
    })
}

fn object() -> Map<String, Value> {
    Map::from_iter([("type".to_owned(), json!("object"))])
}

fn remark_nothing(keywords: &mut Map<String, Value>) {
    keywords.retain(|keyword, _| !REMARKS.contains(&keyword.as_str()));
}

fn is_plain_object(rest: &Map<String, Value>) -> bool {
    let is_plain = |(keyword, value): (&String, &Value)| match keyword.as_str() {
        "type" => value == "object",
        keyword => ["$schema", "title", "description"].contains(&keyword),
    };
    rest.iter().all(is_plain)
}

/// A property without its remarks, and without a format that only its vendor can check.
fn plain(property: Value, pointer: &str, told: &mut Vec<String>) -> Value {
    let Value::Object(mut keywords) = property else {
        return property;
    };
    remark_nothing(&mut keywords);
    let is_day = |format: &Value| format == "date";
    if keywords.get("format").is_some_and(|format| !is_day(format)) {
        keywords.remove("format");
        told.push(format!("{pointer}/format is the vendor's to check"));
    }
    Value::Object(keywords)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(schema: &str) -> Result<Asked, Invalid> {
        serde_json::from_str::<Schema>(schema).unwrap().of_vendor()
    }

    fn changes(schema: &str) -> Asked {
        Asked::default().and_changes(Ok(serde_json::from_str(schema).unwrap()))
    }

    #[test]
    fn what_a_schema_of_changes_names_can_be_changed_and_nothing_else() {
        let some = changes(
            r#"{ "type": "object", "required": ["days"], "properties": {
                "days": { "type": "integer", "minimum": 7, "default": 30 },
                "tags": { "type": "array" } } }"#,
        );
        let ordered = read(r#"{"properties":{"region":{"type":"string"}}}"#).unwrap();
        let form = some.changes.form(ordered.form.as_ref()).unwrap();
        let [question] = form.questions.as_slice() else {
            panic!("{form:?}");
        };
        assert_eq!(
            (question.name.as_str(), question.is_required),
            ("days", false)
        );
        assert_eq!(question.default, None, "what is not named stays");
        assert_eq!(
            some.told,
            [
                "in changes, /properties/tags/type must be string, integer or boolean",
                "in changes, /required is [\"days\"]: the vendor may refuse a change that does not name \
                 them all",
            ]
        );
        for nothing in ["{}", r#"{"properties":{"quantity":{"type":"integer"}}}"#] {
            assert_eq!(changes(nothing).changes, Changes::Nothing, "{nothing}");
        }
        let closed = r#"{"properties":{"days":{"type":"integer"}},"additionalProperties":false}"#;
        assert_eq!(
            changes(closed).told,
            [
                "in changes, /additionalProperties is false: the vendor may refuse quantity, which orders send"
            ]
        );
        let wrong = changes(r#"{"oneOf":[]}"#);
        assert_eq!(wrong.changes, Changes::Nothing);
        assert!(
            wrong.told[0].starts_with("in changes, /oneOf"),
            "{:?}",
            wrong.told
        );
        assert!(wrong.told[0].ends_with(": nothing can be changed"));
        let silent = Changes::default();
        assert_eq!(silent.form(ordered.form.as_ref()), ordered.form.as_ref());
    }

    #[test]
    fn what_a_vendor_asks_is_asked_and_what_has_no_field_is_told() {
        let asked = read(
            r#"{
                "$schema": "http://json-schema.org/draft-04/schema#", "$id": "https://vendor.example/p",
                "type": "object", "additionalProperties": false, "required": ["region", "quantity"],
                "properties": {
                    "region": { "type": "string", "enum": ["north", "west"], "examples": ["north"] },
                    "quantity": { "type": "integer" },
                    "mail": { "type": "string", "format": "email" },
                    "tags": { "type": "array", "items": { "type": "string" } },
                    "tenant": { "type": "string" },
                    "ratio": { "type": "number" }
                }
            }"#,
        )
        .unwrap();
        let form = asked.form.unwrap();
        let questions = form.questions.iter();
        let questions: Vec<(&str, bool)> = questions
            .map(|question| (question.name.as_str(), question.is_required))
            .collect();
        assert_eq!(questions, [("region", true), ("mail", false)]);
        assert_eq!(
            asked.told,
            [
                "/additionalProperties is false: the vendor may refuse quantity and contact, which orders send",
                "/properties/quantity is sent with each order and not asked",
                "/properties/mail/format is the vendor's to check",
                "/properties/tags/type must be string, integer or boolean",
                "/properties/tenant is a name that means something else to vendors",
                "/properties/ratio/type must be string, integer or boolean",
            ]
        );
    }

    #[test]
    fn a_schema_that_asks_nothing_is_no_form() {
        for schema in [
            "{}",
            r#"{"type":"object"}"#,
            r#"{"type":"object","properties":{},"required":[],"additionalProperties":true}"#,
            r#"{"properties":{"contact":{"type":"object"}},"required":["contact"]}"#,
        ] {
            assert_eq!(read(schema).unwrap().form, None, "{schema}");
        }
    }

    #[test]
    fn what_an_order_could_be_wrong_without_is_refused_by_its_place() {
        for (schema, place) in [
            (r#"{"oneOf":[]}"#, "/oneOf"),
            (r##"{"$ref":"#/definitions/a"}"##, "/$ref"),
            (r#"{"type":"array"}"#, "/type"),
            (r#"{"required":["region"]}"#, "/required/0"),
            (r#"{"required":"region"}"#, "/required"),
            (
                r#"{"properties":{"a":{"type":"array"}},"required":["a"]}"#,
                "/properties/a/type",
            ),
            (
                r#"{"properties":{"a":{"type":"string"}},"dependencies":{"a":["b"]}}"#,
                "/dependencies",
            ),
        ] {
            let refused = read(schema).unwrap_err();
            assert!(refused.0.starts_with(place), "{schema}: {refused}");
        }
    }
}
