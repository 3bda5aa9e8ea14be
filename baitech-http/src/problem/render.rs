use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tower_http::request_id::RequestId;

use super::{Details, Kind, Problem};

/// The document that explains every kind of problem.
const TYPES: &str = "https://github.com/baitech/baitech/blob/main/docs/api/problems.md";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    #[serde(flatten)]
    details: &'a Details,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

/// Writes the bodies of all errors: those of the handlers, and those that the router and its layers answer as
/// plain text.
pub(crate) async fn render(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned();
    let id = id.as_ref().and_then(|id| id.header_value().to_str().ok());
    let mut response = next.run(request).await;
    let status = response.status();
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if status.is_client_error() || status.is_server_error() => {
            let problem = Problem::with(Kind::of_status(status), Details::default());
            let mut converted = problem.clone().into_response();
            // Keeps the router's headers, such as `Allow`.
            converted.headers_mut().extend(std::mem::take(response.headers_mut()));
            response = converted;
            problem
        }
        None => return response,
    };
    problem.log(id);
    *response.body_mut() = problem.body(id);
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl Problem {
    fn log(&self, request_id: Option<&str>) {
        let status = self.0.kind.status();
        if status.is_server_error() {
            let reason = self.0.internal.as_deref().unwrap_or("the request timed out");
            tracing::error!(request_id, status = status.as_u16(), reason, "a request failed");
        }
    }

    fn body(&self, request_id: Option<&str>) -> Body {
        let kind = self.0.kind;
        let document = Document {
            kind: format!("{TYPES}#{}", kind.slug()),
            title: kind.title(),
            status: kind.status().as_u16(),
            details: &self.0.details,
            request_id,
        };
        serde_json::to_vec(&document).map_or_else(|_| Body::empty(), Body::from)
    }
}
