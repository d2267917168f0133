//! The address of a list with everything that narrows it, and the addresses one step away.

/// A path and its query, in the order in which people read it.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) path: String,
    query: Vec<(&'static str, String)>,
}

impl Address {
    /// What is empty is left out.
    pub(crate) fn new(path: String, query: &[(&'static str, &str)]) -> Address {
        let said = query.iter().filter(|(_, value)| !value.is_empty());
        Address {
            path,
            query: said
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
        }
    }

    /// The same, with one thing said anew; an empty value drops it.
    pub(crate) fn with(&self, name: &'static str, value: &str) -> Address {
        let mut next = self.clone();
        next.query.retain(|(known, _)| *known != name);
        if !value.is_empty() {
            next.query.push((name, value.to_owned()));
        }
        next
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.path)?;
        if self.query.is_empty() {
            return Ok(());
        }
        let query = serde_urlencoded::to_string(&self.query).map_err(|_| std::fmt::Error)?;
        write!(f, "?{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_says_one_thing_anew_and_keeps_the_rest() {
        let here = Address::new("/o/a/orders".into(), &[("tab", ""), ("q", "by:me é")]);
        assert_eq!(here.to_string(), "/o/a/orders?q=by%3Ame+%C3%A9");
        let panel = here.with("panel", "7");
        assert_eq!(panel.to_string(), "/o/a/orders?q=by%3Ame+%C3%A9&panel=7");
        assert_eq!(panel.with("panel", "").to_string(), here.to_string());
        assert_eq!(here.with("q", "").to_string(), "/o/a/orders");
    }
}
