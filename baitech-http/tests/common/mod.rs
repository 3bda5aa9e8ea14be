//! A marketplace on the embedded store behind its router, and a client for it.

#![allow(dead_code, unreachable_pub, reason = "each test uses some of it")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

pub mod gateways;
pub mod routes;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use baitech_core::{
    Builder, Marketplace,
    account::{Category, User},
    booking::{Booking, BookingNumber, BookingRecord, BookingStatus},
    kernel::{Actor, Id, ManualClock, Role, SeededEntropy},
    memory::MemoryStore,
    store::{ChangeSet, Commit, Committed, Counters, Put},
    testing::build,
    transaction::{
        Amount, Context, Inputs, NewTransaction, PaymentMethod, Transaction, TransactionKind,
        TransactionNumber, TransactionRecord, TransactionStatus,
    },
};
use baitech_http::{Authenticate, Unauthenticated, async_trait};
use gateways::{Cards, MobileMoney, Scores};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

/// Accepts any `Bearer <role>/<id>`. The roles `broken` and `silent` cause an error and an endless wait.
#[derive(Debug)]
pub struct TrustingAuth;

#[async_trait]
impl Authenticate for TrustingAuth {
    async fn authenticate(&self, headers: &HeaderMap) -> Result<Actor, Unauthenticated> {
        let text = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = text.and_then(|text| text.strip_prefix("Bearer "));
        let (role, id) =
            token.and_then(|token| token.split_once('/')).ok_or(Unauthenticated::BadCredentials)?;
        if role == "broken" {
            return Err(Unauthenticated::Unavailable { reason: "sessions: connection refused".to_owned() });
        }
        if role == "silent" {
            return std::future::pending().await;
        }
        let role = Role::ALL.into_iter().find(|known| known.as_str() == role);
        let role = role.ok_or(Unauthenticated::BadCredentials)?;
        Ok(Actor::user(id.parse().map_err(|_| Unauthenticated::BadCredentials)?, role))
    }
}

/// Two users of every role at the time [`build::start`]. The first technician is a plumber, the second an
/// electrician.
pub struct World {
    pub router: Router,
    pub market: Marketplace,
    pub clock: Arc<ManualClock>,
    pub mobile: Arc<MobileMoney>,
    pub scores: Arc<Scores>,
    store: Arc<MemoryStore>,
}

impl World {
    pub async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    /// The world of [`new`](Self::new) with changes to its engine builder.
    pub async fn with(configure: impl FnOnce(Builder) -> Builder) -> Self {
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(ManualClock::at(build::start()));
        let (mobile, scores) = (Arc::new(MobileMoney::default()), Arc::new(Scores::default()));
        // Tests search answers for confidential values, so ids must be the same in every run.
        let entropy = Arc::new(SeededEntropy::new(7));
        let builder = Marketplace::builder(store.clone()).clock(clock.clone()).entropy(entropy);
        let builder = builder.gateway(mobile.clone()).gateway(Arc::new(Cards)).fraud_scorer(scores.clone());
        let market = configure(builder).build();
        let router = baitech_http::router(market.clone(), Arc::new(TrustingAuth));
        let world = Self { router, market, clock, mobile, scores, store };
        for user in Role::ALL.iter().flat_map(|role| [user(*role, 1), user(*role, 2)]) {
            world.commit(ChangeSet::new().write(Put::new(user))).await;
        }
        world
    }

    pub async fn store_user(&self, user: User) {
        self.commit(ChangeSet::new().write(Put::new(user))).await;
    }

    /// Stores a booking of the first customer, with the first technician if its status has one.
    pub async fn booking(&self, n: u64, status: BookingStatus) -> Id<Booking> {
        let technician = user(Role::Technician, 1);
        self.store(build::booking(n, &user(Role::Customer, 1), Some(&technician), status)).await
    }

    /// Draws all numbers below this one, so that stored test data and the engine use different numbers.
    pub async fn draw_numbers(&self, below: u64) {
        let start = build::start();
        for series in [BookingNumber::series(start), TransactionNumber::series(start)] {
            for _ in 1..below {
                self.store.next(&series).await.unwrap();
            }
        }
    }

    pub async fn store(&self, record: BookingRecord) -> Id<Booking> {
        let id = record.id;
        self.commit(ChangeSet::new().write(Put::new(Booking::from_record(record)))).await;
        id
    }

    pub async fn store_transaction(&self, record: TransactionRecord) -> Id<Transaction> {
        let id = record.id;
        self.commit(ChangeSet::new().write(Put::new(Transaction::from_record(record)))).await;
        id
    }

    /// An accepted booking of the first customer, paid by mobile money: its id and that of its payment.
    pub async fn paid_booking(&self, n: u64) -> (Id<Booking>, String) {
        let asha = user(Role::Customer, 1);
        let id = self.booking(n, BookingStatus::Accepted).await;
        let path = format!("/api/v1/bookings/{id}/pay");
        let terms = [("if-match", "\"0\"")];
        let pay = request(Method::POST, &path, Some(&asha), &terms, Some(json!({ "method": "mpesa" })));
        let payment = self.send(pay).await.ok();
        self.call_back().await;
        (id, payment["id"].as_str().unwrap().to_owned())
    }

