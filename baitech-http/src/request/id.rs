use axum::{extract::Request, http::HeaderValue, middleware::Next, response::Response};

/// The header that names a request.
const NAME: &str = "x-request-id";

/// The maximum length of a client's request id.
const MAX_CHARS: usize = 128;

/// Replaces a client's request id that is too long, has other characters than ids, or comes twice. The id
/// appears in every log line and answer.
pub(crate) async fn bound_request_id(mut request: Request, next: Next) -> Response {
    let mut names = request.headers().get_all(NAME).iter();
    let is_good = match (names.next(), names.next()) {
        (None, _) => true,
        (Some(name), None) => is_id(name),
        (Some(_), Some(_)) => false,
    };
    if !is_good {
        request.headers_mut().remove(NAME);
    }
    next.run(request).await
}

fn is_id(name: &HeaderValue) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:=+/@".contains(byte);
    (1..=MAX_CHARS).contains(&name.len()) && name.as_bytes().iter().all(allowed)
}
