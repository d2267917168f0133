//! An offer's order form on a page: a field for each question, and what a sent form answers.

use std::collections::BTreeMap;

use domain::offer::Form;
use domain::offer::form::{Kind, Question};
use serde_json::{Map, Value};

use super::filters::Marked;

/// A question as a field.
pub(crate) struct Field<'f> {
    question: &'f Question,
    /// Its name and id: where the answer is in what is sent, without the slash before.
    pub(crate) id: String,
    /// What stands in it.
    pub(crate) value: String,
    wrong: Option<&'f str>,
}

impl<'f> Field<'f> {
    /// The fields of a form. `value` says what stands in a field, `wrong` what is wrong with it.
    pub(crate) fn all(
        form: Option<&'f Form>,
        place: &str,
        value: impl Fn(&str, &Question) -> String,
        wrong: impl Fn(&str) -> Option<&'f str>,
    ) -> Vec<Field<'f>> {
        let questions = form.into_iter().flat_map(|form| &form.questions);
        let field = |question: &'f Question| {
            let id = format!("{place}/{}", question.name);
            Field {
                question,
                value: value(&id, question),
                wrong: wrong(&id),
                id,
            }
        };
        questions.map(field).collect()
    }

    pub(crate) fn title(&self) -> &str {
        &self.question.title
    }

    pub(crate) fn is_required(&self) -> bool {
        self.question.is_required
    }

    pub(crate) fn is_check(&self) -> bool {
        self.question.kind == Kind::YesNo
    }

    pub(crate) fn is_checked(&self) -> bool {
        !self.value.is_empty() && self.value != "false"
    }

    /// What is chosen from; nothing where it is typed.
    pub(crate) fn options(&self) -> &[String] {
        match &self.question.kind {
            Kind::Choice(values) => values,
            _ => &[],
        }
    }

    /// The kind of field where an answer is typed.
    pub(crate) fn input(&self) -> &'static str {
        match self.question.kind {
            Kind::Day => "date",
            _ => "text",
        }
    }

    /// The keys that a telephone shows.
    pub(crate) fn keys(&self) -> &'static str {
        match self.question.kind {
            Kind::Whole { least: 0.., .. } => "numeric",
            _ => "text",
        }
    }

    /// What helps to answer: the schema's words, and what is taken.
    pub(crate) fn help(&self) -> String {
        let range = match &self.question.kind {
            Kind::Whole { least, most } => match (*least, *most) {
                (i64::MIN, i64::MAX) => String::new(),
                (least, i64::MAX) => format!("{least} or more"),
                (i64::MIN, most) => format!("up to {most}"),
                (least, most) => format!("{least} to {most}"),
            },
            Kind::Text { least, most, .. } => match (*least, *most) {
                (least, most) if least == most => format!("{most} characters"),
                (0 | 1, _) => String::new(),
                (least, most) => format!("{least} to {most} characters"),
            },
            Kind::Day | Kind::Choice(_) | Kind::YesNo => String::new(),
        };
        let optional = match self.is_required() || self.is_check() {
            true => String::new(),
            false => "optional".to_owned(),
        };
        let words = self.question.description.clone().unwrap_or_default();
        let parts = [words, range, optional];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join("; ")
    }

    pub(crate) fn mark(&self) -> Marked<'f> {
        Marked::new(&self.id, self.wrong)
    }
}

/// What stands in a field before anything is typed.
pub(crate) fn first(question: &Question) -> String {
    question.default.as_ref().map_or_else(String::new, plain)
}

/// An answer as a field holds it.
pub(crate) fn plain(answer: &Value) -> String {
    match answer {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What a sent form answers; a question without its field is not answered.
pub(crate) fn read(
    form: Option<&Form>,
    place: &str,
    typed: &BTreeMap<String, String>,
) -> Map<String, Value> {
    let questions = form.into_iter().flat_map(|form| &form.questions);
    let answers = questions.filter_map(|question| {
        let typed = typed.get(&format!("{place}/{}", question.name));
        let answer = question.read(typed.map_or("", String::as_str))?;
        Some((question.name.clone(), answer))
    });
    answers.collect()
}
