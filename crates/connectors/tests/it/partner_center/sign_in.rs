//! Both token flows: how often is signed in, what becomes of a renewed refresh token, and that no secret
//! is told.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::*;

/// Keeps in memory what an application keeps in its database.
#[derive(Default)]
struct Kept {
    pairs: Mutex<Vec<(String, String)>>,
    fails: bool,
}

#[async_trait]
impl SecretKeeper for Kept {
    async fn keep_refresh_token(&self, former: &str, renewed: &str) -> Result<(), String> {
        if self.fails {
            return Err("the disk is full".into());
        }
        let pair = (former.to_owned(), renewed.to_owned());
        self.pairs.lock().unwrap().push(pair);
        Ok(())
    }
}

fn for_a_person(url: &str, refresh_token: &str) -> Account {
    Account {
        refresh_token: Some(refresh_token.into()),
        ..account(url)
    }
}

#[tokio::test]
async fn one_token_serves_many_calls_and_connectors_until_it_is_refused() {
    let vendor = vendor().await;
    vendor.buy().await;
    let again = PartnerCenter::new(&account(&vendor.url), None).unwrap();
    again.catalog().await.unwrap();
    let app_only = ("client_credentials".to_owned(), None);
    assert_eq!(vendor.front.grants(), std::slice::from_ref(&app_only));
    vendor.front.revoke_tokens();
    again.catalog().await.unwrap();
    assert_eq!(vendor.front.grants(), [app_only.clone(), app_only]);
}

#[tokio::test]
async fn a_renewed_refresh_token_is_handed_over_and_used_from_then_on() {
    let (front, url) = front().await;
    front.books(|books| books.unprovisioned = 2);
    let kept = Arc::new(Kept::default());
    let connector = PartnerCenter::new(&for_a_person(&url, "consent"), Some(kept.clone())).unwrap();
    let vendor = Vendor {
        front,
        url,
        connector,
    };
    vendor.buy().await;
    let asked = vendor.front.calls("GET provisioningstatus").len();
    assert_eq!(asked, 3, "who acts for a person may ask, and waits for it");
    assert_eq!(
        *kept.pairs.lock().unwrap(),
        [("consent".to_owned(), "refresh-1".to_owned())]
    );

    // The next task reads the settings again.
    vendor.front.revoke_tokens();
    let account = for_a_person(&vendor.url, "refresh-1");
    let next = PartnerCenter::new(&account, Some(kept.clone())).unwrap();
    next.catalog().await.unwrap();
    let used: Vec<_> = vendor
        .front
        .grants()
        .into_iter()
        .map(|(_, token)| token.unwrap())
        .collect();
    assert_eq!(used, ["consent", "refresh-1"]);
    assert_eq!(kept.pairs.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_refresh_token_that_could_not_be_stored_is_used_all_the_same() {
    let (front, url) = front().await;
    let account = for_a_person(&url, "consent");
    let failing = Kept {
        fails: true,
        ..Kept::default()
    };
    let failing = PartnerCenter::new(&account, Some(Arc::new(failing))).unwrap();
    failing.catalog().await.unwrap();
    front.revoke_tokens();
    let kept = Arc::new(Kept::default());
    let mended = PartnerCenter::new(&account, Some(kept.clone())).unwrap();
    mended.catalog().await.unwrap();
    let used: Vec<_> = front
        .grants()
        .into_iter()
        .map(|(_, token)| token.unwrap())
        .collect();
    assert_eq!(used, ["consent", "refresh-1"]);
    assert_eq!(
        *kept.pairs.lock().unwrap(),
        [("consent".to_owned(), "refresh-2".to_owned())]
    );
}

#[tokio::test]
async fn a_refused_sign_in_is_a_matter_of_settings_and_an_unreachable_one_is_not_sent() {
    let (front, url) = front().await;
    let wrong = Account {
        client_secret: "wrong-secret".into(),
        ..account(&url)
    };
    let connector = PartnerCenter::new(&wrong, None).unwrap();
    let Err(refused @ Fault::Misconfigured { .. }) = connector.submit(&purchase()).await else {
        panic!("let in");
    };
    let told = format!("{refused} {refused:?} {wrong:?}");
    assert!(
        told.contains("AADSTS7000215") && !told.contains("wrong-secret"),
        "{told}"
    );
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let away = Account {
        login_url: nobody,
        ..account(&url)
    };
    let connector = PartnerCenter::new(&away, None).unwrap();
    let told = connector.submit(&purchase()).await;
    assert!(matches!(told, Err(Fault::NotSent { .. })), "{told:?}");
    assert!(front.calls("POST carts").is_empty());
}
