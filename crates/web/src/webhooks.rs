//! The door for what vendors tell by themselves. A signature is all that proves who knocks, and all that is done
//! is asking the vendor sooner.

use app::Signed;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};

use crate::Web;
use crate::error::Problem;

/// An event of Partner Center. What is not known is taken and left alone.
pub(crate) async fn partner_center(
    State(web): State<Web>,
    Path((partner, vendor)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let signed = Signed {
        certificate_url: header("x-ms-certificate-url").unwrap_or_default(),
        algorithm: header("x-ms-signature-algorithm").unwrap_or_default(),
        signature: header("x-ms-signature")
            .or_else(|| header("authorization"))
            .unwrap_or_default(),
    };
    web.app
        .hear_partner_center(&partner, &vendor, signed, &body)
        .await?;
    Ok(StatusCode::OK)
}
