//! A repeated request returns the same answer as the first one and has no further effect.

use std::{cell::RefCell, collections::BTreeSet};

use baitech_core::{
    account::{
        Accounts, Availability, Category, IdType, KycCase, KycCaseFilter, KycDecision, KycDocuments, NewUser,
        ProfileChange, User, UserStatus,
    },
    booking::{
        Booking, BookingStatus as Status, Bookings, DisputeCategory, DisputeOutcome, NewBooking,
        NewPriceChange, Supplier,
    },
    kernel::{Actor, Error, Id, PageRequest, Result, Role},
    ledger::Account,
    payment::{NewPayment, NewPayout, Payments, StartedPayment},
    store::{AggregateRef, ChangeSet, Commit, IdempotencyKey, Put, Stored, Version},
    testing::build,
    transaction::{FraudDecision, PaymentMethod, Transaction, TransactionKind, TransactionStatus},
};
use chrono::TimeDelta;

use crate::{
    reviewing::suspicious,
    support::{World, kes, material, price_change, request, run, slot},
    till::Till,
};

/// The answer of a command.
trait Answer {
    fn target(&self) -> AggregateRef;
}

impl Answer for Stored<User> {
    fn target(&self) -> AggregateRef {
        self.id.into()
    }
}

impl Answer for Stored<KycCase> {
    fn target(&self) -> AggregateRef {
        self.id.into()
    }
}

impl Answer for Stored<Booking> {
    fn target(&self) -> AggregateRef {
        self.id.into()
    }
}

impl Answer for Stored<Transaction> {
    fn target(&self) -> AggregateRef {
        self.id.into()
    }
}

impl Answer for StartedPayment {
    fn target(&self) -> AggregateRef {
        self.transaction.id.into()
    }
}

