//! The users of a run, the engine, and its providers.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{
    chance::Chance,
    events::EventCounter,
    provider::{Manner, Provider},
    store::ShakyStore,
    task::ready,
};
use crate::{
    Marketplace,
    account::{Category, User},
    booking::{Booking, BookingPolicy},
    kernel::{Clock, Currency, Id, ManualClock, Money, Role, SeededEntropy},
    ledger::Account,
    store::{AggregateRef, ChangeSet, Claim, Commit, Consumers, LedgerReader, Load, LogStart, Put, Stored},
    testing::build,
    transaction::{FraudCheck, FraudDecision, FraudScorer, FraudSignals, PaymentMethod, Transaction},
};

/// The debt limit of technicians in shillings, low enough that runs reach it.
pub(super) const DEBT_LIMIT: i64 = 1_000;

/// The environment of a run.
#[derive(Debug)]
pub(super) struct World {
    pub(super) chance: Arc<Chance>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) store: Arc<ShakyStore>,
    pub(super) mobile: Arc<Provider>,
    pub(super) card: Arc<Provider>,
    pub(super) market: Marketplace,
    /// The users who book: customers and employees of companies.
    pub(super) customers: Vec<User>,
    pub(super) companies: Vec<User>,
    pub(super) technicians: Vec<User>,
    pub(super) admin: User,
    pub(super) support: User,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let chance = Arc::new(Chance::new(seed));
        let clock = Arc::new(ManualClock::at(build::start()));
        let store = Arc::new(ShakyStore::new(chance.clone()));
        let mobile = Arc::new(Provider::new(Manner::Mobile, clock.clone(), chance.clone()));
        let card = Arc::new(Provider::new(Manner::Card, clock.clone(), chance.clone()));
        let mut policy = BookingPolicy::default();
        policy.payment.confirm_above = build::kes([1_000, 3_000, 10_000][chance.below(3) as usize]);
        policy.payment.debt_limit = build::kes(DEBT_LIMIT);
        let market = Marketplace::builder(store.clone())
            .clock(clock.clone())
            .entropy(Arc::new(SeededEntropy::new(seed)))
            .policy(policy)
            .gateway(mobile.clone())
            .gateway(card.clone())
            .fraud_scorer(Arc::new(Suspicion(chance.clone())))
            .build();
        let mut world = Self {
            customers: (1..=2 + chance.below(12)).map(build::customer).collect(),
            companies: (1..=chance.below(3)).map(build::company).collect(),
            technicians: (1..=2 + chance.below(6))
                .map(|n| {
                    let home = build::point(36.8219, -1.2921 + chance.between(0, 60) as f64 / 1_000.0);
                    build::technician(n, Category::Plumbing, home)
                })
                .collect(),
            admin: build::admin(1),
            support: User::from_record(build::user(Role::Support, 1)),
            chance,
            clock,
            store,
            mobile,
            card,
            market,
        };
        for (n, company) in world.companies.clone().iter().enumerate() {
            let mut employee = build::user(Role::Corporate, 100 + n as u64);
            employee.corporate.clone_from(&company.corporate);
            if let Some(profile) = employee.corporate.as_mut() {
                profile.administrator = Some(company.id);
            }
            world.customers.push(User::from_record(employee));
        }
        world.store_users();
        // From the start, so that no event is deleted before the consumer has read it.
        let opened = world.store.inner.open_consumer(EventCounter::NAME, LogStart::First);
        let _ = ready(opened).expect("the store answers");
        world
    }

    fn store_users(&self) {
        let staff = [&self.admin, &self.support];
        for user in self.customers.iter().chain(&self.companies).chain(&self.technicians).chain(staff) {
            let holder = AggregateRef::User(user.id);
            let mut changes = ChangeSet::new().write(Put::new(user.clone()));
            changes.take = user.claims().into_iter().map(|key| Claim { key, holder }).collect();
            let _ = ready(self.store.inner.commit(changes)).expect("no user exists twice");
        }
    }

    pub(super) fn provider(&self, card: bool) -> &Arc<Provider> {
        if card { &self.card } else { &self.mobile }
    }

    pub(super) fn user_count(&self) -> usize {
        self.customers.len() + self.companies.len() + self.technicians.len() + 2
    }

    pub(super) fn booking(&self, id: Id<Booking>) -> Stored<Booking> {
        ready(Load::<Booking>::load(&self.store.inner, id)).expect("it answers").expect("it is stored")
    }

    pub(super) fn transaction(&self, id: Id<Transaction>) -> Stored<Transaction> {
        ready(Load::<Transaction>::load(&self.store.inner, id)).expect("it answers").expect("it is stored")
    }

    pub(super) fn balance(&self, account: Account) -> Money {
        ready(self.store.inner.balance(account, Currency::KES)).expect("it answers")
    }

    pub(super) fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
        self.mobile.pass_time();
        self.card.pass_time();
    }

    /// The date in Nairobi this many days from now.
    pub(super) fn day(&self, days: u64) -> chrono::NaiveDate {
        (self.clock.now() + TimeDelta::hours(3)).date_naive() + chrono::Days::new(days)
    }

    /// A random payment method.
    pub(super) fn method(&self, user: &User) -> PaymentMethod {
        match self.chance.below(if user.role == Role::Corporate { 14 } else { 10 }) {
            0..=3 => PaymentMethod::Mpesa,
            4..=6 => PaymentMethod::Card,
            7 | 8 => PaymentMethod::Wallet,
            9 => PaymentMethod::Cash,
            _ => PaymentMethod::BankTransfer,
        }
    }
}

/// A fraud check with random results, so that runs take every path of a review.
#[derive(Debug)]
struct Suspicion(Arc<Chance>);

impl FraudScorer for Suspicion {
    fn score(&self, _: &FraudSignals, now: chrono::DateTime<chrono::Utc>) -> FraudCheck {
        let (score, decision) = match self.0.below(20) {
            0..=2 => (50, FraudDecision::Review),
            3 => (90, FraudDecision::Block),
            _ => (10, FraudDecision::Approve),
        };
        FraudCheck { score, decision, reasons: Vec::new(), checked_at: now, review: None }
    }
}
