//! From a JSON Schema to a form and back. What can't be shown as a field is refused, with its place.

use std::fmt;

use regex_lite::Regex;
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::{Form, Kind, Question};
use crate::text::Invalid;

/// Questions of a form, and values of a choice, at the most.
const QUESTIONS_MAX: usize = 40;
const CHOICES_MAX: usize = 100;
/// The longest answer, and the longest pattern.
const TEXT_MAX: u32 = 500;
/// Names that say something else to vendors.
const RESERVED: [&str; 8] = [
    "quantity",
    "suspended",
    "contact",
    "tenant",
    "addons",
    "auto_renew",
    "term_months",
    "cycle_months",
];

/// A JSON Schema as it was written, its properties in their order; nothing is known of it yet.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Schema {
    properties: Vec<(String, Value)>,
    rest: Map<String, Value>,
}

impl Schema {
    pub(super) fn new(properties: Vec<(String, Value)>, rest: Map<String, Value>) -> Schema {
        Schema { properties, rest }
    }

    pub(super) fn into_parts(self) -> (Vec<(String, Value)>, Map<String, Value>) {
        (self.properties, self.rest)
    }
}

impl TryFrom<Schema> for Form {
    type Error = Invalid;

    /// Reads a schema; refused is whatever has no field, named by its JSON pointer.
    fn try_from(schema: Schema) -> Result<Form, Invalid> {
        let mut rest = schema.rest;
        let required = required(rest.remove("required"), &schema.properties)?;
        let is_object = rest.remove("type").is_some_and(|kind| kind == "object");
        if !is_object {
            return refused("/type", "must be \"object\"");
        }
        if rest
            .remove("additionalProperties")
            .is_some_and(|more| more != false)
        {
            return refused(
                "/additionalProperties",
                "must be false; a form has no free answers",
            );
        }
        for known in ["$schema", "title", "description"] {
            rest.remove(known);
        }
        if let Some(keyword) = rest.keys().next() {
            return refused(&format!("/{}", escaped(keyword)), UNKNOWN);
        }
        if schema.properties.is_empty() || schema.properties.len() > QUESTIONS_MAX {
            let words = format!("must be 1 to {QUESTIONS_MAX} questions");
            return refused("/properties", &words);
        }
        let mut questions: Vec<Question> = Vec::new();
        for (name, property) in schema.properties {
            let pointer = format!("/properties/{}", escaped(&name));
            if !is_name(&name) || questions.iter().any(|known| known.name == name) {
                let words =
                    "is no name of an answer: letters, digits, - and _, at most 64, each once";
                return refused(&pointer, words);
            }
            if RESERVED.contains(&name.as_str()) {
                return refused(&pointer, "is a name that means something else to vendors");
            }
            let is_required = required.contains(&name);
            questions.push(question(name, property, is_required, &pointer)?);
        }
        Ok(Form { questions })
    }
}

const UNKNOWN: &str = "can't be shown as a field; leave it out";

fn refused<T>(pointer: &str, words: &str) -> Result<T, Invalid> {
    Err(Invalid(format!("{pointer} {words}")))
}

/// A name in a JSON pointer.
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn is_name(name: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    (1..=64).contains(&name.len()) && name.bytes().all(is_plain)
}

fn required(listed: Option<Value>, properties: &[(String, Value)]) -> Result<Vec<String>, Invalid> {
    let Some(listed) = listed else {
        return Ok(Vec::new());
    };
    let Value::Array(listed) = listed else {
        return refused("/required", "must be a list of names");
    };
    let mut names = Vec::new();
    for (at, name) in listed.into_iter().enumerate() {
        match name {
            Value::String(name) if properties.iter().any(|(known, _)| *known == name) => {
                names.push(name);
            }
            _ => return refused(&format!("/required/{at}"), "is none of the properties"),
        }
    }
    Ok(names)
}

/// The keywords of one property; each is taken once, and what is left is refused.
struct Keywords<'p> {
    left: Map<String, Value>,
    pointer: &'p str,
}

impl Keywords<'_> {
    fn refused<T>(&self, keyword: &str, words: &str) -> Result<T, Invalid> {
        refused(&format!("{}/{}", self.pointer, escaped(keyword)), words)
    }

    fn text(&mut self, keyword: &str) -> Result<Option<String>, Invalid> {
        match self.left.remove(keyword) {
            None => Ok(None),
            Some(Value::String(text)) if text.chars().count() <= TEXT_MAX as usize => {
                Ok(Some(text))
            }
            Some(_) => self.refused(keyword, "must be a text of at most 500 characters"),
        }
    }

    fn number(&mut self, keyword: &str) -> Result<Option<i64>, Invalid> {
        match self.left.remove(keyword) {
            None => Ok(None),
            Some(value) => match value.as_i64() {
                Some(number) => Ok(Some(number)),
                None => self.refused(keyword, "must be a whole number"),
            },
        }
    }

    fn length(&mut self, keyword: &str, otherwise: u32) -> Result<u32, Invalid> {
        match self.number(keyword)?.map(u32::try_from) {
            None => Ok(otherwise),
            Some(Ok(length)) if length <= TEXT_MAX => Ok(length),
            Some(_) => self.refused(keyword, "must be between 0 and 500"),
        }
    }

    fn choices(&mut self, listed: Value) -> Result<Kind, Invalid> {
        let words = "must be 1 to 100 different texts";
        let Value::Array(listed) = listed else {
            return self.refused("enum", words);
        };
        let mut values: Vec<String> = Vec::new();
        for value in listed {
            match value {
                Value::String(text) if !text.is_empty() && !values.contains(&text) => {
                    values.push(text);
                }
                _ => return self.refused("enum", words),
            }
        }
        match values.len() {
            1..=CHOICES_MAX => Ok(Kind::Choice(values)),
            _ => self.refused("enum", words),
        }
    }

    fn of_text(&mut self) -> Result<Kind, Invalid> {
        if let Some(listed) = self.left.remove("enum") {
            return self.choices(listed);
        }
        match self.text("format")?.as_deref() {
            None => {}
            Some("date") => return Ok(Kind::Day),
            Some(_) => {
                return self.refused("format", "must be \"date\", the only one with a field");
            }
        }
        let (least, most) = (
            self.length("minLength", 0)?,
            self.length("maxLength", TEXT_MAX)?,
        );
        if least > most {
            return self.refused("minLength", "must not be more than maxLength");
        }
        let pattern = self.text("pattern")?;
        if pattern
            .as_deref()
            .is_some_and(|pattern| Regex::new(pattern).is_err())
        {
            return self.refused(
                "pattern",
                "is no regular expression that is understood here",
            );
        }
        Ok(Kind::Text {
            least,
            most,
            pattern,
        })
    }

    fn of_number(&mut self) -> Result<Kind, Invalid> {
        let least = self.number("minimum")?.unwrap_or(i64::MIN);
        let most = self.number("maximum")?.unwrap_or(i64::MAX);
        match least <= most {
            true => Ok(Kind::Whole { least, most }),
            false => self.refused("minimum", "must not be more than maximum"),
        }
    }
}

