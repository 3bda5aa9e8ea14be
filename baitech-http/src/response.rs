//! Writing answers.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use baitech_core::{booking::BookingView, kernel::Page};
use serde::Serialize;

use crate::problem::{Answer, Problem};

/// A list that has all of its items on one page.
#[derive(Debug, Serialize)]
pub(crate) struct Items<T> {
    pub(crate) items: Vec<T>,
}

/// A value, for this client only.
pub(crate) fn json(value: &impl Serialize) -> Answer {
    respond(StatusCode::OK, value, "private, no-store")
}

/// A page of a list, for this client only.
pub(crate) fn page<T: Serialize>(page: &Page<T>) -> Answer {
    json(page)
}

/// A booking under its entity tag. A client may keep it, and asks each time whether it still holds.
pub(crate) fn booking(status: StatusCode, view: &BookingView) -> Answer {
    respond(status, view, "private, no-cache").map(|response| tagged(response, view))
}

/// The client has the booking already as it is shown here.
pub(crate) fn not_modified(view: &BookingView) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    tagged(response, view)
}

/// The response with the place of what was made.
pub(crate) fn located(mut response: Response, at: &str) -> Response {
    if let Ok(at) = HeaderValue::from_str(at) {
        response.headers_mut().insert(header::LOCATION, at);
    }
    response
}

/// The entity tag of a booking: its version, and where the customer's name and phone number are shown, a hash of them. They are
/// kept with the customer, so that they change while the version stays.
///
/// The hash may differ between two builds of the server, which costs one more download.
pub(crate) fn tag(view: &BookingView) -> String {
    let version = view.version;
    let Some(contact) = &view.customer_contact else { return format!("\"{version}\"") };
    let mut hasher = DefaultHasher::new();
    (&contact.name, &contact.phone_number).hash(&mut hasher);
    format!("\"{version}-{:016x}\"", hasher.finish())
}

fn tagged(mut response: Response, view: &BookingView) -> Response {
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag(view)) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::VARY, HeaderValue::from_static("authorization"));
    response
}

fn respond(status: StatusCode, value: &impl Serialize, cache: &'static str) -> Answer {
    let body = serde_json::to_vec(value).map_err(|error| Problem::internal(error.to_string()))?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    Ok(response)
}
