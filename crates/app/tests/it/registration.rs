//! Where Microsoft sends its events: what the command registers, changes, leaves alone and tries.

use std::time::Duration;

use app::registration::{Asked, Registered};
use connectors::simulator::partner_center::{Action, Front};

use super::installation::moved;
use super::*;

const HERE: &str = "https://desk.example/webhooks/partner-center/nordic/microsoft";

fn asked(vendor: &str) -> Asked<'_> {
    Asked {
        owner: "nordic",
        vendor,
        public_url: "https://desk.example",
        replaces: false,
    }
}

fn registered(front: &Front) -> Value {
    front
        .books(|books| books.registration.clone())
        .unwrap_or_default()
}

fn writes(front: &Front) -> usize {
    front.calls("POST registration").len() + front.calls("PUT registration").len()
}

#[test]
fn an_operator_registers_this_installations_address_once() {
    on_each_database(async |world| {
        let front = world.connect_partner_center().await;
        let app = &world.app;
        let rehearsed = app
            .register_events(asked("microsoft"), Mode::DryRun)
            .await
            .unwrap();
        assert!(matches!(rehearsed, Registered::New(_)), "{rehearsed:?}");
        assert_eq!(registered(&front), Value::Null);
        let done = app
            .register_events(asked("microsoft"), Mode::Commit)
            .await
            .unwrap();
        assert_eq!(done, rehearsed);
        assert_eq!(registered(&front)["WebhookUrl"], HERE);
        for mode in [Mode::DryRun, Mode::Commit] {
            let again = app.register_events(asked("microsoft"), mode).await.unwrap();
            assert!(matches!(again, Registered::Already(_)), "{again:?}");
        }
        assert_eq!(writes(&front), 1);
        // Ours with other events, or at another place of the same host, is ours to change.
        for known in [
            json!({"WebhookUrl": HERE, "WebhookEvents": ["invoice-ready"]}),
            json!({"WebhookUrl": "https://desk.example/other", "WebhookEvents": []}),
        ] {
            front.books(|books| books.registration = Some(known.clone()));
            let changed = app
                .register_events(asked("microsoft"), Mode::Commit)
                .await
                .unwrap();
            assert!(matches!(changed, Registered::Changed { .. }), "{changed:?}");
            let events = json!(["subscription-updated", "test-created"]);
            assert_eq!(
                registered(&front),
                json!({"WebhookUrl": HERE, "WebhookEvents": events})
            );
        }
    });
}

#[test]
fn a_registration_of_another_host_is_taken_over_when_that_is_said_and_not_before() {
    on_each_database(async |world| {
        let front = world.connect_partner_center().await;
        let theirs = json!({"WebhookUrl": "https://flow.example/invoke?sig=secret", "WebhookEvents": ["test-created"]});
        front.books(|books| books.registration = Some(theirs.clone()));
        for mode in [Mode::DryRun, Mode::Commit] {
            let refused = world
                .app
                .register_events(asked("microsoft"), mode)
                .await
                .unwrap_err();
            let words = refused.to_string();
            assert!(matches!(refused, Error::Refused(_)), "{words}");
            for part in ["https://flow.example/invoke?…", HERE, "--replace"] {
                assert!(words.contains(part), "{part}: {words}");
            }
            assert!(!words.contains("secret"), "{words}");
        }
        let tested = world
            .app
            .test_events(asked("microsoft"), Duration::ZERO)
            .await;
        let words = tested.unwrap_err().to_string();
        assert!(words.contains("is not registered"), "{words}");
        assert_eq!(front.calls("POST validationEvents").len(), 0);
        assert_eq!((registered(&front), writes(&front)), (theirs.clone(), 0));
        let taking = Asked {
            replaces: true,
            ..asked("microsoft")
        };
        world
            .app
            .register_events(taking, Mode::DryRun)
            .await
            .unwrap();
        assert_eq!(registered(&front), theirs);
        let taken = world
            .app
            .register_events(taking, Mode::Commit)
            .await
            .unwrap();
        let Registered::Changed { from, to } = taken else {
            panic!("{taken:?}");
        };
        assert_eq!(from.address(), "https://flow.example/invoke?…");
        assert_eq!(
            (to.address(), &registered(&front)["WebhookUrl"]),
            (HERE.to_owned(), &json!(HERE))
        );
    });
}

