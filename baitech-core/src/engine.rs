//! The handle to the engine, and its builder.

mod caller;

use std::{collections::BTreeMap, ops::Deref, sync::Arc};

use chrono::{DateTime, Utc};

pub(crate) use caller::{Access, Caller, Command};

use crate::{
    account::{self, Accounts, User, UserRepository, UserStatus},
    booking::{Booking, BookingPolicy, BookingRepository, Bookings, Context, Inputs, Zones},
    decide::Runtime,
    kernel::{
        Actor, Clock, Entropy, Error, Pause, PolicyCheck, PolicyError, Result, Role, Rule, SystemClock,
        SystemEntropy,
    },
    ledger::Ledger,
    matching::{MatchScorer, MatchingRepository, WeightedScorer},
    operations::Operations,
    payment::{
        BankTransfer, Cash, DocumentRenderer, PaymentGateway, Payments, ReconciliationRepository,
        RuleFraudScorer, StrayCalls, Wallet, WebhookRepository,
    },
    ports::Store,
    pricing::{HourlyPriceList, PriceList},
    search::Search,
    store::Stored,
    transaction::{self, FraudScorer, PaymentMethod, Transaction, TransactionRepository},
    worker::Worker,
};

/// State shared by all services.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) runtime: Runtime<BookingPolicy>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) users: Arc<dyn UserRepository>,
    pub(crate) bookings: Arc<dyn BookingRepository>,
    pub(crate) matching: Arc<dyn MatchingRepository>,
    pub(crate) transactions: Arc<dyn TransactionRepository>,
    pub(crate) webhooks: Arc<dyn WebhookRepository>,
    pub(crate) reconciliations: Arc<dyn ReconciliationRepository>,
    pub(crate) price_list: Arc<dyn PriceList>,
    pub(crate) scorer: Arc<dyn MatchScorer>,
    pub(crate) gateways: BTreeMap<PaymentMethod, Arc<dyn PaymentGateway>>,
    pub(crate) fraud: Arc<dyn FraudScorer>,
    pub(crate) documents: Option<Arc<dyn DocumentRenderer>>,
    pub(crate) stray_calls: StrayCalls,
    pub(crate) zones: Zones,
}

/// Features use the parts of the runtime as parts of the engine.
impl Deref for Engine {
    type Target = Runtime<BookingPolicy>;

    fn deref(&self) -> &Runtime<BookingPolicy> {
        &self.runtime
    }
}

impl Engine {
    /// The context of a decision at `now`, without inputs.
    pub(crate) fn context<'a>(&'a self, actor: &Actor, now: DateTime<Utc>) -> Context<'a> {
        let (policy, entropy) = (&self.policy, &*self.entropy);
        Context { actor: *actor, now, policy, entropy, inputs: Inputs::default() }
    }

    /// The context of a decision on a user or an identity check at `now`.
    pub(crate) fn account_context(&self, actor: &Actor, now: DateTime<Utc>) -> account::Context<'_> {
        self.context(actor, now).part()
    }

    /// The context of a decision on a transaction at `now`, without inputs.
    pub(crate) fn transaction_context(&self, actor: &Actor, now: DateTime<Utc>) -> transaction::Context<'_> {
        self.context(actor, now).part()
    }

    /// Loads the payments of a booking, in the order of [`Booking::payments`]. Missing ones are left out.
    pub(crate) async fn payments_of(&self, booking: &Booking) -> Result<Vec<Stored<Transaction>>> {
        let mut payments = Vec::new();
        for id in booking.payments() {
            payments.extend(self.transactions.load(id).await?);
        }
        Ok(payments)
    }

    /// The stored user behind an actor; `None` for the system. Fails unless the user has the role that the
    /// actor claims and its status permits this access. Also fails for anonymous actors: public operations do
    /// not call this.
    pub(crate) async fn require_actor(&self, actor: &Actor, access: Access) -> Result<Option<Caller>> {
        match *actor {
            Actor::System => Ok(None),
            Actor::Anonymous => Err(Error::forbidden("only signed-in users can do this")),
            Actor::User { id, role } => Caller::load(&self.users, (id, role), access).await.map(Some),
        }
    }

    /// The actor whose view applies to reads: the actor itself, or a customer for suspended staff, who see
    /// only their own data.
    pub(crate) async fn reader(&self, actor: &Actor) -> Result<Actor> {
        let user = self.require_actor(actor, Access::Read).await?;
        Ok(Self::reading_as(actor, user.as_deref()))
    }

    /// Like [`reader`](Self::reader), for a user that is already loaded.
    pub(crate) fn reading_as(actor: &Actor, user: Option<&User>) -> Actor {
        let demoted = user.filter(|user| user.status == UserStatus::Suspended && user.role.is_staff());
        demoted.map_or(*actor, |user| Actor::user(user.id, Role::Customer))
    }

    /// Like [`reader`](Self::reader), for a result that a command or query has just returned to this actor.
    /// It loads only staff again: only they can have fewer rights than their role implies.
    pub(crate) async fn viewer(&self, actor: &Actor) -> Result<Actor> {
        if actor.is_staff() { self.reader(actor).await } else { Ok(*actor) }
    }

    /// The gateway whose webhook calls use this token.
    pub(crate) fn gateway_by_token(&self, token: &str) -> Option<&Arc<dyn PaymentGateway>> {
        self.gateways.values().find(|gateway| gateway.webhook_token() == Some(token))
    }

    pub(crate) fn gateway(&self, method: PaymentMethod) -> Result<&Arc<dyn PaymentGateway>> {
        let missing = || {
            let message = format!("the payment method {} is not configured", method.as_str());
            Error::refused(Rule::PAYMENT_METHOD, message)
        };
        self.gateways.get(&method).ok_or_else(missing)
    }
}

