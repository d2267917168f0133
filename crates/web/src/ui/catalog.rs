//! What can be bought.

use app::catalog::SeenOffer;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::filters;
use super::frame::{Frame, Section};
use crate::Web;
use crate::error::{Page, render};
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "catalog.html")]
struct CatalogPage {
    frame: Frame,
    offers: Vec<SeenOffer>,
}

impl CatalogPage {
    fn price(&self, offer: &SeenOffer) -> String {
        let plan = offer.plans.first();
        plan.map_or_else(String::new, |plan| plan.unit.unit.to_string())
    }

    /// How long one is bound, and how often is paid: each pair once.
    fn terms(&self, offer: &SeenOffer) -> String {
        let mut said: Vec<String> = Vec::new();
        for plan in &offer.plans {
            let (term, cycle) = (plan.cadence.term_label(), plan.cadence.cycle_label());
            let words = format!("{term}, billed {cycle}");
            if !said.contains(&words) {
                said.push(words);
            }
        }
        said.join(" · ")
    }
}

pub(crate) async fn list(
    State(web): State<Web>,
    Path(organization): Path<String>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let offers = web.app.offers(&access).await?;
    Ok(render(&CatalogPage {
        frame: Frame::new(&web, &visitor, &access, Section::Catalog).await?,
        offers,
    }))
}
