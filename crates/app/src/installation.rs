//! Whether this database may call vendors: a restored or copied one waits for a person, because another
//! copy may have bought meanwhile what this one still has to buy (`reliability.md` 2.G, P11).

use store::StoreError;
use store::installation::{self, Installation, Pause};

use crate::{App, Error};

impl App {
    /// Notes where the database is taken into use. One that was somewhere else before is paused. The pause
    /// that holds, whyever.
    pub async fn arrive(&self) -> Result<Option<Pause>, Error> {
        let place = self.store.place().await?;
        let state = (place, self.clock.now());
        let arrived = self.store.write(state, |(place, now), tx| {
            Box::pin(async move {
                let known = installation::find(tx).await?;
                let was_elsewhere = known.as_ref().is_some_and(|known| known.place != *place);
                let mut pause = known.and_then(|known| known.pause);
                if was_elsewhere && pause.is_none() {
                    let reason = "copied or moved from another place".to_owned();
                    pause = Some(Pause {
                        reason,
                        since: *now,
                    });
                }
                let known = Installation {
                    place: place.clone(),
                    pause,
                };
                installation::save(tx, &known).await?;
                Ok::<_, StoreError>(known.pause)
            })
        });
        let pause = arrived.await?;
        if let Some(Pause { reason, since }) = &pause {
            tracing::warn!(%reason, %since, "no vendor is called until `seatwright take-over`");
        }
        Ok(pause)
    }

    /// Why no vendor is called, where none is.
    pub async fn pause(&self) -> Result<Option<Pause>, Error> {
        let mut tx = self.store.read().await?;
        Ok(installation::find(&mut tx)
            .await?
            .and_then(|known| known.pause))
    }

    /// Lets this database call vendors again; whoever says so vouches that no other copy does. The pause
    /// that ended.
    pub async fn take_over(&self) -> Result<Option<Pause>, Error> {
        let ended = self.store.write((), |(), tx| {
            Box::pin(async move {
                let Some(mut known) = installation::find(tx).await? else {
                    return Ok(None);
                };
                let ended = known.pause.take();
                installation::save(tx, &known).await?;
                Ok::<_, StoreError>(ended)
            })
        });
        let ended = ended.await?;
        self.wake.notify_one();
        Ok(ended)
    }
}
