//! Incoming payments: for bookings, tips, wallets and debts.

use std::future::Future;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Payments, account_name};
use crate::{
    account::User,
    booking::{self, Booking, BookingStatus, Party},
    decide::{Decision, Step, drive},
    engine::{
        Access::{Begin, Continue},
        Command,
    },
    kernel::{Actor, Code, Error, Id, Kind, Money, PhoneNumber, Result, Role, Rule, Violation, before},
    ledger::Account,
    store::{AggregateRef, Guard, Stored},
    transaction::{
        self, Amount, Cause, ClientSecret, FraudDecision, FraudSignals, HistoryQuery, NewTransaction,
        PaymentMethod, PaymentOrigin, Transaction, TransactionKind, TransactionStatus, require_method,
    },
};

/// How a user wants to pay.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NewPayment {
    /// The payment method; for a booking, defaults to the booking's own.
    pub method: Option<PaymentMethod>,
    /// The mobile money number to charge; defaults to the payer's own.
    pub phone_number: Option<String>,
    /// The means of payment, as its provider names it: a card that the payer's device has registered.
    pub account: Option<String>,
    /// Where it is requested. Set by the adapter, never by a client.
    #[serde(skip)]
    pub origin: PaymentOrigin,
}

impl NewPayment {
    /// Fails for an invalid phone number or account.
    fn check(&self) -> Result<(), Violation> {
        self.phone_number.as_deref().map(PhoneNumber::new).transpose()?;
        account_name(self.account.as_deref()).map(drop)
    }
}

/// A payment that has begun.
#[derive(Debug, Clone)]
pub struct StartedPayment {
    /// The transaction in its current state.
    pub transaction: Stored<Transaction>,
    /// What the payer's device needs to continue, if anything. Returned once, and never stored.
    pub client_secret: Option<ClientSecret>,
}

/// The code of a payment blocked as fraud.
const BLOCKED: &str = "blocked";

/// What is paid, by whom and to whom.
struct Order {
    kind: TransactionKind,
    amount: Amount,
    payer: Id<User>,
    payee: Option<Id<User>>,
    booking: Option<Id<Booking>>,
}

impl Payments {
    /// Pays a booking, as its customer or the company it is for. The money is held until the work is done. If
    /// a provider moves the money, this only requests it.
    ///
    /// Name the version of the booking that was shown ([`if_version`](Self::if_version)), or the price
    /// ([`max_price`](Self::max_price)).
    ///
    /// # Errors
    /// A violation of `version` without either; [`Rule::TRANSITION`], [`Rule::ALREADY_DECIDED`],
    /// [`Rule::UNDECIDED`] as [`Booking::require_payable`]; [`Rule::COSTS_MORE`]; [`Rule::PAYMENT_METHOD`]
    /// (also for a bank transfer, unless a company pays); violations of `phoneNumber` and `amount`;
    /// [`Rule::INSUFFICIENT_FUNDS`]; [`Rule::DEBT_LIMIT`] for a company whose debt would exceed its limit;
    /// [`Error::Forbidden`] for the wallet of another user; [`Rule::PAYMENT_DECLINED`] for a payment blocked
    /// as fraud; [`Error::Conflict`].
    pub async fn pay(
        &self,
        actor: &Actor,
        booking: Id<Booking>,
        request: &NewPayment,
    ) -> Result<StartedPayment> {
        let user = self.require_actor(actor, Continue).await?;
        request.check()?;
        if self.pinned.is_none() && self.max_price.is_none() {
            let message =
                "is required: a payment must name the version of the booking or the price that was shown";
            return Err(Violation::new("version", Code::Required, message).into());
        }
        let command = self.unpinned().command(actor, "pay", &(booking, request))?.by(user);
        self.start(&command, || self.pay_once(actor, booking, request)).await
    }

