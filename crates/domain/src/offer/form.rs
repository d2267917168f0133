//! The order form of an offer: a JSON Schema of what can be shown as fields, and answers that fit it.

mod parse;
mod vendor;

use jiff::civil::Date;
use regex_lite::Regex;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::parse::Schema;
pub(crate) use self::parse::readable;
pub use self::vendor::Asked;
use crate::text::{Invalid, line};

/// What is asked of whoever buys an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Schema", into = "Schema")]
pub struct Form {
    /// In the order of the schema.
    pub questions: Vec<Question>,
}

/// One field of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The answer's name for the vendor.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What helps to answer.
    pub description: Option<String>,
    /// There must be an answer.
    pub is_required: bool,
    /// What an answer is.
    pub kind: Kind,
    /// What stands in the field at first.
    pub default: Option<Value>,
}

/// What an answer can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A line of text.
    Text {
        /// Fewest characters.
        least: u32,
        /// Most characters.
        most: u32,
        /// A regular expression that is found in it.
        pattern: Option<String>,
    },
    /// A day.
    Day,
    /// One of these.
    Choice(Vec<String>),
    /// A whole number.
    Whole {
        /// The smallest.
        least: i64,
        /// The largest.
        most: i64,
    },
    /// Yes or no.
    YesNo,
}

/// What of its answers can be others while it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Changes {
    /// Whatever was asked when it was bought: its vendor says nothing of it.
    #[default]
    AsOrdered,
    /// Nothing.
    Nothing,
    /// What this form asks.
    Form(Form),
}

impl Changes {
    /// The form of a change, by what is asked of whoever buys it.
    pub fn form<'f>(&'f self, ordered: Option<&'f Form>) -> Option<&'f Form> {
        match self {
            Changes::AsOrdered => ordered,
            Changes::Nothing => None,
            Changes::Form(form) => Some(form),
        }
    }

    /// Whether its vendor says nothing of it.
    pub fn is_as_ordered(&self) -> bool {
        *self == Changes::AsOrdered
    }
}

/// What is wrong with an answer, by its name.
pub type Wrong = (String, Invalid);

impl Form {
    /// The question of a name.
    pub fn question(&self, name: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.name == name)
    }

    /// Answers with what is to be where a question that must be answered is not.
    pub fn filled(&self, mut answers: Map<String, Value>) -> Map<String, Value> {
        let required = self
            .questions
            .iter()
            .filter(|question| question.is_required);
        for question in required {
            if let (None, Some(default)) = (answers.get(&question.name), &question.default) {
                answers.insert(question.name.clone(), default.clone());
            }
        }
        answers
    }

    /// What is wrong with answers, all of it; nothing where they fit.
    pub fn check(&self, answers: &Map<String, Value>) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        for question in &self.questions {
            let reason = match answers.get(&question.name) {
                None if question.is_required => Some(Invalid("must be answered".into())),
                None => None,
                Some(answer) => question.check(answer).err(),
            };
            wrong.extend(reason.map(|reason| (question.name.clone(), reason)));
        }
        let unasked = answers.keys().filter(|name| self.question(name).is_none());
        wrong.extend(unasked.map(|name| (name.clone(), not_asked())));
        wrong
    }
}

/// What is wrong with answers where there may be no form at all.
pub fn check(form: Option<&Form>, answers: &Map<String, Value>) -> Vec<Wrong> {
    match form {
        Some(form) => form.check(answers),
        None => answers
            .keys()
            .map(|name| (name.clone(), not_asked()))
            .collect(),
    }
}

fn not_asked() -> Invalid {
    Invalid("is not asked for by this offer".into())
}

impl Question {
    /// What a typed text answers: the value that it means, or itself, for [`Form::check`] to refuse. An
    /// empty field is no answer, and a box without its mark is a no.
    pub fn read(&self, typed: &str) -> Option<Value> {
        let typed = typed.trim();
        match &self.kind {
            Kind::YesNo => Some(Value::Bool(!typed.is_empty() && typed != "false")),
            _ if typed.is_empty() => None,
            Kind::Whole { .. } => Some(match typed.parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => typed.into(),
            }),
            Kind::Text { .. } | Kind::Day | Kind::Choice(_) => Some(typed.into()),
        }
    }

    /// Takes an answer, or says what would be taken.
    pub fn check(&self, answer: &Value) -> Result<(), Invalid> {
        let wrong = |words: String| Err(Invalid(words));
        match (&self.kind, answer) {
            (Kind::YesNo, Value::Bool(_)) => Ok(()),
            (Kind::YesNo, _) => wrong("must be true or false".into()),
            (Kind::Whole { least, most }, answer) => match answer.as_i64() {
                Some(number) if (*least..=*most).contains(&number) => Ok(()),
                _ => wrong(whole_words(*least, *most)),
            },
            (Kind::Day, Value::String(text)) if is_day(text) => Ok(()),
            (Kind::Day, _) => wrong("must be a day such as 2026-11-23".into()),
            (Kind::Choice(values), Value::String(text)) if values.contains(text) => Ok(()),
            (Kind::Choice(values), _) => wrong(format!("must be one of {}", values.join(", "))),
            (
                Kind::Text {
                    least,
                    most,
                    pattern,
                },
                Value::String(text),
            ) => check_text(text, *least, *most, pattern.as_deref()),
            (Kind::Text { .. }, _) => wrong("must be a text".into()),
        }
    }

    /// An answer as people read it.
    pub fn words(answer: &Value) -> String {
        match answer {
            Value::Bool(true) => "Yes".into(),
            Value::Bool(false) => "No".into(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

fn is_day(text: &str) -> bool {
    text.len() == 10 && text.parse::<Date>().is_ok()
}

fn whole_words(least: i64, most: i64) -> String {
    match (least, most) {
        (i64::MIN, i64::MAX) => "must be a whole number".into(),
        (least, i64::MAX) => format!("must be a whole number, {least} or more"),
        (i64::MIN, most) => format!("must be a whole number, {most} at the most"),
        (least, most) => format!("must be a whole number between {least} and {most}"),
    }
}

fn check_text(text: &str, least: u32, most: u32, pattern: Option<&str>) -> Result<(), Invalid> {
    let count = text.chars().count();
    if count < least as usize || count > most as usize {
        return Err(Invalid(match (least, most) {
            (least, most) if least == most => format!("must have {least} characters"),
            (0, most) => format!("must have at most {most} characters"),
            (least, most) => format!("must have {least} to {most} characters"),
        }));
    }
    if count > 0 {
        line(text, count)?;
    }
    // It was tried when the form was read.
    match pattern.map(|pattern| (pattern, Regex::new(pattern))) {
        Some((pattern, Ok(found))) if !found.is_match(text) => {
            Err(Invalid(format!("must be written like {pattern}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
