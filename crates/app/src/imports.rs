//! Vendors' price sheets: read as a stream, taken over in batches of rows, each with its progress in one
//! transaction. Whatever is repeated is known by the vendor's own keys, so a sheet that was cut off is
//! simply taken over again.

mod reader;
mod take;

use std::collections::HashSet;
use std::io::Read;

use domain::id::{ImportId, PlanId};
use domain::offer::Country;
use domain::price::import::Import;
use domain::price::sheet::SheetRow;
use domain::text::Invalid;
use store::catalog::Vendor;
use store::{Mode, catalog, price_imports};

use self::reader::{Read as Found, Sheet};
use self::take::{Batch, Ending};
use crate::{App, Error, worker};

/// Rows of one transaction.
const BATCH: usize = 400;
/// Imports in one list at the most.
const IMPORTS_MAX: u32 = 100;

/// A sheet to take over.
#[derive(Debug, Clone)]
pub struct NewImport {
    /// Whose catalog: the distributor or seller that owns the connection.
    pub owner: String,
    /// The vendor's name in commands.
    pub vendor: String,
    /// The file's name.
    pub file: String,
    /// Who takes it over.
    pub by: String,
    /// The sheet is a part of the vendor's: what it does not list goes on.
    pub is_partial: bool,
}

impl App {
    /// Takes over a price sheet, or shows what would come of it. `progress` is told after each batch.
    /// Rows that can't be read are left out and named; where there are any, nothing is ended.
    pub async fn import_prices(
        &self,
        new: NewImport,
        file: impl Read + Send + 'static,
        mode: Mode,
        progress: impl Fn(&Import) + Send,
    ) -> Result<Import, Error> {
        let (vendor, mut import) = self.begin_import(&new).await?;
        let mut sheet = match Sheet::open(file) {
            Ok(sheet) => sheet,
            Err(problems) => {
                import.note(problems);
                return Ok(import);
            }
        };
        let has_tenant = connectors::abilities(&worker::settings(&vendor)?).has_tenants;
        let (mut keys, mut listed) = (HashSet::new(), HashSet::new());
        let mut markets: HashSet<Country> = HashSet::new();
        loop {
            let (rows, is_last) = next_rows(&mut sheet, &mut import, &mut keys);
            markets.extend(rows.iter().filter_map(|row| row.market));
            let batch = Batch {
                import: import.clone(),
                vendor: vendor.clone(),
                has_tenant,
                rows,
            };
            let taken = self
                .store
                .write_or_show(batch, mode, |batch, tx| Box::pin(batch.run(tx)));
            let plans: Vec<PlanId>;
            (import, plans) = taken.await?;
            listed.extend(plans);
            progress(&import);
            if is_last {
                break;
            }
        }
        let may_end = !new.is_partial && import.counts.problems == 0;
        let ending = Ending { listed, markets };
        if may_end {
            self.end_unlisted(&mut import, ending, mode).await?;
        }
        import.finished_at = Some(self.clock.now());
        let save = self
            .store
            .write_or_show(import.clone(), mode, |import, tx| {
                Box::pin(price_imports::save(tx, import))
            });
        save.await?;
        Ok(import)
    }

    /// The price sheets that a partner took over, the latest first.
    pub async fn price_imports(&self, owner: &str) -> Result<Vec<Import>, Error> {
        let owner = self.organization(owner).await?;
        let mut tx = self.store.read().await?;
        Ok(price_imports::list(&mut tx, owner.id, IMPORTS_MAX).await?)
    }

    async fn begin_import(&self, new: &NewImport) -> Result<(Vendor, Import), Error> {
        let owner = self.organization(&new.owner).await?;
        let vendors = self.vendors(&new.owner).await?;
        let is_it = |known: &Vendor| known.owner == owner.id && known.slug == new.vendor;
        let vendor = vendors.into_iter().find(is_it);
        let vendor = vendor.ok_or_else(|| Error::Invalid {
            field: "/vendor",
            reason: Invalid(format!("is not a vendor of {}", owner.name)),
        })?;
        let import = Import {
            id: ImportId(self.id()),
            owner: owner.id,
            vendor: vendor.id,
            file: new.file.clone(),
            by: new.by.clone(),
            started_at: self.clock.now(),
            finished_at: None,
            counts: Default::default(),
            problems: Vec::new(),
        };
        Ok((vendor, import))
    }

    /// Ends the prices of the sheet's markets that it does not list any more, offer by offer.
    async fn end_unlisted(
        &self,
        import: &mut Import,
        ending: Ending,
        mode: Mode,
    ) -> Result<(), Error> {
        let ending = std::sync::Arc::new(ending);
        let mut after = None;
        loop {
            let state = (import.clone(), ending.clone(), after);
            let ended = self
                .store
                .write_or_show(state, mode, |(import, ending, after), tx| {
                    Box::pin(async move {
                        let found = catalog::list_by_id(
                            tx,
                            import.owner,
                            import.vendor,
                            *after,
                            BATCH as u32,
                            import.started_at,
                        );
                        let found = found.await?;
                        ending.end(tx, import, found).await
                    })
                });
            let last;
            (*import, last) = ended.await?;
            match last {
                Some(last) => after = Some(last),
                None => return Ok(()),
            }
        }
    }
}

/// The next rows that can be taken over; whether there are no more. What is wrong is noted.
fn next_rows(
    sheet: &mut Sheet,
    import: &mut Import,
    keys: &mut HashSet<[u8; 16]>,
) -> (Vec<SheetRow>, bool) {
    let mut rows = Vec::with_capacity(BATCH);
    while rows.len() < BATCH {
        match sheet.next() {
            Found::End => return (rows, true),
            Found::Wrong(problems) => {
                import.counts.rows += 1;
                import.note(problems);
            }
            Found::Row(row) => {
                import.counts.rows += 1;
                match keys.insert(take::key(&row)) {
                    true => rows.push(*row),
                    false => import.note(vec![take::twice(&row)]),
                }
            }
        }
    }
    (rows, false)
}