/// The marketplace engine: cheap to clone and shared by all threads.
///
/// ```
/// use std::sync::Arc;
/// use baitech_core::{Marketplace, memory::MemoryStore};
///
/// let market = Marketplace::builder(Arc::new(MemoryStore::new())).build();
/// let bookings = market.bookings();
/// # let _ = bookings;
/// ```
#[derive(Debug, Clone)]
pub struct Marketplace {
    engine: Arc<Engine>,
}

impl Marketplace {
    /// Starts building an engine over a store. Everything else has a default: the system clock and random
    /// generator, the platform's default policy, and payment in cash, from the wallet or by bank transfer.
    pub fn builder<S: Store + 'static>(store: Arc<S>) -> Builder {
        let cash: Arc<dyn PaymentGateway> = Arc::new(Cash);
        let wallet: Arc<dyn PaymentGateway> = Arc::new(Wallet);
        let bank: Arc<dyn PaymentGateway> = Arc::new(BankTransfer);
        Builder {
            engine: Engine {
                runtime: Runtime {
                    clock: Arc::new(SystemClock),
                    entropy: Arc::new(SystemEntropy),
                    pause: store.clone(),
                    policy: BookingPolicy::default(),
                    commit: store.clone(),
                    claims: store.clone(),
                    counters: store.clone(),
                    ledger: store.clone(),
                    versions: store.clone(),
                },
                store: store.clone(),
                users: store.clone(),
                bookings: store.clone(),
                transactions: store.clone(),
                webhooks: store.clone(),
                reconciliations: store.clone(),
                matching: store,
                price_list: Arc::new(HourlyPriceList::default()),
                scorer: Arc::new(WeightedScorer::default()),
                gateways: BTreeMap::from([
                    (cash.method(), cash),
                    (wallet.method(), wallet),
                    (bank.method(), bank),
                ]),
                fraud: Arc::new(RuleFraudScorer::default()),
                documents: None,
                stray_calls: StrayCalls::default(),
                zones: Zones::default(),
            },
            scorer: None,
        }
    }

    /// Commands and queries about accounts.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        Accounts::new(self.engine.clone())
    }

    /// Commands and queries about bookings.
    #[must_use]
    pub fn bookings(&self) -> Bookings {
        Bookings::new(self.engine.clone())
    }

    /// Commands and queries about money.
    #[must_use]
    pub fn payments(&self) -> Payments {
        Payments::new(self.engine.clone())
    }

    /// Reads the ledger.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        Ledger::new(self.engine.clone())
    }

    /// Searches people, bookings, posts, reviews and messages by their texts.
    #[must_use]
    pub fn search(&self) -> Search {
        Search::new(self.engine.clone())
    }

    /// Operator tasks: due work that is no longer attempted.
    #[must_use]
    pub fn operations(&self) -> Operations {
        Operations::new(self.engine.clone())
    }

    /// Runs due tasks. Any number of workers may run, in any number of processes.
    #[must_use]
    pub fn worker(&self) -> Worker {
        Worker::new(self.engine.clone())
    }

    /// The configured renderer of receipts, invoices and statements; `None` by default.
    #[must_use]
    pub fn documents(&self) -> Option<&Arc<dyn DocumentRenderer>> {
        self.engine.documents.as_ref()
    }

    /// Number of webhook calls under unknown tokens since this process started. They get the same response as
    /// all other calls, but nothing of them is stored.
    #[must_use]
    pub fn stray_webhook_calls(&self) -> u64 {
        self.engine.stray_calls.count()
    }

    /// The booking policy.
    #[must_use]
    pub fn policy(&self) -> &BookingPolicy {
        &self.engine.policy
    }
}

