//! A marketplace with two providers, and helpers for payments.

use std::sync::{Arc, Mutex};

use baitech_core::{
    account::User,
    booking::{Booking, BookingStatus},
    kernel::{Actor, Id, Result},
    ledger::Account,
    payment::{
        NewPayment, PaymentGateway, Payments, ReconcileRequest, ReconciliationView, StartedPayment, Webhook,
        WebhookCall, WebhookStatus,
    },
    store::{LedgerReader, Load, Stored},
    transaction::{PaymentMethod, Transaction, TransactionFilter, TransactionKind, TransactionStatus},
};

use crate::{
    provider::Provider,
    support::{self, World, run},
};

pub(crate) struct Till {
    pub(crate) world: World,
    pub(crate) mpesa: Arc<Provider>,
    pub(crate) card: Arc<Provider>,
    webhooks: Mutex<Vec<Id<Webhook>>>,
}

impl Till {
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(configure: impl FnOnce(baitech_core::Builder) -> baitech_core::Builder) -> Self {
        let (mpesa, card) = (Provider::mpesa(), Provider::card());
        let gateways: [Arc<dyn PaymentGateway>; 2] = [mpesa.clone(), card.clone()];
        let world = World::with(|builder| {
            configure(gateways.into_iter().fold(builder, |builder, gateway| builder.gateway(gateway)))
        });
        Self { world, mpesa, card, webhooks: Mutex::default() }
    }

    pub(crate) fn payments(&self) -> Payments {
        self.world.market.payments()
    }

    pub(crate) fn customer(&self) -> Actor {
        self.world.customer.actor()
    }

    pub(crate) fn booked(&self, method: PaymentMethod) -> Stored<Booking> {
        let mut request = support::request();
        request.payment_method = method;
        self.world.request(&request)
    }

    /// An accepted booking with the given payment method.
    pub(crate) fn accepted(&self, method: PaymentMethod) -> Id<Booking> {
        let id = self.booked(method).id;
        self.world.drive(id, BookingStatus::Accepted);
        id
    }

    /// Requests the payment of a booking at its current version.
    pub(crate) fn pay(&self, id: Id<Booking>) -> Result<StartedPayment> {
        let version = self.world.load(id).version;
        run(self.payments().if_version(version).pay(&self.customer(), id, &NewPayment::default()))
    }

    /// A booking whose money is held.
    pub(crate) fn held(&self, method: PaymentMethod) -> (Id<Booking>, Id<Transaction>) {
        let id = self.accepted(method);
        let gateway = if method == PaymentMethod::Mpesa { &self.mpesa } else { &self.card };
        gateway.answers_settled(&format!("R{}", self.world.booking_count()));
        let payment = self.pay(id).unwrap().transaction.id;
        assert_eq!(self.load(payment).status, TransactionStatus::Completed);
        (id, payment)
    }

    /// A finished booking whose money is held.
    pub(crate) fn paid(&self, method: PaymentMethod) -> (Id<Booking>, Id<Transaction>) {
        let (id, payment) = self.held(method);
        self.world.drive(id, BookingStatus::Paid);
        (id, payment)
    }

    /// A booking whose money has been released.
    pub(crate) fn released(&self, method: PaymentMethod) -> (Id<Booking>, Id<Transaction>) {
        let (id, payment) = self.paid(method);
        run(self.payments().release(&self.world.admin.actor(), payment)).unwrap();
        (id, payment)
    }

    pub(crate) fn load(&self, id: Id<Transaction>) -> Stored<Transaction> {
        let stored: Stored<Transaction> =
            run(Load::load(&*self.world.store, id)).unwrap().expect("the transaction is stored");
        assert_eq!(stored.needs_person(), !stored.person_tasks().is_empty());
        stored
    }

    /// Delivers a webhook about a transaction.
    pub(crate) fn call(&self, transaction: Id<Transaction>, text: &str) {
        let token = self.load(transaction).gateway.token.clone().expect("a token");
        self.call_at(&token, text);
    }

