//! Vendors' price sheets: the form that uploads one, the history, and one import as it runs.

use std::io::BufReader;

use app::Error;
use app::access::Access;
use app::imports::{AskedImport, Imports};
use askama::Template;
use axum::extract::multipart::MultipartError;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::Permission;
use domain::money::{Currency, UnitAmount};
use domain::price::import::{Import, ImportState};
use domain::text::Invalid;
use serde::Deserialize;

use super::filters;
use super::frame::{Section, SellerFrame};
use super::jobs::file;
use crate::api::cursor::{cursor, read_cursor};
use crate::error::{Page, render, words};
use crate::export::{defused, sheet};
use crate::spool::{Spooled, spool};
use crate::visitor::Visitor;
use crate::{PRICE_SHEET_MAX, Web};

/// Longest field beside the file.
const FIELD_MAX: usize = 1_000;

/// Tone and icon of a state.
fn look(state: ImportState) -> (&'static str, &'static str) {
    match state {
        ImportState::Running => ("busy", "progress"),
        ImportState::CutOff => ("wait", "pause"),
        ImportState::Finished => ("good", "done"),
        ImportState::WithProblems => ("wait", "alert"),
        ImportState::Refused => ("bad", "refused"),
    }
}

#[derive(Template)]
#[template(path = "price_sheets.html")]
struct SheetsPage {
    frame: SellerFrame,
    token: String,
    found: Imports,
    may_change: bool,
    problem: Option<String>,
}

impl SheetsPage {
    fn slug(&self) -> &str {
        self.found.partner.slug.as_str()
    }

    fn state(&self, import: &Import) -> ImportState {
        import.state(self.found.now)
    }

    fn next(&self) -> Option<String> {
        self.found
            .next
            .map(|next| format!("?after={}", cursor(next)))
    }

    fn megabytes(&self) -> usize {
        PRICE_SHEET_MAX / 1024 / 1024
    }
}

/// Where a page begins.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    after: String,
}

pub(crate) async fn list(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Query(wanted): Query<Wanted>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.partner_access(&visitor.caller, &partner).await?;
    Ok(render(&page(&web, &visitor, &access, &wanted).await?))
}

async fn page(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    wanted: &Wanted,
) -> Result<SheetsPage, Error> {
    let after = read_cursor(&wanted.after)?;
    let found = web.app.price_imports(access, after).await?;
    Ok(SheetsPage {
        frame: SellerFrame::new(visitor, Section::Prices),
        token: visitor.form_token(found.partner.slug.as_str()),
        may_change: access.standing().may(Permission::ConfigurePrices),
        found,
        problem: None,
    })
}

/// What a form says before its file.
#[derive(Default)]
struct Said {
    token: String,
    asked: AskedImport,
}

/// Takes a file in and begins its import, whose page says how far it is.
pub(crate) async fn upload(
    State(web): State<Web>,
    Path(partner): Path<String>,
    visitor: Visitor,
    form: Option<Multipart>,
) -> Result<Response, Page> {
    let access = web.app.partner_access(&visitor.caller, &partner).await?;
    let begun = match form {
        Some(form) => begin(&web, &visitor, &access, form).await,
        None => {
            visitor.check_form("", &partner)?;
            return Ok(StatusCode::BAD_REQUEST.into_response());
        }
    };
    match begun {
        Ok(Some(import)) => {
            let place = format!("/partners/{partner}/price-sheets/{}", import.id);
            Ok(Redirect::to(&place).into_response())
        }
        Ok(None) => Ok(StatusCode::PAYLOAD_TOO_LARGE.into_response()),
        Err(error @ (Error::Invalid { .. } | Error::Refused(_))) => {
            let (status, _) = crate::error::classify(&error);
            let page = SheetsPage {
                problem: Some(words(&error)),
                ..page(&web, &visitor, &access, &Wanted::default()).await?
            };
            Ok((status, render(&page)).into_response())
        }
        Err(error) => Err(Page(error)),
    }
}