#[test]
fn what_can_not_hear_events_is_not_registered() {
    on_each_database(async |world| {
        let front = world.connect_partner_center().await;
        let register = async |asked: Asked<'_>| {
            let refused = world.app.register_events(asked, Mode::Commit).await;
            refused.unwrap_err().to_string()
        };
        for (asked, words) in [
            (asked("cirrus"), "no connection to Microsoft Partner Center"),
            (asked("nobody"), "not found"),
            (
                Asked {
                    owner: "fjord",
                    ..asked("microsoft")
                },
                "not found",
            ),
            (
                Asked {
                    owner: "nowhere",
                    ..asked("microsoft")
                },
                "is not known",
            ),
            (
                Asked {
                    public_url: "",
                    ..asked("microsoft")
                },
                "https://desk.example",
            ),
            (
                Asked {
                    public_url: "http://desk.example",
                    ..asked("microsoft")
                },
                "public_url must be",
            ),
            (
                Asked {
                    public_url: "http://127.0.0.1:8080",
                    ..asked("microsoft")
                },
                "begin with https://",
            ),
        ] {
            let said = register(asked).await;
            assert!(said.contains(words), "{asked:?}: {said}");
        }
        front.fault("GET registration", 1, Action::DropBefore);
        let said = register(asked("microsoft")).await;
        assert!(said.contains("nothing was changed at Microsoft"), "{said}");
        front.fault("POST registration", 1, Action::DropBefore);
        let said = register(asked("microsoft")).await;
        assert!(said.contains("The same command again finds out"), "{said}");
        assert_eq!(registered(&front), Value::Null);

        // A copy of this database leaves the events to whoever has them.
        let calls = front.calls("GET registration").len();
        moved(&world).await;
        world.app.arrive().await.unwrap();
        for mode in [Mode::DryRun, Mode::Commit] {
            let refused = world.app.register_events(asked("microsoft"), mode).await;
            let words = refused.unwrap_err().to_string();
            assert!(words.contains("take-over"), "{words}");
        }
        assert_eq!(front.calls("GET registration").len(), calls);
    });
}

#[test]
fn a_test_event_is_asked_about_until_microsoft_has_decided_and_not_for_ever() {
    on_each_database(async |world| {
        let front = world.connect_partner_center().await;
        let register = world.app.register_events(asked("microsoft"), Mode::Commit);
        register.await.unwrap();
        let test = async || {
            world
                .app
                .test_events(asked("microsoft"), Duration::ZERO)
                .await
        };
        let looks = || front.calls("GET validationEvents/one").len();
        let told = |status: &str, code: &str| {
            let reply = json!({"responseCode": code, "responseMessage": "", "systemError": false});
            json!({"status": status, "results": [reply]})
        };
        let under_way = json!({"status": "started", "results": []});
        let tell = |told: &[Value]| front.books(|books| books.deliveries = told.to_vec());
        tell(&[
            under_way.clone(),
            told("started", "Unauthorized"),
            told("completed", "OK"),
        ]);
        front.fault("GET validationEvents/one", 1, Action::DropBefore);
        assert!(test().await.unwrap().has_arrived());
        assert_eq!(looks(), 4);
        tell(&[told("failed", "Unauthorized")]);
        let refused = test().await.unwrap();
        let reply = refused.reply.clone().unwrap();
        assert_eq!(
            (refused.has_arrived(), refused.is_decided, &*reply.status),
            (false, true, "Unauthorized")
        );
        assert_eq!(looks(), 5);
        tell(&[]);
        let silent = test().await.unwrap();
        assert_eq!((silent.is_decided, silent.reply), (false, None));
        assert_eq!(looks(), 15);
        front.fault("POST validationEvents", 1, Action::Throttle(Some(30)));
        let words = test().await.unwrap_err().to_string();
        assert!(words.contains("asks us to wait"), "{words}");
        tell(&vec![told("started", "NotFound"); 20]);
        let tried = test().await.unwrap();
        assert_eq!(
            (tried.is_decided, &*tried.reply.unwrap().status),
            (false, "NotFound")
        );
        assert_eq!(looks(), 25);
        assert_eq!(front.calls("POST validationEvents").len(), 5);
    });
}
