//! A machine's clock that is set while the worker works: nothing is taken up early.

use std::sync::Mutex;
use std::time::Duration;

use app::clock::Clock;
use store::tasks;
use tokio::sync::Notify;

use super::*;

/// A machine's clock and the one that nobody sets.
struct SetClock {
    told: Mutex<(Timestamp, Duration)>,
    /// Somebody looked whether it can be believed.
    looked: Notify,
}

impl SetClock {
    fn at(now: Timestamp) -> SetClock {
        SetClock {
            told: Mutex::new((now, Duration::ZERO)),
            looked: Notify::new(),
        }
    }

    /// Time goes by.
    fn go(&self, by: Duration) {
        let mut told = self.told.lock().unwrap();
        *told = (told.0 + by, told.1 + by);
    }

    /// Somebody sets it.
    fn set(&self, by: SignedDuration) {
        self.told.lock().unwrap().0 += by;
    }

    /// Waits for a look that begins after this, and for what comes of it. Each look reads twice: there may be
    /// one that is kept from before, and the second of a look that was under way.
    async fn look(&self) {
        for _ in 0..5 {
            self.looked.notified().await;
        }
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        self.told.lock().unwrap().0
    }

    fn steady(&self) -> Option<Duration> {
        self.looked.notify_one();
        Some(self.told.lock().unwrap().1)
    }
}

impl World {
    /// Whether nobody took up what is due since then: an order stands under the same status while its vendor
    /// works.
    async fn is_untouched_since(&self, instant: Timestamp) -> bool {
        let mut tx = self.store.read().await.unwrap();
        tasks::list_due(&mut tx, instant, 2).await.unwrap().len() == 1
    }
}

#[test]
fn a_clock_that_was_set_takes_nothing_up_until_what_was_held_has_ended() {
    on_each_database(async |world| {
        let Some(now) = world.store.clock().await.unwrap().or(Some(world.app.now())) else {
            return;
        };
        let clock = Arc::new(SetClock::at(now));
        let app = App::new(world.store.clone(), clock.clone());
        let world = World {
            app: app.clone(),
            ..world
        };
        let works = app.clone();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let work = tokio::spawn(async move { works.work(async { drop(stopped.await) }).await });
        let access = world.access("admin@amber.example", "amber").await;
        let buy = async || {
            let cart = world
                .fill(&access, "Cirrus Server Backup", 2)
                .await
                .unwrap();
            world.place(&access, &cart).await.unwrap().number
        };
        let status = async |number| world.app.order(&access, number).await.unwrap().0.status;
        let finished = async |number| {
            let mut changes = app.changes();
            while status(number).await != Status::ProvisioningFinished {
                changes.recv().await.ok();
            }
        };
        finished(buy().await).await;

        clock.set(SignedDuration::from_secs(50));
        clock.look().await;
        finished(buy().await).await;

        clock.set(SignedDuration::from_secs(-3_600));
        clock.look().await;
        let (number, since) = (buy().await, clock.now());
        clock.go(Duration::from_secs(59));
        clock.look().await;
        assert!(world.is_untouched_since(since).await, "not taken up");
        clock.set(SignedDuration::from_secs(3_440));
        clock.look().await;
        clock.go(Duration::from_secs(59));
        clock.look().await;
        assert!(world.is_untouched_since(since).await, "it was set again");
        clock.go(Duration::from_secs(1));
        finished(number).await;
        stop.send(()).unwrap();
        work.await.unwrap();
    });
}

#[test]
fn a_clock_that_is_not_the_databases_takes_nothing_up() {
    on_each_database(async |world| {
        let Some(now) = world.store.clock().await.unwrap() else {
            return;
        };
        let apart = SignedDuration::from_hours(2);
        let clock = Arc::new(SetClock::at(now));
        let app = App::new(world.store.clone(), clock.clone());
        let world = World {
            app: app.clone(),
            ..world
        };
        let access = world.access("admin@amber.example", "amber").await;
        let cart = world
            .fill(&access, "Cirrus Server Backup", 2)
            .await
            .unwrap();
        let number = world.place(&access, &cart).await.unwrap().number;
        clock.set(apart);
        let works = app.clone();
        let work = tokio::spawn(async move { works.work(std::future::pending()).await });
        clock.look().await;
        let status = async || world.app.order(&access, number).await.unwrap().0.status;
        assert!(world.is_untouched_since(now).await);
        let mut changes = app.changes();
        clock.set(-apart);
        clock.look().await;
        clock.go(Duration::from_secs(60));
        while status().await != Status::ProvisioningFinished {
            changes.recv().await.ok();
        }
        work.abort();
    });
}
