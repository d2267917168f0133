//! What templates say in few letters: `{{ "check"|icon }}`, `{{ at|moment }}`.

use std::borrow::Borrow;
use std::fmt::{Display, Formatter};

use askama::filters::HtmlSafe;
use domain::event::Actor;
use jiff::Timestamp;

use super::{assets, preferences};

/// An icon of the sprite; beside it always stands a word.
pub(crate) struct Icon(String);

impl HtmlSafe for Icon {}

impl Display for Icon {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let sprite = assets::ICONS.address();
        write!(
            f,
            "<svg class=\"icon\" aria-hidden=\"true\"><use href=\"{sprite}#{}\"/></svg>",
            self.0
        )
    }
}

#[askama::filter_fn]
pub(crate) fn icon(name: &str, _: &dyn askama::Values) -> askama::Result<Icon> {
    let is_plain = name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    match is_plain {
        true => Ok(Icon(name.to_owned())),
        false => Err(askama::Error::Fmt),
    }
}

/// A moment in the viewer's time zone: short for the eye, whole for a pointer and a screen reader.
pub(crate) struct Moment {
    at: Timestamp,
    is_long: bool,
}

impl HtmlSafe for Moment {}

impl Display for Moment {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let local = self.at.to_zoned(preferences::zone());
        let whole = self.at.strftime("%Y-%m-%d %H:%M:%S UTC");
        let (day, time) = (local.strftime("%-d %b %Y"), local.strftime("%H:%M"));
        write!(f, "<time datetime=\"{}\" title=\"{whole}\">", self.at)?;
        match self.is_long {
            true => write!(f, "{day}, {time} {}", local.strftime("%Z"))?,
            false => write!(f, "<span>{day}</span> <small>{time}</small>")?,
        }
        write!(f, "</time>")
    }
}

/// Templates hand over references to references.
pub(crate) trait Instant {
    fn instant(&self) -> Timestamp;
}

impl Instant for Timestamp {
    fn instant(&self) -> Timestamp {
        *self
    }
}

impl<T: Instant> Instant for &T {
    fn instant(&self) -> Timestamp {
        (**self).instant()
    }
}

/// For a dense list.
#[askama::filter_fn]
pub(crate) fn moment(at: impl Instant, _: &dyn askama::Values) -> askama::Result<Moment> {
    Ok(Moment {
        at: at.instant(),
        is_long: false,
    })
}

/// For a sentence.
#[askama::filter_fn]
pub(crate) fn instant(at: impl Instant, _: &dyn askama::Values) -> askama::Result<Moment> {
    Ok(Moment {
        at: at.instant(),
        is_long: true,
    })
}

/// `1 item`, `3 items`.
#[askama::filter_fn]
pub(crate) fn counted(
    count: impl Borrow<usize>,
    _: &dyn askama::Values,
    one: &str,
    many: &str,
) -> askama::Result<String> {
    Ok(match count.borrow() {
        1 => format!("1 {one}"),
        more => format!("{more} {many}"),
    })
}

/// The letters in the round beside a name.
#[askama::filter_fn]
pub(crate) fn initials(name: &str, _: &dyn askama::Values) -> askama::Result<String> {
    let words = name.split_whitespace();
    let letters: Vec<char> = words.filter_map(|word| word.chars().next()).collect();
    let ends = [letters.first(), letters.get(1).and(letters.last())];
    let both = ends.into_iter().flatten();
    Ok(both.flat_map(|letter| letter.to_uppercase()).collect())
}

/// Who acted and for whom, as the seed article has it: the person and the acting organization. Each
/// keeps its own direction, so that a name from right to left does not swap places with its neighbor.
pub(crate) struct Acting<'a>(&'a Actor);

impl HtmlSafe for Acting<'_> {}

impl Display for Acting<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Ok(person) = askama::filters::escape(&self.0.person, askama::filters::Html);
        let Ok(organization) =
            askama::filters::escape(&self.0.organization_name, askama::filters::Html);
        write!(f, "<bdi>{person}</bdi> · <bdi>{organization}</bdi>")
    }
}

#[askama::filter_fn]
pub(crate) fn acting<'a>(actor: &'a Actor, _: &dyn askama::Values) -> askama::Result<Acting<'a>> {
    Ok(Acting(actor))
}

/// The text beside a field that is wrong; nothing beside the others.
pub(crate) struct Marked<'a> {
    field: String,
    wrong: Option<&'a str>,
}

impl<'a> Marked<'a> {
    pub(crate) fn new(field: &str, wrong: Option<&'a str>) -> Marked<'a> {
        let field = field.to_owned();
        Marked { field, wrong }
    }

    /// What the field itself says of it.
    pub(crate) fn attributes(&self) -> Attributes {
        Attributes(self.wrong.map(|_| self.field.clone()))
    }
}

impl HtmlSafe for Marked<'_> {}

impl Display for Marked<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Some(words) = self.wrong else {
            return Ok(());
        };
        let Ok(words) = askama::filters::escape(words, askama::filters::Html);
        let Ok(field) = askama::filters::escape(&self.field, askama::filters::Html);
        write!(f, "<p class=\"wrong\" id=\"{field}-wrong\">{words}.</p>")
    }
}

/// The attributes of a field that is wrong; nothing for the others.
pub(crate) struct Attributes(Option<String>);

impl HtmlSafe for Attributes {}

impl Display for Attributes {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Some(field) = &self.0 else { return Ok(()) };
        let Ok(field) = askama::filters::escape(field, askama::filters::Html);
        write!(
            f,
            " aria-invalid=\"true\" aria-describedby=\"{field}-wrong\""
        )
    }
}

/// Words of our own with code between backticks.
pub(crate) struct Coded<'a>(&'a str);

impl HtmlSafe for Coded<'_> {}

impl Display for Coded<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        for (at, part) in self.0.split('`').enumerate() {
            let Ok(part) = askama::filters::escape(part, askama::filters::Html);
            match at % 2 {
                0 => write!(f, "{part}")?,
                _ => write!(f, "<code>{part}</code>")?,
            }
        }
        Ok(())
    }
}

#[askama::filter_fn]
pub(crate) fn coded<'a>(words: &'a str, _: &dyn askama::Values) -> askama::Result<Coded<'a>> {
    Ok(Coded(words))
}