fn question(
    name: String,
    property: Value,
    is_required: bool,
    pointer: &str,
) -> Result<Question, Invalid> {
    let Value::Object(left) = property else {
        return refused(pointer, "must be a schema of its own");
    };
    let mut keywords = Keywords { left, pointer };
    let kind = match keywords.text("type")?.as_deref() {
        Some("string") => keywords.of_text()?,
        Some("integer") => keywords.of_number()?,
        Some("boolean") => Kind::YesNo,
        _ => return keywords.refused("type", "must be string, integer or boolean"),
    };
    let title = keywords.text("title")?.unwrap_or_else(|| readable(&name));
    let description = keywords.text("description")?;
    let default = keywords.left.remove("default");
    if let Some(keyword) = keywords.left.keys().next().cloned() {
        return keywords.refused(&keyword, UNKNOWN);
    }
    let question = Question {
        name,
        title,
        description,
        is_required,
        kind,
        default,
    };
    let fits = question
        .default
        .as_ref()
        .map(|default| question.check(default));
    match fits {
        Some(Err(reason)) => keywords.refused("default", &reason.0),
        _ => Ok(question),
    }
}

/// `retention_days` → `Retention days`, where the schema has no title.
pub(crate) fn readable(name: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

impl From<Form> for Schema {
    fn from(form: Form) -> Schema {
        let required = form
            .questions
            .iter()
            .filter(|question| question.is_required);
        let required: Vec<&str> = required.map(|question| question.name.as_str()).collect();
        let mut rest = Map::new();
        rest.insert("type".into(), "object".into());
        rest.insert("required".into(), json!(required));
        rest.insert("additionalProperties".into(), false.into());
        let properties = form.questions.iter();
        Schema {
            properties: properties
                .map(|question| (question.name.clone(), written(question)))
                .collect(),
            rest,
        }
    }
}

fn written(question: &Question) -> Value {
    let mut property = match &question.kind {
        Kind::Text {
            least,
            most,
            pattern,
        } => {
            let mut text = json!({ "type": "string", "minLength": least, "maxLength": most });
            if let Some(pattern) = pattern {
                text["pattern"] = json!(pattern);
            }
            text
        }
        Kind::Day => json!({ "type": "string", "format": "date" }),
        Kind::Choice(values) => json!({ "type": "string", "enum": values }),
        Kind::Whole { least, most } => {
            let mut number = json!({ "type": "integer" });
            if *least > i64::MIN {
                number["minimum"] = json!(least);
            }
            if *most < i64::MAX {
                number["maximum"] = json!(most);
            }
            number
        }
        Kind::YesNo => json!({ "type": "boolean" }),
    };
    property["title"] = json!(question.title);
    if let Some(description) = &question.description {
        property["description"] = json!(description);
    }
    if let Some(default) = &question.default {
        property["default"] = default.clone();
    }
    property
}

impl Serialize for Schema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Properties<'s>(&'s [(String, Value)]);
        impl Serialize for Properties<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.iter().map(|(name, property)| (name, property)))
            }
        }
        let mut map = serializer.serialize_map(None)?;
        for (keyword, value) in &self.rest {
            map.serialize_entry(keyword, value)?;
        }
        map.serialize_entry("properties", &Properties(&self.properties))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Schema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Schema, D::Error> {
        struct Pairs(Vec<(String, Value)>);
        impl<'de> Deserialize<'de> for Pairs {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pairs, D::Error> {
                deserializer.deserialize_map(OfPairs).map(Pairs)
            }
        }
        struct OfPairs;
        impl<'de> Visitor<'de> for OfPairs {
            type Value = Vec<(String, Value)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of questions at /properties")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(pairs)
            }
        }
        struct OfSchema;
        impl<'de> Visitor<'de> for OfSchema {
            type Value = Schema;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON Schema of an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Schema, A::Error> {
                let mut schema = Schema::default();
                while let Some(keyword) = map.next_key::<String>()? {
                    match keyword.as_str() {
                        "properties" => schema.properties = map.next_value::<Pairs>()?.0,
                        _ => drop(schema.rest.insert(keyword, map.next_value()?)),
                    }
                }
                Ok(schema)
            }
        }
        deserializer.deserialize_map(OfSchema)
    }
}