    pub(crate) fn call_at(&self, token: &str, text: &str) {
        let call = WebhookCall {
            token: token.to_owned(),
            headers: Vec::new(),
            body: text.as_bytes().to_vec(),
            received_at: self.world.now(),
        };
        let id = run(self.payments().receive_webhook(call)).unwrap();
        self.webhooks.lock().unwrap().extend(id);
    }

    /// The results of all webhooks so far, the oldest first.
    pub(crate) fn webhook_results(&self) -> Vec<WebhookStatus> {
        let calls = self.webhooks.lock().unwrap();
        let load = |id: &Id<Webhook>| run(Load::<Webhook>::load(&*self.world.store, *id)).unwrap();
        calls.iter().map(|id| load(id).expect("the call is stored").status).collect()
    }

    /// The result of the last webhook.
    pub(crate) fn last_webhook_result(&self) -> WebhookStatus {
        *self.webhook_results().last().expect("a call")
    }

    /// Tops up a wallet.
    pub(crate) fn fill_wallet(&self, owner: &User, shillings: i64) {
        self.mpesa.answers_settled(&format!("W{shillings}-{}", self.transactions().len()));
        let amount = support::kes(shillings);
        run(self.payments().top_up(&owner.actor(), amount, &NewPayment::default())).unwrap();
        assert_eq!(self.balance(Account::Wallet(owner.id)), shillings);
    }

    pub(crate) fn balance(&self, account: Account) -> i64 {
        self.world.balance(account)
    }

    /// All accounts with a non-zero balance, in shillings.
    pub(crate) fn books(&self) -> Vec<(Account, i64)> {
        let balances = run(LedgerReader::trial_balance(&*self.world.store)).unwrap();
        let recounted = run(LedgerReader::recount(&*self.world.store)).unwrap();
        assert_eq!(balances, recounted, "the running balances are the sums of the postings");
        let shillings = |amount: baitech_core::kernel::Money| i64::try_from(amount.amount()).expect("whole");
        let books: Vec<_> =
            balances.into_iter().map(|(account, amount)| (account, shillings(amount))).collect();
        assert_eq!(books.iter().map(|(_, amount)| amount).sum::<i64>(), 0, "{books:?}");
        books.into_iter().filter(|(_, amount)| *amount != 0).collect()
    }

    /// Every transaction, the oldest first.
    pub(crate) fn transactions(&self) -> Vec<Stored<Transaction>> {
        let page = baitech_core::kernel::PageRequest::new(100, None).unwrap();
        let filter = TransactionFilter::default();
        let mut all = run(self.payments().list(&Actor::System, &filter, &page)).unwrap().items;
        all.reverse();
        all
    }

    pub(crate) fn of_kind(&self, kind: TransactionKind) -> Vec<Stored<Transaction>> {
        self.transactions().into_iter().filter(|transaction| transaction.kind == kind).collect()
    }

    /// Every call of a provider, the oldest first.
    pub(crate) fn webhooks(&self) -> Vec<Stored<Webhook>> {
        let page = baitech_core::kernel::PageRequest::new(100, None).unwrap();
        let mut all = run(self.payments().list_webhooks(&Actor::System, &[], &page)).unwrap().items;
        all.reverse();
        all
    }

    /// Submits a statement and runs its reconciliation to the end.
    pub(crate) fn reconcile(
        &self,
        actor: &Actor,
        request: &ReconcileRequest,
        statement: &str,
    ) -> Result<ReconciliationView> {
        let job = run(self.payments().reconcile(actor, request, statement.as_bytes()))?;
        self.work();
        run(self.payments().reconciliation(actor, job.id))
    }

    pub(crate) fn work(&self) {
        let work = self.world.work();
        assert_eq!(work.failed, 0, "{work:?}");
    }
}