/// Builds a [`Marketplace`].
#[derive(Debug)]
#[must_use]
pub struct Builder {
    engine: Engine,
    scorer: Option<Arc<dyn MatchScorer>>,
}

impl Builder {
    /// Sets the source of time.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.engine.runtime.clock = clock;
        self
    }

    /// Sets the source of randomness: ids and tokens.
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.engine.runtime.entropy = entropy;
        self
    }

    /// Sets how to wait between two attempts, instead of the store's own way.
    pub fn pause(mut self, pause: Arc<dyn Pause>) -> Self {
        self.engine.runtime.pause = pause;
        self
    }

    /// Sets the booking policy.
    pub fn policy(mut self, policy: BookingPolicy) -> Self {
        self.engine.runtime.policy = policy;
        self
    }

    /// Sets the price list.
    pub fn price_list(mut self, price_list: Arc<dyn PriceList>) -> Self {
        self.engine.price_list = price_list;
        self
    }

    /// Sets how technicians are ranked, instead of the policy's weights.
    pub fn scorer(mut self, scorer: Arc<dyn MatchScorer>) -> Self {
        self.scorer = Some(scorer);
        self
    }

    /// Sets the renderer of receipts, invoices and statements: to PDF, for example.
    pub fn document_renderer(mut self, renderer: Arc<dyn DocumentRenderer>) -> Self {
        self.engine.documents = Some(renderer);
        self
    }

    /// Sets how payments are scored for fraud.
    pub fn fraud_scorer(mut self, scorer: Arc<dyn FraudScorer>) -> Self {
        self.engine.fraud = scorer;
        self
    }

    /// Adds a payment provider. It replaces an earlier one for the same methods.
    pub fn gateway(mut self, gateway: Arc<dyn PaymentGateway>) -> Self {
        for method in gateway.also_serves() {
            self.engine.gateways.insert(*method, gateway.clone());
        }
        self.engine.gateways.insert(gateway.method(), gateway);
        self
    }

    /// Builds the engine from policies that are known to be valid: the defaults, or constants that a test
    /// covers. Use [`try_build`](Self::try_build) for policies that come from configuration.
    ///
    /// # Panics
    /// If `try_build` fails. The message lists every violation.
    #[must_use]
    pub fn build(self) -> Marketplace {
        match self.try_build() {
            Ok(market) => market,
            #[expect(clippy::panic, reason = "documented; an engine must not run with an invalid policy")]
            Err(error) => panic!("{error}"),
        }
    }

    /// Builds the engine after it has validated the booking policy with all its parts, the price list, the
    /// fraud scorer and the limits of every gateway.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use baitech_core::{Marketplace, booking::BookingPolicy, kernel::Currency, memory::MemoryStore};
    ///
    /// let policy = BookingPolicy { currency: Currency::USD, ..BookingPolicy::default() };
    /// let refused = Marketplace::builder(Arc::new(MemoryStore::new())).policy(policy).try_build();
    /// // The limits are still in shillings, and would limit no dollar.
    /// assert!(
    ///     refused.is_err_and(|error| error.to_string().contains("payment.walletLimit: is in KES"))
    /// );
    /// ```
    ///
    /// # Errors
    /// [`PolicyError`] with every violation and its field.
    pub fn try_build(self) -> Result<Marketplace, PolicyError> {
        let Self { mut engine, scorer } = self;
        let mut check = PolicyCheck::new(engine.policy.currency);
        engine.policy.check(&mut check);
        check.within("priceList", engine.price_list.violations(engine.policy.currency));
        check.within("fraud", engine.fraud.violations(engine.policy.currency));
        for (method, gateway) in &engine.gateways {
            gateway.capabilities().check_policy(&format!("gateways.{}", method.as_str()), &mut check);
        }
        check.into_result()?;
        let scoring = engine.policy.matching.scoring;
        engine.scorer = scorer.unwrap_or_else(|| Arc::new(WeightedScorer::new(scoring)));
        Ok(Marketplace { engine: Arc::new(engine) })
    }
}
