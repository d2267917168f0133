//! Saved views, of the Orders section and of the order desk, by API.

use app::Error;
use app::views::SaveView;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::id::UserId;
use domain::order::desk::DeskQuery;
use domain::order::filter::FilterProblem;
use domain::order::saved::{SavedPart, SavedView};
use domain::text::Invalid;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{read, view};
use crate::Web;
use crate::desk;
use crate::error::Problem;
use crate::list::{self, Words};
use crate::visitor::Program;

/// A list to save under a name; the same words as in the list's address.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SaveViewBody {
    /// Its name; one of the caller's own of that name is replaced.
    pub(crate) name: String,
    /// `recent` (default) or `historical`; of the order desk `desk`, or nothing.
    #[serde(default)]
    pub(crate) view: Option<String>,
    /// Of historical orders: `active`, `draft` or `all` (default). Of the order desk: one of its parts,
    /// such as `failed`.
    #[serde(default)]
    pub(crate) tab: Option<String>,
    /// The filter.
    #[serde(default)]
    pub(crate) q: Option<String>,
    /// `newest` first (default) or `oldest` first; on the order desk the default is `oldest`.
    #[serde(default)]
    pub(crate) sort: Option<String>,
    /// The columns to show, by name. The order desk has none to choose.
    #[serde(default)]
    pub(crate) columns: Vec<String>,
    /// The caller's team sees it too.
    #[serde(default)]
    pub(crate) shared: bool,
}

impl SaveViewBody {
    /// What is asked. A filter that can't be read is not saved.
    pub(crate) fn save(self) -> Result<SaveView, Error> {
        let words = Words {
            view: self.view.as_deref(),
            tab: self.tab.as_deref(),
            q: self.q.as_deref(),
            sort: self.sort.as_deref(),
            cursor: None,
        };
        let (listing, problems) = words.listing()?;
        refuse(&problems)?;
        Ok(SaveView {
            name: self.name,
            listing,
            columns: self.columns,
            is_shared: self.shared,
        })
    }

    /// What is asked about the order desk.
    pub(crate) fn save_of_desk(self) -> Result<SaveView<DeskQuery>, Error> {
        let invalid = |field, words: &str| Error::Invalid {
            field,
            reason: Invalid(words.into()),
        };
        if self.view.is_some_and(|view| view != "desk") {
            return Err(invalid("/view", "must be desk here, or left out"));
        }
        if !self.columns.is_empty() {
            return Err(invalid("/columns", "can't be chosen on the order desk"));
        }
        let (listing, problems) = desk::Words::of(self.tab, self.q, self.sort).query()?;
        refuse(&problems)?;
        Ok(SaveView {
            name: self.name,
            listing,
            columns: Vec::new(),
            is_shared: self.shared,
        })
    }
}

fn refuse(problems: &[FilterProblem]) -> Result<(), Error> {
    let Some(problem) = problems.first() else {
        return Ok(());
    };
    Err(Error::Invalid {
        field: "/q",
        reason: Invalid(problem.to_string()),
    })
}

/// A saved view as its reader sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct SavedViewView {
    id: String,
    name: String,
    /// `recent`, `historical` or `desk`.
    view: &'static str,
    /// The part of it.
    tab: &'static str,
    q: String,
    sort: &'static str,
    columns: Vec<String>,
    shared: bool,
    /// The caller's own.
    own: bool,
    /// Whose it is.
    person: String,
    /// The list, as a page.
    address: String,
    /// What of its filter can't be used any more; the rest applies.
    problems: Vec<String>,
}