async fn begin(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    mut form: Multipart,
) -> Result<Option<Import>, Error> {
    let partner = access.organization().slug.as_str();
    let mut said = Said::default();
    while let Some(mut field) = form
        .next_field()
        .await
        .map_err(|error| unreadable(&error))?
    {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            visitor.check_form(&said.token, partner)?;
            web.app.may_import(access, &said.asked.vendor).await?;
            said.asked.file = field.file_name().unwrap_or_default().to_owned();
            let Some(spooled) = spool(field).await? else {
                return Ok(None);
            };
            return start(web, access, said.asked, spooled).await.map(Some);
        }
        let mut text = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(|error| unreadable(&error))? {
            text.extend_from_slice(&chunk);
            if text.len() > FIELD_MAX {
                return Ok(None);
            }
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        match name.as_str() {
            "token" => said.token = text,
            "vendor" => said.asked.vendor = text,
            "step" => said.asked.is_dry_run = text != "import",
            "partial" => said.asked.is_partial = true,
            _ => {}
        }
    }
    visitor.check_form(&said.token, partner)?;
    web.app.may_import(access, &said.asked.vendor).await?;
    Err(no_file())
}

async fn start(
    web: &Web,
    access: &Access,
    mut asked: AskedImport,
    spooled: Spooled,
) -> Result<Import, Error> {
    if spooled.length == 0 {
        return Err(no_file());
    }
    asked.total = spooled.lines.saturating_sub(1);
    let begun = web.app.begin_import(access, asked).await?;
    Ok(web.app.start_import(begun, BufReader::new(spooled.file)))
}

fn no_file() -> Error {
    Error::Invalid {
        field: "/file",
        reason: Invalid("must be chosen, and not be empty".into()),
    }
}

fn unreadable(error: &MultipartError) -> Error {
    tracing::info!(%error, "an upload can't be read");
    Error::Invalid {
        field: "/file",
        reason: Invalid("did not arrive whole; choose it again".into()),
    }
}

#[derive(Template)]
#[template(path = "price_sheet.html")]
struct SheetPage {
    frame: SellerFrame,
    partner: String,
    name: String,
    import: Import,
    state: ImportState,
}

impl SheetPage {
    fn is(&self, state: ImportState) -> bool {
        self.state == state
    }

    fn counts(&self) -> [(&'static str, u64); 5] {
        let counts = self.import.counts;
        [
            ("New prices", counts.new),
            ("Changed", counts.changed),
            ("Unchanged", counts.unchanged),
            ("Ended", counts.ended),
            ("Problems", counts.problems),
        ]
    }

    fn moving(&self) -> u64 {
        let counts = self.import.counts;
        counts.new + counts.changed + counts.ended
    }

    /// With the decimals of its currency, or more where the vendor has more.
    fn amount(&self, amount: Option<UnitAmount>, currency: Currency) -> String {
        let Some(amount) = amount else {
            return "–".to_owned();
        };
        let mut figure = amount.to_decimal();
        figure.rescale(figure.scale().max(currency.exponent()));
        figure.to_string()
    }

    /// Rows of the file; never fewer than were read already.
    fn total(&self) -> u64 {
        let read = self.import.counts.rows;
        self.import.total.unwrap_or(read).max(read).max(1)
    }
}

pub(crate) async fn show(
    State(web): State<Web>,
    Path((partner, id)): Path<(String, String)>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.partner_access(&visitor.caller, &partner).await?;
    let id = id.parse().map_err(|_| Error::NotFound)?;
    let (import, state) = web.app.price_import(&access, id).await?;
    let page = render(&SheetPage {
        frame: SellerFrame::new(&visitor, Section::Prices),
        name: access.organization().name.clone(),
        partner,
        import,
        state,
    });
    // The browser looks again by itself while rows are read, also without a script.
    Ok(match state {
        ImportState::Running => ([(HeaderName::from_static("refresh"), "2")], page).into_response(),
        _ => page,
    })
}

/// The problems that were kept, as a sheet.
pub(crate) async fn problems(
    State(web): State<Web>,
    Path((partner, id)): Path<(String, String)>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.partner_access(&visitor.caller, &partner).await?;
    let id = id.parse().map_err(|_| Error::NotFound)?;
    let (import, _) = web.app.price_import(&access, id).await?;
    let names = ["line", "column", "problem"].map(str::to_owned).to_vec();
    let rows = import.problems.into_iter().map(|problem| {
        let line = problem.line.to_string();
        vec![line, defused(problem.column), defused(problem.reason)]
    });
    let lines: Vec<Vec<String>> = std::iter::once(names).chain(rows).collect();
    Ok(file("problems.csv", sheet(&lines)))
}
