use std::fmt;

use async_trait::async_trait;
use axum::{
    extract::{Request, State},
    http::HeaderMap,
    middleware::Next,
    response::{IntoResponse, Response},
};
use baitech_core::kernel::Actor;

use crate::{app::App, problem::Problem};

/// Identifies the sender of a request. The embedder implements it: a look-up of sessions, or a check of
/// tokens.
///
/// It is asked once for every request to a route that is [`Authenticated`](crate::Access::Authenticated),
/// before anything else is read. The engine then decides what the actor may do: it checks that the user has
/// the role that the actor claims, and that the account is active.
///
/// ```
/// use axum::http::{HeaderMap, header};
/// use baitech_core::kernel::{Actor, Id, Role};
/// use baitech_http::{Authenticate, Unauthenticated, async_trait};
///
/// /// One customer, known by one token.
/// #[derive(Debug)]
/// struct OneCustomer;
///
/// #[async_trait]
/// impl Authenticate for OneCustomer {
///     async fn authenticate(&self, headers: &HeaderMap) -> Result<Actor, Unauthenticated> {
///         let token = headers.get(header::AUTHORIZATION).ok_or(Unauthenticated::BadCredentials)?;
///         if token != "Bearer sesame" {
///             return Err(Unauthenticated::BadCredentials);
///         }
///         Ok(Actor::user(Id::from_bytes(*b"one-customer"), Role::Customer))
///     }
/// }
/// ```
#[async_trait]
pub trait Authenticate: Send + Sync + fmt::Debug {
    /// The user that these headers prove.
    ///
    /// Only [`Actor::User`] is accepted. [`Actor::Anonymous`] and [`Actor::System`] are answered like
    /// [`Unauthenticated::BadCredentials`]: the former identifies no user, and the latter has an
    /// administrator's rights, which no external request may have.
    ///
    /// # Errors
    /// [`Unauthenticated`].
    async fn authenticate(&self, headers: &HeaderMap) -> Result<Actor, Unauthenticated>;

    /// The scheme in `WWW-Authenticate` of a 401: `Bearer`, unless overridden.
    fn challenge(&self) -> &str {
        "Bearer"
    }
}

/// Why a request has no authenticated user.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unauthenticated {
    /// There are no credentials, or they are forged, expired or revoked: 401. The response does not tell
    /// which.
    BadCredentials,
    /// The credentials cannot be checked now: 503.
    Unavailable {
        /// The reason, for the operator's log; clients do not see it.
        reason: String,
    },
}

impl fmt::Display for Unauthenticated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadCredentials => f.write_str("the credentials are not valid"),
            Self::Unavailable { reason } => write!(f, "the credentials cannot be checked: {reason}"),
        }
    }
}

impl std::error::Error for Unauthenticated {}

/// The sender of a request, which [`require_actor`] stores in the request's extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Authenticated(pub(crate) Actor);

/// Rejects requests without valid credentials.
pub(crate) async fn require_actor(State(app): State<App>, mut request: Request, next: Next) -> Response {
    match app.auth.authenticate(request.headers()).await {
        Ok(actor @ Actor::User { .. }) => {
            request.extensions_mut().insert(Authenticated(actor));
            next.run(request).await
        }
        Ok(Actor::System) => {
            tracing::error!(
                "the authenticator returned the system as the actor of an external request; the request is refused"
            );
            Problem::unauthenticated(app.auth.challenge()).into_response()
        }
        Ok(Actor::Anonymous) | Err(Unauthenticated::BadCredentials) => {
            Problem::unauthenticated(app.auth.challenge()).into_response()
        }
        Err(Unauthenticated::Unavailable { reason }) => Problem::unavailable(reason).into_response(),
    }
}
