//! What people ask for: random, but such as people would.

use chrono::TimeDelta;
use rust_decimal::Decimal;

use super::{auditor::Auditor, task::Task, world::World};
use crate::{
    account::{Category, User},
    booking::{
        Booking, BookingStatus, DisputeCategory, DisputeOutcome, NewBooking, NewLocation, NewPriceChange,
        NewService, NewTimeSlot, PaymentMethod, PaymentTiming, Urgency,
    },
    kernel::{Actor, Clock, Currency, Id, Money, Role},
    ledger::Account,
    payment::{FraudDecision, NewPayment, NewPayout, Transaction, TransactionKind, TransactionStatus},
    store::{IdempotencyKey, Stored},
    testing::build::kes,
};

/// Makes commands, and keeps the keys under which they may be repeated.
#[derive(Debug, Default)]
pub(super) struct Commands {
    keys: u64,
    /// The last request with a key, to be sent again.
    repeatable: Option<Repeatable>,
}

/// A request that may be sent again.
#[derive(Debug, Clone)]
struct Repeatable {
    request: Request,
    key: IdempotencyKey,
}

/// A request for money to move.
#[derive(Debug, Clone)]
enum Request {
    TopUp(Actor, Money, NewPayment),
    Tip(Actor, Id<Booking>, Money, NewPayment),
    PayDebt(Actor, Money, NewPayment),
    Withdraw(Actor, Money, NewPayout),
    PayOut(Actor, Id<User>, Money, NewPayout),
    Refund(Actor, Id<Transaction>, Money),
    Pay(Actor, Id<Booking>, Money, NewPayment),
}

impl Commands {
    fn key(&mut self) -> IdempotencyKey {
        self.keys += 1;
        IdempotencyKey::new(&format!("key-{}", self.keys)).expect("a key")
    }

    /// Something that somebody asks for now; `None` where there is nobody to ask, or nothing to ask about.
    pub(super) fn next(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        match world.chance.below(100) {
            0..=7 => Some(self.book(world)),
            8..=52 => self.go_on(world, auditor),
            53..=59 => self.pay_some(world, auditor),
            60..=63 => self.top_up(world, auditor),
            64..=66 => self.tip(world, auditor),
            67..=68 => self.pay_debt(world, auditor),
            69..=70 => self.withdraw(world, auditor),
            71..=73 => self.pay_out(world, auditor),
            74..=77 => self.cancel(world, auditor),
            78..=80 => self.dispute(world, auditor),
            81..=84 => self.resolve(world, auditor),
            85..=87 => self.refund(world, auditor),
            88 => self.release(world, auditor),
            89..=93 => self.decide(world, auditor),
            94..=95 => self.change_price(world, auditor),
            96 => self.withdraw_payment(world, auditor),
            _ => self.repeat(world),
        }
    }

    fn book(&mut self, world: &World) -> Task {
        let chance = &world.chance;
        let customer = chance.pick(&world.customers).expect("there are customers").clone();
        let from = chance.between(7, 18);
        let until = from + [1, 2, 2, 3][chance.below(4) as usize];
        let request = NewBooking {
            urgency: Urgency::ALL[chance.below(4) as usize],
            ..NewBooking::new(
                Category::Plumbing,
                "tap repair",
                "The tap drips.",
                NewLocation { coordinates: (36.8219, -1.2921), ..NewLocation::default() },
                NewTimeSlot::new(
                    world.day(chance.below(4)),
                    &format!("{from:02}:00"),
                    &format!("{until:02}:00"),
                ),
                world.method(&customer),
            )
        };
        let (bookings, actor) = (world.market.bookings().with_key(self.key()), customer.actor());
        Task::new(format!("{} books by {}", customer.id, request.payment_method.as_str()), async move {
            let booking = bookings.create(&actor, &request).await?;
            Ok(format!("{} for {}", booking.number, booking.pricing.total))
        })
    }

