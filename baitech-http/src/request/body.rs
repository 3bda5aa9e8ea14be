use axum::{
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
};
use baitech_core::kernel::{Code, Violation};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use super::strict::Strict;

use crate::{
    app::App,
    problem::{Answer, Kind, Problem},
};

/// A JSON body.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

/// A JSON body in which every field is optional; the body itself may be missing too.
#[derive(Debug)]
pub(crate) struct OptionalBody<T>(pub(crate) T);

/// A provider's statement: a file of CSV.
#[derive(Debug)]
pub(crate) struct Statement(pub(crate) Bytes);

impl FromRequest<App> for Statement {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Answer<Self> {
        if essence(request.headers()) != "text/csv" {
            return Err(Problem::new(Kind::UnsupportedMediaType, "send the statement as text/csv"));
        }
        read(request, app, crate::STATEMENT_LIMIT).await.map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Answer<Self> {
        let (is_json, bytes) = bytes(request, app).await?;
        if is_json { parse(&bytes).map(Self) } else { Err(not_json()) }
    }
}

impl<T: DeserializeOwned + Default> FromRequest<App> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Answer<Self> {
        match bytes(request, app).await? {
            (_, bytes) if bytes.is_empty() => Ok(Self(T::default())),
            (true, bytes) => parse(&bytes).map(Self),
            (false, _) => Err(not_json()),
        }
    }
}

async fn bytes(request: Request, app: &App) -> Answer<(bool, Bytes)> {
    let essence = essence(request.headers());
    let is_json =
        essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    Ok((is_json, read(request, app, crate::BODY_LIMIT).await?))
}

/// The whole body, of any type, up to a maximum length.
pub(crate) async fn read(mut request: Request, app: &App, most_bytes: usize) -> Answer<Bytes> {
    DefaultBodyLimit::max(most_bytes).apply(&mut request);
    let arrived = tokio::time::timeout(app.body_timeout, Bytes::from_request(request, app)).await;
    let Ok(read) = arrived else {
        return Err(Problem::new(
            Kind::RequestTimeout,
            "the body did not arrive in time; send the request again",
        ));
    };
    read.map_err(|rejection| {
        let kind = match rejection.into_response().status() {
            StatusCode::PAYLOAD_TOO_LARGE => Kind::TooLarge,
            _ => Kind::Malformed,
        };
        Problem::new(kind, format!("the body must arrive completely and have at most {most_bytes} bytes"))
    })
}

/// The media type of the body without its parameters, in lower case; blank if the header is missing.
fn essence(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn not_json() -> Problem {
    Problem::new(Kind::UnsupportedMediaType, "send the body as application/json")
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Answer<T> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(Strict(&mut json)).map_err(|error| {
        let path = field(error.path());
        problem(path, error.inner(), bytes)
    })?;
    json.end().map_err(|error| problem(String::new(), &error, bytes))?;
    Ok(value)
}

/// Malformed JSON is a 400; JSON of another shape has an invalid field (422).
fn problem(path: String, error: &serde_json::Error, bytes: &[u8]) -> Problem {
    let text = error.to_string();
    match error.classify() {
        Category::Data => Problem::from_violation(violation(path, &text)),
        // serde_json reports a list in place of a string, or a list that is too long, as a syntax error,
        // although it is JSON.
        Category::Syntax if serde_json::from_slice::<serde_json::Value>(bytes).is_ok() => {
            Problem::from_violation(violation(path, "has a wrong type or too many items"))
        }
        Category::Syntax | Category::Eof | Category::Io => {
            Problem::new(Kind::Malformed, format!("the body is not JSON: {text}"))
        }
    }
}

/// serde names a missing or unknown field only in its message.
fn violation(path: String, text: &str) -> Violation {
    let message = shortened(text.rsplit_once(" at line ").map_or(text, |(message, _)| message));
    let path = shortened(&path);
    let named = |prefix: &str| message.strip_prefix(prefix)?.split('`').next().map(str::to_owned);
    let within = |name: String| if path.is_empty() { name } else { format!("{path}.{name}") };
    if let Some(name) = named("missing field `") {
        return Violation::new(within(name), Code::Required, "is required");
    }
    if named("unknown field `").is_some() {
        return Violation::new(path, Code::Unknown, message);
    }
    let code = if message.starts_with("unknown variant") { Code::Unknown } else { Code::Malformed };
    Violation::new(if path.is_empty() { "body".to_owned() } else { path }, code, message)
}

/// The maximum number of characters of client input in an answer.
const MAX_REPEATED: usize = 300;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_REPEATED) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The path to a field as the engine writes it: `materials.0.unitPrice`.
fn field(path: &Path) -> String {
    let segments = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    segments.collect::<Vec<_>>().join(".")
}

impl Problem {
    /// One invalid value.
    pub(crate) fn from_violation(violation: Violation) -> Self {
        Self::violations(Kind::Invalid, [violation])
    }
}