    async fn pay_once(
        &self,
        actor: &Actor,
        booking: Id<Booking>,
        request: &NewPayment,
    ) -> Result<Step<Transaction>> {
        let stored = self.load_booking(Some(booking)).await?;
        let stored = stored.filter(|stored| !stored.parties(actor).is_empty());
        let stored = stored.ok_or_else(|| Error::not_found(Kind::Booking, booking))?;
        if self.pinned.is_some_and(|version| version != stored.version) {
            return Err(Error::Conflict(stored.into()));
        }
        let payments = self.engine.payments_of(&stored).await?;
        let now = self.engine.clock.now().max(stored.updated_at);
        let inputs = booking::Inputs { payments: &payments };
        let context = booking::Context { inputs, ..self.engine.context(actor, now) };
        stored.require_payable(&context)?;
        let shares = stored.owed_shares(&context)?;
        self.require_max_price(shares.total()?)?;
        let order = Order {
            kind: TransactionKind::BookingPayment,
            amount: Amount::shared(shares)?,
            payer: stored.payer(),
            payee: stored.technician,
            booking: Some(booking),
        };
        let method = request.method.or(stored.payment.method).unwrap_or(PaymentMethod::Mpesa);
        let decision =
            self.begin_charge(order, method, request, Some(&stored), &context.for_transactions()).await?;
        Ok(Step::create(now, decision))
    }

    /// Runs a command that begins a payment, and sends the payment to its provider.
    async fn start<Fut>(
        &self,
        command: &Command,
        step: impl Fn() -> Fut + Send + Sync,
    ) -> Result<StartedPayment>
    where
        Fut: Future<Output = Result<Step<Transaction>>> + Send,
    {
        let transaction = drive(&self.engine, &*self.engine.transactions, command, |_| step()).await?;
        let blocked = transaction.failure.as_ref().is_some_and(|failure| failure.code == BLOCKED);
        if blocked {
            return Err(Error::refused(Rule::PAYMENT_DECLINED, "the payment was not accepted"));
        }
        // A repeated request returns the payment that the first one began, which may have been sent already.
        if !transaction.wants_sending() {
            return Ok(StartedPayment { transaction, client_secret: None });
        }
        // A failure here is not final: the transaction is due, and a worker sends it.
        let client_secret = self.send_now(&transaction).await;
        Ok(StartedPayment { transaction: self.load(transaction.id).await?, client_secret })
    }

    /// Tips the technician of a finished booking; the technician gets all of it.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] before the work is done; [`Error::Forbidden`] unless the actor is the customer;
    /// violations of `amount` and `phoneNumber`; otherwise as [`pay`](Self::pay).
    pub async fn tip(
        &self,
        actor: &Actor,
        booking: Id<Booking>,
        amount: Money,
        request: &NewPayment,
    ) -> Result<StartedPayment> {
        let user = self.require_actor(actor, Begin).await?;
        request.check()?;
        let arguments = (booking, amount, request);
        let command = self.unpinned().command(actor, "tip", &arguments)?.by(user);
        self.start(&command, || self.tip_once(actor, booking, amount, request)).await
    }

    async fn tip_once(
        &self,
        actor: &Actor,
        booking: Id<Booking>,
        amount: Money,
        request: &NewPayment,
    ) -> Result<Step<Transaction>> {
        let stored =
            self.load_booking(Some(booking)).await?.filter(|stored| !stored.parties(actor).is_empty());
        let stored = stored.ok_or_else(|| Error::not_found(Kind::Booking, booking))?;
        if !stored.parties(actor).contains(Party::Customer) {
            return Err(Error::forbidden("only the customer can give a tip"));
        }
        let done = matches!(
            stored.status,
            BookingStatus::Completed
                | BookingStatus::Verified
                | BookingStatus::PaymentPending
                | BookingStatus::Paid
        );
        let technician = stored.technician.filter(|_| done);
        let technician = technician.ok_or_else(|| {
            Error::refused(Rule::TRANSITION, "a tip is possible only after the work is done")
        })?;
        self.check_amount(amount, Some(self.engine.policy.payment.tip_limit))?;
        let payer = actor.id().ok_or_else(|| Error::forbidden("only a user can give a tip"))?;
        let order = Order {
            kind: TransactionKind::Tip,
            amount: Amount::whole(amount),
            payer,
            payee: Some(technician),
            booking: Some(booking),
        };
        let (now, mut decision) = self.begin_unbooked(actor, order, request).await?;
        let target = AggregateRef::from(stored.id);
        decision.effects.guards.push(Guard::Version { target, version: stored.version });
        Ok(Step::create(now, decision))
    }

    /// Tops up the actor's own wallet.
    ///
    /// # Errors
    /// Violations of `amount` and `phoneNumber`; [`Rule::PAYMENT_METHOD`] for cash and for the wallet itself;
    /// otherwise as [`pay`](Self::pay).
    pub async fn top_up(&self, actor: &Actor, amount: Money, request: &NewPayment) -> Result<StartedPayment> {
        let user = self.require_actor(actor, Begin).await?;
        request.check()?;
        let command = self.unpinned().command(actor, "top_up", &(amount, request))?.by(user);
        self.start(&command, || self.top_up_once(actor, amount, request)).await
    }