/// Runs each command twice under one key.
#[derive(Default)]
struct Twice(RefCell<BTreeSet<&'static str>>);

impl Twice {
    #[track_caller]
    fn command<A: Answer>(&self, till: &Till, name: &'static str, act: impl Fn(IdempotencyKey) -> Result<A>) {
        let key = || IdempotencyKey::new(&format!("key-of-{name}")).unwrap();
        let first = act(key()).unwrap_or_else(|error| panic!("{name}: {error:?}")).target();
        let before = till.world.trace();
        let second = act(key()).unwrap_or_else(|error| panic!("{name} repeated: {error:?}")).target();
        assert_eq!(first, second, "{name}");
        assert_eq!(till.world.trace(), before, "{name}: the repetition must have no effect");
        self.0.borrow_mut().insert(name);
    }

    fn booking(
        &self,
        till: &Till,
        (name, status): (&'static str, Status),
        act: impl AsyncFn(Bookings, Id<Booking>) -> Result<Stored<Booking>>,
    ) -> Id<Booking> {
        let id = till.world.book_until(status).id;
        self.same_booking(till, name, id, act);
        id
    }

    fn same_booking(
        &self,
        till: &Till,
        name: &'static str,
        id: Id<Booking>,
        act: impl AsyncFn(Bookings, Id<Booking>) -> Result<Stored<Booking>>,
    ) {
        let version = till.world.load(id).version;
        self.command(till, name, |key| {
            run(act(till.world.bookings().if_version(version).idempotency_key(key), id))
        });
    }

    fn account<A: Answer>(&self, till: &Till, name: &'static str, act: impl AsyncFn(Accounts) -> Result<A>) {
        self.command(till, name, |key| run(act(till.world.market.accounts().idempotency_key(key))));
    }

    fn payment<A: Answer>(
        &self,
        till: &Till,
        name: &'static str,
        version: Option<Version>,
        act: impl AsyncFn(Payments) -> Result<A>,
    ) {
        self.command(till, name, |key| {
            let payments = till.payments().idempotency_key(key);
            run(act(match version {
                Some(version) => payments.if_version(version),
                None => payments,
            }))
        });
    }
}

#[test]
fn every_command_repeated_under_its_key_returns_the_same_answer() {
    let twice = Twice::default();
    accounts(&twice);
    usual_way(&twice);
    beside_the_way(&twice);
    agreements(&twice);
    disputes(&twice);
    payments(&twice);
    decisions_on_payments(&twice);
    let sources = [
        include_str!("../../src/account/service/kyc_cases.rs"),
        include_str!("../../src/account/service/mod.rs"),
        include_str!("../../src/booking/service/commands.rs"),
        include_str!("../../src/booking/service/create.rs"),
        include_str!("../../src/booking/service/disputes.rs"),
        include_str!("../../src/booking/service/matching.rs"),
        include_str!("../../src/booking/service/negotiation.rs"),
        include_str!("../../src/payment/service/charges.rs"),
        include_str!("../../src/payment/service/payouts.rs"),
        include_str!("../../src/payment/service/refunds.rs"),
        include_str!("../../src/payment/service/reviews.rs"),
    ];
    let queries =
        ["get", "kyc_case", "list", "list_kyc_cases", "quote", "cancellation_quote", "candidates", "why_not"];
    let covered = twice.0.borrow();
    for line in sources.iter().flat_map(|source| source.lines()) {
        let Some(name) = line.trim().strip_prefix("pub async fn ").and_then(|rest| rest.split('(').next())
        else {
            continue;
        };
        let is_query = queries.contains(&name) || name.starts_with("find_by_");
        assert!(is_query || covered.contains(name), "this test does not cover {name}");
    }
}

fn passport() -> KycDocuments {
    KycDocuments {
        id_type: IdType::Passport,
        id_number: "A1234567".to_owned(),
        front_image: "https://cdn.example.ke/front.jpg".to_owned(),
        back_image: None,
    }
}

fn accounts(twice: &Twice) {
    let till = &Till::new();
    let (admin, customer) = (till.world.admin.actor(), till.customer());
    let technician = &till.world.technician;
    let id = till.world.customer.id;
    let new = NewUser::new(Role::Customer, "Amina", "Otieno", "amina@example.ke", "0712 345 999");
    twice.account(till, "register", async |accounts| accounts.register(&admin, &new).await);
    let change = ProfileChange { bio: Some("Hello".to_owned()), ..ProfileChange::default() };
    twice.account(till, "change_profile", async |accounts| {
        accounts.change_profile(&customer, id, &change).await
    });
    let hours = Availability::default();
    twice.account(till, "set_availability", async |accounts| {
        accounts.set_availability(&technician.actor(), technician.id, &hours).await
    });
    twice.account(till, "submit_kyc", async |accounts| accounts.submit_kyc(&customer, id, &passport()).await);
    twice.account(till, "decide_kyc", async |accounts| {
        accounts.decide_kyc(&admin, id, &KycDecision::Verify).await
    });
    let other = NewUser::new(Role::Customer, "Joy", "Wanjiru", "joy@example.ke", "0712 345 998");
    let case = run(async {
        let accounts = till.world.market.accounts();
        let joy = accounts.register(&admin, &other).await?;
        accounts.submit_kyc(&joy.actor(), joy.id, &passport()).await?;
        let page = accounts.list_kyc_cases(&admin, KycCaseFilter::default(), &PageRequest::default()).await?;
        Ok::<_, Error>(page.items.iter().find(|case| case.user == joy.id).map(|case| case.id))
    });
    let case = case.unwrap().unwrap();
    twice.account(till, "decide_kyc_case", async |accounts| {
        accounts.decide_kyc_case(&admin, case, &KycDecision::Verify).await
    });
    twice.account(till, "verify_skill", async |accounts| {
        accounts.verify_skill(&admin, technician.id, (Category::Plumbing, "plumbing"), false).await
    });
    twice.account(till, "set_status", async |accounts| {
        accounts.set_status(&admin, id, UserStatus::Suspended).await
    });
}

fn usual_way(twice: &Twice) {
    let till = &Till::new();
    let (customer, technician) = (till.customer(), till.world.technician.actor());
    let new = request();
    twice.command(till, "create", |key| {
        run(till.world.bookings().idempotency_key(key).create(&customer, &new))
    });
    twice.booking(till, ("find_technician", Status::Pending), async |bookings, id| {
        bookings.find_technician(&customer, id).await
    });
    let id = twice.booking(till, ("accept", Status::Assigned), async |bookings, id| {
        bookings.accept(&technician, id).await
    });
    twice.same_booking(till, "en_route", id, async |bookings, id| bookings.en_route(&technician, id).await);
    twice.same_booking(till, "arrive", id, async |bookings, id| bookings.arrive(&technician, id).await);
    twice.same_booking(till, "start", id, async |bookings, id| bookings.start(&technician, id).await);
    twice.same_booking(till, "pause", id, async |bookings, id| bookings.pause(&technician, id, None).await);
    twice.same_booking(till, "resume", id, async |bookings, id| bookings.resume(&technician, id).await);
    twice.same_booking(till, "offer_warranty", id, async |bookings, id| {
        bookings.offer_warranty(&technician, id, 30, None).await
    });
    twice.same_booking(till, "complete", id, async |bookings, id| bookings.complete(&technician, id).await);
    twice.same_booking(till, "verify", id, async |bookings, id| bookings.verify(&customer, id).await);
    twice.same_booking(till, "confirm_cash", id, async |bookings, id| {
        bookings.confirm_cash(&technician, id).await
    });
    twice.same_booking(till, "claim_warranty", id, async |bookings, id| {
        bookings.claim_warranty(&customer, id, &slot(9, "10:00", "12:00"), "it drips again").await
    });
}

fn beside_the_way(twice: &Twice) {
    let till = &Till::new();
    let (customer, technician) = (till.customer(), till.world.technician.actor());
    let (admin, support) = (till.world.admin.actor(), till.world.support.actor());
    let id = twice.booking(till, ("reject", Status::Assigned), async |bookings, id| {
        bookings.reject(&technician, id, "no time").await
    });
    run(till.world.bookings().find_technician(&admin, id)).unwrap();
    let chosen = till.world.add_technician(2, 1.0).id;
    twice.same_booking(till, "assign", id, async |bookings, id| bookings.assign(&customer, id, chosen).await);
    let till = &Till::new();
    let id = twice.booking(till, ("cancel", Status::Accepted), async |bookings, id| {
        bookings.cancel(&customer, id, "no need").await
    });
    twice.same_booking(till, "note", id, async |bookings, id| bookings.note(&customer, id, "sorry").await);
    twice.same_booking(till, "hide", id, async |bookings, id| bookings.hide(&admin, id).await);
    let till = &Till::new();
    let id = till.world.book_until(Status::Arrived).id;
    till.world.clock.set(till.world.load(id).slot.starts_at() + TimeDelta::hours(1));
    twice.same_booking(till, "report_customer_no_show", id, async |bookings, id| {
        bookings.report_customer_no_show(&technician, id).await
    });
    let till = &Till::new();
    let id = twice.booking(till, ("add_checkpoint", Status::InProgress), async |bookings, id| {
        bookings.add_checkpoint(&technician, id, "pipe", true, None).await
    });
    till.world.drive(id, Status::Completed);
    twice.same_booking(till, "check_quality", id, async |bookings, id| {
        bookings.check_quality(&support, id, 90, None).await
    });
}

fn dearer() -> NewPriceChange {
    price_change(vec![material(Supplier::Technician, 3, 100)], &[])
}

/// A booking for a company that has to approve its price.
fn for_company(world: &World, n: u64) -> (Actor, Id<Booking>) {
    let company = build::company(n);
    world.add(&company);
    let mut request = request();
    request.time_slot = slot(1, "10:00", "17:00");
    request.on_behalf_of = Some(company.id);
    let booking = run(world.bookings().create(&world.admin.actor(), &request)).unwrap();
    (company.actor(), booking.id)
}

fn agreements(twice: &Twice) {
    let till = &Till::new();
    let (customer, technician) = (till.customer(), till.world.technician.actor());
    let id = twice.booking(till, ("propose_price_change", Status::InProgress), async |bookings, id| {
        bookings.propose_price_change(&technician, id, &dearer()).await
    });
    twice.same_booking(till, "decline_price_change", id, async |bookings, id| {
        bookings.decline_price_change(&customer, id).await
    });
    run(till.world.bookings().propose_price_change(&technician, id, &dearer())).unwrap();
    twice.same_booking(till, "approve_price_change", id, async |bookings, id| {
        bookings.approve_price_change(&customer, id).await
    });
    twice.booking(till, ("move_slot", Status::Pending), async |bookings, id| {
        bookings.move_slot(&customer, id, &slot(3, "10:00", "12:00")).await
    });
    let till = &Till::new();
    let id = twice.booking(till, ("propose_slot", Status::Accepted), async |bookings, id| {
        bookings.propose_slot(&customer, id, &slot(3, "10:00", "12:00"), None).await
    });
    twice.same_booking(till, "decline_slot", id, async |bookings, id| {
        bookings.decline_slot(&technician, id).await
    });
    run(till.world.bookings().propose_slot(&customer, id, &slot(3, "10:00", "12:00"), None)).unwrap();
    twice.same_booking(till, "approve_slot", id, async |bookings, id| {
        bookings.approve_slot(&technician, id).await
    });
    // Earlier than the policy of these tests allows without an agreement.
    let early = till.world.now() - TimeDelta::days(20_000);
    twice.same_booking(till, "allow_early_start", id, async |bookings, id| {
        bookings.allow_early_start(&customer, id, early).await
    });
    let weekly = NewBooking { recurrence: Some("FREQ=WEEKLY;COUNT=4".to_owned()), ..request() };
    let id = till.world.request(&weekly).id;
    twice.same_booking(till, "end_series", id, async |bookings, id| bookings.end_series(&customer, id).await);
    let (company, id) = for_company(&till.world, 1);
    twice.same_booking(till, "approve", id, async |bookings, id| bookings.approve(&company, id).await);
    let (company, id) = for_company(&till.world, 2);
    twice.same_booking(till, "decline_approval", id, async |bookings, id| {
        bookings.decline_approval(&company, id, "too dear").await
    });
}

fn disputes(twice: &Twice) {
    let till = &Till::new();
    let (customer, support) = (till.customer(), till.world.support.actor());
    let (id, _) = till.paid(PaymentMethod::Mpesa);
    twice.same_booking(till, "dispute", id, async |bookings, id| {
        bookings.dispute(&customer, id, DisputeCategory::Quality, "it leaks").await
    });
    twice.same_booking(till, "add_evidence", id, async |bookings, id| {
        bookings.add_evidence(&customer, id, "look", Vec::new()).await
    });
    twice.same_booking(till, "investigate_dispute", id, async |bookings, id| {
        bookings.investigate_dispute(&support, id).await
    });
    twice.same_booking(till, "resolve_dispute", id, async |bookings, id| {
        bookings.resolve_dispute(&support, id, DisputeOutcome::PartialRefund(kes(738)), "both").await
    });
    twice.same_booking(till, "close_dispute", id, async |bookings, id| {
        bookings.close_dispute(&support, id).await
    });
}

fn payments(twice: &Twice) {
    let till = &Till::new();
    let (customer, technician) = (till.customer(), till.world.technician.actor());
    let (admin, support) = (till.world.admin.actor(), till.world.support.actor());
    let asked = NewPayment::default();
    let id = till.accepted(PaymentMethod::Mpesa);
    let version = till.world.load(id).version;
    till.mpesa.answers_settled("SJK1");
    twice.payment(till, "pay", Some(version), async |payments| payments.pay(&customer, id, &asked).await);
    let payment = till.world.load(id).payment.transaction.unwrap();
    till.world.drive(id, Status::Paid);
    twice.payment(till, "tip", None, async |payments| payments.tip(&customer, id, kes(50), &asked).await);
    till.mpesa.answers_settled("SJK2");
    twice.payment(till, "top_up", None, async |payments| payments.top_up(&customer, kes(900), &asked).await);
    twice.payment(till, "withdraw", None, async |payments| {
        payments.withdraw(&customer, kes(100), &NewPayout::default()).await
    });
    let version = till.load(payment).version;
    twice.payment(till, "release", Some(version), async |payments| payments.release(&admin, payment).await);
    twice.payment(till, "request_payout", None, async |payments| {
        payments
            .request_payout(&technician, till.world.technician.id, kes(1_000), &NewPayout::default())
            .await
    });
    let version = till.load(payment).version;
    twice.payment(till, "refund", Some(version), async |payments| {
        payments.refund(&support, payment, kes(10), "sorry").await
    });
    let id = till.world.book_until(Status::Arrived).id;
    till.world.clock.set(till.world.load(id).slot.starts_at() + TimeDelta::hours(1));
    run(till.world.bookings().report_customer_no_show(&technician, id)).unwrap();
    let owed = -till.balance(Account::Receivable(till.world.customer.id));
    twice.payment(till, "pay_debt", None, async |payments| {
        payments.pay_debt(&customer, kes(owed), &asked).await
    });
}

fn decisions_on_payments(twice: &Twice) {
    // A separate transaction refunds a rejected payment; the answer is the payment itself.
    let till = &suspicious(FraudDecision::Review);
    let support = till.world.support.actor();
    let (_, payment) = till.paid(PaymentMethod::Mpesa);
    let version = till.load(payment).version;
    twice.payment(till, "review", Some(version), async |payments| {
        payments.review(&support, payment, false).await
    });
    assert_eq!(till.of_kind(TransactionKind::Refund).len(), 1);

    let till = &Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    till.call(payment, "n1;caller:;paid;2700;SJK1;");
    let version = till.load(payment).version;
    twice.payment(till, "decide_mismatch", Some(version), async |payments| {
        payments.decide_mismatch(&support, payment, false).await
    });
    assert_eq!(till.of_kind(TransactionKind::Refund).len(), 1);

    let till = &Till::new();
    let (id, payment) = till.paid(PaymentMethod::Card);
    run(till.world.bookings().dispute(&till.customer(), id, DisputeCategory::Quality, "it drips")).unwrap();
    till.call(payment, "e1;caller:;refunded;1000;re_1;");
    let version = till.load(payment).version;
    twice.payment(till, "decide_provider_move", Some(version), async |payments| {
        payments.decide_provider_move(&support, payment, true, None).await
    });

    let till = &Till::new();
    let (_, payment) = till.paid(PaymentMethod::Card);
    for call in ["c1;caller:;contested;2738;;", "c2;caller:;won;;;", "c3;caller:;lost;;;"] {
        till.call(payment, call);
    }
    let version = till.load(payment).version;
    twice.payment(till, "decide_verdict", Some(version), async |payments| {
        payments.decide_verdict(&support, payment, true).await
    });

    let till = &Till::new();
    till.released(PaymentMethod::Mpesa);
    let (technician, owner) = (till.world.technician.actor(), till.world.technician.id);
    let asked = NewPayout::default();
    let payout = run(till.payments().request_payout(&technician, owner, kes(1_000), &asked)).unwrap().id;
    till.call(payout, "p1;caller:;paid;990;SJP1;");
    till.call(payout, "p2;caller:;failed;;;");
    twice.payment(till, "decide_outcome", None, async |payments| {
        payments.decide_outcome(&support, payout, true, None).await
    });

    // A payment that was not sent to its provider yet.
    let till = &Till::new();
    let (kind, status) = (TransactionKind::WalletTopup, TransactionStatus::Initiated);
    let begun = build::transaction(900, &till.world.customer, kind, status, kes(5));
    let (payment, customer) = (begun.id, till.customer());
    let _ = run(till.world.store.commit(ChangeSet::new().write(Put::new(Transaction::from_record(begun)))))
        .unwrap();
    twice.payment(till, "withdraw_payment", None, async |payments| {
        payments.withdraw_payment(&customer, payment).await
    });
}
