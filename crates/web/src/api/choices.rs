//! What a subscription can be changed to, by API, and why where there is nothing.

use app::Error;
use app::subscriptions::{Choice, Choices};
use axum::Json;
use axum::extract::{Path, State};
use domain::offer::Form;
use domain::order::line::Item;
use serde::Serialize;
use utoipa::ToSchema;

use super::view::{MoneyView, ProblemView};
use crate::Web;
use crate::error::Problem;
use crate::visitor::Program;

/// Something that a subscription can be changed to.
#[derive(Serialize, ToSchema)]
struct ChoiceView {
    offer: String,
    plan: String,
    name: String,
    term_months: u32,
    billing_cycle_months: u32,
    unit_price: MoneyView,
    minimum: u32,
    maximum: u32,
}

impl ChoiceView {
    fn new(choice: &Choice) -> ChoiceView {
        let item = &choice.target.item;
        ChoiceView {
            offer: item.offer.to_string(),
            plan: item.plan.to_string(),
            name: item.name.clone(),
            term_months: item.cadence.term_months,
            billing_cycle_months: item.cadence.cycle_months,
            unit_price: choice.price.unit.customer.into(),
            minimum: choice.target.minimum,
            maximum: choice.target.maximum,
        }
    }
}

/// Why there is nothing of a kind.
#[derive(Serialize, ToSchema)]
struct LackView {
    /// `plan`, `upgrade` or `addon`.
    kind: &'static str,
    /// `fixed`: the vendor does not change it while a subscription runs. `other_terms`: there are some on
    /// other terms. `not_here`: there are some, and this organization may not buy them. `nothing`: the
    /// vendor has none.
    why: &'static str,
    /// The same in words, with the way out.
    reason: String,
}

/// What a subscription can be changed to now.
#[derive(Serialize, ToSchema)]
pub(super) struct ChoicesView {
    /// Terms and billing cycles of its license, its own among them.
    plans: Vec<ChoiceView>,
    /// Other licenses on the same terms.
    upgrades: Vec<ChoiceView>,
    /// Add-ons that it does not have yet.
    addons: Vec<ChoiceView>,
    /// A JSON Schema of what `configuration` of a change takes; absent where it takes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    configuration: Option<Form>,
    /// What was asked when it was bought and stays as it is, in people's words.
    fixed: Vec<String>,
    /// The kinds of which there is nothing.
    lacking: Vec<LackView>,
}

impl ChoicesView {
    fn new(choices: &Choices, item: &Item) -> ChoicesView {
        let views = |some: &[Choice]| some.iter().map(ChoiceView::new).collect();
        let lacking = choices.lacking.iter().map(|(kind, lack)| LackView {
            kind: kind.name(),
            why: lack.name(),
            reason: lack.reason(*kind, item),
        });
        ChoicesView {
            plans: views(&choices.plans),
            upgrades: views(&choices.upgrades),
            addons: views(&choices.addons),
            configuration: choices.form.clone(),
            fixed: choices.fixed.clone(),
            lacking: lacking.collect(),
        }
    }
}

/// What one subscription can be changed to now, and why where there is nothing of a kind.
#[utoipa::path(get,
    path = "/api/v1/organizations/{organization}/subscriptions/{subscription}/choices",
    params(("organization" = String, Path), ("subscription" = String, Path)),
    responses((status = 200, body = ChoicesView), (status = 403, body = ProblemView),
        (status = 404, body = ProblemView)))]
pub(super) async fn choices(
    State(web): State<Web>,
    Path((organization, subscription)): Path<(String, String)>,
    Program(caller): Program,
) -> Result<Json<ChoicesView>, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let id = subscription.parse().map_err(|_| Error::NotFound)?;
    let choices = web.app.change_choices(&access, id).await?;
    let found = web.app.subscription(&access, id).await?.subscription;
    Ok(Json(ChoicesView::new(&choices, &found.item)))
}