    /// The next usual step of some booking that runs.
    fn go_on(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let booking = some_booking(world, auditor, |booking| {
            !booking.status.is_terminal()
                && !matches!(booking.status, BookingStatus::Disputed | BookingStatus::Paid)
        })?;
        let bookings = world.market.bookings();
        let technician = booking.technician.map_or(Actor::System, |id| Actor::user(id, Role::Technician));
        let customer = actor_of(world, booking.customer)?;
        let id = booking.id;
        let unpaid = !booking.payment.status.is_settled() && !booking.pricing.total.is_zero();
        let due = booking.payment.timing == PaymentTiming::AtAcceptance && unpaid;
        let name = format!("{} goes on from {}", booking.number, booking.status);
        let some = |task: Task| Some(task);
        match booking.status {
            BookingStatus::Pending
                if booking
                    .corporate
                    .as_ref()
                    .is_some_and(|c| c.approval != crate::booking::ApprovalStatus::Approved) =>
            {
                let company = booking.payer();
                let approver = Actor::user(company, Role::Corporate);
                let here = bookings.at(booking.version);
                some(Task::new(name, async move { here.approve(&approver, id).await.map(told) }))
            }
            BookingStatus::Pending | BookingStatus::Matching | BookingStatus::Rejected => {
                some(Task::new(name, async move { bookings.find_technician(&customer, id).await.map(told) }))
            }
            BookingStatus::Assigned if world.chance.percent(12) => {
                some(Task::new(name, async move { bookings.reject(&technician, id, "busy").await.map(told) }))
            }
            BookingStatus::Assigned => {
                some(Task::new(name, async move { bookings.accept(&technician, id).await.map(told) }))
            }
            BookingStatus::Accepted if due && world.chance.percent(85) => self.pay(world, auditor, &booking),
            BookingStatus::Accepted
                if world.clock.now() < booking.departure_from(world.market.policy())
                    && world.chance.percent(80) =>
            {
                let from = world.clock.now();
                some(Task::new(name, async move {
                    bookings.allow_early_start(&customer, id, from).await.map(told)
                }))
            }
            BookingStatus::Accepted => {
                some(Task::new(name, async move { bookings.en_route(&technician, id).await.map(told) }))
            }
            BookingStatus::EnRoute => {
                some(Task::new(name, async move { bookings.arrive(&technician, id).await.map(told) }))
            }
            BookingStatus::Arrived if world.chance.percent(10) => some(Task::new(name, async move {
                bookings.report_customer_no_show(&technician, id).await.map(told)
            })),
            BookingStatus::Arrived => {
                some(Task::new(name, async move { bookings.start(&technician, id).await.map(told) }))
            }
            BookingStatus::InProgress => {
                some(Task::new(name, async move { bookings.complete(&technician, id).await.map(told) }))
            }
            BookingStatus::Paused => {
                some(Task::new(name, async move { bookings.resume(&technician, id).await.map(told) }))
            }
            BookingStatus::Completed => {
                some(Task::new(name, async move { bookings.verify(&customer, id).await.map(told) }))
            }
            BookingStatus::PaymentPending if booking.payment.method == Some(PaymentMethod::Cash) => {
                let keyed = bookings.with_key(self.key());
                some(Task::new(name, async move { keyed.confirm_cash(&technician, id).await.map(told) }))
            }
            BookingStatus::PaymentPending => self.pay(world, auditor, &booking),
            _ => None,
        }
    }

    /// Somebody pays a booking, as good as any.
    fn pay_some(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let booking = some_booking(world, auditor, |booking| !booking.payment.status.is_settled())?;
        self.pay(world, auditor, &booking)
    }

    fn pay(&mut self, world: &World, auditor: &mut Auditor, booking: &Stored<Booking>) -> Option<Task> {
        let who = if world.chance.percent(90) { booking.payer() } else { booking.customer };
        let actor = actor_of(world, who)?;
        let user = find_user(world, who)?;
        let method = if world.chance.percent(70) { None } else { Some(world.method(user)) };
        // Who sees a price agrees to it.
        let total = booking.pricing.total;
        auditor.note_approved(booking.id, total);
        let request = NewPayment { method, ..NewPayment::default() };
        Some(self.ask(world, Request::Pay(actor, booking.id, total, request)))
    }

    fn top_up(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let user = somebody(world);
        let amount = kes(world.chance.between(1, 12) * 500);
        auditor.note_asked(user.id, TransactionKind::WalletTopup);
        let method = Some(if world.chance.percent(60) { PaymentMethod::Mpesa } else { PaymentMethod::Card });
        let request = NewPayment { method, ..NewPayment::default() };
        Some(self.ask(world, Request::TopUp(user.actor(), amount, request)))
    }