    async fn top_up_once(
        &self,
        actor: &Actor,
        amount: Money,
        request: &NewPayment,
    ) -> Result<Step<Transaction>> {
        let payer = actor.id().ok_or_else(|| Error::forbidden("only users have a wallet"))?;
        self.check_amount(amount, None)?;
        let order = Order {
            kind: TransactionKind::WalletTopup,
            amount: Amount::whole(amount),
            payer,
            payee: None,
            booking: None,
        };
        let (now, decision) = self.begin_unbooked(actor, order, request).await?;
        Ok(Step::create(now, decision))
    }

    /// Pays the actor's own debt: cancellation fees, purchases of a company on credit.
    ///
    /// # Errors
    /// [`Rule::EXCEEDS_CAPTURE`] for more than is owed; violations of `amount` and `phoneNumber`; otherwise
    /// as [`pay`](Self::pay).
    pub async fn pay_debt(
        &self,
        actor: &Actor,
        amount: Money,
        request: &NewPayment,
    ) -> Result<StartedPayment> {
        let user = self.require_actor(actor, Continue).await?;
        request.check()?;
        let command = self.unpinned().command(actor, "pay_debt", &(amount, request))?.by(user);
        self.start(&command, || self.pay_debt_once(actor, amount, request)).await
    }

    async fn pay_debt_once(
        &self,
        actor: &Actor,
        amount: Money,
        request: &NewPayment,
    ) -> Result<Step<Transaction>> {
        let payer = actor.id().ok_or_else(|| Error::forbidden("only a user can pay a debt"))?;
        self.check_amount(amount, None)?;
        let owed = self.engine.ledger.balance(Account::Receivable(payer), amount.currency()).await?.negated();
        if amount.exceeds(owed)? {
            return Err(Error::refused(Rule::EXCEEDS_CAPTURE, format!("only {owed} is owed")));
        }
        let order = Order {
            kind: TransactionKind::CancellationFee,
            amount: Amount::whole(amount),
            payer,
            payee: None,
            booking: None,
        };
        let (now, decision) = self.begin_unbooked(actor, order, request).await?;
        Ok(Step::create(now, decision))
    }

    /// Decides on a new payment that is not held for a booking.
    async fn begin_unbooked(
        &self,
        actor: &Actor,
        order: Order,
        request: &NewPayment,
    ) -> Result<(DateTime<Utc>, Decision<Transaction>)> {
        let now = self.engine.clock.now();
        let context = self.engine.transaction_context(actor, now);
        let method = request.method.unwrap_or(PaymentMethod::Mpesa);
        Ok((now, self.begin_charge(order, method, request, None, &context).await?))
    }

