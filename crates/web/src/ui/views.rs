//! Saving the list on the screen under a name, and forgetting it again.

use app::Error;
use app::access::Access;
use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::id::UserId;
use domain::order::desk::DeskQuery;
use domain::order::saved::SavedView;
use serde::Deserialize;

use super::bulk::list_address;
use super::filters;
use super::frame::{Frame, Section, SellerFrame};
use super::kept::safe_address;
use crate::Web;
use crate::api::views::SaveViewBody;
use crate::desk;
use crate::error::{Page, classify, render, words};
use crate::list;
use crate::posted::Posted;
use crate::visitor::Visitor;

/// The saved views beside a list, and what it takes to save it as another.
pub(crate) struct Shelf {
    pub(crate) own: Vec<Entry>,
    /// What others of the team share.
    pub(crate) team: Vec<Entry>,
    /// The name of the one that is open.
    pub(crate) here: Option<String>,
    /// Where views of this list are sent to.
    pub(crate) path: String,
    pub(crate) token: String,
    /// The words of the list on the screen, for the form that saves it.
    pub(crate) kept: Vec<(&'static str, String)>,
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
    /// Those of the Orders section; `here` is the address of the list on the screen.
    pub(crate) async fn of_orders(
        web: &Web,
        visitor: &Visitor,
        access: &Access,
        here: &str,
        kept: Vec<(&'static str, String)>,
    ) -> Result<Shelf, Error> {
        let slug = access.organization().slug.as_str();
        let saved = web.app.views(access).await?;
        let shelf = Shelf::new(&saved, access.actor().user, slug, here);
        Ok(Shelf {
            path: format!("/o/{slug}/orders/views"),
            token: visitor.form_token(slug),
            kept,
            ..shelf
        })
    }

    /// Those of the order desk.
    pub(crate) async fn of_desk(
        web: &Web,
        visitor: &Visitor,
        query: &DeskQuery,
        typed: &str,
    ) -> Result<Shelf, Error> {
        let saved = web.app.desk_views(&visitor.caller).await?;
        let here = format!("/desk{}", desk::address(query, None));
        let shelf = Shelf::new(&saved, visitor.caller.user, "", &here);
        Ok(Shelf {
            path: "/desk/views".into(),
            token: visitor.form_token(""),
            kept: vec![
                ("tab", query.tab.name().into()),
                ("q", typed.to_owned()),
                ("sort", query.sort.name().into()),
            ],
            ..shelf
        })
    }

    fn new(saved: &[SavedView], me: UserId, slug: &str, here: &str) -> Shelf {
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
        Shelf {
            here: open.map(|entry| entry.name.clone()),
            own,
            team,
            path: String::new(),
            token: String::new(),
            kept: Vec::new(),
        }
    }
}

/// Asks again, with what was typed, when a view can't be saved.
struct AskAgain {
    /// Where it is sent.
    path: String,
    token: String,
    problem: String,
    /// Everything that was sent but the token, for the form to keep.
    kept: Vec<(String, String)>,
    name: String,
    filter: String,
    is_shared: bool,
    back: String,
}

#[derive(Template)]
#[template(path = "save_view.html")]
struct SaveViewPage {
    frame: Frame,
    form: AskAgain,
}

#[derive(Template)]
#[template(path = "save_desk_view.html")]
struct SaveDeskViewPage {
    frame: SellerFrame,
    form: AskAgain,
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

impl AskAgain {
    /// What was typed, to be kept; the problem is not known yet.
    fn new(form: &SaveViewForm, path: String, back: String) -> AskAgain {
        AskAgain {
            path,
            token: form.token.clone(),
            problem: String::new(),
            kept: form.kept.clone(),
            name: form.body.name.clone(),
            filter: form.body.q.clone().unwrap_or_default(),
            is_shared: form.body.shared,
            back,
        }
    }
}

/// Leads to what was saved, or asks again with a page that tells why not.
fn answer<P: Template>(
    organization: &str,
    saved: Result<SavedView, Error>,
    again: impl FnOnce(String) -> P,
) -> Result<Response, Page> {
    match saved {
        Ok(saved) => Ok(Redirect::to(&list::address(organization, &saved)).into_response()),
        Err(error @ (Error::Invalid { .. } | Error::Refused(_))) => {
            let page = again(words(&error));
            Ok((classify(&error).0, render(&page)).into_response())
        }
        Err(error) => Err(Page(error)),
    }
}

/// Saves a list and opens it.
pub(crate) async fn save(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Posted {
        visitor,
        access,
        form: fields,
    }: Posted<Vec<(String, String)>>,
) -> Result<Response, Page> {
    let form = SaveViewForm::read(fields);
    let frame = Frame::new(&web, &visitor, &access, Section::Orders).await?;
    let path = format!("/o/{organization}/orders/views");
    let again = AskAgain::new(&form, path, list_address(&organization, &form.back));
    let saved = match form.body.save() {
        Ok(save) => web.app.save_view(&access, save).await,
        Err(error) => Err(error),
    };
    answer(&organization, saved, |problem| SaveViewPage {
        frame,
        form: AskAgain { problem, ..again },
    })
}

/// Saves a part of the order desk and opens it.
pub(crate) async fn save_of_desk(
    State(web): State<Web>,
    visitor: Visitor,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Page> {
    let form = SaveViewForm::read(fields);
    visitor.check_form(&form.token, "")?;
    visitor.caller.require_desk()?;
    let again = AskAgain::new(&form, "/desk/views".into(), desk_address(&form.back));
    let saved = match form.body.save_of_desk() {
        Ok(save) => web.app.save_desk_view(&visitor.caller, save).await,
        Err(error) => Err(error),
    };
    answer("", saved, |problem| SaveDeskViewPage {
        frame: SellerFrame::new(&visitor, Section::Desk),
        form: AskAgain { problem, ..again },
    })
}

/// The way back to the desk; its first page where the address is not one of the desk's.
pub(crate) fn desk_address(typed: &str) -> String {
    let path = typed.split(['?', '#']).next().unwrap_or_default();
    match safe_address(typed) {
        Some(address) if path == "/desk" => address.to_owned(),
        _ => "/desk".into(),
    }
}

/// A form of nothing but a button, with where it stands.
#[derive(Deserialize)]
pub(crate) struct BackForm {
    pub(crate) token: String,
    #[serde(default)]
    pub(crate) next: String,
}

/// Forgets a view and goes back to the list.
pub(crate) async fn remove(
    State(web): State<Web>,
    Path((organization, id)): Path<(String, String)>,
    Posted { access, form, .. }: Posted<BackForm>,
) -> Result<Redirect, Page> {
    let id = id.parse().map_err(|_| Error::NotFound)?;
    web.app.delete_view(&access, id).await?;
    Ok(Redirect::to(&list_address(&organization, &form.next)))
}

/// Forgets a view of the order desk and goes back to it.
pub(crate) async fn remove_from_desk(
    State(web): State<Web>,
    Path(id): Path<String>,
    visitor: Visitor,
    Form(form): Form<BackForm>,
) -> Result<Redirect, Page> {
    visitor.check_form(&form.token, "")?;
    let id = id.parse().map_err(|_| Error::NotFound)?;
    web.app.delete_desk_view(&visitor.caller, id).await?;
    Ok(Redirect::to(&desk_address(&form.next)))
}
