//! Concurrent releases, refunds and payments of the same money move it once.
//!
//! The money of a paid booking is in escrow, and eight callers over two connections send the same command at
//! once.

use std::sync::Arc;

use baitech_core::{
    Marketplace,
    account::User,
    booking::{Booking, BookingPolicy, BookingStatus as Status, PaymentStatus},
    kernel::{Actor, Currency, Error, Id, Kind, ManualClock, Money, Rule},
    ledger::Account,
    payment::{
        Capabilities, Limits, NewPayment, NewPayout, News, Notice, PayOut, PaymentGateway, Payments, Subject,
        WebhookCall, WebhookError,
    },
    pricing::Shares,
    store::{ChangeSet, Commit, LedgerReader, Load, Put, Stored},
    testing::build::{self, kes},
    transaction::{
        Amount, Declined, GatewayError, MismatchKind, Outcome, PaymentMethod, PaymentTiming, Proof,
        Transaction, TransactionKind, TransactionRecord, TransactionStatus,
    },
};
use futures::future::{BoxFuture, join_all};

use crate::world::{World, at_once, now};

const LANES: u64 = 8;
const ROUNDS: u64 = 25;
const RIVALS: usize = 8;

/// Mobile money that accepts every order. Its webhook is an event name, and an amount or `failed`.
#[derive(Debug)]
pub(crate) struct Phone;

#[async_trait::async_trait]
impl PaymentGateway for Phone {
    fn method(&self) -> PaymentMethod {
        PaymentMethod::Mpesa
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            ledger_only: false,
            pay_out: Some(Limits::default()),
            signs_webhooks: false,
            ..Capabilities::of_ledger(PaymentTiming::AtAcceptance)
        }
    }

    async fn pay_out(&self, pay_out: &PayOut) -> Result<Outcome, GatewayError> {
        Ok(Outcome::Accepted { reference: pay_out.idempotency_key.clone(), client_secret: None })
    }

    fn read_webhook(&self, call: &WebhookCall) -> Result<Vec<Notice>, WebhookError> {
        let text = String::from_utf8(call.body.clone()).unwrap();
        let (id, amount) = text.split_once(' ').unwrap();
        let outcome = match amount {
            "failed" => Outcome::Declined(Declined {
                code: "timeout".to_owned(),
                reason: "The payer did not answer.".to_owned(),
                retry_after: None,
            }),
            amount => {
                Outcome::Settled(Proof { amount: Some(kes(amount.parse().unwrap())), ..Proof::default() })
            }
        };
        let (id, subject) = (id.to_owned(), Subject::Caller { reference: None });
        Ok(vec![Notice { id, subject, news: News::Outcome(outcome) }])
    }
}

pub(crate) struct Till {
    pub(crate) world: World,
    pub(crate) markets: Vec<Marketplace>,
    pub(crate) admin: User,
    pub(crate) technician: User,
}

impl Till {
    pub(crate) async fn new() -> Self {
        let world = World::new().await;
        let clock = || Arc::new(ManualClock::at(now()));
        let markets = world.stores.iter().map(|store| {
            Marketplace::builder(Arc::new(store.clone())).clock(clock()).gateway(Arc::new(Phone)).build()
        });
        let markets = markets.collect();
        let admin = build::admin(1);
        world.store([Put::new(admin.clone()).into()]).await;
        let technician = world.technician(1).await;
        Self { world, markets, admin, technician }
    }

    fn payments(&self, n: usize) -> Payments {
        self.markets[n % self.markets.len()].payments()
    }

