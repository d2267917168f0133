//! A partner's categories: its own products, and the form that sorts those that are chosen.

use app::Error;
use app::access::Access;
use app::catalog::{Product, Products, TypedProduct, TypedSorting};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::Permission;
use domain::organization::Organization;
use domain::subscription::decide::Problem;

use super::catalog::{Wanted, shortened};
use super::filters;
use super::frame::{Section, SellerFrame, to_first};
use crate::Web;
use crate::error::{Page, render, sentence};
use crate::posted::Posted;
use crate::visitor::Visitor;

/// Offers of a page.
const PAGE: u32 = 100;

#[derive(Template)]
#[template(path = "categories.html")]
struct CategoriesPage {
    frame: SellerFrame,
    token: String,
    partners: Vec<Organization>,
    found: Products,
    may_sort: bool,
    wanted: Wanted,
    /// What was chosen and typed.
    typed: TypedSorting,
    problems: Vec<Problem>,
}

impl CategoriesPage {
    fn slug(&self) -> &str {
        self.found.partner.slug.as_str()
    }

    /// Of the parts of the catalog that this page lists.
    fn offers(&self, product: &Product) -> String {
        shortened(&product.offers, ", ")
    }

    fn value(&self, product: &Product) -> String {
        format!("{} {}", product.vendor, product.product)
    }

    fn is_chosen(&self, product: &Product) -> bool {
        let vendor = product.vendor.to_string();
        let mut chosen = self.typed.products.iter();
        chosen.any(|one| one.vendor == vendor && one.product == product.product)
    }

    /// What can be suggested: no category is called `Other`.
    fn suggested(&self) -> impl Iterator<Item = &String> {
        let names = self.found.facets.categories.iter();
        names.filter(|name| *name != domain::offer::category::OTHER)
    }

    fn is_wrong(&self, field: &str) -> bool {
        let is = |problem: &Problem| problem.field.trim_start_matches('/') == field;
        self.problems.iter().any(is)
    }

    fn sentence(&self, problem: &Problem) -> String {
        sentence(&problem.field, &problem.reason)
    }

    fn next(&self) -> Option<String> {
        Some(self.wanted.from(&self.found.next?.to_string()))
    }
}

/// To the categories of the first partner that this visitor may look at.
pub(crate) async fn first(State(web): State<Web>, visitor: Visitor) -> Result<Redirect, Page> {
    let partners = web.app.sorting_partners(&visitor.caller).await?;
    Ok(to_first(&partners, "categories")?)
}

pub(crate) async fn list(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Query(wanted): Query<Wanted>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.partner_access(&visitor.caller, &partner).await?;
    Ok(render(&page(&web, &visitor, &access, wanted).await?))
}

async fn page(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    wanted: Wanted,
) -> Result<CategoriesPage, Error> {
    let found = web.app.products(access, &wanted.asked(PAGE)?).await?;
    Ok(CategoriesPage {
        frame: SellerFrame::new(visitor, Section::Categories),
        token: visitor.form_token(found.partner.slug.as_str()),
        partners: web.app.sorting_partners(&visitor.caller).await?,
        may_sort: access.standing().may(Permission::SortCatalog),
        found,
        wanted,
        typed: TypedSorting::default(),
        problems: Vec::new(),
    })
}

/// The chosen products, each as its vendor's id and its own, and categories with commas between them.
fn read(fields: Vec<(String, String)>) -> TypedSorting {
    let mut typed = TypedSorting::default();
    for (name, value) in fields {
        match name.as_str() {
            "categories" => typed.categories = value.split(',').map(str::to_owned).collect(),
            "product" => {
                let (vendor, product) = value.split_once(' ').unwrap_or_default();
                typed.products.push(TypedProduct {
                    vendor: vendor.to_owned(),
                    product: product.to_owned(),
                });
            }
            _ => {}
        }
    }
    typed
}

pub(crate) async fn sort(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Query(wanted): Query<Wanted>,
    Posted {
        visitor,
        access,
        form: fields,
    }: Posted<Vec<(String, String)>>,
) -> Result<Response, Page> {
    let typed = read(fields);
    match web.app.sort_products(&access, typed.clone()).await {
        Ok(()) => {
            let here = wanted.here();
            let list = format!("/partners/{partner}/categories?{here}");
            Ok(Redirect::to(&list).into_response())
        }
        Err(Error::Problems(problems)) => {
            let page = CategoriesPage {
                typed,
                problems,
                ..page(&web, &visitor, &access, wanted).await?
            };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&page)).into_response())
        }
        Err(error) => Err(Page(error)),
    }
}
