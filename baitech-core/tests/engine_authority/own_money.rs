//! Users cannot decide on their own money: staff who act on their own bookings and payments end up with no
//! more than an ordinary customer or technician. Two members of staff who decide for each other are out of
//! scope.

use baitech_core::{
    account::{KycDecision, KycDocuments, User, UserStatus},
    booking::{BookingStatus as Status, DisputeCategory, DisputeOutcome, NewBooking},
    kernel::{Actor, Currency, Id, Role},
    ledger::Account,
    payment::{NewPayment, NewPayout, ReconcileRequest},
    store::{ChangeSet, Commit, LedgerReader, Load, Put, Stored},
    testing::build,
    transaction::{PaymentMethod, Transaction},
};
use chrono::TimeDelta;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::{
    support::{self, assert_forbidden, kes, run, slot},
    till::Till,
};

/// One action on money in which the person has a stake. Bookings and transactions are chosen by index.
#[derive(Debug, Clone)]
enum Step {
    Request {
        method: PaymentMethod,
        discount: bool,
        for_themselves: bool,
    },
    TopUp(PaymentMethod, i64),
    Pay(usize),
    Tip(usize),
    Cancel(usize),
    Verify(usize),
    Dispute(usize),
    Investigate(usize),
    Resolve(usize, DisputeOutcome),
    CloseDispute(usize),
    ConfirmCash(usize),
    MoveSlot(usize),
    CheckQuality(usize),
    Refund(usize, i64),
    Release(usize),
    Review(usize, bool),
    DecideMismatch(usize, bool),
    DecideOutcome(usize, bool),
    WithdrawPayment(usize),
    Reconcile(usize),
    PayOut,
    Account(u8),
    /// Actions of other users.
    TechnicianGoesOn(usize),
    CustomerGoesOn(usize),
    ColleagueResolves(usize, DisputeOutcome),
    ProviderReports(usize, &'static str),
    TimePasses(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    use Step::*;
    let method = || {
        prop::sample::select(vec![
            PaymentMethod::Cash,
            PaymentMethod::Mpesa,
            PaymentMethod::Wallet,
            PaymentMethod::BankTransfer,
        ])
    };
    let n = || 0..3_usize;
    let outcome = || {
        prop::sample::select(vec![
            DisputeOutcome::FullRefund,
            DisputeOutcome::PartialRefund(kes(500)),
            DisputeOutcome::Release,
        ])
    };
    let report = prop::sample::select(vec!["paid", "paid", "less", "failed"]);
    let step = prop_oneof![
        3 => (method(), any::<bool>(), any::<bool>())
            .prop_map(|(method, discount, for_themselves)| Request { method, discount, for_themselves }),
        2 => (method(), 100..3_000_i64).prop_map(|(method, amount)| TopUp(method, amount)),
        3 => n().prop_map(Pay),
        1 => n().prop_map(Tip),
        1 => n().prop_map(Cancel),
        2 => n().prop_map(Verify),
        3 => n().prop_map(Dispute),
        1 => n().prop_map(Investigate),
        4 => (n(), outcome()).prop_map(|(n, outcome)| Resolve(n, outcome)),
        1 => n().prop_map(CloseDispute),
        2 => n().prop_map(ConfirmCash),
        1 => n().prop_map(MoveSlot),
        1 => n().prop_map(CheckQuality),
        3 => (n(), 100..3_000_i64).prop_map(|(n, amount)| Refund(n, amount)),
        2 => n().prop_map(Release),
        1 => (n(), any::<bool>()).prop_map(|(n, approved)| Review(n, approved)),
        2 => (n(), any::<bool>()).prop_map(|(n, complete)| DecideMismatch(n, complete)),
        2 => (n(), any::<bool>()).prop_map(|(n, moved)| DecideOutcome(n, moved)),
        1 => n().prop_map(WithdrawPayment),
        2 => n().prop_map(Reconcile),
        1 => Just(PayOut),
        1 => any::<u8>().prop_map(Account),
        10 => n().prop_map(TechnicianGoesOn),
        2 => n().prop_map(CustomerGoesOn),
        1 => (n(), outcome()).prop_map(|(n, outcome)| ColleagueResolves(n, outcome)),
        4 => (n(), report).prop_map(|(n, report)| ProviderReports(n, report)),
        2 => (1..3_000_i64).prop_map(TimePasses),
    ];
    prop::collection::vec(step, 10..60)
}

/// A marketplace with one person who has a role and their own bookings or jobs.
struct Stage {
    till: Till,
    person: Id<User>,
    actor: Actor,
    calls: usize,
}

impl Stage {
    /// A customer, or a member of staff who books.
    fn booking_as(role: Role) -> Self {
        let till = Till::new();
        let person =
            User::from_record(baitech_core::account::UserRecord { role, ..build::user(Role::Customer, 77) });
        till.world.add(&person);
        Self { till, person: person.id, actor: Actor::user(person.id, role), calls: 0 }
    }

    /// A technician with a job whose money is held, who has the given role from then on.
    fn working_as(role: Role) -> Self {
        let till = Till::new();
        till.held(PaymentMethod::Mpesa);
        till.accepted_in_cash();
        let person = till.world.technician.id;
        let stored: Stored<User> = run(Load::load(&*till.world.store, person)).unwrap().unwrap();
        let mut record = stored.value.clone().into_record();
        record.role = role;
        let changes = ChangeSet::new().write(Put::over(&stored, User::from_record(record)));
        let _ = run(till.world.store.commit(changes)).unwrap();
        Self { till, person, actor: Actor::user(person, role), calls: 0 }
    }

    fn bookings(&self) -> Vec<Id<baitech_core::booking::Booking>> {
        let page = baitech_core::kernel::PageRequest::new(100, None).unwrap();
        let filter = baitech_core::booking::BookingFilter::default();
        let all = run(self.till.world.bookings().list(&Actor::System, &filter, &page)).unwrap();
        let mut all = all.items;
        all.sort_by(|a, b| a.number.as_str().cmp(b.number.as_str()));
        all.iter().map(|booking| booking.id).collect()
    }

    /// The person's balance, and the discounts on their bookings.
    fn wealth(&self) -> (Decimal, Decimal) {
        let store = &self.till.world.store;
        let accounts =
            [Account::Wallet(self.person), Account::Payable(self.person), Account::Receivable(self.person)];
        let balances = accounts.map(|account| run(store.balance(account, Currency::KES)).unwrap().amount());
        let own = self.bookings().into_iter().map(|id| self.till.world.load(id));
        let discounts = own.filter(|booking| booking.customer == self.person);
        (balances.into_iter().sum(), discounts.map(|booking| booking.pricing.discount.amount()).sum())
    }

    fn transaction(&self, place: usize) -> Option<Stored<Transaction>> {
        let mut all = self.till.transactions();
        all.sort_by(|a, b| a.number.as_str().cmp(b.number.as_str()));
        all.into_iter().rev().nth(place)
    }

    /// Performs one step and ignores a refusal.
    #[expect(clippy::too_many_lines, reason = "one match arm per step")]
    fn take(&mut self, step: &Step) {
        let till = &self.till;
        let (bookings, payments) = (till.world.bookings(), till.payments());
        let actor = &self.actor;
        let booking = |place: usize| self.bookings().into_iter().rev().nth(place);
        let pay_by = |method| NewPayment { method: Some(method), ..NewPayment::default() };
        macro_rules! on_booking {
            ($place:expr, |$id:ident| $call:expr) => {
                if let Some($id) = booking(*$place) {
                    let _ = run(async { $call.await.is_ok() });
                }
            };
        }
        macro_rules! on_payment {
            ($place:expr, |$payment:ident| $call:expr) => {
                if let Some($payment) = self.transaction(*$place) {
                    let _ = run(async { $call.await.is_ok() });
                }
            };
        }
        match step {
            Step::Request { method, discount, for_themselves } => {
                let request = NewBooking {
                    payment_method: *method,
                    discount: discount.then(|| kes(1_000)),
                    // A customer may not name themselves without a discount, so the two markets would differ.
                    on_behalf_of: (*discount && *for_themselves).then_some(self.person),
                    time_slot: slot(1 + self.bookings().len() as u64, "10:00", "12:00"),
                    ..support::request()
                };
                if let Ok(booking) = run(bookings.create(actor, &request)) {
                    let _ = run(bookings.find_technician(&Actor::System, booking.id));
                }
            }
            Step::TopUp(method, amount) => {
                let _ = run(payments.top_up(actor, kes(*amount), &pay_by(*method)));
            }
            Step::Pay(place) => {
                let Some(id) = booking(*place) else { return };
                let shown = payments.clone().if_version(till.world.load(id).version);
                let _ = run(shown.pay(actor, id, &NewPayment::default()));
            }
            Step::Tip(place) => {
                on_booking!(place, |id| payments.tip(actor, id, kes(100), &pay_by(PaymentMethod::Wallet)));
            }
            Step::Cancel(place) => on_booking!(place, |id| bookings.cancel(actor, id, "no need")),
            Step::Verify(place) => on_booking!(place, |id| bookings.verify(actor, id)),
            Step::Dispute(place) => {
                on_booking!(place, |id| bookings.dispute(actor, id, DisputeCategory::Quality, "it drips"));
            }
            Step::Investigate(place) => on_booking!(place, |id| bookings.investigate_dispute(actor, id)),
            Step::Resolve(place, outcome) => {
                on_booking!(place, |id| bookings.resolve_dispute(actor, id, *outcome, "mine"));
            }
            Step::CloseDispute(place) => on_booking!(place, |id| bookings.close_dispute(actor, id)),
            Step::ConfirmCash(place) => on_booking!(place, |id| bookings.confirm_cash(actor, id)),
            Step::MoveSlot(place) => {
                on_booking!(place, |id| bookings.move_slot(actor, id, &slot(20, "10:00", "11:00")));
            }
            Step::CheckQuality(place) => on_booking!(place, |id| bookings.check_quality(actor, id, 1, None)),
            Step::Refund(place, amount) => {
                on_payment!(place, |payment| payments.refund(actor, payment.id, kes(*amount), "mine"));
            }
            Step::Release(place) => on_payment!(place, |payment| payments.release(actor, payment.id)),
            Step::Review(place, approved) => {
                on_payment!(place, |payment| payments.review(actor, payment.id, *approved));
            }
            Step::DecideMismatch(place, complete) => {
                on_payment!(place, |payment| payments.decide_mismatch(actor, payment.id, *complete));
            }
            Step::DecideOutcome(place, moved) => {
                on_payment!(place, |payment| payments.decide_outcome(actor, payment.id, *moved, None));
            }
            Step::WithdrawPayment(place) => {
                on_payment!(place, |payment| payments.withdraw_payment(actor, payment.id));
            }
            Step::Reconcile(place) => {
                let Some(payment) = self.transaction(*place) else { return };
                let (number, amount) = (&payment.number, payment.amount.gross.amount());
                let statement = format!("Date,Reference,Amount\n2026-03-02,{number},{amount}\n");
                let request =
                    ReconcileRequest { method: PaymentMethod::BankTransfer, format: None, period: None };
                if run(payments.reconcile(actor, &request, statement.as_bytes())).is_ok() {
                    let _ = till.world.work();
                }
            }
            Step::PayOut => {
                let _ = run(payments.request_payout(actor, self.person, kes(500), &NewPayout::default()));
            }
            Step::Account(which) => {
                let accounts = till.world.market.accounts();
                let documents = KycDocuments {
                    id_type: baitech_core::account::IdType::NationalId,
                    id_number: "12345678".to_owned(),
                    front_image: "https://images.example/front.jpg".to_owned(),
                    back_image: None,
                };
                let _ = match which % 3 {
                    0 => run(accounts.submit_kyc(actor, self.person, &documents)).map(drop),
                    1 => run(accounts.decide_kyc(actor, self.person, &KycDecision::Verify)).map(drop),
                    _ => run(accounts.set_status(actor, self.person, UserStatus::Active)).map(drop),
                };
            }
            Step::TechnicianGoesOn(place) => {
                let Some(seen) = booking(*place).map(|id| till.world.load(id)) else { return };
                let by_technician = matches!(
                    seen.status,
                    Status::Assigned
                        | Status::Accepted
                        | Status::EnRoute
                        | Status::Arrived
                        | Status::InProgress
                );
                let technician =
                    if seen.technician == Some(self.person) { *actor } else { till.world.technician.actor() };
                let id = seen.id;
                if by_technician {
                    let _ = match seen.status {
                        Status::Assigned => run(bookings.accept(&technician, id)),
                        Status::Accepted => run(bookings.en_route(&technician, id)),
                        Status::EnRoute => run(bookings.arrive(&technician, id)),
                        Status::Arrived => run(bookings.start(&technician, id)),
                        _ => run(bookings.complete(&technician, id)),
                    };
                }
            }
            Step::CustomerGoesOn(place) => on_booking!(place, |id| async {
                let customer = till.customer();
                let _ = bookings.verify(&customer, id).await;
                bookings.dispute(&customer, id, DisputeCategory::Quality, "it drips").await
            }),
            Step::ColleagueResolves(place, outcome) => {
                let colleague = till.world.support.actor();
                on_booking!(place, |id| bookings.resolve_dispute(&colleague, id, *outcome, "heard both"));
            }
            Step::ProviderReports(place, report) => {
                let Some(payment) = self.transaction(*place) else { return };
                let Some(token) = payment.gateway.token.clone() else { return };
                self.calls += 1;
                let (n, amount) = (self.calls, payment.amount.gross.amount());
                let text = match *report {
                    "failed" => format!("n{n};caller:;failed;;;"),
                    "less" => format!("n{n};caller:;paid;{};R{n};", amount - Decimal::ONE),
                    _ => format!("n{n};caller:;paid;{amount};R{n};"),
                };
                till.call_at(&token, &text);
            }
            Step::TimePasses(minutes) => {
                till.world.clock.advance(TimeDelta::minutes(*minutes));
                let _ = till.world.work();
            }
        }
    }
}

impl Till {
    /// A cash job that the default technician has accepted.
    fn accepted_in_cash(&self) {
        let mut request = support::request();
        request.payment_method = PaymentMethod::Cash;
        request.time_slot = slot(2, "10:00", "12:00");
        let id = self.world.request(&request).id;
        self.world.drive(id, Status::InProgress);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn staff_who_book_gain_no_more_than_a_customer(steps in steps(), admin in any::<bool>()) {
        let role = if admin { Role::Admin } else { Role::Support };
        let (mut staff, mut ordinary) = (Stage::booking_as(role), Stage::booking_as(Role::Customer));
        for step in &steps {
            staff.take(step);
            ordinary.take(step);
            prop_assert_eq!(staff.wealth(), ordinary.wealth(), "after {:?}", step);
        }
    }

    #[test]
    fn staff_who_work_gain_no_more_than_a_technician(steps in steps(), admin in any::<bool>()) {
        let role = if admin { Role::Admin } else { Role::Support };
        let (mut staff, mut ordinary) = (Stage::working_as(role), Stage::working_as(Role::Technician));
        // Accounts are looked up by role; this test does not compare actions on accounts.
        for step in steps.iter().filter(|step| !matches!(step, Step::PayOut | Step::Request { .. })) {
            staff.take(step);
            ordinary.take(step);
            // A step that only staff may take, such as refunding another user's payment, creates
            // transactions in one market only: from then on, a place names different transactions.
            if staff.till.transactions().len() != ordinary.till.transactions().len() {
                break;
            }
            prop_assert_eq!(staff.wealth(), ordinary.wealth(), "after {:?}", step);
        }
    }
}

#[test]
fn staff_cannot_resolve_their_own_dispute() {
    for role in [Role::Admin, Role::Support] {
        let stage = Stage::booking_as(role);
        let world = &stage.till.world;
        let id = run(world.bookings().create(&stage.actor, &support::request())).unwrap().id;
        for _ in 0..12 {
            let seen = world.load(id);
            if seen.status == Status::Paid {
                break;
            }
            world.step_as(&seen, &stage.actor).unwrap();
        }
        run(world.bookings().dispute(&stage.actor, id, DisputeCategory::Quality, "it drips")).unwrap();
        let before = stage.wealth();
        let resolve =
            |actor: &Actor| run(world.bookings().resolve_dispute(actor, id, DisputeOutcome::FullRefund, "-"));
        let refused = resolve(&stage.actor);
        assert!(refused.is_err(), "{refused:?}");
        assert_forbidden(run(world.bookings().investigate_dispute(&stage.actor, id)));
        assert_eq!(stage.wealth(), before);
        resolve(&world.support.actor()).unwrap();
    }
}

#[test]
fn staff_cannot_discount_their_own_booking() {
    let stage = Stage::booking_as(Role::Admin);
    let bookings = stage.till.world.bookings();
    for on_behalf_of in [None, Some(stage.person)] {
        let request = NewBooking { discount: Some(kes(2_000)), on_behalf_of, ..support::request() };
        assert_forbidden(run(bookings.create(&stage.actor, &request)));
    }
    let for_somebody = NewBooking {
        discount: Some(kes(500)),
        on_behalf_of: Some(stage.till.world.stranger.id),
        ..support::request()
    };
    run(bookings.create(&stage.actor, &for_somebody)).unwrap();
}

#[test]
fn admin_cannot_cancel_their_own_completed_work() {
    let stage = Stage::booking_as(Role::Admin);
    let world = &stage.till.world;
    let id = run(world.bookings().create(&stage.actor, &support::request())).unwrap().id;
    while world.load(id).status != Status::Completed {
        world.step_as(&world.load(id), &stage.actor).unwrap();
    }
    assert!(run(world.bookings().cancel(&stage.actor, id, "mine")).is_err());
    run(world.bookings().cancel(&world.admin.actor(), id, "not done")).unwrap();
}

#[test]
fn staff_cannot_verify_their_own_identity_or_status() {
    let stage = Stage::working_as(Role::Admin);
    let accounts = stage.till.world.market.accounts();
    let id = stage.person;
    assert_forbidden(run(accounts.decide_kyc(&stage.actor, id, &KycDecision::Verify)));
    assert_forbidden(run(accounts.set_status(&stage.actor, id, UserStatus::Active)));
    let skill = (baitech_core::account::Category::Plumbing, "plumbing");
    assert_forbidden(run(accounts.verify_skill(&stage.actor, id, skill, true)));
    run(accounts.set_status(&stage.actor, id, UserStatus::Deactivated)).unwrap();
}
