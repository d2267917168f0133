//! Partner Center's JSON: names in any case, states that may be unknown, and whole resources that go
//! back as they came but for what is changed.

use serde_json::{Map, Value};

/// A JSON object whose names are found without regard to case.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Resource(Map<String, Value>);

impl Resource {
    /// `None` for what is no object.
    pub(super) fn read(body: &[u8]) -> Option<Resource> {
        serde_json::from_slice(body).ok().map(Resource)
    }

    fn of(value: &Value) -> Option<Resource> {
        value.as_object().cloned().map(Resource)
    }

    fn key(&self, name: &str) -> Option<&str> {
        let is_it = |key: &&String| key.eq_ignore_ascii_case(name);
        self.0.keys().find(is_it).map(String::as_str)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let key = self.key(name)?;
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// Whether it is named and has no value.
    pub(super) fn is_null(&self, name: &str) -> bool {
        self.key(name).is_some() && self.get(name).is_none()
    }

    /// A text that is not empty; numbers count as their digits.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        match self.get(name)? {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_u64(),
        }
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    pub(super) fn part(&self, name: &str) -> Option<Resource> {
        Resource::of(self.get(name)?)
    }

    /// The objects of a list; what is no object in it is left out.
    pub(super) fn parts(&self, name: &str) -> Vec<Resource> {
        let list = self.get(name).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Resource::of)
            .collect()
    }

    /// Whether a text or state is this one, in any case and with any space around it.
    pub(super) fn is(&self, name: &str, word: &str) -> bool {
        self.text(name)
            .is_some_and(|text| text.trim().eq_ignore_ascii_case(word))
    }

    /// Writes a value under the name that the resource itself uses.
    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) {
        let key = self.key(name).unwrap_or(name).to_owned();
        self.0.insert(key, value.into());
    }

    pub(super) fn value(&self) -> Value {
        Value::Object(self.0.clone())
    }
}

/// A catalog item's product and SKU; its third part, the availability, changes with time.
pub(super) fn is_of(catalog_item: &str, product: &str, plan: &str) -> bool {
    let mut parts = catalog_item.split(':');
    let mut next_is = |wanted: &str| {
        parts
            .next()
            .is_some_and(|part| part.eq_ignore_ascii_case(wanted))
    };
    next_is(product) && next_is(plan)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_and_states_are_found_in_any_case_and_unknown_things_stay_as_they_came() {
        let body =
            br#"{"Id": "a", "AutoRenewEnabled": true, "STATUS": "Disabled ", "quantity": "7",
            "nextTerm": {"odd": [1]}, "partnerId": null, "note": " "}"#;
        let mut found = Resource::read(body).unwrap();
        assert_eq!(found.text("id").as_deref(), Some("a"));
        assert_eq!(found.flag("autoRenewEnabled"), Some(true));
        assert!(found.is("status", "disabled") && !found.is("status", "active"));
        assert_eq!(found.number("Quantity"), Some(7));
        assert_eq!((found.text("note"), found.get("partnerid")), (None, None));
        found.set("autoRenewEnabled", false);
        found.set("friendlyName", "new");
        let expected = json!({"Id": "a", "AutoRenewEnabled": false, "STATUS": "Disabled ", "quantity": "7",
            "nextTerm": {"odd": [1]}, "partnerId": null, "note": " ", "friendlyName": "new"});
        assert_eq!(found.value(), expected);
        assert_eq!(Resource::read(b"[]"), None);
    }

    #[test]
    fn a_catalog_item_is_of_its_product_and_sku_whatever_its_availability() {
        assert!(is_of(
            "CFQ7TTC0LH18:0001:CFQ7TTC0K971",
            "cfq7ttc0lh18",
            "0001"
        ));
        assert!(is_of("CFQ7TTC0LH18:0001", "CFQ7TTC0LH18", "0001"));
        assert!(!is_of(
            "CFQ7TTC0LH18:0002:CFQ7TTC0K971",
            "CFQ7TTC0LH18",
            "0001"
        ));
        assert!(!is_of("CFQ7TTC0LH18", "CFQ7TTC0LH18", "0001"));
    }
}
