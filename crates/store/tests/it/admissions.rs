//! What stands before the orders of a customer, and how the orders of many customers are stopped.

use domain::id::{ApprovalRuleId, OrderId, OrganizationId};
use domain::order::approval::rule::{ApprovalRule, Conditions};
use domain::organization::{ErpNumber, OrganizationStatus, Suspension};
use store::{Store, StoreError, admissions, approval_rules, suspensions};

use crate::world::{actor, amber, birch, id, on_each_database, organizations, second};

fn nordic() -> OrganizationId {
    OrganizationId(id(1))
}

fn baltic() -> OrganizationId {
    OrganizationId(id(2))
}

async fn suspend(store: &Store, organization: OrganizationId, reason: &str) {
    let suspension = Suspension {
        reason: reason.into(),
        by: actor(),
        at: second(0),
    };
    let saved = store.write(
        (organization, suspension),
        |(organization, suspension), tx| {
            Box::pin(async move {
                let status = OrganizationStatus::Suspended;
                store::organizations::set_status(tx, *organization, status).await?;
                suspensions::save(tx, *organization, suspension).await
            })
        },
    );
    saved
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
}

async fn ask_rule(store: &Store, owner: OrganizationId, number: u128, name: &str) {
    let rule = ApprovalRule {
        id: ApprovalRuleId(id(number)),
        organization: owner,
        name: name.into(),
        is_enabled: true,
        conditions: Conditions::default(),
    };
    let saved = store.write(rule, |rule, tx| Box::pin(approval_rules::save(tx, rule)));
    saved.await.unwrap();
}

#[test]
fn the_chain_its_suspensions_and_its_rules_are_found_in_one_statement() {
    on_each_database(async |store| {
        organizations(&store).await;
        ask_rule(&store, baltic(), 1, "Zeal").await;
        ask_rule(&store, baltic(), 2, "Any").await;
        ask_rule(&store, nordic(), 3, "Much").await;
        suspend(&store, baltic(), "no contract").await;
        suspend(&store, birch(), "somebody else's").await;
        let mut tx = store.read().await.unwrap();
        let before = store.statements();
        let found = admissions::find(&mut tx, &[amber(), baltic(), nordic()]).await;
        assert_eq!(store.statements() - before, 1);
        let found = found.unwrap();
        let chain: Vec<OrganizationId> = found.chain.iter().map(|one| one.id).collect();
        assert_eq!(chain, [amber(), baltic(), nordic()]);
        let [(who, suspension)] = found.suspensions.as_slice() else {
            panic!("{:?}", found.suspensions);
        };
        assert_eq!(
            (*who, suspension.reason.as_str()),
            (baltic(), "no contract")
        );
        let rules: Vec<&str> = found.rules.iter().map(|rule| rule.name.as_str()).collect();
        assert_eq!(rules, ["Any", "Much", "Zeal"]);
    });
}

#[test]
fn the_nearest_suspension_above_a_customer_is_told() {
    on_each_database(async |store| {
        organizations(&store).await;
        let chain = [amber(), baltic(), nordic()];
        let told = async || {
            let mut tx = store.read().await.unwrap();
            let found = suspensions::find_above(&mut tx, &chain).await.unwrap();
            found.map(|(name, suspension)| suspension.told(&name))
        };
        assert_eq!(told().await, None);
        suspend(&store, birch(), "somebody else's").await;
        assert_eq!(told().await, None);
        suspend(&store, nordic(), "sanctions").await;
        let words = "nordic was suspended: sanctions";
        assert_eq!(told().await.as_deref(), Some(words));
        suspend(&store, amber(), "unpaid").await;
        let words = "amber was suspended: unpaid";
        assert_eq!(told().await.as_deref(), Some(words));
    });
}

#[test]
fn customers_come_one_after_another_and_work_goes_on_where_it_was_left() {
    on_each_database(async |store| {
        organizations(&store).await;
        for (top, customers) in [
            (nordic(), vec![amber(), birch()]),
            (baltic(), vec![amber(), birch()]),
            (amber(), vec![amber()]),
        ] {
            let mut tx = store.read().await.unwrap();
            let top = store::organizations::find_by_id(&mut tx, top)
                .await
                .unwrap();
            let (top, mut after, mut found) = (top.unwrap(), None, Vec::new());
            while let Some(next) =
                store::organizations::next_customer(&mut tx, &top, after.as_ref())
                    .await
                    .unwrap()
            {
                found.push(next.id);
                after = Some(next);
            }
            assert_eq!(found, customers, "{}", top.name);
        }
        suspend(&store, baltic(), "no contract").await;
        let left = async || {
            let mut tx = store.read().await.unwrap();
            let found = suspensions::list(&mut tx, 8).await.unwrap();
            let left = found.into_iter();
            left.map(|one| (one.organization, one.customer, one.after))
                .collect::<Vec<_>>()
        };
        assert_eq!(left().await, [(baltic(), None, None)]);
        let order = OrderId(id(1_001));
        for to in [(amber(), Some(order)), (birch(), None)] {
            let advanced = store.write(to, |to, tx| {
                Box::pin(suspensions::advance(tx, baltic(), Some(*to)))
            });
            advanced.await.unwrap();
            assert_eq!(left().await, [(baltic(), Some(to.0), to.1)]);
        }
        // Suspended once more, it begins anew.
        suspend(&store, baltic(), "again").await;
        assert_eq!(left().await, [(baltic(), None, None)]);
        let done = store.write((), |(), tx| {
            Box::pin(suspensions::advance(tx, baltic(), None))
        });
        done.await.unwrap();
        assert_eq!(left().await, []);
    });
}

#[test]
fn an_erp_number_and_who_asks_for_it_are_kept() {
    on_each_database(async |store| {
        organizations(&store).await;
        let read = async || {
            let mut tx = store.read().await.unwrap();
            let found = admissions::find(&mut tx, &[amber(), baltic(), nordic()]).await;
            let chain = found.unwrap().chain;
            let number = chain[0].erp_number.clone().map(String::from);
            let asking: Vec<bool> = chain.iter().map(|one| one.needs_erp_number).collect();
            (number, asking)
        };
        assert_eq!(read().await, (None, vec![false, false, false]));
        let number = ErpNumber::parse(" C-1004 ").unwrap();
        for number in [Some(number), None] {
            let set = store.write(number.clone(), |number, tx| {
                Box::pin(async move {
                    store::organizations::set_erp_number(tx, amber(), number.as_ref()).await?;
                    store::organizations::set_needs_erp_number(tx, baltic(), number.is_some()).await
                })
            });
            set.await.unwrap();
            let asks = number.is_some();
            let number = number.map(String::from);
            assert_eq!(read().await, (number, vec![false, asks, false]));
        }
        let nobody = store.write((), |(), tx| {
            let nobody = OrganizationId(id(99));
            Box::pin(store::organizations::set_erp_number(tx, nobody, None))
        });
        assert!(matches!(nobody.await, Err(StoreError::NotFound)));
    });
}
