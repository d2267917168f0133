//! Add-ons: what they go with, and why they can't be bought alone.

use super::Offer;
use crate::text::Invalid;

impl Offer {
    /// It can't be bought by itself.
    pub fn is_addon(&self) -> bool {
        !self.parents.is_empty()
    }

    /// Whether it is an add-on to a license.
    pub fn goes_with(&self, license: &Offer) -> bool {
        self.parents.contains(&license.id)
    }

    /// Refuses a license that it is no add-on to, by name.
    pub fn check_goes_with(&self, license: &Offer) -> Result<(), Invalid> {
        match self.goes_with(license) {
            true => Ok(()),
            false => Err(Invalid(format!("is no add-on to {}", license.name))),
        }
    }
}

/// Why an add-on can't be bought alone, and the ways to have it, by the names of what it goes with.
pub fn not_alone(names: &[String]) -> Invalid {
    let names = match names {
        [] => "a license that is not sold here".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    };
    Invalid(format!(
        "is an add-on to {names} and can't be bought alone; put that into the cart and add it there, or add \
         it to a subscription that runs"
    ))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::{OfferId, OrganizationId, VendorId};

    fn offer(id: u128, parents: &[u128]) -> Offer {
        let (id, nobody) = (OfferId(Uuid::from_u128(id)), Uuid::nil());
        let parents = parents.iter().map(|id| OfferId(Uuid::from_u128(*id)));
        Offer {
            name: format!("Offer {id}"),
            parents: parents.collect(),
            ..Offer::new(id, OrganizationId(nobody), VendorId(nobody))
        }
    }

    #[test]
    fn an_add_on_goes_with_its_parents_and_with_nothing_else() {
        let addon = offer(3, &[1, 2]);
        for (license, goes) in [(1, true), (2, true), (4, false), (3, false)] {
            let license = offer(license, &[]);
            assert_eq!(addon.check_goes_with(&license).is_ok(), goes);
        }
        assert!(addon.is_addon() && !offer(1, &[]).is_addon());
    }

    #[test]
    fn an_add_on_alone_is_told_what_it_goes_with() {
        let said = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let words = not_alone(&names).0;
            words.split(" and can't").next().expect("words").to_owned()
        };
        assert_eq!(said(&["A"]), "is an add-on to A");
        assert_eq!(said(&["A", "B"]), "is an add-on to A or B");
        assert_eq!(said(&["A", "B", "C"]), "is an add-on to A, B or C");
        assert_eq!(said(&[]), "is an add-on to a license that is not sold here");
    }
}
