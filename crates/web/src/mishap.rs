//! What goes wrong before a handler is asked, or around it: told in the words of the door that was
//! knocked at, and inside Customer View with its frame.

use askama::Template;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;

use crate::error::{Mishap, render};
use crate::trace;
use crate::ui::filters;
use crate::ui::frame::{Frame, Section};
use crate::ui::preferences::came_from;
use crate::visitor::Visitor;
use crate::{BODY_MAX, EVENT_MAX, PRICE_SHEET_MAX, SHEET_MAX, Web};

/// Of what a reader of addresses and forms says.
const REASON_MAX: usize = 1_000;

/// What is still taken off the line, and thrown away, so that the answer can be read at all.
const DRAINED_MAX: usize = 64 * BODY_MAX;

/// Seconds after which what could not be done for now may be tried again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// Answers with a page or a problem whatever goes wrong.
pub(crate) async fn tell(web: State<Web>, request: Request, next: Next) -> Response {
    let mut response = tell_what(web, request, next).await;
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        let headers = response.headers_mut();
        headers.entry(header::RETRY_AFTER).or_insert(RETRY_AFTER);
    }
    response
}

async fn tell_what(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let asker = parts.clone();
    let most = body_max(parts.uri.path());
    let read = match is_streamed(parts.uri.path()) {
        true => Ok(body),
        false => read(&parts.method, body, most).await,
    };
    let response = match read {
        Ok(body) => next.run(Request::from_parts(parts, body)).await,
        Err(status) => status.into_response(),
    };
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let told = response.extensions().get::<Mishap>().cloned();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_plain = kind.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let (mishap, response) = match told {
        Some(mishap) => (mishap, response),
        None if is_plain => {
            let (head, said) = response.into_parts();
            let said = axum::body::to_bytes(said, REASON_MAX).await;
            let said = String::from_utf8_lossy(&said.unwrap_or_default()).into_owned();
            let mishap = Mishap::of(status, most, &said);
            (mishap, Response::from_parts(head, Body::from(said)))
        }
        None => return response,
    };
    if asker.uri.path().starts_with("/api/") {
        return mishap.problem(status);
    }
    match framed(&web, asker, &mishap).await {
        Some(page) => (status, page).into_response(),
        None if is_plain => mishap.page(status),
        None => response,
    }
}

/// What may be sent to an address: a sheet is longer than what people type.
fn body_max(path: &str) -> usize {
    let is_sheet = path.ends_with("/subscriptions/bulk") || path.ends_with("/jobs");
    match is_sheet {
        _ if is_streamed(path) => PRICE_SHEET_MAX,
        true => SHEET_MAX,
        false if path.starts_with("/webhooks/") => EVENT_MAX,
        false => BODY_MAX,
    }
}

/// A file that its handler takes off the line as it comes ([`crate::spool`]), and never as a whole.
pub(crate) fn is_streamed(path: &str) -> bool {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    path.starts_with("/partners/") && path.ends_with("/price-sheets")
}

/// The whole of what was sent, if it is not too much.
async fn read(method: &Method, body: Body, most: usize) -> Result<Body, StatusCode> {
    if method.is_safe() {
        return Ok(body);
    }
    let (mut read, mut length) = (Vec::new(), 0);
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let chunk: Bytes = chunk.map_err(|_| StatusCode::BAD_REQUEST)?;
        length += chunk.len();
        match length {
            _ if length <= most => read.extend_from_slice(&chunk),
            _ if length <= DRAINED_MAX => read = Vec::new(),
            _ => break,
        }
    }
    match length {
        _ if length <= most => Ok(Body::from(read)),
        _ => Err(StatusCode::PAYLOAD_TOO_LARGE),
    }
}

/// Something that went wrong in a customer's place.
#[derive(Template)]
#[template(path = "mishap.html")]
struct MishapPage {
    frame: Frame,
    title: &'static str,
    words: String,
    back: String,
    trace: String,
}

/// The page for whoever is in the organization of the address; nobody else learns that there is one.
async fn framed(web: &Web, mut asker: Parts, mishap: &Mishap) -> Option<Response> {
    let path = asker.uri.path().to_owned();
    let slug = path.strip_prefix("/o/")?.split('/').next()?;
    let back = came_from(&asker.headers, web);
    // Who they are; what they sent was judged already.
    asker.method = Method::GET;
    let visitor = Visitor::from_request_parts(&mut asker, web).await.ok()?;
    let access = web.app.access(&visitor.caller, slug).await.ok()?;
    let section = Section::of(&path);
    let frame = Frame::new(web, &visitor, &access, section).await.ok()?;
    let is_inside = back.starts_with(&format!("/o/{slug}/")) && back != path;
    Some(render(&MishapPage {
        back: match is_inside {
            true => back,
            false => format!("/o/{slug}/orders"),
        },
        frame,
        title: mishap.title,
        words: mishap.words.clone(),
        trace: trace::id(),
    }))
}
