//! Vendors' price sheets: read as a stream, taken over in batches of rows, each with its progress in one
//! transaction. Whatever is repeated is known by the vendor's own keys, so a sheet that was cut off is
//! simply taken over again.

mod asked;
mod reader;
mod take;

use std::collections::HashSet;
use std::io::Read;

use domain::id::{ImportId, PlanId};
use domain::offer::Country;
use domain::organization::Organization;
use domain::price::import::Import;
use domain::price::sheet::SheetRow;
use store::catalog::Vendor;
use store::{Mode, StoreError, catalog, price_imports};

pub use self::asked::{AskedImport, Imports};
use self::reader::{Read as Found, Sheet};
use self::take::{Batch, Ending};
use crate::{App, Error, worker};

/// Rows of one transaction.
const BATCH: usize = 400;

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
    /// Nothing is taken over: it shows what would come of the sheet.
    pub is_dry_run: bool,
    /// The sheet is a part of the vendor's: what it does not list goes on.
    pub is_partial: bool,
    /// Rows of the file, about, where somebody counted them.
    pub total: Option<u64>,
}

/// An import that is about to run.
pub struct Begun {
    vendor: Vendor,
    import: Import,
}

impl Begun {
    /// What is known of it so far.
    pub fn import(&self) -> &Import {
        &self.import
    }
}

impl App {
    /// Takes over a price sheet, or shows what would come of it, for whoever sits at the machine.
    /// `progress` is told after each batch.
    pub async fn import_prices(
        &self,
        new: NewImport,
        file: impl Read + Send + 'static,
        progress: impl Fn(&Import) + Send,
    ) -> Result<Import, Error> {
        let owner = self.organization(&new.owner).await?;
        let begun = self.note_begun(&owner, new).await?;
        self.run_import(begun, file, progress).await
    }

    /// Runs what was begun, to its end. Rows that can't be read are left out and named; where there are
    /// any, nothing is ended. Its record says after each batch how far it is.
    pub async fn run_import(
        &self,
        begun: Begun,
        file: impl Read + Send + 'static,
        progress: impl Fn(&Import) + Send,
    ) -> Result<Import, Error> {
        let Begun { vendor, mut import } = begun;
        let mode = mode(&import);
        let mut sheet = match Sheet::open(file) {
            Ok(sheet) => sheet,
            Err(problems) => {
                import.note(problems);
                return self.finish_import(import).await;
            }
        };
        let settings = worker::settings(&vendor)?;
        let abilities = connectors::abilities(&settings);
        let form = connectors::form(&settings);
        let (mut keys, mut listed) = (HashSet::new(), HashSet::new());
        let mut markets: HashSet<Country> = HashSet::new();
        loop {
            let (rows, is_last) = next_rows(&mut sheet, &mut import, &mut keys);
            markets.extend(rows.iter().filter_map(|row| row.market));
            import.seen_at = Some(self.clock.now());
            let batch = Batch {
                import: import.clone(),
                vendor: vendor.clone(),
                abilities: abilities.clone(),
                form: form.clone(),
                rows,
            };
            let taken = self
                .store
                .write_or_show(batch, mode, |batch, tx| Box::pin(batch.run(tx)));
            let plans: Vec<PlanId>;
            (import, plans) = taken.await?;
            if import.is_dry_run {
                self.keep_import(&import).await?;
            }
            listed.extend(plans);
            progress(&import);
            if is_last {
                break;
            }
        }
        if !import.is_partial && import.counts.problems == 0 {
            let ending = Ending { listed, markets };
            self.end_unlisted(&mut import, ending, mode).await?;
        }
        self.finish_import(import).await
    }

    async fn note_begun(&self, owner: &Organization, new: NewImport) -> Result<Begun, Error> {
        let vendor = self.own_vendor(owner, &new.vendor).await?;
        let now = self.clock.now();
        let import = Import {
            id: ImportId(self.id()),
            owner: owner.id,
            vendor: vendor.id,
            vendor_name: vendor.name.clone(),
            file: new.file,
            by: new.by,
            is_dry_run: new.is_dry_run,
            is_partial: new.is_partial,
            total: new.total,
            started_at: now,
            seen_at: Some(now),
            finished_at: None,
            counts: Default::default(),
            problems: Vec::new(),
            moves: Vec::new(),
        };
        self.keep_import(&import).await?;
        Ok(Begun { vendor, import })
    }

    async fn finish_import(&self, mut import: Import) -> Result<Import, Error> {
        import.finished_at = Some(self.clock.now());
        self.keep_import(&import).await?;
        Ok(import)
    }

    /// The record of an import is kept also where nothing of its sheet is.
    async fn keep_import(&self, import: &Import) -> Result<(), Error> {
        let save = self.store.write(import.clone(), |import, tx| {
            Box::pin(price_imports::save(tx, import))
        });
        save.await.map_err(|error: StoreError| error.into())
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

/// Whether the sheet's rows are kept.
fn mode(import: &Import) -> Mode {
    match import.is_dry_run {
        true => Mode::DryRun,
        false => Mode::Commit,
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
