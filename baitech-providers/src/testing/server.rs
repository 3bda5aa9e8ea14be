use std::{future, io, net::SocketAddr};

use axum::{
    Router,
    body::Body,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

/// How a server fails a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The server does nothing, and sends this answer.
    Answer {
        /// The status.
        status: u16,
        /// The body.
        body: String,
    },
    /// The server carries out the call, but sends this answer.
    Misleading {
        /// The status.
        status: u16,
        /// The body.
        body: String,
    },
    /// The connection breaks before the answer.
    Break {
        /// Whether the call takes effect.
        carried_out: bool,
    },
    /// The server never answers.
    Hang {
        /// Whether the call takes effect.
        carried_out: bool,
    },
}

impl Fault {
    /// Answers a call with this fault.
    pub(super) async fn answer(self, carry_out: impl FnOnce() -> Response) -> Response {
        match self {
            Self::Answer { status, body } => {
                (StatusCode::from_u16(status).expect("a status"), body).into_response()
            }
            Self::Misleading { status, body } => {
                carry_out();
                (StatusCode::from_u16(status).expect("a status"), body).into_response()
            }
            Self::Break { carried_out } => {
                if carried_out {
                    carry_out();
                }
                let broken = io::Error::other("interrupted on purpose");
                Body::from_stream(futures::stream::iter([Err::<Vec<u8>, _>(broken)])).into_response()
            }
            Self::Hang { carried_out } => {
                if carried_out {
                    carry_out();
                }
                future::pending().await
            }
        }
    }
}

/// A server on a free port of this machine.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    pub(super) async fn start(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { address, task }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(super) fn json(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
