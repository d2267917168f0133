//! Saving the list on the screen under a name, and forgetting it again.

use app::Error;
use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::bulk::list_address;
use super::filters;
use super::frame::{Frame, Section};
use crate::Web;
use crate::api::views::SaveViewBody;
use crate::error::{Page, classify, render, words};
use crate::list;
use crate::visitor::Visitor;

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
