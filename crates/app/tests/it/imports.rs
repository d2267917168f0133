//! Price sheets: what changes, what is wrong, and that a sheet that was cut off can be taken over again.

use app::Error;
use app::catalog::{TypedProduct, TypedSorting};
use app::imports::{AskedImport, NewImport};
use domain::price::import::{Counts, Import, ImportState};
use jiff::SignedDuration;
use store::Mode;

use super::prices::DISTRIBUTOR;
use super::{SELLER, World, on_each_database};

const HEADER: &str = "ProductTitle,ProductId,SkuId,SkuTitle,TermDuration,BillingPlan,Market,\
                      Currency,UnitPrice,EffectiveStartDate,EffectiveEndDate,ERP Price,Segment";

impl World {
    pub(super) async fn import(&self, text: impl Into<Vec<u8>>, mode: Mode) -> Import {
        let new = NewImport {
            owner: "nordic".into(),
            vendor: "microsoft".into(),
            file: "sheet.csv".into(),
            by: "test".into(),
            is_dry_run: mode == Mode::DryRun,
            is_partial: false,
            total: None,
        };
        let file = std::io::Cursor::new(text.into());
        let imported = self.app.import_prices(new, file, |_| ()).await;
        imported.unwrap()
    }
}

pub(super) fn row(sku: &str, price: &str) -> String {
    row_of("LT", sku, price)
}

fn row_of(market: &str, sku: &str, price: &str) -> String {
    format!(
        "Teams,CFQ7,{sku},Teams {sku},P1Y,Monthly,{market},EUR,{price},2/1/2019 12:00:00 AM,\
         11/30/9999 11:59:59 PM,{price},Commercial"
    )
}

