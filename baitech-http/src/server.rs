use std::{future::Future, io, net::SocketAddr, pin::pin, time::Duration};

use axum::{Router, extract::ConnectInfo, http::Request};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tower::ServiceExt;

use crate::Timeouts;

/// The most bytes that the head of a request may have.
const HEAD_LIMIT: usize = 32 * 1024;

/// How long to wait where the process has no file descriptor left for another connection.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// Serves a [`router`](crate::router) over TCP, and cuts connections whose request never ends.
///
/// `axum::serve` waits without limit for the end of a request's head. Whoever has a server of their own sets
/// such a limit there.
///
/// ```no_run
/// # async fn serve(router: axum::Router) -> std::io::Result<()> {
/// use baitech_http::Server;
///
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
/// Server::new(router).serve(listener, std::future::pending()).await
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    router: Router,
    timeouts: Timeouts,
}

impl Server {
    /// A server with the default [`Timeouts`]. The router's own limits are those that it was made with.
    #[must_use]
    pub fn new(router: Router) -> Self {
        Self { router, timeouts: Timeouts::default() }
    }

    /// How long the head of a request may take, and how long a shutdown waits for requests that run.
    #[must_use]
    pub const fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Serves connections until `shutdown` completes, then finishes the requests that run.
    ///
    /// Each request carries the address of its peer as [`ConnectInfo<SocketAddr>`].
    ///
    /// # Errors
    /// None at present; connections that fail are logged.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send,
    ) -> io::Result<()> {
        let Self { router, timeouts } = self;
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(timeouts.headers)
            .max_buf_size(HEAD_LIMIT);
        builder.http2().timer(TokioTimer::new()).keep_alive_interval(timeouts.headers);
        let graceful = GracefulShutdown::new();
        let mut shutdown = pin!(shutdown);
        loop {
            let (stream, peer) = tokio::select! {
                accepted = accept(&listener) => accepted,
                () = &mut shutdown => break,
            };
            let router = router.clone();
            let service = service_fn(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(ConnectInfo(peer));
                router.clone().oneshot(request)
            });
            let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
            let connection = graceful.watch(connection.into_owned());
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%peer, error, "a connection ended early");
                }
            });
        }
        drop(listener);
        if timeout(timeouts.request, graceful.shutdown()).await.is_err() {
            tracing::warn!("requests were still running when the server ended");
        }
        Ok(())
    }
}

/// The next connection; what fails is logged, and tried again.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}
