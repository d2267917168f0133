//! What moto does not do: creations that take time and fail, lost answers, and answers that lie.

use super::double::{Aws, error};
use super::*;

async fn aws() -> (Aws, AwsOrganizations) {
    let aws = Aws::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(aws.clone().serve(listener));
    (aws, connector(&url, None))
}

fn word(answer: &Result<Outcome, NoDecision>) -> &'static str {
    match answer {
        Ok(Outcome::Done { .. }) => "done",
        Ok(Outcome::Accepted { .. }) => "accepted",
        Ok(Outcome::Refused(_)) => "refused",
        Err(NoDecision::NotSent { .. }) => "not sent",
        Err(NoDecision::AnswerLost { .. }) => "doubt",
        Err(NoDecision::Misconfigured { .. }) => "misconfigured",
    }
}

#[tokio::test]
async fn a_creation_is_asked_about_until_it_is_decided_and_a_new_state_is_carried() {
    let (aws, connector) = aws().await;
    aws.books(|books| books.states = vec!["SUCCEEDED", "SOMETHING_NEW", "IN_PROGRESS"]);
    assert_eq!(done(&connector, &purchase(1, EMAIL)).await, "000000000001");
    let asked = (
        aws.asked("CreateAccount"),
        aws.asked("DescribeCreateAccountStatus"),
    );
    assert_eq!(asked, (1, 3));
}

#[tokio::test]
async fn a_creation_that_fails_says_why_and_what_to_correct() {
    for (state, code, field) in [
        (
            "FAILED INVALID_EMAIL",
            "AwsEmailRefused",
            Some("/parameters/email"),
        ),
        ("FAILED ACCOUNT_LIMIT_EXCEEDED", "AwsAccountLimit", None),
        ("FAILED INTERNAL_FAILURE", "AwsBusy", None),
        ("FAILED SOMETHING_NEW", "AwsFailed", None),
    ] {
        let (aws, connector) = aws().await;
        aws.books(|books| books.states = vec![state]);
        let outcome = carry_out(&connector, &purchase(1, EMAIL)).await;
        assert_eq!(refusal(outcome), (code.into(), field.map(str::to_owned)));
    }
    let (_, connector) = aws().await;
    done(&connector, &purchase(1, EMAIL)).await;
    let taken = carry_out(&connector, &purchase(2, EMAIL)).await;
    let blamed = Some("/parameters/email".to_owned());
    assert_eq!(refusal(taken), ("AwsEmailTaken".into(), blamed));
}

#[tokio::test]
async fn a_lost_answer_is_found_on_the_last_page_and_booked_once() {
    let huge = "x".repeat(3 * 1024 * 1024);
    for (status, body) in [
        (200, "{"),
        (200, "{}"),
        (200, "<html>"),
        (200, "{\"CreateAccountStatus\": 5}"),
        (
            200,
            "{\"CreateAccountStatus\": {\"Id\": \"../..\", \"State\": \"FAILED\"}}",
        ),
        (200, huge.as_str()),
        (500, "{\"__type\": \"ServiceException\"}"),
        (503, "<html>"),
        (0, ""),
    ] {
        for is_booked in [true, false] {
            let (aws, connector) = aws().await;
            done(&connector, &purchase(5, "first@amber.example")).await;
            let answer = Some((status, body.to_owned())).filter(|(status, _)| *status > 0);
            aws.fails("CreateAccount", is_booked, answer);
            let request = purchase(1, EMAIL);
            let first = connector.submit(&request).await;
            assert_eq!(word(&first), "doubt", "{status} {body:.60}: {first:?}");
            if is_booked {
                // It is under way, so nobody knows yet whose it is.
                aws.books(|books| books.accounts[1]["Email"] = json!("hidden@amber.example"));
                let early = settle(&connector, &request).await;
                assert_eq!(word(&early), "doubt", "{status} {body:.60}: {early:?}");
                aws.books(|books| books.accounts[1]["Email"] = json!(EMAIL));
            }
            let mut last = settle(&connector, &request).await;
            while let Ok(Outcome::Accepted { operation, .. }) = &last {
                last = connector.poll(&request, operation.as_deref()).await;
            }
            assert_eq!(word(&last), "done", "{status} {body:.60}: {last:?}");
            let made = aws.books(|books| books.accounts.len());
            assert_eq!(made, 2, "{status} {body:.60}");
        }
    }
}

