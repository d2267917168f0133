//! A vendor's own schema of what its orders take: what has a field becomes a question, what has none is
//! told, and where an order could not be right without it nothing is taken over.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Form;
use super::parse::{Schema, escaped};
use crate::text::Invalid;

/// Parameters that every purchase sends, whatever is asked.
const SENT: [&str; 2] = ["quantity", "contact"];
/// Keywords that rule nothing.
const REMARKS: [&str; 5] = ["$id", "id", "$comment", "examples", "deprecated"];

/// What a vendor's schema comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// What is asked; nothing is asked without it.
    pub form: Option<Form>,
    /// What of the schema is not, and why, by JSON pointers.
    pub told: Vec<String>,
}

impl Schema {
    /// Reads a vendor's schema. Refused is one of which an order could be wrong unseen: a rule over several
    /// answers, or something without a field that must be there.
    pub fn of_vendor(self) -> Result<Asked, Invalid> {
        let (properties, mut rest) = self.into_parts();
        remark_nothing(&mut rest);
        rest.entry("type").or_insert("object".into());
        let mut told = Vec::new();
        let is_closed = rest.remove("additionalProperties") == Some(Value::Bool(false));
        let is_sent = |name: &str| SENT.contains(&name);
        let unknown = |name: &&str| properties.iter().all(|(known, _)| known != name);
        if is_closed && SENT.iter().any(unknown) {
            let sent = SENT.join(" and ");
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
            if is_sent(&name) {
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
        let is_left = |name: &Value| !name.as_str().is_some_and(is_sent);
        let required: Vec<Value> = required.into_iter().filter(is_left).collect();
        if kept.is_empty() && required.is_empty() && is_plain_object(&rest) {
            return Ok(Asked { form: None, told });
        }
        rest.insert("required".into(), required.into());
        let form = Some(Form::try_from(Schema::new(kept, rest))?);
        Ok(Asked { form, told })
    }
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
