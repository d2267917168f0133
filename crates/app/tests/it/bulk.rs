//! One action on many orders: what is done, refused and not found, once however often it is asked.

use app::orders::{BULK_MAX, Bulk, BulkAction, BulkResult};
use domain::order::command::Command;

use super::*;

const CUSTOMER: &str = "admin@amber.example";

impl World {
    async fn bulk(
        &self,
        access: &Access,
        numbers: &[u64],
        action: BulkAction,
        once: Option<Once>,
        mode: Mode,
    ) -> Result<Vec<BulkResult>, Error> {
        let numbers = numbers.to_vec();
        let bulk = Bulk { numbers, action };
        self.app.bulk(access, bulk, once, mode).await
    }

    /// Orders in Amber that a vendor has refused.
    async fn failed(&self, access: &Access, count: u32) -> Vec<u64> {
        let body = "{\"description\":\"Not sold in this country\"}";
        let action = json!({"do": "answer", "status": 422, "body": body});
        let rule = json!([{"operation": "provision", "times": count, "action": action}]);
        self.faults(rule).await;
        let mut numbers = Vec::new();
        for _ in 0..count {
            let cart = self.fill(access, CIRRUS, 2).await.unwrap();
            numbers.push(self.place(access, &cart).await.unwrap().number);
        }
        self.settle().await;
        numbers
    }
}

fn note(text: &str, is_internal: bool) -> BulkAction {
    BulkAction::AddNote {
        text: text.into(),
        is_internal,
    }
}

fn printed(results: &[BulkResult]) -> Vec<String> {
    let said = |result: &BulkResult| match &result.outcome {
        Ok(order) => order.status.label().to_owned(),
        Err(error) => error.to_string(),
    };
    results.iter().map(said).collect()
}

#[test]
fn each_order_has_its_own_result_and_foreign_and_unknown_ones_the_same() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let failed = world.failed(&access, 2).await;
        let cart = world.fill(&access, CIRRUS, 1).await.unwrap().number;
        let birch = world.access(SELLER, "birch").await;
        let foreign = world.fill(&birch, CIRRUS, 1).await.unwrap().number;
        let asked = [failed[0], cart, foreign, 1, failed[1], failed[0]];
        let archive = async |mode| {
            let results = world
                .bulk(&access, &asked, BulkAction::Archive, None, mode)
                .await
                .unwrap();
            let numbers: Vec<u64> = results.iter().map(|result| result.number).collect();
            assert_eq!(
                numbers,
                asked[..5],
                "in the order asked for, repetitions once"
            );
            printed(&results)
        };
        let expected = [
            "Completed with errors",
            "an order that is Started can't be changed this way",
            "not found",
            "not found",
            "Completed with errors",
        ];
        assert_eq!(archive(Mode::DryRun).await, expected);
        let still = world.order(&access, failed[0]).await;
        assert_eq!(
            still.status,
            Status::ProvisioningFailed,
            "only shown, not done"
        );
        assert_eq!(archive(Mode::Commit).await, expected);
        let filed = world.order(&access, failed[1]).await;
        assert_eq!(filed.status, Status::CompletedWithErrors);
    });
}

#[test]
fn many_failed_orders_are_retried_at_once() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let failed = world.failed(&access, 3).await;
        let results = world
            .bulk(&access, &failed, BulkAction::Retry, None, Mode::Commit)
            .await
            .unwrap();
        assert_eq!(printed(&results), ["Provisioning started"; 3]);
        world.settle().await;
        for number in failed {
            let order = world.order(&access, number).await;
            assert_eq!(order.status, Status::ProvisioningFinished);
        }
        assert_eq!(world.bookings().await.len(), 3);
    });
}

#[test]
fn a_repeated_request_with_its_key_does_nothing_twice_and_another_one_is_refused() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let failed = world.failed(&access, 2).await;
        let key = |content: &str| Once::new("key-7", content.as_bytes()).ok();
        let ask = async |content: &str| {
            let numbers = [failed[0], 1, failed[1]];
            let action = note("looking into it", false);
            world
                .bulk(&access, &numbers, action, key(content), Mode::Commit)
                .await
        };
        let first = printed(&ask("a").await.unwrap());
        // Something moves on in between.
        world
            .app
            .command(
                &access,
                failed[0],
                Command::GiveUp,
                app::orders::Conditions::default(),
                Mode::Commit,
            )
            .await
            .unwrap();
        let again = printed(&ask("a").await.unwrap());
        assert_eq!(
            first,
            ["Provisioning failed", "not found", "Provisioning failed"]
        );
        assert_eq!(
            again,
            ["Completed with errors", "not found", "Provisioning failed"]
        );
        for number in &failed {
            assert_eq!(world.order(&access, *number).await.notes.len(), 1);
        }
        assert!(matches!(ask("b").await, Err(Error::KeyReused)));
    });
}

#[test]
fn what_a_role_may_not_do_is_refused_as_a_whole_and_so_are_none_and_too_many() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let failed = world.failed(&access, 1).await;
        let customer = world.access(CUSTOMER, "amber").await;
        for action in [
            BulkAction::Retry,
            BulkAction::GiveUp,
            note("for staff", true),
        ] {
            let refused = world
                .bulk(&customer, &failed, action.clone(), None, Mode::Commit)
                .await;
            assert!(matches!(refused, Err(Error::Forbidden)), "{action:?}");
        }
        let reader = world.access("read-only@nordic.example", "amber").await;
        let refused = world
            .bulk(&reader, &failed, note("hello", false), None, Mode::Commit)
            .await;
        assert!(matches!(refused, Err(Error::Forbidden)));
        assert!(world.order(&access, failed[0]).await.notes.is_empty());
        let too_many: Vec<u64> = (1..=10_000).collect();
        for (numbers, words) in [(&too_many[..], "500"), (&too_many[..0], "select some")] {
            let refused = world
                .bulk(&access, numbers, BulkAction::Archive, None, Mode::Commit)
                .await;
            let words_found = refused.unwrap_err().to_string();
            assert!(words_found.contains(words), "{words_found}");
        }
        let at_most = world
            .bulk(
                &access,
                &too_many[..BULK_MAX],
                BulkAction::Archive,
                None,
                Mode::DryRun,
            )
            .await;
        assert_eq!(at_most.unwrap().len(), BULK_MAX);
    });
}
