//! Due work: how long a due booking waits while thousands of payments are due whose provider does not answer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use baitech::{
    Marketplace,
    account::User,
    chrono::{DateTime, Utc},
    kernel::{Actor, Clock, Currency, Id, Kind, Money, SystemClock, SystemEntropy},
    payment::{Capabilities, Charge, Limits, PaymentGateway},
    store::{ChangeSet, Commit, Put},
    transaction::{
        Amount, Context, GatewayError, Inputs, NewTransaction, Outcome, PaymentMethod, PaymentPolicy,
        PaymentTiming, Transaction, TransactionKind,
    },
};
use bson::doc;
use criterion::{Criterion, SamplingMode};
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{Result, balance::fresh, history::History};

/// The number of due payments.
const PAYMENTS: usize = 10_000;
const IN_ONE_COMMIT: usize = 500;
/// How long the provider takes to fail.
const SILENCE: Duration = Duration::from_secs(60);
/// The longest time from the moment at which a booking is due to the commit of its task.
const GOAL: Duration = Duration::from_secs(2);
/// As the program `baitech worker` runs it.
const LANES: usize = 2;
const BATCH: usize = 32;
const INTERVAL: Duration = Duration::from_secs(1);

/// A provider that does not answer.
#[derive(Debug)]
struct Silent;

#[async_trait]
impl PaymentGateway for Silent {
    fn method(&self) -> PaymentMethod {
        PaymentMethod::Mpesa
    }

    fn capabilities(&self) -> Capabilities {
        let kes = |shillings| Some(Money::from_major(shillings, Currency::KES));
        Capabilities {
            charge: Limits { least: kes(1), most: kes(250_000) },
            ledger_only: false,
            ..Capabilities::of_ledger(PaymentTiming::AtAcceptance)
        }
    }

    async fn charge(&self, _: &Charge) -> std::result::Result<Outcome, GatewayError> {
        tokio::time::sleep(SILENCE).await;
        Err(GatewayError::new("no answer"))
    }
}

/// Measures it, and prints it beside its goal.
#[expect(clippy::expect_used, reason = "only a panic stops criterion")]
pub(crate) fn measure(criterion: &mut Criterion, runtime: &Runtime, history: &History) {
    let mut times: Vec<Duration> = Vec::new();
    let mut group = criterion.benchmark_group("due work");
    group.sampling_mode(SamplingMode::Flat).sample_size(10).measurement_time(Duration::from_secs(30));
    let mut lanes = None;
    group.bench_function("a booking beside 10,000 silent payments", |bencher| {
        lanes.get_or_insert_with(|| runtime.block_on(work(history)).expect("the payments are stored"));
        bencher.iter_custom(|rounds| {
            let measured = runtime.block_on(delays(history, rounds)).expect("every booking is handled");
            let sum = measured.iter().sum();
            times.extend(measured);
            sum
        });
    });
    group.finish();
    drop(lanes);
    times.sort_unstable();
    if let (Some(median), Some(slowest)) = (times.get(times.len() / 2), times.last()) {
        report(&format!(
            "due work: a due booking waits {median:.1?} (median), at most {slowest:.1?} (the goal is {GOAL:.0?}), \
             {} bookings",
            times.len()
        ));
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark's output")]
fn report(line: &str) {
    println!("{line}");
}

/// Stores the payments, and starts the loops of a worker.
async fn work(history: &History) -> Result<JoinSet<()>> {
    for _ in 0..PAYMENTS / IN_ONE_COMMIT {
        let mut changes = ChangeSet::new();
        for _ in 0..IN_ONE_COMMIT {
            changes = changes.write(top_up()?);
        }
        let _ = history.store.commit(changes).await?;
    }
    let market = Marketplace::builder(Arc::new(history.store.clone())).gateway(Arc::new(Silent)).build();
    let mut lanes = JoinSet::new();
    for kind in Kind::ALL {
        for _ in 0..LANES {
            let worker = market.worker();
            lanes.spawn(async move {
                loop {
                    let did_some = worker.run_due_of(&[*kind], BATCH).await.is_ok_and(|work| work.done > 0);
                    if !did_some {
                        tokio::time::sleep(INTERVAL).await;
                    }
                }
            });
        }
    }
    Ok(lanes)
}

/// A top-up that is to be sent to the provider.
fn top_up() -> Result<Put<Transaction>> {
    let (now, payer): (DateTime<Utc>, Id<User>) = (SystemClock.now(), fresh());
    let (policy, entropy) = (PaymentPolicy::default(), SystemEntropy);
    let context =
        Context { actor: Actor::System, now, policy: &policy, entropy: &entropy, inputs: Inputs::default() };
    let amount = Amount::whole(Money::from_major(100, Currency::KES));
    let new = NewTransaction {
        payer: Some(payer),
        provider: Some(PaymentMethod::Mpesa),
        phone: Some("+254712345678".to_owned()),
        ..NewTransaction::new(TransactionKind::WalletTopup, PaymentMethod::Mpesa, amount)
    };
    let mut record = Transaction::begin(new, &context)?.next.into_record();
    record.id = fresh();
    record.number = baitech::transaction::TransactionNumber::from_stored(format!("TXN{}", record.id));
    Ok(Put::new(Transaction::from_record(record)).due_at(Some(now)))
}

/// The time that each of so many bookings waits for its task.
#[expect(clippy::disallowed_methods, reason = "a stopwatch")]
async fn delays(history: &History, rounds: u64) -> Result<Vec<Duration>> {
    let pending = history.real_booking("pending")?;
    let mut delays = Vec::new();
    for _ in 0..rounds {
        // At another point of the worker's interval each time.
        tokio::time::sleep(INTERVAL.mul_f64(fastrand::f64())).await;
        let mut booking = history.copy(pending);
        booking.insert("dueAt", bson::DateTime::now());
        let id = booking.get_object_id("_id")?;
        let start = Instant::now();
        history.documents().insert_one(&booking).await?;
        let is_done = async || -> Result<bool> {
            let now = history.documents().find_one(doc! { "_id": id }).await?;
            Ok(now.is_some_and(|now| now.get("dueAt") != booking.get("dueAt")))
        };
        while !is_done().await? {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        delays.push(start.elapsed());
    }
    Ok(delays)
}
