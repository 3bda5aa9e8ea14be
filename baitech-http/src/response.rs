//! Writing answers.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use baitech_core::{
    booking::BookingView,
    kernel::Page,
    transaction::{ClientSecret, TransactionView},
};
use serde::Serialize;

use crate::{
    problem::{Answer, Problem},
    request::none_match,
};

/// A list that has all of its items on one page.
#[derive(Debug, Serialize)]
pub(crate) struct Items<T> {
    pub(crate) items: Vec<T>,
}

/// A view with an entity tag.
pub(crate) trait Tagged: Serialize {
    /// The tag in quotation marks: the version, and after a dash a hash of other data that the view depends
    /// on.
    fn tag(&self) -> String;
}

impl Tagged for BookingView {
    /// Contains a hash of the customer's name and phone number, if they are shown: they belong to the
    /// customer and can change without a new version of the booking.
    ///
    /// The hash may differ between two builds of the server, which costs one more download.
    fn tag(&self) -> String {
        let version = self.version;
        let Some(contact) = &self.customer_contact else { return format!("\"{version}\"") };
        let mut hasher = DefaultHasher::new();
        (&contact.name, &contact.phone_number).hash(&mut hasher);
        format!("\"{version}-{:016x}\"", hasher.finish())
    }
}

impl Tagged for TransactionView {
    fn tag(&self) -> String {
        format!("\"{}\"", self.version)
    }
}

/// A value, for this client only.
pub(crate) fn json(value: &impl Serialize) -> Answer {
    respond(StatusCode::OK, value, "private, no-store")
}

/// Accepted work that is not finished, with its location.
pub(crate) fn accepted(value: &impl Serialize, at: &str) -> Answer {
    respond(StatusCode::ACCEPTED, value, "private, no-store").map(|response| located(response, at))
}

/// A page of a list, for this client only.
pub(crate) fn page<T: Serialize>(page: &Page<T>) -> Answer {
    json(page)
}

/// A document with its entity tag. A client may cache it, but has to revalidate it each time.
pub(crate) fn tagged<V: Tagged>(status: StatusCode, view: &V) -> Answer {
    respond(status, view, "private, no-cache").map(|response| with_tag(response, view))
}

/// A document, or 304 if the client already has this representation.
pub(crate) fn unless_seen<V: Tagged>(headers: &HeaderMap, view: &V) -> Answer {
    if !none_match(headers, &view.tag()) {
        return tagged(StatusCode::OK, view);
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    Ok(with_tag(response, view))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Started<'a> {
    #[serde(flatten)]
    transaction: &'a TransactionView,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
}

/// A started payment. The answer must not be cached, since it may contain a secret.
pub(crate) fn started(transaction: &TransactionView, secret: Option<&ClientSecret>) -> Answer {
    let started = Started { transaction, client_secret: secret.map(ClientSecret::expose) };
    respond(StatusCode::CREATED, &started, "no-store").map(|response| with_tag(response, transaction))
}

/// A file to be shown in place. It depends on the request's `Accept`.
pub(crate) fn file(bytes: Vec<u8>, media_type: &'static str, name: &str) -> Answer {
    let mut response = Response::new(Body::from(bytes));
    let disposition = HeaderValue::from_str(&format!("inline; filename=\"{name}\""));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(
        header::CONTENT_DISPOSITION,
        disposition.map_err(|error| Problem::internal(error.to_string()))?,
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(negotiated(response))
}

/// The response, marked as dependent on `Accept` (`Vary`).
pub(crate) fn negotiated(mut response: Response) -> Response {
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept, authorization"));
    response
}

/// The response with the location of the created resource.
pub(crate) fn located(mut response: Response, at: &str) -> Response {
    if let Ok(at) = HeaderValue::from_str(at) {
        response.headers_mut().insert(header::LOCATION, at);
    }
    response
}

fn with_tag<V: Tagged>(mut response: Response, view: &V) -> Response {
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&view.tag()) {
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
