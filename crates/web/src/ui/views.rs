//! Saving the list on the screen under a name, and forgetting it again.

use app::Error;
use app::access::Access;
use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::order::saved::SavedView;
use serde::Deserialize;

use super::bulk::list_address;
use super::filters;
use super::frame::{Frame, Section};
use crate::Web;
use crate::api::views::SaveViewBody;
use crate::error::{Page, classify, render, words};
use crate::list;
use crate::visitor::Visitor;

/// The saved views beside a list.
pub(crate) struct Shelf {
    pub(crate) own: Vec<Entry>,
    /// What others of the team share.
    pub(crate) team: Vec<Entry>,
    /// The name of the one that is open.
    pub(crate) here: Option<String>,
}

/// A saved view.
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) person: String,
    pub(crate) is_shared: bool,
    pub(crate) is_here: bool,
}

impl Shelf {
    /// All that the caller finds; `here` is the address of the list on the screen.
    pub(crate) async fn new(web: &Web, access: &Access, here: &str) -> Result<Shelf, Error> {
        let saved = web.app.views(access).await?;
        let slug = access.organization().slug.as_str();
        let me = access.actor().user;
        let entry = |view: &SavedView| {
            let address = list::address(slug, view);
            Entry {
                id: view.id.to_string(),
                name: view.name.clone(),
                is_here: address == here,
                address,
                person: view.owner.person.clone(),
                is_shared: view.is_shared,
            }
        };
        let of = |is_own: bool| {
            let those = saved
                .iter()
                .filter(|view| (view.owner.user == me) == is_own);
            those.map(entry).collect::<Vec<_>>()
        };
        let (own, team) = (of(true), of(false));
        let open = own.iter().chain(&team).find(|entry| entry.is_here);
        Ok(Shelf {
            here: open.map(|entry| entry.name.clone()),
            own,
            team,
        })
    }
}

/// Asks again, with what was typed, when a view can't be saved.
#[derive(Template)]
#[template(path = "save_view.html")]
struct SaveViewPage {
    frame: Frame,
    problem: String,
    /// Everything that was sent but the token, for the form to keep.
    kept: Vec<(String, String)>,
    name: String,
    filter: String,
    is_shared: bool,
    back: String,
}

/// What the list's form sends: the words of its address, `column` once for each.
struct SaveViewForm {
    token: String,
    back: String,
    body: SaveViewBody,
    kept: Vec<(String, String)>,
}

impl SaveViewForm {
    fn read(fields: Vec<(String, String)>) -> SaveViewForm {
        let mut form = SaveViewForm {
            token: String::new(),
            back: String::new(),
            body: SaveViewBody::default(),
            kept: Vec::new(),
        };
        for (name, value) in fields {
            let body = &mut form.body;
            match name.as_str() {
                "token" => form.token = value,
                "name" => body.name = value,
                "q" => body.q = Some(value),
                "shared" => body.shared = true,
                _ => {
                    match name.as_str() {
                        "next" => form.back.clone_from(&value),
                        "view" => body.view = Some(value.clone()),
                        "tab" => body.tab = Some(value.clone()),
                        "sort" => body.sort = Some(value.clone()),
                        "column" => body.columns.push(value.clone()),
                        _ => continue,
                    }
                    form.kept.push((name, value));
                }
            }
        }
        form
    }
}

/// Saves a list and opens it.
pub(crate) async fn save(
    State(web): State<Web>,
    Path(organization): Path<String>,
    visitor: Visitor,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Page> {
    let form = SaveViewForm::read(fields);
    visitor.check_form(&form.token, &organization)?;
    let access = web.app.access(&visitor.caller, &organization).await?;
    let mut page = SaveViewPage {
        frame: Frame::new(&web, &visitor, &access, Section::Orders).await?,
        problem: String::new(),
        kept: form.kept,
        name: form.body.name.clone(),
        filter: form.body.q.clone().unwrap_or_default(),
        is_shared: form.body.shared,
        back: list_address(&organization, &form.back),
    };
    let saved = match form.body.save() {
        Ok(save) => web.app.save_view(&access, save).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(saved) => Ok(Redirect::to(&list::address(&organization, &saved)).into_response()),
        Err(error @ (Error::Invalid { .. } | Error::Refused(_))) => {
            page.problem = words(&error);
            Ok((classify(&error).0, render(&page)).into_response())
        }
        Err(error) => Err(Page(error)),
    }
}

/// The form of a view's removal.
#[derive(Deserialize)]
pub(crate) struct RemoveForm {
    token: String,
    #[serde(default)]
    next: String,
}

/// Forgets a view and goes back to the list.
pub(crate) async fn remove(
    State(web): State<Web>,
    Path((organization, id)): Path<(String, String)>,
    visitor: Visitor,
    Form(form): Form<RemoveForm>,
) -> Result<Redirect, Page> {
    visitor.check_form(&form.token, &organization)?;
    let access = web.app.access(&visitor.caller, &organization).await?;
    let id = id.parse().map_err(|_| Error::NotFound)?;
    web.app.delete_view(&access, id).await?;
    Ok(Redirect::to(&list_address(&organization, &form.next)))
}
