//! `vendor events`: lets a vendor send its events to this installation, and tries it.
#![expect(clippy::print_stdout, reason = "commands answer on standard output")]

use std::time::Duration;

use anyhow::{Context, Result, bail};
use app::Mode;
use app::registration::{self, Delivery, Registered};

use crate::commands::open;

/// Between two looks at a test event.
const PACE: Duration = Duration::from_secs(3);

/// What was typed.
pub struct Asked {
    pub organization: String,
    pub slug: String,
    pub public_url: Option<String>,
    pub is_dry_run: bool,
    pub replaces: bool,
    pub is_tested: bool,
}

/// Registers, says what was done, and fails where a test event did not arrive.
pub async fn register(url: &str, asked: Asked) -> Result<()> {
    let app = open(url).await?;
    // A copy of the database must not turn the events away from whoever has them.
    app.arrive().await?;
    let mode = match asked.is_dry_run {
        true => Mode::DryRun,
        false => Mode::Commit,
    };
    let at = registration::Asked {
        owner: &asked.organization,
        vendor: &asked.slug,
        public_url: asked.public_url.as_deref().unwrap_or_default(),
        replaces: asked.replaces,
    };
    let registered = app.register_events(at, mode).await;
    let registered = registered.with_context(|| format!("events of {}", asked.slug))?;
    println!("{}", told(&registered, mode));
    if !asked.is_tested {
        return Ok(());
    }
    let tested = app.test_events(at, PACE).await;
    let delivery = tested.with_context(|| format!("a test event for {}", asked.slug))?;
    match delivery.has_arrived() {
        true => println!("{}", answered(&delivery)),
        false => bail!(answered(&delivery)),
    }
    Ok(())
}

/// What was done, or would be.
fn told(registered: &Registered, mode: Mode) -> String {
    match (registered, mode) {
        (Registered::Already(known), _) => format!("{known} is registered; nothing was to be done"),
        (Registered::New(new), Mode::Commit) => format!("registered: {new}"),
        (Registered::New(new), Mode::DryRun) => format!("would register {new}; nothing was sent"),
        (Registered::Changed { from, to }, Mode::Commit) => format!("changed from {from} to {to}"),
        (Registered::Changed { from, to }, Mode::DryRun) => {
            format!("would change from {from} to {to}; nothing was sent")
        }
    }
}

/// What became of a test event, and where to look when it did not arrive.
fn answered(delivery: &Delivery) -> String {
    const WAY: &str = "look at what stands between Microsoft and `seatwright serve`: its name, its certificate, a \
        firewall, a proxy";
    let Some(reply) = &delivery.reply else {
        return match delivery.is_decided {
            true => format!(
                "Microsoft is done with the test event and does not say how it was answered; {WAY}"
            ),
            false => format!(
                "Microsoft does not say yet that the test event arrived; try again in a minute, or {WAY}"
            ),
        };
    };
    let said = match reply.message.is_empty() {
        true => reply.status.clone(),
        false => format!("{} ({})", reply.status, reply.message),
    };
    match (delivery.has_arrived(), reply.is_microsofts_fault) {
        (true, _) => format!("a test event arrived, and our answer was {said}"),
        (false, true) => format!(
            "Microsoft could not send the test event, and says {said}; try again in a minute"
        ),
        (false, false) if matches!(reply.status.as_str(), "Unauthorized" | "401") => format!(
            "a test event was answered with {said}: its signature was not believed. The log of `seatwright serve` \
             says why; `certificates_url` of the connection must be the folder of Microsoft's certificates, and a \
             proxy must leave the header Authorization as it is"
        ),
        (false, false) => {
            format!("a test event was answered with {said}, which is not our door's answer; {WAY}")
        }
    }
}

#[cfg(test)]
mod tests {
    use app::registration::{Registration, Reply};

    use super::*;

    fn at(public_url: &str) -> Registration {
        Registration::wished(public_url, "/webhooks/partner-center/nordic/microsoft")
            .expect("an address")
    }

    #[test]
    fn what_was_done_and_what_would_be_are_told_apart() {
        let events = "subscription-updated, test-created";
        let here =
            format!("https://desk.example/webhooks/partner-center/nordic/microsoft for {events}");
        let there =
            format!("https://old.example/webhooks/partner-center/nordic/microsoft for {events}");
        let changed = || Registered::Changed {
            from: at("https://old.example"),
            to: at("https://desk.example"),
        };
        let new = || Registered::New(at("https://desk.example"));
        let already = || Registered::Already(at("https://desk.example"));
        let was_so = format!("{here} is registered; nothing was to be done");
        for (registered, mode, words) in [
            (already(), Mode::Commit, was_so.clone()),
            (already(), Mode::DryRun, was_so),
            (new(), Mode::Commit, format!("registered: {here}")),
            (
                new(),
                Mode::DryRun,
                format!("would register {here}; nothing was sent"),
            ),
            (
                changed(),
                Mode::Commit,
                format!("changed from {there} to {here}"),
            ),
            (
                changed(),
                Mode::DryRun,
                format!("would change from {there} to {here}; nothing was sent"),
            ),
        ] {
            assert_eq!(told(&registered, mode), words);
        }
    }

    #[test]
    fn what_became_of_a_test_says_where_to_look() {
        let reply = |status: &str, message: &str, is_microsofts_fault| {
            Some(Reply {
                status: status.into(),
                message: message.into(),
                is_microsofts_fault,
            })
        };
        for (reply, is_decided, words) in [
            (
                reply("OK", "", false),
                true,
                "arrived, and our answer was OK",
            ),
            (reply("Unauthorized", "", false), true, "`certificates_url`"),
            (
                reply("NotFound", "no such page", false),
                true,
                "NotFound (no such page), which is not our",
            ),
            (
                reply("OK", "we are down", true),
                true,
                "Microsoft could not send",
            ),
            (None, true, "does not say how it was answered"),
            (None, false, "try again in a minute"),
        ] {
            let answered = answered(&Delivery { is_decided, reply });
            assert!(answered.contains(words), "{answered}");
        }
    }
}
