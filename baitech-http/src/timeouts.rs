use std::time::Duration;

/// The time-outs of a request and of its parts.
///
/// ```
/// use std::time::Duration;
///
/// use baitech_http::Timeouts;
///
/// let timeouts = Timeouts { body: Duration::from_secs(5), ..Timeouts::default() };
/// assert!(timeouts.body < timeouts.request);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the head of a request has arrived, and between two requests on one connection. Then the
    /// connection is cut. A [`Server`](crate::Server) enforces it; a router alone never sees such a request.
    pub headers: Duration,
    /// Until the body of a request has arrived. Then the request is answered with 408. Shorter than
    /// `request`, so that a stalling client does not get 503.
    pub body: Duration,
    /// Until a request is answered. A command that takes longer is answered with 503, and may have taken
    /// effect nevertheless.
    pub request: Duration,
}

impl Default for Timeouts {
    /// 10 seconds for the head, 25 for the body, 30 for all.
    fn default() -> Self {
        Self { headers: Duration::from_secs(10), body: Duration::from_secs(25), request: crate::TIMEOUT }
    }
}