    /// The `n`-th booking, paid by wallet, with held money. It has its own customer, so that its tallies
    /// conflict with no other booking.
    async fn held(&self, n: u64) -> (Id<Booking>, Id<Transaction>) {
        let customer = build::customer(1_000 + n);
        let mut booking = build::booking(n, &customer, Some(&self.technician), Status::Paid);
        let total = booking.pricing.total;
        let payment = TransactionRecord {
            payee: Some(self.technician.id),
            booking: Some(booking.id),
            method: PaymentMethod::Wallet,
            amount: Amount::shared(golden()).unwrap(),
            splits: Vec::new(),
            gateway: Default::default(),
            // An id that differs from that of the booking, which is `n`.
            ..build::transaction(
                1_000_000 + n,
                &customer,
                TransactionKind::BookingPayment,
                TransactionStatus::Completed,
                total,
            )
        };
        let payment = TransactionRecord {
            escrow: baitech_core::transaction::EscrowState {
                held: true,
                held_at: Some(build::start()),
                ..Default::default()
            },
            ..payment
        };
        booking.payment.method = Some(PaymentMethod::Wallet);
        booking.payment.status = PaymentStatus::Held;
        booking.payment.transaction = Some(payment.id);
        booking.payment.paid = Some(total);
        booking.payment.held = true;
        let (booking, payment) = (Booking::from_record(booking), Transaction::from_record(payment));
        let ids = (booking.id, payment.id);
        let bank = Account::OpeningBalance;
        let entry = build::entry(n, ids.1.into(), bank, Account::Escrow(ids.0), total);
        let changes =
            ChangeSet::new().write(Put::new(customer)).write(Put::new(booking)).write(Put::new(payment));
        let changes = ChangeSet { entries: vec![entry], ..changes };
        let _ = self.world.stores[0].commit(changes).await.unwrap();
        ids
    }

    async fn load(&self, id: Id<Transaction>) -> Stored<Transaction> {
        Load::<Transaction>::load(&self.world.stores[0], id).await.unwrap().unwrap()
    }

    async fn balance(&self, account: Account) -> Money {
        self.world.stores[0].balance(account, Currency::KES).await.unwrap()
    }

    /// Checks that the running balances equal the sums of the postings, and that they sum to zero.
    async fn audit(&self) {
        let store = &self.world.stores[0];
        let balances = store.trial_balance().await.unwrap();
        assert_eq!(balances, store.recount().await.unwrap());
        let sum = Money::sum(Currency::KES, balances.iter().map(|(_, balance)| *balance)).unwrap();
        assert!(sum.is_zero(), "{sum}");
    }
}

/// The shares of 2,738: 2,278 for the technician, 300 and 60 for the platform, 100 withheld.
fn golden() -> Shares {
    Shares { payout: kes(2_278), platform: kes(300), processing: kes(60), withholding: kes(100) }
}

