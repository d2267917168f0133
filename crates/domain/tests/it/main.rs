//! What the rules say, against calculations that share no code with them.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod oracle;
mod prices;
