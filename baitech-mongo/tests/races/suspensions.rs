//! Users who are suspended, or lose their verified identity, during a command: no command of theirs commits
//! after that.
//!
//! The order of the commits is that of the replica set's operation log: each commit inserts its events.

use std::{collections::HashMap, time::Duration};

use baitech_core::{
    account::{AccountEvent, Category, KycStatus, NewUser, User, UserStatus},
    booking::{Booking, BookingStatus as Status, NewBooking, NewLocation, NewTimeSlot},
    kernel::{Actor, Id, Result, Role, Rule, SystemEntropy},
    ledger::Account,
    payment::{NewPayment, NewPayout},
    store::{
        AggregateRef, ChangeSet, Commit, Event, EventKind, Load, Put, StoreError, Stored, Subject, Topic,
    },
    testing::build::{self, kes},
    transaction::PaymentMethod,
};
use bson::{Bson, Document, doc};
use futures::{StreamExt, future::BoxFuture};
use tokio::time::sleep;

use crate::{
    money::Till,
    world::{World, now, offer, put, slot},
};

const ROUNDS: u64 = 60;

/// The shortest lead that a side is given, in microseconds.
const FIRST_STEP: i64 = 500;

/// A command, and a concurrent change that revokes the right to it.
struct Round {
    user: Id<User>,
    command: BoxFuture<'static, Result<AggregateRef>>,
    change: BoxFuture<'static, ()>,
}

/// Runs both sides of every round concurrently, and fails if a command was committed after the change.
async fn nothing_commits_after_the_change(
    world: &World,
    rule: Rule,
    rounds: impl IntoIterator<Item = Round>,
) {
    let (mut done, mut refused) = (Vec::new(), 0);
    let (mut lead, mut step, mut last) = (0_i64, FIRST_STEP, None);
    for Round { user, command, change } in rounds {
        let command = tokio::spawn(late(-lead, command));
        let change = tokio::spawn(late(lead, change));
        change.await.unwrap();
        let won = match command.await.unwrap() {
            Ok(decided_on) => {
                done.push((user, decided_on));
                true
            }
            Err(error) => {
                assert_eq!(error.rule(), Some(rule), "{error:?}");
                refused += 1;
                false
            }
        };
        // The losing side gets a head start, which grows with each loss, so that most rounds are close.
        step = if last == Some(won) { (step * 2).min(32 * FIRST_STEP) } else { FIRST_STEP };
        last = Some(won);
        lead += if won { -step } else { step };
    }
    let places = places(world).await;
    let events = world.events().await;
    let place = |event: &Event| places.get(&event.id.to_string()).copied().expect("the log has every event");
    for (user, decided_on) in &done {
        let of = |target: AggregateRef| events.iter().filter(move |event| event.aggregate() == Some(target));
        let takes_away = |event: &&Event| {
            let EventKind::Account(event) = &event.kind else { return false };
            matches!(event, AccountEvent::UserStatusChanged { .. } | AccountEvent::UserKycChanged { .. })
        };
        let changed = of(AggregateRef::User(*user))
            .filter(takes_away)
            .map(place)
            .max()
            .expect("the log contains the change");
        let decided = of(*decided_on).map(place).min().expect("the log contains the command");
        assert!(
            decided < changed,
            "{decided_on} was committed at {decided}, after the change of the user at {changed}"
        );
    }
    println!("{} commands before the change, {refused} refused after it", done.len());
    assert!(!done.is_empty() && refused > 0, "both orders occur");
}

/// Runs a future after a wait; at once if the wait is negative.
async fn late<T>(micros: i64, then: BoxFuture<'static, T>) -> T {
    sleep(Duration::from_micros(u64::try_from(micros).unwrap_or_default())).await;
    then.await
}

