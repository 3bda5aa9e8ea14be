//! Clients that never finish a request, over real sockets.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use baitech_core::{Marketplace, kernel::Role, memory::MemoryStore};
use baitech_http::{Server, Timeouts};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

use crate::common::{TrustingAuth, user};

/// A server with a short time-out for one part and long ones for the others.
async fn serve(timeouts: Timeouts) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
    let market = Marketplace::builder(Arc::new(MemoryStore::new())).build();
    let router = baitech_http::router_with(market, Arc::new(TrustingAuth), timeouts);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let server = Server::new(router).timeouts(timeouts);
    let serving = tokio::spawn(async move {
        server.serve(listener, async { drop(stopped.await) }).await.unwrap();
    });
    (address, stop, serving)
}

fn patient() -> Timeouts {
    let long = Duration::from_secs(600);
    Timeouts { headers: long, body: long, request: long }
}

fn head(length: usize) -> String {
    let customer = user(Role::Customer, 1);
    format!(
        "POST /api/v1/bookings HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}/{}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n",
        customer.role.as_str(),
        customer.id
    )
}

async fn answer_to(address: SocketAddr, sent: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // Ends when the server closes or resets the connection.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_body_that_stalls_is_answered_with_408() {
    let (address, stop, serving) = serve(Timeouts { body: Duration::from_millis(50), ..patient() }).await;
    let answer = answer_to(address, &format!("{}{{\"description\": ", head(500))).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("#request-timeout\""), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
    drop(stop);
    serving.await.unwrap();
}

#[tokio::test]
async fn unfinished_request_head_is_cut_off() {
    let (address, stop, serving) = serve(Timeouts { headers: Duration::from_millis(50), ..patient() }).await;
    let answer = answer_to(address, "GET /health HTTP/1.1\r\nhost: localhost\r\nx-slow: ").await;
    assert!(!answer.contains(" 200 "), "{answer}");
    let endless = format!("GET /health HTTP/1.1\r\nhost: localhost\r\nx-long: {}", "x".repeat(1_000_000));
    let answer = answer_to(address, &endless).await;
    assert!(!answer.contains(" 200 "), "{answer}");
    // A complete request is served.
    let whole = "GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    assert!(answer_to(address, whole).await.starts_with("HTTP/1.1 200 "));
    drop(stop);
    serving.await.unwrap();
}

#[tokio::test]
async fn a_shutdown_lets_the_running_request_finish() {
    let (address, stop, serving) = serve(patient()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = "{}";
    // The server asks for the body as soon as the request runs.
    let head = head(body.len()).replace("\r\n\r\n", "\r\nexpect: 100-continue\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    drop(stop);
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 422 "), "{answer}");
    serving.await.unwrap();
}
