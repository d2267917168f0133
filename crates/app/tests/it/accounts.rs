//! A vendor that sells one of a thing, which runs until somebody ends it: no quantity, no renewal.

use app::subscriptions::TypedWish;

use super::imports::{row, sheet};
use super::*;

#[test]
fn an_account_at_aws_is_one_and_has_no_renewal_to_switch() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let bought = world.bought(&access, MICROSOFT, 1).await;
        let settings = json!({"connector": "aws_organizations", "access_key_id": "AKIA",
            "secret_access_key": "secret"});
        let settings = settings.to_string();
        let add = world
            .app
            .add_vendor("nordic", "microsoft", "AWS", &settings);
        add.await.unwrap();
        let wishes = [
            TypedWish {
                quantity: Some(2),
                ..TypedWish::default()
            },
            TypedWish {
                auto_renewal: Some(!bought.auto_renews),
                ..TypedWish::default()
            },
        ];
        for (wish, field) in wishes.into_iter().zip(["/quantity", "/auto_renewal"]) {
            let refused = world.wish(&access, bought.id, wish, Mode::Commit).await;
            assert_eq!(fields(&refused), [field]);
        }
        // Whatever a price sheet says of it, one is sold.
        world
            .import(sheet(&[row("0001", "120")]), Mode::Commit)
            .await;
        let offers = world.offers(&access).await;
        let sold = offers.iter().find(|one| one.offer.product == "CFQ7");
        let name = sold.unwrap().offer.name.clone();
        let (many, one) = (
            world.fill(&access, &name, 2).await,
            world.fill(&access, &name, 1).await,
        );
        let form = ["/parameters/email", "/parameters/account_name"];
        assert_eq!(fields(&many), ["/quantity", form[0], form[1]]);
        assert_eq!(fields(&one), form);
    });
}

/// What is wrong with what was asked for.
fn fields<T>(refused: &Result<T, Error>) -> Vec<&str> {
    match refused {
        Err(Error::Problems(problems)) => problems.iter().map(|problem| &*problem.field).collect(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => Vec::new(),
    }
}
