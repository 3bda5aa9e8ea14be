use std::str::FromStr;

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use baitech_core::kernel::{Code, Cursor, PageRequest, Violation, Violations};

use crate::{
    app::App,
    problem::{Answer, Kind, Problem},
};

/// The parameters of a query. Each is taken by its name; [`finish`](Self::finish) reports all invalid and all
/// unknown ones.
#[derive(Debug)]
pub(crate) struct Params {
    pairs: Vec<(String, String)>,
    violations: Violations,
}

impl FromRequestParts<App> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Self> {
        let query = Query::<Vec<(String, String)>>::from_request_parts(parts, app).await;
        let unreadable = |rejection: axum::extract::rejection::QueryRejection| {
            Problem::malformed([Violation::new("query", Code::Malformed, rejection.body_text())])
        };
        Ok(Self { pairs: query.map_err(unreadable)?.0, violations: Violations::new() })
    }
}

impl Params {
    /// All values of a parameter that may come more than once.
    pub(crate) fn all<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let (taken, rest) = std::mem::take(&mut self.pairs).into_iter().partition(|(key, _)| key == name);
        self.pairs = rest;
        let taken: Vec<(String, String)> = taken;
        let mut values = Vec::with_capacity(taken.len());
        for (_, text) in &taken {
            match parse(text) {
                Some(value) => values.push(value),
                None => self.report(name, Code::Malformed, "the value cannot be parsed"),
            }
        }
        values
    }

    /// A parameter that comes at most once.
    pub(crate) fn one<T: FromStr>(&mut self, name: &'static str) -> Option<T> {
        self.once(name, |text| text.parse().ok())
    }

    /// A parameter that comes at most once, with a custom parser.
    pub(crate) fn once<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let mut values = self.all(name, parse);
        if values.len() > 1 {
            self.report(name, Code::TooMany, "must be given at most once");
        }
        values.pop()
    }

    /// `limit` and `cursor`.
    pub(crate) fn page(&mut self) -> PageRequest {
        let limit = self.whole("limit").unwrap_or(PageRequest::DEFAULT_LIMIT);
        let cursor = self.one::<String>("cursor").map(Cursor::from_text);
        let page = PageRequest::new(limit, cursor);
        self.violations.check(page).unwrap_or_default()
    }

    /// The maximum number of items, for lists without pages; `default` if the client does not set it.
    pub(crate) fn limit(&mut self, default: u32) -> usize {
        let limit = self.whole("limit").unwrap_or(default);
        let page = PageRequest::new(limit, None);
        self.violations.check(page).unwrap_or_default().limit()
    }

    /// A whole number in digits. A number too large for `u32` is out of any range.
    fn whole(&mut self, name: &'static str) -> Option<u32> {
        self.once(name, |text| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse().unwrap_or(u32::MAX))
        })
    }

    /// Fails if a parameter could not be parsed, is out of range, or is unknown. One that cannot be parsed
    /// makes the whole request malformed.
    pub(crate) fn finish(mut self) -> Answer<()> {
        for (name, _) in std::mem::take(&mut self.pairs) {
            self.violations.push(Violation::new(name, Code::Unknown, "the parameter is unknown"));
        }
        let violations = self.violations;
        if violations.iter().next().is_none() {
            return Ok(());
        }
        let readable = violations.iter().all(|violation| violation.code == Code::OutOfRange);
        let kind = if readable { Kind::Invalid } else { Kind::Malformed };
        Err(Problem::violations(kind, violations.iter().cloned()))
    }

    fn report(&mut self, name: &'static str, code: Code, message: &'static str) {
        self.violations.push(Violation::new(name, code, message));
    }
}