    fn tip(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let booking = some_booking(world, auditor, |booking| {
            matches!(booking.status, BookingStatus::Completed | BookingStatus::Paid)
        })?;
        let actor = actor_of(world, booking.customer)?;
        auditor.note_asked(booking.customer, TransactionKind::Tip);
        let method = Some(world.method(find_user(world, booking.customer)?));
        let request = NewPayment { method, ..NewPayment::default() };
        Some(self.ask(world, Request::Tip(actor, booking.id, kes(world.chance.between(1, 5) * 100), request)))
    }

    fn pay_debt(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let debtors: Vec<&User> = everybody(world)
            .filter(|user| world.balance(Account::Receivable(user.id)).is_negative())
            .collect();
        let user = *world.chance.pick(&debtors)?;
        let owed = world.balance(Account::Receivable(user.id)).negated();
        let amount = if world.chance.percent(60) { owed } else { kes(world.chance.between(1, 2_000)) };
        auditor.note_asked(user.id, TransactionKind::CancellationFee);
        let method = Some(
            [PaymentMethod::Mpesa, PaymentMethod::Card, PaymentMethod::Wallet]
                [world.chance.below(3) as usize],
        );
        let request = NewPayment { method, ..NewPayment::default() };
        Some(self.ask(world, Request::PayDebt(user.actor(), amount, request)))
    }

    fn withdraw(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let user = somebody(world);
        let balance = world.balance(Account::Wallet(user.id));
        let amount = part_of(world, balance);
        auditor.note_asked(user.id, TransactionKind::WalletWithdrawal);
        Some(self.ask(world, Request::Withdraw(user.actor(), amount, pay_out_by(world))))
    }

    fn pay_out(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let user = world.chance.pick(&world.technicians)?.clone();
        let amount = part_of(world, world.balance(Account::Payable(user.id)));
        auditor.note_asked(user.id, TransactionKind::TechnicianPayout);
        Some(self.ask(world, Request::PayOut(user.actor(), user.id, amount, pay_out_by(world))))
    }

    fn cancel(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let booking = some_booking(world, auditor, |booking| !booking.status.is_terminal())?;
        let actor = match world.chance.below(5) {
            0..=2 => actor_of(world, booking.customer)?,
            3 => booking.technician.map(|id| Actor::user(id, Role::Technician))?,
            _ => world.admin.actor(),
        };
        let bookings = world.market.bookings().at(booking.version).with_key(self.key());
        let id = booking.id;
        Some(Task::new(format!("{} is cancelled by {:?}", booking.number, actor.role()), async move {
            bookings.cancel(&actor, id, "found somebody else").await.map(told)
        }))
    }

    fn dispute(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let booking = some_booking(world, auditor, |booking| {
            booking.dispute.is_none()
                && matches!(
                    booking.status,
                    BookingStatus::Completed | BookingStatus::PaymentPending | BookingStatus::Paid
                )
        })?;
        let by_customer = world.chance.percent(80);
        let actor = if by_customer {
            actor_of(world, booking.customer)?
        } else {
            Actor::user(booking.technician?, Role::Technician)
        };
        let (bookings, id) = (world.market.bookings(), booking.id);
        Some(Task::new(format!("{} is disputed", booking.number), async move {
            bookings.dispute(&actor, id, DisputeCategory::Quality, "it drips").await.map(told)
        }))
    }

    pub(super) fn resolve(&mut self, world: &World, auditor: &Auditor) -> Option<Task> {
        let booking = some_booking(world, auditor, |booking| booking.status == BookingStatus::Disputed)?;
        let outcome = match world.chance.below(3) {
            0 => DisputeOutcome::Release,
            1 => DisputeOutcome::FullRefund,
            _ => DisputeOutcome::PartialRefund(part_of(world, booking.pricing.total)),
        };
        let keyed = world.market.bookings().with_key(self.key());
        let (actor, id) = (world.support.actor(), booking.id);
        Some(Task::new(format!("{} is resolved by {outcome:?}", booking.number), async move {
            keyed.resolve_dispute(&actor, id, outcome, "heard both").await.map(told)
        }))
    }

    fn refund(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let payment = some_transaction(world, auditor, |transaction| {
            transaction.kind.is_incoming() && transaction.status.is_settled()
        })?;
        let left = payment.captured().ok()?;
        let amount = match world.chance.below(6) {
            0 => left,
            1 => payment.amount.gross,
            2 => Money::from_major(10, Currency::USD),
            3 => kes(-5),
            _ => part_of(world, left),
        };
        Some(self.ask(world, Request::Refund(world.support.actor(), payment.id, amount)))
    }

