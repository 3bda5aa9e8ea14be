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

/// The maximum size of a request head in bytes.
const HEAD_LIMIT: usize = 32 * 1024;

/// The wait after the process has run out of file descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// Serves a [`router`](crate::router) over TCP, and closes connections whose request never ends.
///
/// `axum::serve` waits without limit for the end of a request head. A server of your own needs such a limit
/// too.
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
    /// A server with the default [`Timeouts`]. The router keeps the limits with which it was built.
    #[must_use]
    pub fn new(router: Router) -> Self {
        Self { router, timeouts: Timeouts::default() }
    }

    /// Sets the time-outs of request heads and of running requests at shutdown.
    #[must_use]
    pub const fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Serves connections until `shutdown` completes, then finishes running requests.
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
            tracing::warn!("the server stopped while requests were running");
        }
        Ok(())
    }
}

/// The next connection. A failure is logged, and accepting is retried.
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