pub(super) fn sheet(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

fn counts(import: &Import) -> [u64; 5] {
    let Counts {
        new,
        changed,
        unchanged,
        ended,
        problems,
        ..
    } = import.counts;
    [new, changed, unchanged, ended, problems]
}

#[test]
fn what_a_sheet_adds_to_a_sorted_product_stands_beside_it() {
    on_each_database(async |world| {
        world
            .import(sheet(&[row("0001", "120")]), Mode::Commit)
            .await;
        let typed = TypedSorting {
            products: vec![TypedProduct {
                vendor: "ven_00000000000000000000000000000001".into(),
                product: "CFQ7".into(),
            }],
            categories: vec!["Meetings".into()],
        };
        let nordic = world.prices_of(DISTRIBUTOR, "nordic").await;
        world.app.sort_products(&nordic, typed).await.unwrap();
        let rows = [row("0001", "130"), row("0002", "150")];
        world.import(sheet(&rows), Mode::Commit).await;
        let amber = world.access("admin@amber.example", "amber").await;
        let offers = world.offers(&amber).await;
        let teams = offers.iter().filter(|found| found.offer.product == "CFQ7");
        let sorted: Vec<&str> = teams.map(|found| found.offer.category()).collect();
        assert_eq!(sorted, ["Meetings", "Meetings"]);
    });
}

#[test]
fn a_sheet_is_taken_over_once_and_a_later_one_changes_what_is_to_come() {
    on_each_database(async |world| {
        let amber = world.access("admin@amber.example", "amber").await;
        let price = async |name: &str| {
            let offers = world.offers(&amber).await;
            let found = offers.iter().find(|found| found.offer.name == name);
            let plan = found.and_then(|found| found.plans.first());
            plan.map(|plan| plan.unit.unit.to_string())
        };
        let first = sheet(&[
            row("0001", "120"),
            row("0002", "240"),
            row_of("LV", "0003", "60"),
        ]);
        let shown = world.import(first.clone(), Mode::DryRun).await;
        assert_eq!(counts(&shown), [3, 0, 0, 0, 0]);
        assert_eq!(price("Teams 0001").await, None, "a dry run changes nothing");
        world.clock.advance(SignedDuration::from_secs(1));
        let done = world.import(first.clone(), Mode::Commit).await;
        assert_eq!(counts(&done), [3, 0, 0, 0, 0]);
        // 120 / 12 × 1.05 × 1.15 = 12.075.
        assert_eq!(price("Teams 0001").await.as_deref(), Some("12.08 EUR"));
        assert_eq!(price("Teams 0003").await, None, "sold in Latvia");
        world.clock.advance(SignedDuration::from_hours(1));
        let again = world.import(first, Mode::Commit).await;
        assert_eq!(counts(&again), [0, 0, 3, 0, 0]);
        world.clock.advance(SignedDuration::from_secs(1));
        let later = sheet(&[row("0001", "132"), row("0004", "12")]);
        let later = world.import(later, Mode::Commit).await;
        // What is sold in Latvia is not this sheet's to end.
        assert_eq!(counts(&later), [1, 1, 0, 1, 0]);
        world.clock.advance(SignedDuration::from_secs(1));
        assert_eq!(price("Teams 0001").await.as_deref(), Some("13.28 EUR"));
        assert_eq!(price("Teams 0002").await, None);
        let nordic = world.prices_of(DISTRIBUTOR, "nordic").await;
        let kept = world.app.price_imports(&nordic, None).await.unwrap();
        let kept: Vec<_> = kept
            .imports
            .iter()
            .map(|i| (i.is_dry_run, i.counts.new))
            .collect();
        assert_eq!(kept, [(false, 1), (false, 0), (false, 3), (true, 3)]);
    });
}

#[test]
fn bad_rows_are_named_and_the_others_taken_and_nothing_is_ended() {
    on_each_database(async |world| {
        world
            .import(sheet(&[row("0001", "120")]), Mode::Commit)
            .await;
        let bad = sheet(&[
            row("0002", "-1"),
            row("0003", "24"),
            row("0003", "25"),
            row("0004", "1").replace("EUR", "EUX"),
            "a,b".into(),
        ]);
        let done = world.import(bad, Mode::Commit).await;
        assert_eq!(counts(&done), [1, 0, 0, 0, 5]);
        let told = done.problems.iter().map(|p| (p.line, p.column.as_str()));
        let told: Vec<(u64, &str)> = told.collect();
        assert_eq!(
            told,
            [
                (2, "UnitPrice"),
                (2, "ERP Price"),
                (4, "SkuId"),
                (5, "Currency"),
                (6, "")
            ]
        );
        let wrong = world.import("Name,Price\na,1\n", Mode::Commit).await;
        assert!(wrong.counts.problems > 5, "{wrong:?}");
        assert_eq!(wrong.state(world.app.now()), ImportState::Refused);
    });
}

#[test]
fn every_encoding_is_read_and_a_mixture_named() {
    on_each_database(async |world| {
        let text = sheet(&[row("0001", "120").replace("Teams 0001", "Šiauliai €")]);
        let utf16 = |big: bool| {
            let mark = std::iter::once(0xFEFF).chain(text.encode_utf16());
            mark.flat_map(|unit| {
                if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            })
            .collect::<Vec<u8>>()
        };
        let windows: Vec<u8> = text
            .chars()
            .map(|letter| match letter {
                'Š' => 0x8A,
                '€' => 0x80,
                plain => plain as u8,
            })
            .collect();
        let marked = format!("\u{feff}{text}").into_bytes();
        let first = world.import(text.clone(), Mode::Commit).await;
        assert_eq!(counts(&first), [1, 0, 0, 0, 0]);
        for bytes in [marked, utf16(true), utf16(false), windows.clone()] {
            let again = world.import(bytes, Mode::Commit).await;
            assert_eq!(counts(&again), [0, 0, 1, 0, 0]);
        }
        let mut mixed = text.clone().into_bytes();
        mixed.extend(&windows[HEADER.len() + 1..]);
        let mixed = world.import(mixed, Mode::DryRun).await;
        assert_eq!(mixed.problems[0].line, 3);
        assert!(
            mixed.problems[0]
                .reason
                .contains("mixes UTF-8 with Windows-1252")
        );
    });
}

#[test]
fn people_import_one_sheet_at_a_time_and_see_how_far_it_is() {
    on_each_database(async |world| {
        let nordic = world.prices_of(DISTRIBUTOR, "nordic").await;
        let asked = |is_dry_run| AskedImport {
            vendor: "microsoft".into(),
            file: "november.csv".into(),
            is_dry_run,
            is_partial: true,
            total: 1,
        };
        let first = world.app.begin_import(&nordic, asked(false)).await.unwrap();
        let id = first.import().id;
        let state = async || world.app.price_import(&nordic, id).await.unwrap().1;
        assert_eq!(state().await, ImportState::Running);
        let second = world.app.begin_import(&nordic, asked(false)).await;
        assert!(matches!(second, Err(Error::Refused(_))), "one at a time");
        world.app.begin_import(&nordic, asked(true)).await.unwrap();
        world.clock.advance(SignedDuration::from_hours(1));
        assert_eq!(state().await, ImportState::CutOff);
        world.app.begin_import(&nordic, asked(false)).await.unwrap();
        let text = sheet(&[row("0001", "120"), row("0002", "-1")]);
        let file = std::io::Cursor::new(text);
        world.app.run_import(first, file, |_| ()).await.unwrap();
        assert_eq!(state().await, ImportState::WithProblems);
        let baltic = world.prices_of(SELLER, "baltic").await;
        let refused = world.app.begin_import(&baltic, asked(true)).await;
        let is_named = matches!(
            refused,
            Err(Error::Invalid {
                field: "/vendor",
                ..
            })
        );
        assert!(is_named, "a seller sells what its distributor imports");
        let foreign = world.app.price_import(&baltic, id).await;
        assert!(matches!(foreign, Err(Error::NotFound)));
        let reader = world.prices_of("read-only@nordic.example", "nordic").await;
        let refused = world.app.begin_import(&reader, asked(true)).await;
        assert!(matches!(refused, Err(Error::Forbidden)));
        let looked = world.app.price_import(&reader, id).await;
        assert!(matches!(looked, Err(Error::Forbidden)), "costs are told");
    });
}