    fn release(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let payment = some_transaction(world, auditor, |transaction| transaction.escrow.held)?;
        let (payments, actor, id) = (world.market.payments(), world.admin.actor(), payment.id);
        Some(Task::new(format!("{} is released by an admin", payment.number), async move {
            payments.release(&actor, id).await.map(told_of)
        }))
    }

    /// Staff looks at what waits for a person.
    pub(super) fn decide(&mut self, world: &World, auditor: &Auditor) -> Option<Task> {
        let waiting = some_transaction(world, auditor, Transaction::needs_person)?;
        let (payments, actor, id) =
            (world.market.payments().with_key(self.key()), world.support.actor(), waiting.id);
        let number = waiting.number.clone();
        let review = waiting
            .fraud
            .as_ref()
            .is_some_and(|fraud| fraud.decision == FraudDecision::Review && fraud.review.is_none());
        if review && (waiting.status != TransactionStatus::Failed || world.chance.is_calm()) {
            let approved = world.chance.percent(60);
            return Some(Task::new(format!("{number} is reviewed: {approved}"), async move {
                payments.review(&actor, id, approved).await.map(told_of)
            }));
        }
        if waiting.is_mismatched() {
            let complete = world.chance.percent(40);
            return Some(Task::new(format!("what came for {number} counts: {complete}"), async move {
                payments.decide_mismatch(&actor, id, complete).await.map(told_of)
            }));
        }
        if waiting.gateway.needs_person {
            // Staff looks into the provider's statement, and waits as long as that does not tell.
            let card = waiting.gateway.provider != Some(PaymentMethod::Mpesa);
            let moved = world.provider(card).verdict(id)?;
            return Some(Task::new(format!("staff finds that {number} moved: {moved}"), async move {
                payments.decide_outcome(&actor, id, moved, None).await.map(told_of)
            }));
        }
        None
    }

    fn change_price(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let booking = some_booking(world, auditor, |booking| booking.status.holds_time())?;
        let id = booking.id;
        let proposed = booking
            .price_change
            .as_ref()
            .filter(|change| change.status == crate::booking::ApprovalStatus::Pending);
        if let Some(change) = proposed {
            auditor.note_approved(id, change.pricing.total);
            let actor = actor_of(world, booking.payer())?;
            let bookings = world.market.bookings().at(booking.version);
            return Some(Task::new(format!("{} costs more, agreed", booking.number), async move {
                bookings.approve_price_change(&actor, id).await.map(told)
            }));
        }
        let service =
            NewService { name: "another tap".to_owned(), price: kes(world.chance.between(1, 9) * 100) };
        let change = NewPriceChange {
            reason: "it drips too".to_owned(),
            materials: Vec::new(),
            services: vec![service],
        };
        let technician = Actor::user(booking.technician?, Role::Technician);
        let bookings = world.market.bookings();
        Some(Task::new(format!("{} is to cost more", booking.number), async move {
            bookings.propose_price_change(&technician, id, &change).await.map(told)
        }))
    }

    fn withdraw_payment(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let payment = some_transaction(world, auditor, |transaction| {
            transaction.status.is_open() && transaction.payer.is_some()
        })?;
        let actor = actor_of(world, payment.payer?)?;
        let (payments, id) = (world.market.payments(), payment.id);
        Some(Task::new(format!("{} is withdrawn", payment.number), async move {
            payments.withdraw_payment(&actor, id).await.map(told_of)
        }))
    }

    /// A client that has had no answer sends the same request again.
    fn repeat(&mut self, world: &World) -> Option<Task> {
        let Repeatable { request, key } = self.repeatable.clone()?;
        Some(send(world, request, key))
    }

    fn ask(&mut self, world: &World, request: Request) -> Task {
        let key = self.key();
        self.repeatable = Some(Repeatable { request: request.clone(), key: key.clone() });
        send(world, request, key)
    }
}

