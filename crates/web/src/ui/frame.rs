//! What stands around the content of a page: who is here, in whose place, and where else to go.

use app::Error;
use app::access::Access;
use axum::response::Redirect;
use domain::access::Permission;
use domain::organization::{Organization, Suspended};

use super::preferences::{self, Theme};
use crate::Web;
use crate::visitor::Visitor;

/// The section that a page belongs to; its entry in the rail is marked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// The order desk, in Seller View.
    Desk,
    /// *Select organization*, in Seller View.
    Organizations,
    /// What has to be approved, in Seller View.
    Approvals,
    /// Rules that make prices, in Seller View.
    Prices,
    /// What products are sorted under, in Seller View.
    Categories,
    /// Terms and conditions, in Seller View.
    Terms,
    /// What is otherwise at vendors, in Seller View.
    Differences,
    Catalog,
    Cart,
    Orders,
    Subscriptions,
    Quotes,
    /// The customer's own page, to which its name leads.
    Organization,
}

impl Section {
    /// Of an address in Customer View.
    pub(crate) fn of(path: &str) -> Section {
        match path.split('/').nth(3) {
            Some("catalog" | "terms") => Section::Catalog,
            Some("cart") => Section::Cart,
            Some("subscriptions" | "jobs") => Section::Subscriptions,
            Some("quotes") => Section::Quotes,
            Some("organization") => Section::Organization,
            _ => Section::Orders,
        }
    }
}

/// The person, as header and menus show them.
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) role: &'static str,
    /// Of the organization whose place they are in; empty outside of any.
    pub(crate) slug: String,
    /// The token of the forms of this page.
    pub(crate) token: String,
}

impl Person {
    pub(crate) fn theme(&self) -> Theme {
        preferences::theme()
    }
}

/// Around every page of Customer View.
pub(crate) struct Frame {
    pub(crate) person: Person,
    pub(crate) organization: String,
    pub(crate) slug: String,
    pub(crate) acting: String,
    pub(crate) is_on_behalf: bool,
    /// There is an order desk to go back to.
    pub(crate) has_desk: bool,
    pub(crate) may_buy: bool,
    /// The organization's name leads to its page.
    pub(crate) sees_organization: bool,
    pub(crate) in_cart: usize,
    pub(crate) section: Section,
    pub(crate) token: String,
    /// The visitor's own organization, where it is suspended and they change nothing.
    pub(crate) stopped: Option<Suspended>,
}

impl Frame {
    /// Asks for as much as the frame shows: the caller's cart, if they may have one.
    pub(crate) async fn new(
        web: &Web,
        visitor: &Visitor,
        access: &Access,
        section: Section,
    ) -> Result<Frame, Error> {
        let organization = access.organization();
        let slug = organization.slug.as_str().to_owned();
        let may_buy = access.standing().may(Permission::PlaceOrders);
        let cart = match may_buy {
            true => web.app.cart(access).await?,
            false => None,
        };
        let token = visitor.form_token(&slug);
        Ok(Frame {
            person: Person {
                name: visitor.caller.name.clone(),
                email: visitor.caller.email.clone(),
                role: access
                    .standing()
                    .roles()
                    .first()
                    .map_or("", |role| role.label()),
                slug: slug.clone(),
                token: token.clone(),
            },
            organization: organization.name.clone(),
            slug,
            acting: access.actor().organization_name.clone(),
            is_on_behalf: access.standing().is_staff(),
            has_desk: visitor.caller.has_desk(),
            may_buy,
            sees_organization: access.standing().may_view(Permission::EditOrganization),
            in_cart: cart.map_or(0, |cart| cart.lines.len()),
            section,
            token,
            stopped: access.stopped().cloned(),
        })
    }

    pub(crate) fn is(&self, section: Section) -> bool {
        self.section == section
    }

    pub(crate) fn address(&self, section: &str) -> String {
        format!("/o/{}/{section}", self.slug)
    }
}

/// Around the pages of staff outside Customer View.
pub(crate) struct SellerFrame {
    pub(crate) person: Person,
    pub(crate) section: Section,
    pub(crate) is_staff: bool,
    pub(crate) has_desk: bool,
    pub(crate) has_approvals: bool,
    pub(crate) has_prices: bool,
    pub(crate) has_categories: bool,
    pub(crate) has_terms: bool,
    pub(crate) has_differences: bool,
    /// The visitor's own organization, where it is suspended.
    pub(crate) stopped: Option<Suspended>,
}

impl SellerFrame {
    pub(crate) fn new(visitor: &Visitor, section: Section) -> SellerFrame {
        let caller = &visitor.caller;
        let strongest = caller.strongest_role();
        SellerFrame {
            person: Person {
                name: caller.name.clone(),
                email: caller.email.clone(),
                role: strongest.map_or("", |role| role.label()),
                slug: String::new(),
                token: visitor.form_token(""),
            },
            section,
            is_staff: strongest.is_some_and(|role| role.is_staff()),
            has_desk: caller.has_desk(),
            has_approvals: caller.sees_approval_rules(),
            has_prices: caller.sees_prices(),
            has_categories: caller.sees_categories(),
            has_terms: caller.sees_partner_terms(),
            has_differences: caller.manages_vendors(),
            stopped: caller.suspended().cloned(),
        }
    }

    pub(crate) fn is(&self, section: Section) -> bool {
        self.section == section
    }
}

/// To a page in Seller View of the first of some partners; where there are none, it does not exist.
pub(super) fn to_first(partners: &[Organization], page: &str) -> Result<Redirect, Error> {
    let first = partners.first().ok_or(Error::NotFound)?;
    Ok(Redirect::to(&format!("/partners/{}/{page}", first.slug)))
}