/// The position of each event in the operation log of the replica set.
async fn places(world: &World) -> HashMap<String, usize> {
    let database = world.stores[0].database();
    let log = database.client().database("local").collection::<Document>("oplog.rs");
    let events = format!("{}.events", database.name());
    let filter = doc! { "$or": [{ "o.applyOps.ns": &events }, { "ns": &events }] };
    let mut entries = log.find(filter).sort(doc! { "$natural": 1 }).await.unwrap();
    let mut places = HashMap::new();
    let mut place = 0;
    while let Some(entry) = entries.next().await {
        let entry = entry.unwrap();
        place += 1;
        let operation = entry.get_document("o").unwrap();
        let operations: Vec<&Document> = match operation.get_array("applyOps") {
            Ok(operations) => operations.iter().filter_map(Bson::as_document).collect(),
            Err(_) => vec![&entry],
        };
        let inserts = |operation: &&&Document| {
            let text = |key| operation.get_str(key).ok();
            (text("ns"), text("op")) == (Some(&*events), Some("i"))
        };
        for operation in operations.iter().filter(inserts) {
            let id = operation.get_document("o").unwrap().get_object_id("_id").unwrap();
            places.insert(id.to_hex(), place);
        }
    }
    places
}

impl Till {
    fn suspend(&self, user: Id<User>, status: UserStatus) -> BoxFuture<'static, ()> {
        let (accounts, admin) = (self.markets[1].accounts(), self.admin.actor());
        Box::pin(async move { drop(accounts.set_status(&admin, user, status).await.unwrap()) })
    }

    /// Revokes the verified identity of a user directly in the store.
    fn reject_identity(&self, id: Id<User>) -> BoxFuture<'static, ()> {
        let store = self.world.stores[1].clone();
        Box::pin(async move {
            loop {
                let user: Stored<User> = store.load(id).await.unwrap().unwrap();
                let mut record = user.value.clone().into_record();
                record.kyc.status = KycStatus::Rejected;
                let event = Event {
                    id: Id::generate(now(), &SystemEntropy),
                    subject: Subject::Aggregate {
                        aggregate: AggregateRef::User(id),
                        version: user.version.next(),
                    },
                    n: 0,
                    actor: Actor::System,
                    at: now(),
                    topics: vec![Topic::new(id)],
                    kind: EventKind::Account(AccountEvent::UserKycChanged { status: KycStatus::Rejected }),
                };
                let put = Put::over(&user, User::from_record(record));
                let changes = ChangeSet { events: vec![event], ..ChangeSet::new().write(put) };
                match store.commit(changes).await {
                    Ok(_) => return,
                    Err(StoreError::Conflict(_)) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        })
    }

    /// The `n`-th cash job, offered to its own technician.
    async fn offered(&self, n: u64) -> (User, Booking) {
        let technician = build::technician(1_000 + n, Category::Plumbing, build::nairobi());
        let customer = build::customer(1_000 + n);
        let offer = offer(n, (&technician, &customer), slot(1, 40, 48));
        let users = [Put::new(technician.clone()).into(), Put::new(customer).into()];
        self.world.store(users.into_iter().chain([put(&offer)])).await;
        (technician, offer)
    }

    fn accept(&self, technician: &User, offer: &Booking) -> BoxFuture<'static, Result<AggregateRef>> {
        let (bookings, actor, id) = (self.markets[0].bookings(), technician.actor(), offer.id);
        Box::pin(async move { bookings.accept(&actor, id).await.map(|job| AggregateRef::Booking(job.id)) })
    }

    async fn post(&self, n: u64, user: Id<User>, account: Account) {
        let entry = build::entry(n, AggregateRef::User(user), Account::Bank, account, kes(5_000));
        let _ = self.world.stores[0]
            .commit(ChangeSet { entries: vec![entry], ..ChangeSet::new() })
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspended_technician_cannot_accept() {
    let till = Till::new().await;
    let mut rounds = Vec::new();
    for n in 1..=ROUNDS {
        let (technician, offer) = till.offered(n).await;
        let command = till.accept(&technician, &offer);
        let change = till.suspend(technician.id, UserStatus::Suspended);
        rounds.push(Round { user: technician.id, command, change });
    }
    nothing_commits_after_the_change(&till.world, Rule::INACTIVE_USER, rounds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn technician_with_a_rejected_identity_cannot_accept() {
    let till = Till::new().await;
    let mut rounds = Vec::new();
    for n in 1..=ROUNDS {
        let (technician, offer) = till.offered(n).await;
        let command = till.accept(&technician, &offer);
        let change = till.reject_identity(technician.id);
        rounds.push(Round { user: technician.id, command, change });
    }
    nothing_commits_after_the_change(&till.world, Rule::NOT_ELIGIBLE, rounds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspended_technician_cannot_request_a_payout() {
    let till = Till::new().await;
    let mut rounds = Vec::new();
    for n in 1..=ROUNDS {
        let technician = till.world.technician(1_000 + n).await;
        till.post(n, technician.id, Account::Payable(technician.id)).await;
        let (payments, actor, id) = (till.markets[0].payments(), technician.actor(), technician.id);
        let command = Box::pin(async move {
            let payout = payments.request_payout(&actor, id, kes(1_000), &NewPayout::default()).await?;
            Ok(AggregateRef::Transaction(payout.id))
        });
        rounds.push(Round { user: id, command, change: till.suspend(id, UserStatus::Suspended) });
    }
    nothing_commits_after_the_change(&till.world, Rule::INACTIVE_USER, rounds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspended_customer_cannot_book() {
    let till = Till::new().await;
    let request = NewBooking::new(
        Category::Plumbing,
        "tap repair",
        "The tap drips.",
        NewLocation { coordinates: (36.8219, -1.2921), ..NewLocation::default() },
        NewTimeSlot::new(slot(2, 40, 48).date, "10:00", "12:00"),
        PaymentMethod::Cash,
    );
    let mut rounds = Vec::new();
    for n in 1..=ROUNDS {
        let customer = build::customer(1_000 + n);
        till.world.store([Put::new(customer.clone()).into()]).await;
        let (bookings, actor, request) = (till.markets[0].bookings(), customer.actor(), request.clone());
        let command = Box::pin(async move {
            bookings.create(&actor, &request).await.map(|booking| AggregateRef::Booking(booking.id))
        });
        let change = till.suspend(customer.id, UserStatus::Suspended);
        rounds.push(Round { user: customer.id, command, change });
    }
    nothing_commits_after_the_change(&till.world, Rule::INACTIVE_USER, rounds).await;
}

/// Suspended customers can pay for running jobs; banned customers cannot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn banned_customer_cannot_pay() {
    let till = Till::new().await;
    let mut rounds = Vec::new();
    for n in 1..=ROUNDS {
        let customer = build::customer(1_000 + n);
        let mut record = build::booking(n, &customer, Some(&till.technician), Status::Accepted);
        record.payment.method = Some(PaymentMethod::Wallet);
        let (id, total) = (record.id, record.pricing.total);
        let writes = [Put::new(customer.clone()).into(), put(&Booking::from_record(record))];
        till.world.store(writes).await;
        till.post(n, customer.id, Account::Wallet(customer.id)).await;
        let (payments, actor) = (till.markets[0].payments().max_price(total), customer.actor());
        let command = Box::pin(async move {
            let paid = payments.pay(&actor, id, &NewPayment::default()).await?;
            Ok(AggregateRef::Transaction(paid.transaction.id))
        });
        let change = till.suspend(customer.id, UserStatus::Banned);
        rounds.push(Round { user: customer.id, command, change });
    }
    nothing_commits_after_the_change(&till.world, Rule::INACTIVE_USER, rounds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspended_company_gains_no_member() {
    let till = Till::new().await;
    let mut rounds = Vec::new();
    for n in 1..=ROUNDS {
        let company = build::company(1_000 + n);
        till.world.store([Put::new(company.clone()).into()]).await;
        let (email, phone) = (format!("member{n}@example.ke"), format!("+2547330{n:05}"));
        let mut member = NewUser::new(Role::Corporate, "Asha", "Otieno", &email, &phone);
        member.corporate.clone_from(&company.corporate);
        member.corporate.as_mut().unwrap().administrator = Some(company.id);
        let (accounts, admin) = (till.markets[0].accounts(), till.admin.actor());
        let command = Box::pin(async move {
            accounts.register(&admin, &member).await.map(|joined| AggregateRef::User(joined.id))
        });
        let change = till.suspend(company.id, UserStatus::Suspended);
        rounds.push(Round { user: company.id, command, change });
    }
    nothing_commits_after_the_change(&till.world, Rule::INACTIVE_USER, rounds).await;
}