impl SavedViewView {
    /// For a reader; views of the Orders section lead to an organization's.
    fn new(saved: &SavedView, reader: UserId, organization: &str) -> SavedViewView {
        let (_, problems) = saved.open();
        let (view, tab) = match saved.part {
            SavedPart::Orders { view, tab } => (view.name(), tab.name()),
            SavedPart::Desk { desk } => ("desk", desk.name()),
        };
        SavedViewView {
            id: saved.id.to_string(),
            name: saved.name.clone(),
            view,
            tab,
            q: saved.filter.clone(),
            sort: saved.sort.name(),
            columns: saved.columns.clone(),
            shared: saved.is_shared,
            own: saved.owner.user == reader,
            person: saved.owner.person.clone(),
            address: list::address(organization, saved),
            problems: problems.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The caller's saved views, then those that their team shares.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/views",
    params(("organization" = String, Path)),
    responses((status = 200, body = [SavedViewView]), (status = 404, body = view::ProblemView)))]
pub(super) async fn views(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Program(caller): Program,
) -> Result<Json<Vec<SavedViewView>>, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let saved = web.app.views(&access).await?;
    let views = saved.iter();
    let views = views.map(|saved| SavedViewView::new(saved, caller.user, &organization));
    Ok(Json(views.collect()))
}

/// Saves a list under a name, in place of the caller's own one of that name.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/views",
    params(("organization" = String, Path)), request_body = SaveViewBody,
    responses((status = 200, body = SavedViewView), (status = 404, body = view::ProblemView),
        (status = 409, body = view::ProblemView), (status = 422, body = view::ProblemView)))]
pub(super) async fn save_view(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Program(caller): Program,
    body: Bytes,
) -> Result<Json<SavedViewView>, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let save = read::<SaveViewBody>(&body)?.save()?;
    let saved = web.app.save_view(&access, save).await?;
    Ok(Json(SavedViewView::new(&saved, caller.user, &organization)))
}

/// Forgets a saved view of the caller's own.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/views/{id}",
    params(("organization" = String, Path), ("id" = String, Path)),
    responses((status = 204), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView)))]
pub(super) async fn delete_view(
    State(web): State<Web>,
    Path((organization, id)): Path<(String, String)>,
    Program(caller): Program,
) -> Result<StatusCode, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let id = id.parse().map_err(|_| Error::NotFound)?;
    web.app.delete_view(&access, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The caller's saved views of the order desk, then those that their team shares.
#[utoipa::path(get, path = "/api/v1/desk/views",
    responses((status = 200, body = [SavedViewView]), (status = 404, body = view::ProblemView)))]
pub(super) async fn desk_views(
    State(web): State<Web>,
    Program(caller): Program,
) -> Result<Json<Vec<SavedViewView>>, Problem> {
    let saved = web.app.desk_views(&caller).await?;
    let views = saved.iter();
    let views = views.map(|saved| SavedViewView::new(saved, caller.user, ""));
    Ok(Json(views.collect()))
}

/// Saves a part of the order desk under a name, in place of the caller's own one of that name.
#[utoipa::path(post, path = "/api/v1/desk/views", request_body = SaveViewBody,
    responses((status = 200, body = SavedViewView), (status = 404, body = view::ProblemView),
        (status = 409, body = view::ProblemView), (status = 422, body = view::ProblemView)))]
pub(super) async fn save_desk_view(
    State(web): State<Web>,
    Program(caller): Program,
    body: Bytes,
) -> Result<Json<SavedViewView>, Problem> {
    // Who has no desk is told nothing about its words.
    caller.require_desk()?;
    let save = read::<SaveViewBody>(&body)?.save_of_desk()?;
    let saved = web.app.save_desk_view(&caller, save).await?;
    Ok(Json(SavedViewView::new(&saved, caller.user, "")))
}

/// Forgets a saved view of the order desk, one of the caller's own.
#[utoipa::path(delete, path = "/api/v1/desk/views/{id}", params(("id" = String, Path)),
    responses((status = 204), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView)))]
pub(super) async fn delete_desk_view(
    State(web): State<Web>,
    Path(id): Path<String>,
    Program(caller): Program,
) -> Result<StatusCode, Problem> {
    let id = id.parse().map_err(|_| Error::NotFound)?;
    web.app.delete_desk_view(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