/// Runs rounds in several concurrent lanes and returns the sums of their counts.
async fn rounds(round: impl AsyncFn(u64) -> u64) -> u64 {
    let lane = async |lane: u64| {
        let mut counted = 0;
        for n in 0..ROUNDS {
            counted += round(lane * ROUNDS + n).await;
        }
        counted
    };
    join_all((0..LANES).map(lane)).await.into_iter().sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_one_of_eight_concurrent_releases_takes_effect() {
    let till = Till::new().await;
    let done = rounds(async |n| {
        let (booking, payment) = till.held(n + 1).await;
        let admin = till.admin.actor();
        let release = |rival| {
            let payments = till.payments(rival);
            async move { payments.release(&admin, payment).await }
        };
        let answers = at_once((0..RIVALS).map(release).collect::<Vec<_>>()).await;
        let done = answers.iter().filter(|answer| answer.is_ok()).count();
        for refused in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            assert_eq!(refused.rule(), Some(Rule::ALREADY_DECIDED), "{refused}");
        }
        assert!(till.balance(Account::Escrow(booking)).await.is_zero());
        u64::try_from(done).unwrap()
    })
    .await;
    let all = LANES * ROUNDS;
    assert_eq!(done, all, "one per round");
    let earned = i64::try_from(all).unwrap() * 2_278;
    assert_eq!(till.balance(Account::Payable(till.technician.id)).await, kes(earned));
    till.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_one_of_eight_concurrent_refunds_takes_effect() {
    let till = Till::new().await;
    let done = rounds(async |n| {
        let (booking, payment) = till.held(n + 1).await;
        let admin = till.admin.actor();
        let refund = |rival| {
            let payments = till.payments(rival);
            async move { payments.refund(&admin, payment, kes(2_738), "sorry").await }
        };
        let answers = at_once((0..RIVALS).map(refund).collect::<Vec<_>>()).await;
        let done = answers.iter().filter(|answer| answer.is_ok()).count();
        for refused in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            assert_eq!(refused.rule(), Some(Rule::EXCEEDS_CAPTURE), "{refused}");
        }
        let payment = till.load(payment).await;
        assert_eq!((payment.status, payment.refunds.len()), (TransactionStatus::Refunded, 1));
        assert!(till.balance(Account::Escrow(booking)).await.is_zero());
        let wallet = till.balance(Account::Wallet(payment.payer.unwrap())).await;
        assert_eq!(wallet, kes(2_738));
        u64::try_from(done).unwrap()
    })
    .await;
    assert_eq!(done, LANES * ROUNDS, "one per round");
    till.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_release_and_refund_keep_the_books_balanced() {
    let till = Till::new().await;
    let released_first = rounds(async |n| {
        let (booking, payment) = till.held(n + 1).await;
        let admin = till.admin.actor();
        let (releasing, refunding) = (till.payments(0), till.payments(1));
        let release = async move { releasing.release(&admin, payment).await.map(drop) };
        let refund = async move { refunding.refund(&admin, payment, kes(2_738), "sorry").await.map(drop) };
        let tasks: [BoxFuture<'_, Result<(), Error>>; 2] = if n % 2 == 0 {
            [Box::pin(release), Box::pin(refund)]
        } else {
            [Box::pin(refund), Box::pin(release)]
        };
        let mut answers = at_once(tasks).await;
        if n % 2 == 1 {
            answers.reverse();
        }
        assert!(
            answers[1].is_ok(),
            "a full refund is possible before and after the release: {:?}",
            answers[1]
        );
        assert!(till.balance(Account::Escrow(booking)).await.is_zero());
        let payment = till.load(payment).await;
        assert!(payment.captured().unwrap().is_zero());
        assert_eq!(till.balance(Account::Wallet(payment.payer.unwrap())).await, kes(2_738));
        match &answers[0] {
            Ok(()) => assert!(payment.escrow.released_at.is_some()),
            Err(refused) => assert_eq!(refused.rule(), Some(Rule::ALREADY_DECIDED), "{refused}"),
        }
        u64::from(answers[0].is_ok())
    })
    .await;
    println!("released before the refund {released_first} of {} times", LANES * ROUNDS);
    assert!(till.balance(Account::Payable(till.technician.id)).await.is_zero());
    assert!(till.balance(Account::PlatformRevenue).await.is_zero());
    till.audit().await;
}

/// The `n`-th booking, accepted, with a payment in progress.
async fn paying(till: &Till, n: u64) -> (Id<Booking>, Stored<Transaction>) {
    let customer = build::customer(1_000 + n);
    let mut booking = build::booking(n, &customer, Some(&till.technician), Status::Accepted);
    booking.payment.method = Some(PaymentMethod::Mpesa);
    booking.payment.timing = PaymentTiming::AtAcceptance;
    let booking = Booking::from_record(booking);
    let id = booking.id;
    let changes = ChangeSet::new().write(Put::new(customer.clone())).write(Put::new(booking));
    let _ = till.world.stores[0].commit(changes).await.unwrap();
    let payments = till.payments(0).max_price(kes(2_738));
    let started = payments.pay(&customer.actor(), id, &NewPayment::default()).await.unwrap();
    (id, started.transaction)
}

async fn call(payments: Payments, payment: &Stored<Transaction>, text: String) {
    let token = payment.gateway.token.clone().unwrap();
    let call = WebhookCall { token, headers: Vec::new(), body: text.into_bytes(), received_at: now() };
    payments.receive_webhook(call).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_concurrent_copies_of_a_webhook_pay_once() {
    let till = Till::new().await;
    rounds(async |n| {
        let (booking, payment) = paying(&till, n + 1).await;
        let calls = (0..RIVALS).map(|rival| {
            let (payments, payment) = (till.payments(rival), payment.clone());
            async move { call(payments, &payment, format!("n{n} 2738")).await }
        });
        at_once(calls.collect::<Vec<_>>()).await;
        assert_eq!(till.balance(Account::Escrow(booking)).await, kes(2_738));
        assert_eq!(till.load(payment.id).await.status, TransactionStatus::Completed);
        let stored = till.world.load(booking).await;
        assert_eq!(stored.payment.paid, Some(kes(2_738)));
        1
    })
    .await;
    assert_eq!(till.world.count("ledger").await, LANES * ROUNDS, "one entry per payment");
    till.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_concurrent_webhooks_are_ten_payments() {
    let till = Till::new().await;
    let mut waiting = Vec::new();
    for n in 1..=10 {
        waiting.push(paying(&till, n).await);
    }
    let calls = waiting.iter().enumerate().map(|(n, (_, payment))| {
        let (payments, payment) = (till.payments(n), payment.clone());
        async move { call(payments, &payment, format!("n{n} 2738")).await }
    });
    at_once(calls.collect::<Vec<_>>()).await;
    for (booking, payment) in &waiting {
        assert_eq!(till.balance(Account::Escrow(*booking)).await, kes(2_738));
        assert_eq!(till.load(payment.id).await.status, TransactionStatus::Completed);
    }
    assert_eq!(till.world.count("ledger").await, 10);
    till.audit().await;
}

/// A top-up counts towards the limit while it is open. So the provider carries out more than the limit only
/// after it has reported failures: here, each of three payments that failed succeeds after all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_late_top_ups_near_the_wallet_limit_are_all_booked_and_the_excess_is_set_aside() {
    let mut till = Till::new().await;
    let policy = || {
        let mut policy = BookingPolicy::default();
        policy.payment.wallet_limit = kes(500);
        policy
    };
    let market_at = |store: &baitech_mongo::MongoStore, now| {
        let market = Marketplace::builder(Arc::new(store.clone())).policy(policy());
        market.clock(Arc::new(ManualClock::at(now))).gateway(Arc::new(Phone)).build()
    };
    till.markets = till.world.stores.iter().map(|store| market_at(store, now())).collect();
    let later = market_at(&till.world.stores[0], now() + chrono::TimeDelta::hours(1));
    for round in 1..=20 {
        let owner = build::customer(2_000 + round);
        till.world.store([Put::new(owner.clone()).into()]).await;
        let mut begun = Vec::new();
        for n in 0..3 {
            let payments = till.payments(n);
            let started = payments.top_up(&owner.actor(), kes(200), &NewPayment::default()).await.unwrap();
            call(till.payments(n), &started.transaction, format!("failed-{round}-{n} failed")).await;
            begun.push(started.transaction);
        }
        let calls = begun.iter().enumerate().map(|(n, payment)| {
            let (payments, payment) = (till.payments(n), payment.clone());
            async move { call(payments, &payment, format!("paid-{round}-{n} 200")).await }
        });
        at_once(calls.collect::<Vec<_>>()).await;
        // A call that found room which another one has taken meanwhile is handled again by a worker.
        later.worker().run_due_of(&[Kind::Webhook], 10).await.unwrap();
        let wallet = till.balance(Account::Wallet(owner.id)).await;
        assert_eq!(wallet, kes(400), "two fit within the limit");
        let mut set_aside = Vec::new();
        for payment in &begun {
            let stored = till.load(payment.id).await;
            let reserved = till.balance(Account::Reserved(payment.id)).await;
            match stored.mismatch.as_ref().map(|mismatch| mismatch.kind) {
                None => assert_eq!((stored.status, reserved), (TransactionStatus::Completed, kes(0))),
                Some(kind) => set_aside.push((kind, reserved, stored.needs_person())),
            }
        }
        assert_eq!(set_aside, [(MismatchKind::Limit, kes(200), true)]);
    }
    till.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_wallet_payments_never_exceed_the_balance() {
    let till = Till::new().await;
    let owner = build::customer(1);
    let entry = build::entry(1, owner.id.into(), Account::Bank, Account::Wallet(owner.id), kes(1_000));
    let seen = Load::<User>::load(&till.world.stores[0], owner.id).await.unwrap().unwrap();
    let changes = ChangeSet::new().write(Put::over(&seen, seen.value.clone()));
    let _ = till.world.stores[0].commit(ChangeSet { entries: vec![entry], ..changes }).await.unwrap();
    let withdraw = |rival| {
        let (payments, actor): (_, Actor) = (till.payments(rival), owner.actor());
        async move { payments.withdraw(&actor, kes(300), &NewPayout::default()).await }
    };
    let answers = at_once((0..RIVALS).map(withdraw).collect::<Vec<_>>()).await;
    let paid = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(paid, 3, "a balance of 1,000 pays 300 three times");
    for refused in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert_eq!(refused.rule(), Some(Rule::INSUFFICIENT_FUNDS), "{refused}");
    }
    till.audit().await;
}