#[tokio::test]
async fn a_list_that_lies_proves_nothing_and_nothing_is_created_for_it() {
    for (call, body) in [
        ("ListCreateAccountStatus", "{}"),
        (
            "ListCreateAccountStatus",
            "{\"CreateAccountStatuses\": \"none\"}",
        ),
        ("ListAccounts", "{}"),
        ("ListAccounts", "{\"Accounts\": [{}]}"),
        ("ListAccounts", "{\"Accounts\": 5}"),
    ] {
        let (aws, connector) = aws().await;
        aws.fails(call, false, Some((200, body.to_owned())));
        let settled = settle(&connector, &purchase(1, EMAIL)).await;
        assert_eq!(word(&settled), "not sent", "{call} {body}: {settled:?}");
        assert_eq!(aws.asked("CreateAccount"), 0, "{call} {body}");
    }
    // The same page for ever.
    let (aws, connector) = aws().await;
    for _ in 0..2 {
        let page = "{\"Accounts\": [], \"NextToken\": \"again\"}";
        aws.fails("ListAccounts", false, Some((200, page.into())));
    }
    let settled = settle(&connector, &purchase(1, EMAIL)).await;
    assert_eq!(
        (word(&settled), aws.asked("CreateAccount")),
        ("not sent", 0)
    );
}

#[tokio::test]
async fn errors_are_told_apart_and_each_is_asked_once() {
    for (status, name, reason, expected) in [
        (400, "TooManyRequestsException", None, "not sent"),
        (400, "ConcurrentModificationException", None, "not sent"),
        (400, "FinalizingOrganizationException", None, "not sent"),
        (400, "AccessDeniedException", None, "misconfigured"),
        (400, "UnrecognizedClientException", None, "misconfigured"),
        (400, "InvalidInputException", None, "refused"),
        (
            400,
            "ConstraintViolationException",
            Some("ACCOUNT_NUMBER_LIMIT_EXCEEDED"),
            "refused",
        ),
        (
            400,
            "ConstraintViolationException",
            Some("SOMETHING_NEW"),
            "refused",
        ),
        (400, "SomethingNewException", None, "doubt"),
        (500, "ServiceException", None, "doubt"),
    ] {
        let (aws, connector) = aws().await;
        aws.fails("CreateAccount", false, Some((status, error(name, reason))));
        let answer = connector.submit(&purchase(1, EMAIL)).await;
        assert_eq!(word(&answer), expected, "{name}: {answer:?}");
        assert_eq!(aws.asked("CreateAccount"), 1, "{name}");
    }
}

#[tokio::test]
async fn the_secret_is_in_nothing_that_is_kept() {
    let (aws, connector) = aws().await;
    for body in [SECRET.to_owned(), error(SECRET, None)] {
        aws.fails("CreateAccount", false, Some((400, body)));
        let answer = connector.submit(&purchase(1, EMAIL)).await;
        assert!(!format!("{answer:?}").contains(SECRET), "{answer:?}");
    }
    let settings = Settings::AwsOrganizations(account("http://127.0.0.1:9", None));
    assert!(!format!("{settings:?}").contains(SECRET));
}

#[tokio::test]
async fn an_account_is_closed_once_and_only_when_aws_says_so() {
    let (aws, connector) = aws().await;
    let id = done(&connector, &purchase(1, EMAIL)).await;
    let cancel = change(&id, Verb::Cancel);
    aws.books(|books| books.accounts[0]["State"] = json!("SOMETHING_NEW"));
    let unknown = connector.submit(&cancel).await;
    assert_eq!((word(&unknown), aws.asked("CloseAccount")), ("not sent", 0));
    aws.books(|books| books.accounts[0]["State"] = json!("ACTIVE"));
    aws.fails("CloseAccount", true, None);
    assert_eq!(word(&connector.submit(&cancel).await), "doubt");
    assert_eq!(word(&settle(&connector, &cancel).await), "done");
    assert_eq!(aws.asked("CloseAccount"), 1);
    aws.books(|books| books.accounts[0]["State"] = json!("PENDING_CLOSURE"));
    let poll = connector.poll(&cancel, Some("closure")).await;
    assert_eq!((word(&poll), aws.asked("CloseAccount")), ("accepted", 1));
}