fn send(world: &World, request: Request, key: IdempotencyKey) -> Task {
    let payments = world.market.payments().with_key(key);
    let name = format!("{request:?}");
    Task::new(name, async move {
        Ok(match request {
            Request::TopUp(actor, amount, how) => {
                told_of(payments.top_up(&actor, amount, &how).await?.transaction)
            }
            Request::Tip(actor, booking, amount, how) => {
                told_of(payments.tip(&actor, booking, amount, &how).await?.transaction)
            }
            Request::PayDebt(actor, amount, how) => {
                told_of(payments.pay_debt(&actor, amount, &how).await?.transaction)
            }
            Request::Withdraw(actor, amount, how) => told_of(payments.withdraw(&actor, amount, &how).await?),
            Request::PayOut(actor, technician, amount, how) => {
                told_of(payments.request_payout(&actor, technician, amount, &how).await?)
            }
            Request::Refund(actor, id, amount) => {
                told_of(payments.refund(&actor, id, amount, "sorry").await?)
            }
            Request::Pay(actor, booking, total, how) => {
                told_of(payments.agreed(total).pay(&actor, booking, &how).await?.transaction)
            }
        })
    })
}

#[expect(clippy::needless_pass_by_value, reason = "for `map`")]
fn told(booking: Stored<Booking>) -> String {
    format!("{} is {}", booking.number, booking.status)
}

#[expect(clippy::needless_pass_by_value, reason = "for `map`")]
fn told_of(transaction: Stored<Transaction>) -> String {
    format!("{} of {} is {}", transaction.number, transaction.kind, transaction.status)
}

fn everybody(world: &World) -> impl Iterator<Item = &User> {
    world.customers.iter().chain(&world.companies).chain(&world.technicians)
}

fn somebody(world: &World) -> User {
    let all: Vec<&User> = everybody(world).collect();
    (*world.chance.pick(&all).expect("there are people")).clone()
}

fn find_user(world: &World, id: Id<User>) -> Option<&User> {
    everybody(world).find(|user| user.id == id)
}

fn actor_of(world: &World, id: Id<User>) -> Option<Actor> {
    find_user(world, id).map(User::actor)
}

fn pay_out_by(world: &World) -> NewPayout {
    let method = if world.chance.percent(70) { PaymentMethod::Mpesa } else { PaymentMethod::Stripe };
    NewPayout { method: Some(method), ..NewPayout::default() }
}

/// Some whole shillings of an amount; sometimes all, rarely more.
fn part_of(world: &World, amount: Money) -> Money {
    let whole = i64::try_from(amount.amount().floor().max(Decimal::ONE)).unwrap_or(1);
    match world.chance.below(8) {
        0 => kes(whole),
        1 => kes(whole + world.chance.between(1, 1_000)),
        _ => kes(world.chance.between(1, whole)),
    }
}

fn some_booking(
    world: &World,
    auditor: &Auditor,
    wanted: impl Fn(&Booking) -> bool,
) -> Option<Stored<Booking>> {
    let fitting: Vec<Id<Booking>> =
        auditor.bookings().filter(|booking| wanted(booking)).map(|booking| booking.id).collect();
    // People think of what is new.
    let recent = fitting.get(fitting.len().saturating_sub(12)..).unwrap_or_default();
    let id = world.chance.pick(if world.chance.percent(80) { recent } else { &fitting })?;
    Some(world.booking(*id))
}

fn some_transaction(
    world: &World,
    auditor: &Auditor,
    wanted: impl Fn(&Transaction) -> bool,
) -> Option<Stored<Transaction>> {
    let fitting: Vec<Id<Transaction>> = auditor
        .transactions()
        .filter(|transaction| wanted(transaction))
        .map(|transaction| transaction.id)
        .collect();
    let id = world.chance.pick(&fitting)?;
    Some(world.transaction(*id))
}

/// How long a step takes: mostly a few minutes.
pub(super) fn some_time(world: &World) -> TimeDelta {
    let chance = &world.chance;
    match chance.below(40) {
        0..=24 => TimeDelta::seconds(chance.between(1, 120)),
        25..=36 => TimeDelta::minutes(chance.between(1, 15)),
        37 | 38 if chance.percent(70) => TimeDelta::hours(chance.between(1, 10)),
        38 if chance.percent(50) => TimeDelta::days(chance.between(1, 4)),
        38 if chance.percent(30) => TimeDelta::days(chance.between(4, 30)),
        // The clock of another machine, or one that was set.
        39 => TimeDelta::minutes(-chance.between(1, 90)),
        _ => TimeDelta::zero(),
    }
}