    /// Tops up a user's wallet by mobile money.
    pub async fn fill_wallet(&self, who: &User, shillings: u32) {
        let sum = json!({ "amount": { "amount": shillings, "currency": "KES" }, "method": "mpesa" });
        self.post(who, "/api/v1/wallet/top-up", Some(sum)).await.ok();
        self.call_back().await;
    }

    /// Delivers the webhook that the latest charge is paid.
    pub async fn call_back(&self) {
        let (path, body) = self.mobile.callback();
        let reply = self.send(request(Method::POST, &path, None, &[], Some(body))).await;
        assert_eq!(reply.ok(), json!({}));
    }

    async fn commit(&self, changes: ChangeSet) {
        assert_eq!(self.store.commit(changes).await.unwrap(), Committed::Applied);
    }

    pub async fn send(&self, request: Request<Body>) -> Reply {
        send(&self.router, request).await
    }

    pub async fn get(&self, who: &User, path: &str) -> Reply {
        self.send(request(Method::GET, path, Some(who), &[], None)).await
    }

    pub async fn post(&self, who: &User, path: &str, body: Option<Value>) -> Reply {
        self.send(request(Method::POST, path, Some(who), &[], body)).await
    }
}

/// The `n`-th transaction, sent to mobile money, with a value in every confidential field.
pub fn transaction(n: u64, payer: &User, payee: &User, status: TransactionStatus) -> TransactionRecord {
    let (policy, entropy) = (Default::default(), SeededEntropy::new(n));
    let now = build::start();
    let context =
        Context { actor: payer.actor(), now, policy: &policy, entropy: &entropy, inputs: Inputs::default() };
    let amount = Amount::whole(build::kes(2_738));
    let kind = TransactionKind::BookingPayment;
    let new = NewTransaction {
        payer: Some(payer.id),
        payee: Some(payee.id),
        provider: Some(PaymentMethod::Mpesa),
        phone: Some(payer.phone.to_string()),
        ..NewTransaction::new(kind, PaymentMethod::Mpesa, amount)
    };
    let mut record = Transaction::begin(new, &context).unwrap().next.into_record();
    record.id = build::id(n);
    record.number = TransactionNumber::from_stored(format!("TXN260302{n:06}"));
    record.status = status;
    record.gateway.token = Some(format!("{}{n}", secrets::TOKEN));
    record.gateway.reference = Some(format!("{}{n}", secrets::REFERENCE));
    record.gateway.sent_at = Some(now);
    record.origin.ip_address = Some(secrets::ADDRESS.to_owned());
    record.origin.device = Some(secrets::DEVICE.to_owned());
    record
}

/// The confidential values of [`transaction`].
pub mod secrets {
    /// Hidden from all users.
    pub const TOKEN: &str = "c0ffee5ec4e7";
    /// Hidden from all users except staff.
    pub const REFERENCE: &str = "ws_CO_";
    pub const ADDRESS: &str = "203.0.113.7";
    pub const DEVICE: &str = "a tablet";
}

pub async fn send(router: &Router, request: Request<Body>) -> Reply {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Reply { status: parts.status, headers: parts.headers, json, text: String::from_utf8_lossy(&bytes).into() }
}

/// The `n`-th user of a role.
pub fn user(role: Role, n: u64) -> User {
    match role {
        Role::Technician if n == 1 => build::technician(n, Category::Plumbing, build::nairobi()),
        Role::Technician => build::technician(n, Category::Electrical, build::nairobi()),
        Role::Corporate => build::company(n),
        Role::Customer | Role::Admin | Role::Support => User::from_record(build::user(role, n)),
    }
}

pub fn request(
    method: Method,
    path: &str,
    who: Option<&User>,
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(user) = who {
        let token = format!("Bearer {}/{}", user.role.as_str(), user.id);
        request = request.header(header::AUTHORIZATION, token);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    match body {
        Some(json) => request
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(json.to_string()))
            .unwrap(),
        None => request.body(Body::empty()).unwrap(),
    }
}

/// A job for a plumber tomorrow.
pub fn new_booking() -> Value {
    json!({
        "serviceCategory": "plumbing",
        "serviceType": "tap repair",
        "description": "The tap in the kitchen drips.",
        "serviceLocation": {
            "coordinates": [36.8219, -1.2921],
            "address": "Moi Avenue 7",
            "city": "Nairobi",
        },
        "timeSlot": { "date": "2026-03-03", "startTime": "10:00", "endTime": "12:00" },
        "paymentMethod": "cash",
    })
}

#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub json: Value,
    pub text: String,
}

impl Reply {
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.text);
        self.json
    }

    /// The problem document of an error response.
    #[track_caller]
    pub fn problem(self, status: u16, slug: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        assert_eq!(self.json["status"], status, "{}", self.text);
        let kind = self.json["type"].as_str().unwrap();
        assert!(kind.ends_with(&format!("#{slug}")), "{}", self.text);
        assert!(!self.json["title"].as_str().unwrap().is_empty());
        assert_eq!(self.json["requestId"], self.header("x-request-id"));
        self.json
    }

    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {}", self.text)).to_str().unwrap()
    }

    /// The invalid fields, in order.
    pub fn fields(problem: &Value) -> Vec<&str> {
        problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect()
    }
}
