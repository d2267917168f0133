use serde_json::json;

use super::*;

fn form(properties: Value, required: &[&str]) -> Result<Form, String> {
    let text = json!({ "type": "object", "properties": properties, "required": required });
    serde_json::from_str(&text.to_string()).map_err(|error| error.to_string())
}

const BACKUP: &str = r#"{
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "region": { "type": "string", "title": "Data region", "enum": ["north", "west"],
            "description": "Where copies are kept" },
        "retention_days": { "type": "integer", "minimum": 7, "maximum": 3650, "default": 30 },
        "encrypted": { "type": "boolean" },
        "begins": { "type": "string", "format": "date" },
        "code": { "type": "string", "pattern": "^[A-Z]{3}$", "minLength": 3, "maxLength": 3 }
    },
    "required": ["region", "retention_days"]
}"#;

fn backup() -> Form {
    serde_json::from_str(BACKUP).expect("a form")
}

#[test]
fn a_schema_is_a_form_in_its_own_order_and_is_written_as_it_was_read() {
    let form = backup();
    let titles: Vec<&str> = form.questions.iter().map(|q| q.title.as_str()).collect();
    let expected = [
        "Data region",
        "Retention days",
        "Encrypted",
        "Begins",
        "Code",
    ];
    assert_eq!(titles, expected);
    let written = serde_json::to_string(&form).expect("text");
    let again: Form = serde_json::from_str(&written).expect("a form");
    assert_eq!(again, form);
}

#[test]
fn what_has_no_field_is_refused_by_its_place() {
    let text = |more: Value| {
        let mut text = json!({ "type": "string" });
        for (keyword, value) in more.as_object().expect("keywords") {
            text[keyword] = value.clone();
        }
        json!({ "a": text })
    };
    let mut table = String::new();
    for properties in [
        json!({}),
        json!({ "a": true }),
        json!({ "a": { "type": "array" } }),
        json!({ "a": { "type": ["string", "null"] } }),
        json!({ "a": { "oneOf": [], "type": "string" } }),
        json!({ "a/b": { "type": "string" } }),
        json!({ "quantity": { "type": "integer" } }),
        text(json!({ "format": "email" })),
        text(json!({ "pattern": "(" })),
        text(json!({ "enum": [] })),
        text(json!({ "enum": ["a", "a"] })),
        text(json!({ "enum": ["a"], "minLength": 1 })),
        text(json!({ "minLength": 9, "maxLength": 3 })),
        text(json!({ "maxLength": 501 })),
        text(json!({ "minimum": 3 })),
        text(json!({ "default": 3 })),
        json!({ "a": { "type": "integer", "minimum": 3, "maximum": 2 } }),
        json!({ "a": { "type": "integer", "minimum": 1.5 } }),
        json!({ "a": { "type": "integer", "minimum": 3, "default": 2 } }),
    ] {
        let said = form(properties.clone(), &[]).expect_err("a refusal");
        table += &format!("{properties}\n    {said}\n");
    }
    let good = json!({ "a": { "type": "string" } });
    let said = form(good, &["b"]).expect_err("a refusal");
    table += &format!("required b\n    {said}\n");
    for root in [
        r#"{"type":"array","properties":{"a":{"type":"string"}}}"#,
        r#"{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":true}"#,
        r#"{"type":"object","properties":{"a":{"type":"string"}},"if":{}}"#,
        r#"{"type":"object","properties":{"a":{"type":"string"},"a":{"type":"string"}}}"#,
        r#"{"type":"object","properties":[]}"#,
    ] {
        let said = serde_json::from_str::<Form>(root).expect_err("a refusal");
        table += &format!("{root}\n    {said}\n");
    }
    insta::assert_snapshot!(table);
}

#[test]
fn answers_fit_or_are_told_what_would_with_every_problem_at_once() {
    let form = backup();
    let good = json!({ "region": "north", "retention_days": 30, "encrypted": false,
        "begins": "2026-12-01", "code": "ABC" });
    assert_eq!(form.check(good.as_object().expect("answers")), []);
    let fewest = json!({ "region": "west", "retention_days": 7 });
    assert_eq!(form.check(fewest.as_object().expect("answers")), []);
    let bad = json!({ "region": "south", "encrypted": "yes", "begins": "2026-13-01", "code": "abc",
        "color": "red" });
    let mut table = String::new();
    for (name, reason) in form.check(bad.as_object().expect("answers")) {
        table += &format!("{name} {reason}\n");
    }
    for days in [json!(6), json!(3651), json!(7.5), json!("30"), json!(null)] {
        let answers = json!({ "region": "north", "retention_days": days });
        let wrong = form.check(answers.as_object().expect("answers"));
        table += &format!("{days}: {}\n", wrong[0].1);
    }
    insta::assert_snapshot!(table);
    let none = check(None, good.as_object().expect("answers"));
    assert_eq!(none.len(), 5, "an offer without a form takes no answers");
}

#[test]
fn a_typed_text_is_read_as_what_its_question_asks_for() {
    let form = backup();
    for (name, typed, read) in [
        ("region", " north ", Some(json!("north"))),
        ("region", "", None),
        ("retention_days", "30", Some(json!(30))),
        ("retention_days", "soon", Some(json!("soon"))),
        ("encrypted", "on", Some(json!(true))),
        ("encrypted", "", Some(json!(false))),
        ("begins", "2026-12-01", Some(json!("2026-12-01"))),
    ] {
        let question = form.question(name).expect("a question");
        assert_eq!(question.read(typed), read, "{name} {typed}");
    }
}
