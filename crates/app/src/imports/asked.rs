//! Price sheets that a partner's people upload: who may, which there were, and how far one is.

use std::io::Read;

use domain::access::Permission;
use domain::id::{ImportId, VendorId};
use domain::order::Refusal;
use domain::organization::Organization;
use domain::price::import::{Import, ImportState};
use domain::text::line;
use jiff::Timestamp;
use store::catalog::{self, Vendor};
use store::price_imports::{self, Place};

use super::{Begun, NewImport};
use crate::access::Access;
use crate::{App, Error};

/// Imports of a page.
const PAGE: u32 = 50;
/// The latest imports, among which one may still run.
const LATEST: u32 = 20;

/// A sheet that somebody uploads.
#[derive(Debug, Clone, Default)]
pub struct AskedImport {
    /// The vendor's name in commands.
    pub vendor: String,
    /// The file's name.
    pub file: String,
    /// Nothing is taken over: it shows what would come of the sheet.
    pub is_dry_run: bool,
    /// The sheet is a part of the vendor's: what it does not list goes on.
    pub is_partial: bool,
    /// Rows of the file, about.
    pub total: u64,
}

/// A page of a partner's imports.
#[derive(Debug, Clone)]
pub struct Imports {
    /// Whose they are.
    pub partner: Organization,
    /// The latest first.
    pub imports: Vec<Import>,
    /// Where the next page begins.
    pub next: Option<Place>,
    /// The vendors whose prices the partner keeps itself: name in commands and name.
    pub vendors: Vec<(String, String)>,
    /// When this was read.
    pub now: Timestamp,
}

impl App {
    /// Begins an import for somebody who may set prices. Two at once would argue about one catalog, so the
    /// second waits for the first; what only shows what would come is in nobody's way.
    pub async fn begin_import(&self, access: &Access, asked: AskedImport) -> Result<Begun, Error> {
        self.may_import(access, &asked.vendor).await?;
        let owner = access.organization();
        let file = line(&asked.file, 200).map_err(|reason| Error::Invalid {
            field: "/file",
            reason,
        })?;
        let new = NewImport {
            owner: owner.slug.as_str().to_owned(),
            vendor: asked.vendor,
            file,
            by: access.actor().person.clone(),
            is_dry_run: asked.is_dry_run,
            is_partial: asked.is_partial,
            total: Some(asked.total),
        };
        if !new.is_dry_run {
            self.refuse_second(owner, &new.vendor).await?;
        }
        self.note_begun(owner, new).await
    }

    /// Runs what was begun while whoever asked looks on. Where this program ends meanwhile, the record
    /// says that it was cut off; the same sheet, imported again, finds what was taken over as it is.
    pub fn start_import(&self, begun: Begun, file: impl Read + Send + 'static) -> Import {
        let (app, import) = (self.clone(), begun.import().clone());
        let id = import.id;
        tokio::spawn(async move {
            if let Err(error) = app.run_import(begun, file, |_| ()).await {
                tracing::error!(%id, %error, "an import of prices was cut off");
            }
        });
        import
    }

    /// Refuses whoever may not import, and a vendor whose prices are not the partner's, before a whole file
    /// was sent for nothing.
    pub async fn may_import(&self, access: &Access, vendor: &str) -> Result<(), Error> {
        access.require(Permission::ConfigurePrices)?;
        let owner = access.organization();
        self.own_vendor(owner, vendor).await.map(drop)
    }

    /// The price sheets that a partner took over, or looked at, the latest first.
    pub async fn price_imports(
        &self,
        access: &Access,
        after: Option<Place>,
    ) -> Result<Imports, Error> {
        access.require_view(Permission::ConfigurePrices)?;
        let partner = access.organization().clone();
        let mut tx = self.store.read().await?;
        let mut imports = price_imports::list(&mut tx, partner.id, after, PAGE + 1).await?;
        let has_more = imports.len() > PAGE as usize;
        imports.truncate(PAGE as usize);
        let last = imports.last().filter(|_| has_more);
        let next = last.map(|import| (import.started_at, import.id));
        let vendors = catalog::list_vendors(&mut tx, &partner.chain).await?;
        let own = vendors
            .into_iter()
            .filter(|vendor| vendor.owner == partner.id);
        let vendors = own.map(|vendor| (vendor.slug, vendor.name)).collect();
        Ok(Imports {
            partner,
            imports,
            next,
            vendors,
            now: self.clock.now(),
        })
    }

    /// One of them, and where it stands.
    pub async fn price_import(
        &self,
        access: &Access,
        id: ImportId,
    ) -> Result<(Import, ImportState), Error> {
        access.require_view(Permission::ConfigurePrices)?;
        let mut tx = self.store.read().await?;
        let found = price_imports::find(&mut tx, access.organization().id, id).await?;
        let import = found.ok_or(Error::NotFound)?;
        let state = import.state(self.clock.now());
        Ok((import, state))
    }

    async fn refuse_second(&self, owner: &Organization, vendor: &str) -> Result<(), Error> {
        let id: VendorId = self.own_vendor(owner, vendor).await?.id;
        let now = self.clock.now();
        let mut tx = self.store.read().await?;
        let latest = price_imports::list(&mut tx, owner.id, None, LATEST).await?;
        let is_running = |import: &&Import| {
            let runs = import.state(now) == ImportState::Running;
            import.vendor == id && !import.is_dry_run && runs
        };
        match latest.iter().find(is_running) {
            None => Ok(()),
            Some(running) => Err(Error::Refused(Refusal::Because(format!(
                "{} is being imported by {}; wait until it is finished",
                running.file, running.by
            )))),
        }
    }

    /// A vendor whose prices a partner keeps itself.
    pub(super) async fn own_vendor(
        &self,
        owner: &Organization,
        slug: &str,
    ) -> Result<Vendor, Error> {
        let vendors = self.vendors(owner.slug.as_str()).await?;
        let is_it = |known: &Vendor| known.owner == owner.id && known.slug == slug;
        let vendor = vendors.into_iter().find(is_it);
        vendor.ok_or_else(|| Error::Invalid {
            field: "/vendor",
            reason: domain::text::Invalid(format!("is not a vendor of {}", owner.name)),
        })
    }
}
