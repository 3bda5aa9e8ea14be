//! Random commands with the frequencies of real use.

mod bookings;
mod money;
mod staff;

use chrono::TimeDelta;
use rust_decimal::Decimal;

use super::{auditor::Auditor, task::Task, world::World};
use crate::{
    account::User,
    booking::Booking,
    kernel::{Actor, Id, Money},
    payment::{NewPayment, NewPayout},
    store::{IdempotencyKey, Stored},
    testing::build::kes,
    transaction::{PaymentMethod, Transaction},
};

/// Creates commands, and keeps the last one that can be repeated under its key.
#[derive(Debug, Default)]
pub(super) struct Commands {
    keys: u64,
    /// The last request with a key.
    repeatable: Option<Repeatable>,
}

/// A request that can be repeated under its key.
#[derive(Debug, Clone)]
struct Repeatable {
    request: Request,
    key: IdempotencyKey,
}

/// A request to move money.
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

    /// A random command; `None` if no booking or transaction fits it.
    pub(super) fn next(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        match world.chance.below(100) {
            0..=7 => Some(self.book(world)),
            8..=52 => self.advance_booking(world, auditor),
            53..=59 => self.pay_random(world, auditor),
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
            97 => Some(Self::reconcile(world)),
            _ => self.repeat(world),
        }
    }

    /// Repeats the last request, like a client that received no answer.
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
    let payments = world.market.payments().idempotency_key(key);
    let name = format!("{request:?}");
    Task::new(name, async move {
        Ok(match request {
            Request::TopUp(actor, amount, how) => {
                describe_transaction(payments.top_up(&actor, amount, &how).await?.transaction)
            }
            Request::Tip(actor, booking, amount, how) => {
                describe_transaction(payments.tip(&actor, booking, amount, &how).await?.transaction)
            }
            Request::PayDebt(actor, amount, how) => {
                describe_transaction(payments.pay_debt(&actor, amount, &how).await?.transaction)
            }
            Request::Withdraw(actor, amount, how) => {
                describe_transaction(payments.withdraw(&actor, amount, &how).await?)
            }
            Request::PayOut(actor, technician, amount, how) => {
                describe_transaction(payments.request_payout(&actor, technician, amount, &how).await?)
            }
            Request::Refund(actor, id, amount) => {
                describe_transaction(payments.refund(&actor, id, amount, "sorry").await?)
            }
            Request::Pay(actor, booking, total, how) => {
                describe_transaction(payments.max_price(total).pay(&actor, booking, &how).await?.transaction)
            }
        })
    })
}

#[expect(clippy::needless_pass_by_value, reason = "for `map`")]
fn describe_booking(booking: Stored<Booking>) -> String {
    format!("{} is {}", booking.number, booking.status)
}

#[expect(clippy::needless_pass_by_value, reason = "for `map`")]
fn describe_transaction(transaction: Stored<Transaction>) -> String {
    format!("{} of {} is {}", transaction.number, transaction.kind, transaction.status)
}

fn all_users(world: &World) -> impl Iterator<Item = &User> {
    world.customers.iter().chain(&world.companies).chain(&world.technicians)
}

fn random_user(world: &World) -> User {
    let all: Vec<&User> = all_users(world).collect();
    (*world.chance.pick(&all).expect("there are people")).clone()
}

fn find_user(world: &World, id: Id<User>) -> Option<&User> {
    all_users(world).find(|user| user.id == id)
}

fn actor_of(world: &World, id: Id<User>) -> Option<Actor> {
    find_user(world, id).map(User::actor)
}

fn pay_out_by(world: &World) -> NewPayout {
    let method = if world.chance.percent(70) { PaymentMethod::Mpesa } else { PaymentMethod::Stripe };
    NewPayout { method: Some(method), ..NewPayout::default() }
}

/// A random part of an amount in whole shillings; sometimes all of it, rarely more.
fn part_of(world: &World, amount: Money) -> Money {
    let whole = i64::try_from(amount.amount().floor().max(Decimal::ONE)).unwrap_or(1);
    match world.chance.below(8) {
        0 => kes(whole),
        1 => kes(whole + world.chance.between(1, 1_000)),
        _ => kes(world.chance.between(1, whole)),
    }
}

fn random_booking(
    world: &World,
    auditor: &Auditor,
    wanted: impl Fn(&Booking) -> bool,
) -> Option<Stored<Booking>> {
    let fitting: Vec<Id<Booking>> =
        auditor.bookings().filter(|booking| wanted(booking)).map(|booking| booking.id).collect();
    // Recent bookings are chosen more often.
    let recent = fitting.get(fitting.len().saturating_sub(12)..).unwrap_or_default();
    let id = world.chance.pick(if world.chance.percent(80) { recent } else { &fitting })?;
    Some(world.booking(*id))
}

fn random_transaction(
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

/// A random duration between two steps, mostly a few minutes.
pub(super) fn random_delay(world: &World) -> TimeDelta {
    let chance = &world.chance;
    match chance.below(40) {
        0..=24 => TimeDelta::seconds(chance.between(1, 120)),
        25..=36 => TimeDelta::minutes(chance.between(1, 15)),
        37 | 38 if chance.percent(70) => TimeDelta::hours(chance.between(1, 10)),
        38 if chance.percent(50) => TimeDelta::days(chance.between(1, 4)),
        38 if chance.percent(30) => TimeDelta::days(chance.between(4, 30)),
        // A clock that was set back, or the slower clock of another machine.
        39 => TimeDelta::minutes(-chance.between(1, 90)),
        _ => TimeDelta::zero(),
    }
}
