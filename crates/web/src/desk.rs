//! The question behind a page of the order desk, read from an address: the same words for page and API.

use app::Error;
use domain::order::desk::{DeskFilter, DeskQuery, DeskTab};
use domain::order::filter::FilterProblem;
use domain::order::listing::Sort;
use domain::text::Invalid;
use serde::Deserialize;
use utoipa::IntoParams;

/// The words of an address; what is missing has its default.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Words {
    /// `failed`, `stuck`, `approval`, `checking`, `by_hand`, `set_aside` or `all` (default).
    kind: Option<String>,
    /// A filter such as `customer:amber waits:me status:failed vendor:microsoft "free words"`.
    pub(crate) q: Option<String>,
    /// `oldest` first (default) or `newest` first.
    sort: Option<String>,
    /// Rows at the most, 1 to 200; 50 by default.
    limit: Option<u32>,
    /// Where the page before ended, from its `Link` header.
    pub(crate) cursor: Option<String>,
}

impl Words {
    /// What is asked for, and what of its filter can't be used.
    pub(crate) fn query(&self) -> Result<(DeskQuery, Vec<FilterProblem>), Error> {
        let invalid = |field| move |reason| Error::Invalid { field, reason };
        let tab = match self.kind.as_deref() {
            None | Some("") => DeskTab::All,
            Some(kind) => DeskTab::parse(kind).map_err(invalid("/kind"))?,
        };
        let mut query = DeskQuery::of(tab);
        if let Some(sort) = self.sort.as_deref().filter(|sort| !sort.is_empty()) {
            query.sort = Sort::parse(sort).map_err(invalid("/sort"))?;
        }
        if let Some(limit) = self.limit {
            query.limit = limit;
        }
        if !(1..=200).contains(&query.limit) {
            let words = "must be between 1 and 200".into();
            return Err(invalid("/limit")(Invalid(words)));
        }
        let (filter, problems) = DeskFilter::parse(self.q.as_deref().unwrap_or_default());
        query.filter = filter;
        if let Some(cursor) = &self.cursor {
            query.from = Some(query.read_cursor(cursor).map_err(invalid("/cursor"))?);
        }
        Ok((query, problems))
    }
}

impl Words {
    /// The first page of a part, by words that come from elsewhere than an address.
    pub(crate) fn of(kind: Option<String>, q: Option<String>, sort: Option<String>) -> Words {
        Words {
            kind,
            q,
            sort,
            ..Words::default()
        }
    }
}

/// The address of a question, without the place of its page: `?kind=failed&q=…`.
pub(crate) fn address(query: &DeskQuery, cursor: Option<&str>) -> String {
    let filter = query.filter.to_string();
    address_of((query.tab, &filter, query.sort), cursor)
}

/// The same with the text of a filter, whatever of it can be read.
pub(crate) fn address_of(
    (tab, filter, sort): (DeskTab, &str, Sort),
    cursor: Option<&str>,
) -> String {
    let mut words = vec![("kind", tab.name())];
    if !filter.is_empty() {
        words.push(("q", filter));
    }
    if sort != Sort::OldestFirst {
        words.push(("sort", sort.name()));
    }
    words.extend(cursor.map(|cursor| ("cursor", cursor)));
    // Pairs of plain text always have a form.
    format!(
        "?{}",
        serde_urlencoded::to_string(&words).unwrap_or_default()
    )
}
