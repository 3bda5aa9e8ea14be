//! An axum server that embeds the marketplace: with its own pages and sessions, and our routes.
//!
//! ```text
//! cargo run --example embed_in_axum --features http            # listens on 127.0.0.1:3000
//! cargo run --example embed_in_axum --features http -- 8080
//! ```
//!
//! It prints commands to try. Ctrl-C stops it after running requests are finished.

#![allow(clippy::print_stdout, reason = "the example prints to its user")]

use std::{collections::HashMap, error::Error, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode, header},
    routing::get,
};
use baitech::{
    Marketplace,
    account::{
        Address, Availability, Category, IdType, KycDecision, KycDocuments, NewUser, Skill,
        TechnicianProfile, TimeOfDay, User,
    },
    chrono::{TimeDelta, Weekday},
    http::{Authenticate, Server, Unauthenticated, async_trait},
    kernel::{Actor, Clock, GeoPoint, Id, Role, SystemClock, Text},
    memory::MemoryStore,
};
use tokio::net::TcpListener;

/// The server's own sessions: here a table of tokens; in practice a look-up in Redis or a signature check.
#[derive(Debug)]
struct Sessions(HashMap<String, Actor>);

#[async_trait]
impl Authenticate for Sessions {
    async fn authenticate(&self, headers: &HeaderMap) -> Result<Actor, Unauthenticated> {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|header| header.strip_prefix("Bearer "));
        let actor = token.and_then(|token| self.0.get(token));
        actor.copied().ok_or(Unauthenticated::BadCredentials)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let market = Marketplace::builder(Arc::new(MemoryStore::new())).build();
    let (amina, juma) = (customer(&market).await?, technician(&market).await?);
    let sessions = Sessions(HashMap::from([
        ("amina".to_owned(), Actor::user(amina, Role::Customer)),
        ("juma".to_owned(), Actor::user(juma, Role::Technician)),
    ]));

    let app = Router::new()
        .route("/about", get(|| async { Json("a page of our own") }))
        .fallback(|| async { (StatusCode::NOT_FOUND, "our own not-found page") })
        .merge(baitech::http::router(market.clone(), Arc::new(sessions)));

    let port: u16 = std::env::args().nth(1).map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    show_commands(port, amina);

    let timers = tokio::spawn(run_timers(market));
    // Unlike `axum::serve`, this closes connections whose request never ends.
    Server::new(app).serve(listener, ctrl_c()).await?;
    timers.abort();
    println!("all requests are finished");
    Ok(())
}

/// Runs due work of bookings: expiring offers, reminders, continued searches.
async fn run_timers(market: Marketplace) {
    let worker = market.worker();
    loop {
        if let Err(error) = worker.run_until_idle().await {
            println!("the worker failed: {error}");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn ctrl_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without the signal there is no graceful shutdown; the server runs until it is killed.
        std::future::pending::<()>().await;
    }
}

async fn customer(market: &Marketplace) -> baitech::kernel::Result<Id<User>> {
    let new = NewUser::new(Role::Customer, "Amina", "Odhiambo", "amina@example.ke", "0712 345 678");
    Ok(market.accounts().register(&Actor::Anonymous, &new).await?.id)
}

/// A plumber in Nairobi who works every day and whose identity is verified.
async fn technician(market: &Marketplace) -> baitech::kernel::Result<Id<User>> {
    let skill = Skill {
        element: None,
        name: Text::new("name", "pipes and taps")?,
        category: Category::Plumbing,
        years_of_experience: 6,
        verified: false,
        verification_documents: Vec::new(),
    };
    let days =
        [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
    let every_hour = Availability::on_weekdays(&days, TimeOfDay::MIDNIGHT, TimeOfDay::END_OF_DAY);
    let new = NewUser {
        technician: Some(TechnicianProfile {
            availability: every_hour,
            ..TechnicianProfile::new(vec![skill])
        }),
        location: Address { point: Some(GeoPoint::new(36.8219, -1.2921)?), ..Address::default() },
        ..NewUser::new(Role::Technician, "Juma", "Kamau", "juma@example.ke", "0722 345 678")
    };
    let accounts = market.accounts();
    let id = accounts.register(&Actor::Anonymous, &new).await?.id;
    let documents = KycDocuments {
        id_type: IdType::NationalId,
        id_number: "12345678".to_owned(),
        front_image: "https://images.example/front".to_owned(),
        back_image: None,
    };
    accounts.submit_kyc(&Actor::System, id, &documents).await?;
    Ok(accounts.decide_kyc(&Actor::System, id, &KycDecision::Verify).await?.id)
}

fn show_commands(port: u16, amina: Id<User>) {
    let tomorrow = (SystemClock.now() + TimeDelta::days(1)).date_naive();
    let server = format!("http://127.0.0.1:{port}");
    println!("listening on {server}; Ctrl-C ends it. Try:\n");
    println!("curl {server}/about");
    println!("curl {server}/ready");
    println!("curl -i -H 'Authorization: Bearer amina' -H 'Content-Type: application/json' \\");
    println!("  -H 'Idempotency-Key: first-try' {server}/api/v1/bookings -d '{{");
    println!(r#"    "serviceCategory": "plumbing", "serviceType": "tap repair","#);
    println!(r#"    "description": "The tap in the kitchen drips.","#);
    println!(r#"    "serviceLocation": {{ "coordinates": [36.8, -1.29], "address": "Moi Avenue 7" }},"#);
    println!(r#"    "timeSlot": {{ "date": "{tomorrow}", "startTime": "10:00", "endTime": "12:00" }},"#);
    println!(r#"    "paymentMethod": "cash" }}'"#);
    println!("ID=…   # the id in the answer");
    println!("# After a second, the worker has offered the job to Juma:");
    println!("curl -H 'Authorization: Bearer juma' {server}/api/v1/bookings/$ID");
    println!("curl -X POST -H 'Authorization: Bearer juma' {server}/api/v1/bookings/$ID/accept");
    println!("curl -H 'Authorization: Bearer amina' '{server}/api/v1/bookings?customer={amina}'\n");
}
