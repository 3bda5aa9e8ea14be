//! An attacker with ordinary accounts who sends any number of requests.

use std::cell::{Cell, RefCell};

use axum::http::Method;
use baitech_core::{
    account::{Category, User},
    kernel::{GeoPoint, Id, Role},
};
use serde_json::{Value, json};

use super::geometry::{Spot, at, middle_of_circle};
use crate::common::{Reply, World, new_booking, request, user};

/// The minimum distance of numbers in answers from a secret coordinate: 400 m, in degrees.
const TOO_NEAR: f64 = 400.0 / 111_290.0;

pub(crate) struct Attacker<'a> {
    pub(crate) world: &'a World,
    pub(crate) requests: Cell<u32>,
    /// The customer account that sends the requests.
    asha: User,
    /// The coordinates that were sent: answers may repeat them.
    sent: RefCell<Vec<f64>>,
    answers: RefCell<Vec<String>>,
}

impl<'a> Attacker<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        let asha = user(Role::Customer, 1);
        Self { world, requests: Cell::default(), asha, sent: RefCell::default(), answers: RefCell::default() }
    }

    /// Sends a request and keeps the answer.
    pub(crate) async fn send(&self, who: &User, method: Method, path: &str, body: Option<Value>) -> Reply {
        self.send_with(who, method, path, &[], body).await
    }

    /// Sends a command for a version that never existed, and keeps the answer.
    pub(crate) async fn send_stale(&self, who: &User, path: &str) -> Reply {
        self.send_with(who, Method::POST, path, &[("if-match", "\"99\"")], None).await
    }

    async fn send_with(
        &self,
        who: &User,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Reply {
        self.requests.set(self.requests.get() + 1);
        let path = format!("/api/v1/{path}");
        let reply = self.world.send(request(method, &path, Some(who), headers, body)).await;
        self.answers.borrow_mut().push(reply.text.clone());
        reply
    }

    /// Discards the answers so far.
    pub(crate) fn forget(&self) {
        self.answers.borrow_mut().clear();
    }

    /// The answers that contain a number close to a coordinate of a place that the attacker did not send.
    pub(crate) fn answers_near(&self, place: GeoPoint) -> Vec<String> {
        let (sent, answers) = (self.sent.borrow(), self.answers.borrow());
        let tells = |number: f64| {
            let is_near = |coordinate: f64| (number - coordinate).abs() < TOO_NEAR;
            // Reading JSON may change the last bit.
            let was_sent = || sent.iter().any(|sent| (sent - number).abs() < 1e-9);
            (is_near(place.longitude()) || is_near(place.latitude())) && !was_sent()
        };
        let is_near = |text: &&String| {
            let numbers = text.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'));
            numbers.filter(|number| number.contains('.')).filter_map(|text| text.parse().ok()).any(tells)
        };
        answers.iter().filter(is_near).cloned().collect()
    }

    pub(crate) fn job(&self, category: Category, place: Spot, preferred: Option<Id<User>>) -> Value {
        let point = at(place);
        self.sent.borrow_mut().extend([point.longitude(), point.latitude()]);
        let mut job = new_booking();
        job["serviceCategory"] = json!(category);
        job["serviceLocation"] =
            json!({ "coordinates": [point.longitude(), point.latitude()], "city": "Nairobi" });
        if let Some(technician) = preferred {
            job["preferredTechnician"] = json!(technician);
        }
        job
    }

    /// Creates a booking at a place.
    pub(crate) async fn book(&self, category: Category, place: Spot, preferred: Option<Id<User>>) -> Value {
        self.send(&self.asha, Method::POST, "bookings", Some(self.job(category, place, preferred))).await.ok()
    }

    pub(crate) async fn cancel(&self, booking: &Value) {
        let path = format!("bookings/{}/cancel", booking["id"].as_str().unwrap());
        let cancelled =
            self.send(&self.asha, Method::POST, &path, Some(json!({ "reason": "no need" }))).await;
        cancelled.ok();
    }

    /// The answer of a booking's route for a job at a place.
    pub(crate) async fn ask(
        &self,
        category: Category,
        place: Spot,
        (method, route): (Method, &str),
    ) -> Value {
        let booking = self.book(category, place, None).await;
        let path = format!("bookings/{}/{route}", booking["id"].as_str().unwrap());
        let answer = self.send(&self.asha, method, &path, None).await.ok();
        self.cancel(&booking).await;
        answer
    }

    /// The candidates for a job at a place, the best first.
    pub(crate) async fn candidates(&self, category: Category, place: Spot) -> Vec<Value> {
        let answer = self.ask(category, place, (Method::GET, "candidates?limit=100")).await;
        answer["items"].as_array().unwrap().clone()
    }

    /// Why a technician is not offered a job at a place; empty if the technician is eligible.
    pub(crate) async fn why_not(&self, category: Category, place: Spot, technician: Id<User>) -> String {
        let route = format!("candidates/{technician}/why-not");
        let answer = self.ask(category, place, (Method::GET, &route)).await;
        answer["reason"].as_str().unwrap_or_default().to_owned()
    }

    /// Whether the search for a technician finds one for a job at a place.
    pub(crate) async fn is_assigned(&self, category: Category, place: Spot) -> bool {
        let found = self.ask(category, place, (Method::POST, "find-technician")).await;
        found["status"] == "assigned"
    }

    /// The quoted price of a job at a place.
    pub(crate) async fn quote(&self, category: Category, place: Spot, preferred: Option<Id<User>>) -> Value {
        let job = self.job(category, place, preferred);
        let quote = self.send(&self.asha, Method::POST, "bookings/quote", Some(job)).await.ok();
        quote["pricing"]["totalAmount"].clone()
    }

    /// The price of a booking at a place.
    pub(crate) async fn price(&self, category: Category, place: Spot, preferred: Option<Id<User>>) -> Value {
        let booking = self.book(category, place, preferred).await;
        self.cancel(&booking).await;
        booking["pricing"]["totalAmount"].clone()
    }

    /// Finds where an answer changes along four rays from a place at which it is `true`. Returns the centre
    /// of the circle through these places, or `None` if the answer never changes.
    pub(crate) async fn middle_of_border(
        &self,
        from: Spot,
        inside: impl AsyncFn(Spot) -> bool,
    ) -> Option<Spot> {
        if !inside(from).await {
            return None;
        }
        let mut border = Vec::new();
        for (east, north) in [(1.0, 0.2), (-0.3, 1.0), (-1.0, -0.4), (0.5, -1.0)] {
            let beyond = (from.0 + east * 40_000.0, from.1 + north * 40_000.0);
            if inside(beyond).await {
                return None;
            }
            border.push(self.border(from, beyond, 13, &inside).await);
        }
        Some(middle_of_circle(&border))
    }

    /// Finds where an answer changes between a place at which it is `true` and one at which it is `false`.
    pub(crate) async fn border(
        &self,
        from: Spot,
        to: Spot,
        steps: u32,
        inside: &impl AsyncFn(Spot) -> bool,
    ) -> Spot {
        let along = |share: f64| (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
        let (mut within, mut beyond) = (0.0, 1.0);
        for _ in 0..steps {
            let middle = f64::midpoint(within, beyond);
            if inside(along(middle)).await { within = middle } else { beyond = middle }
        }
        along(f64::midpoint(within, beyond))
    }
}