    /// Decides on a new payment. A payment blocked as fraud fails at once.
    async fn begin_charge(
        &self,
        order: Order,
        method: PaymentMethod,
        request: &NewPayment,
        booking: Option<&Stored<Booking>>,
        context: &transaction::Context<'_>,
    ) -> Result<Decision<Transaction>> {
        let gateway = self.engine.gateway(method)?;
        let capabilities = gateway.capabilities();
        capabilities.check(&capabilities.charge, order.amount.gross)?;
        let payer = self.user(order.payer).await?;
        let on_credit = method == PaymentMethod::BankTransfer
            && order.kind == TransactionKind::BookingPayment
            && payer.role == Role::Corporate;
        let in_ledger = capabilities.ledger_only || on_credit;
        require_method(method, order.kind, &payer)?;
        if method == PaymentMethod::Cash {
            let message = "the technician receives and confirms cash; choose another method to pay now";
            return Err(Error::refused(Rule::PAYMENT_METHOD, message));
        }
        if method == PaymentMethod::Wallet && !spends_own(&context.actor, &order, booking) {
            return Err(Error::forbidden("only the owner can pay from a wallet"));
        }
        let phone = match &request.phone_number {
            Some(number) => PhoneNumber::new(number)?,
            None => payer.phone.clone(),
        };
        let fraud = self.score(&order, &payer, request, context).await?;
        let blocked = fraud.decision == FraudDecision::Block;
        let new = NewTransaction {
            payer: Some(order.payer),
            payee: order.payee,
            booking: order.booking,
            provider: (!in_ledger && !blocked).then(|| gateway.method()),
            phone: (!in_ledger).then(|| phone.to_string()),
            account: account_name(request.account.as_deref())?,
            origin: request.origin.clone(),
            fraud: Some(fraud),
            ..NewTransaction::new(order.kind, method, order.amount)
        };
        let mut begun = Transaction::begin(new, context)?;
        if !capabilities.authorizes {
            begun.next.capture_at_once();
        }
        if blocked {
            let end = (TransactionStatus::Failed, Cause::Declined);
            let reason = "the payment was not accepted";
            return begun.and_then(|transaction| transaction.fail(BLOCKED, reason, end, context));
        }
        let Some(stored) = booking else {
            return if in_ledger {
                begun.and_then(|transaction| transaction.settled_in_ledger(context))
            } else {
                begun.counted_as_open(context)
            };
        };
        let of_booking = self.engine.context(&context.actor, context.now);
        let recorded = stored.value.clone().payment_begun(&begun.next);
        if in_ledger {
            let inputs = transaction::Inputs { booking: Some(recorded.next.as_paid()), ..context.inputs };
            let context = transaction::Context { inputs, ..*context };
            let settled = begun.and_then(|transaction| transaction.settled_in_ledger(&context))?;
            let held = recorded.next.payment_held(&settled.next, &of_booking)?;
            return Ok(settled.with(Some(stored), held, &of_booking));
        }
        Ok(begun.with(Some(stored), recorded, &of_booking))
    }

    /// Fails unless an amount is positive, in whole smallest units, and within a limit.
    pub(super) fn check_amount(&self, amount: Money, most: Option<Money>) -> Result<()> {
        let violation = |code, message: String| Violation::new("amount", code, message);
        let currency = self.engine.policy.currency;
        if amount.currency() != currency {
            let message = format!("must be in {}", currency.code());
            return Err(violation(Code::Currency, message).into());
        }
        if amount.is_zero() || amount.is_negative() {
            return Err(violation(Code::OutOfRange, "must be above zero".to_owned()).into());
        }
        if amount != amount.to_minor_unit() {
            let message = "must have no fraction of the smallest unit".to_owned();
            return Err(violation(Code::Malformed, message).into());
        }
        match most {
            Some(most) if amount.exceeds(most)? => {
                Err(violation(Code::OutOfRange, format!("the amount must be at most {most}")).into())
            }
            _ => Ok(()),
        }
    }

    async fn score(
        &self,
        order: &Order,
        payer: &User,
        request: &NewPayment,
        context: &transaction::Context<'_>,
    ) -> Result<crate::transaction::FraudCheck> {
        let now = context.now;
        let query = HistoryQuery {
            payer: order.payer,
            attempts_since: before(now, TimeDelta::hours(1)),
            failures_since: before(now, TimeDelta::days(1)),
            settled_since: before(now, TimeDelta::days(90)),
            ip_address: request.origin.ip_address.clone(),
            device: request.origin.device.clone(),
        };
        let history = self.engine.transactions.payment_history(&query).await?;
        let gross = order.amount.gross;
        let usual = history.settled_gross.filter(|sum| sum.currency() == gross.currency());
        let usual_amount = usual.and_then(|sum| sum.amount().checked_div(history.settled.into()));
        let origin =
            request.origin.location.and_then(|(lon, lat)| crate::kernel::GeoPoint::new(lon, lat).ok());
        let distance = origin.zip(payer.location.point).map(|(here, home)| here.haversine_distance(home));
        let signals = FraudSignals {
            amount: gross.amount(),
            account_age_days: (now - payer.created_at).num_days(),
            attempts_last_hour: history.attempts,
            failures_last_day: history.failures,
            usual_amount,
            payers_sharing_origin: history.payers_sharing_origin,
            distance_from_home_km: distance.map(crate::kernel::Distance::kilometres),
        };
        Ok(self.engine.fraud.score(&signals, now))
    }
}

/// Whether an actor pays from the actor's own wallet or, as the customer of a company's booking, from the
/// company's.
fn spends_own(actor: &Actor, order: &Order, booking: Option<&Stored<Booking>>) -> bool {
    actor.id() == Some(order.payer)
        || booking.is_some_and(|booking| booking.parties(actor).contains(Party::Customer))
}
