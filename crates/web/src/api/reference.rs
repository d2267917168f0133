//! The API's reference for people to browse, drawn from the same document that programs read.

use askama::Template;
use axum::response::Response;
use serde_json::Value;

use crate::error::render;
use crate::ui::filters;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

#[derive(Template)]
#[template(path = "reference.html")]
struct ReferencePage {
    operations: Vec<Operation>,
    schemas: Vec<Schema>,
}

struct Operation {
    method: String,
    path: String,
    id: String,
    words: String,
    parameters: Vec<Field>,
    body: Option<Shape>,
    answers: Vec<(String, Option<Shape>)>,
}

/// A parameter or a property.
struct Field {
    name: String,
    /// `path`, `query` or `header`; empty for a property.
    place: String,
    shape: Shape,
    is_required: bool,
    words: String,
}

struct Schema {
    name: String,
    words: String,
    fields: Vec<Field>,
}

/// A type in words, with the schema it leads to.
struct Shape {
    words: String,
    schema: Option<String>,
}

/// `/api/docs`.
pub(super) async fn show() -> Response {
    let document = serde_json::to_value(super::openapi()).unwrap_or_default();
    render(&ReferencePage {
        operations: operations(&document),
        schemas: schemas(&document),
    })
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, methods) in entries(&document["paths"]) {
        for method in METHODS {
            let Some(operation) = methods.get(method) else {
                continue;
            };
            let parameters = operation["parameters"].as_array();
            let answer = |(status, answer): (&String, &Value)| (status.clone(), content(answer));
            found.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                id: text(operation, "operationId"),
                words: [text(operation, "summary"), text(operation, "description")].join(" "),
                parameters: parameters
                    .map_or_else(Vec::new, |list| list.iter().map(parameter).collect()),
                body: content(&operation["requestBody"]),
                answers: entries(&operation["responses"]).map(answer).collect(),
            });
        }
    }
    found
}

fn schemas(document: &Value) -> Vec<Schema> {
    let schemas = entries(&document["components"]["schemas"]);
    let read = |(name, schema): (&String, &Value)| {
        let required = schema["required"].as_array();
        let field = |(name, property): (&String, &Value)| Field {
            name: name.clone(),
            place: String::new(),
            shape: shape(property),
            is_required: required.is_some_and(|list| list.iter().any(|one| one == name)),
            words: text(property, "description"),
        };
        Schema {
            name: name.clone(),
            words: text(schema, "description"),
            fields: entries(&schema["properties"]).map(field).collect(),
        }
    };
    schemas.map(read).collect()
}

fn parameter(parameter: &Value) -> Field {
    Field {
        name: text(parameter, "name"),
        place: text(parameter, "in"),
        shape: shape(&parameter["schema"]),
        is_required: parameter["required"] == true,
        words: text(parameter, "description"),
    }
}

fn content(of: &Value) -> Option<Shape> {
    let (_, media) = entries(&of["content"]).next()?;
    Some(shape(&media["schema"]))
}

fn shape(schema: &Value) -> Shape {
    let plain = |words: String| Shape {
        words,
        schema: None,
    };
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap_or_default().to_owned();
        return Shape {
            words: name.clone(),
            schema: Some(name),
        };
    }
    for either in ["oneOf", "anyOf", "allOf"] {
        let among = schema[either].as_array().into_iter().flatten();
        if let Some(one) = among.map(shape).find(|one| one.words != "null") {
            return one;
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        let words: Vec<String> = values.iter().map(ToString::to_string).collect();
        return plain(words.join(" | "));
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => {
            let item = shape(&schema["items"]);
            let words = format!("list of {}", item.words);
            Shape { words, ..item }
        }
        Value::String(kind) => plain(kind.clone()),
        Value::Array(kinds) => {
            let kinds: Vec<&str> = kinds.iter().filter_map(Value::as_str).collect();
            plain(kinds.join(" or "))
        }
        _ => plain("any".to_owned()),
    }
}

fn entries(of: &Value) -> impl Iterator<Item = (&String, &Value)> {
    of.as_object().into_iter().flatten()
}

fn text(of: &Value, name: &str) -> String {
    of[name].as_str().unwrap_or_default().to_owned()
}
