//! The trace id of a request: a caller's own (W3C `traceparent`) or a fresh one. It stands in every
//! line of the log, in the answer's `X-Trace-Id` and in each error, so that one leads to the others.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use crate::Web;

const ANSWERED: HeaderName = HeaderName::from_static("x-trace-id");

tokio::task_local! {
    static TRACE: String;
}

/// Runs a request under its trace id and tells it in the answer.
pub(crate) async fn follow(State(web): State<Web>, request: Request, next: Next) -> Response {
    let id = sent(request.headers()).unwrap_or_else(|| web.app.trace_id());
    let (method, path) = (request.method(), request.uri().path());
    let span = tracing::info_span!("request", trace = %id, %method, path);
    let value = HeaderValue::from_str(&id);
    let mut answer = TRACE.scope(id, next.run(request)).instrument(span).await;
    if let Ok(value) = value {
        answer.headers_mut().insert(ANSWERED, value);
    }
    answer
}

/// The id of the request that is being answered; empty outside of one.
pub(crate) fn id() -> String {
    TRACE.try_with(Clone::clone).unwrap_or_default()
}

/// The trace id that a caller sent: `00-TRACE-PARENT-FLAGS`, of 32, 16 and 2 lower-case hex digits.
fn sent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let parts: Vec<&str> = text.split('-').collect();
    let is_hex = |text: &str, length| {
        let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        text.len() == length && text.bytes().all(is_digit)
    };
    match parts.as_slice() {
        ["00", trace, parent, flags]
            if is_hex(trace, 32)
                && is_hex(parent, 16)
                && is_hex(flags, 2)
                && trace.bytes().any(|byte| byte != b'0') =>
        {
            Some((*trace).to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_trace_is_followed_and_anything_else_is_not_repeated() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let none = "0".repeat(32);
        for (header, expected) in [
            (format!("00-{trace}-00f067aa0ba902b7-01"), Some(trace)),
            (format!("00-{trace}-00f067aa0ba902b7"), None),
            (format!("01-{trace}-00f067aa0ba902b7-01"), None),
            (format!("00-{none}-00f067aa0ba902b7-01"), None),
            (
                format!("00-{}-00f067aa0ba902b7-01", trace.to_uppercase()),
                None,
            ),
            ("00-<script>-1-1".to_owned(), None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("traceparent", HeaderValue::from_str(&header).unwrap());
            assert_eq!(sent(&headers).as_deref(), expected, "{header}");
        }
    }
}
