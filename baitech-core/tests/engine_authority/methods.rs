//! Every method of every service that takes an actor, and the actors for whom it succeeds.

use std::{collections::BTreeSet, fs, path::Path};

use baitech_core::{
    account::{KycDecision, KycDocuments, NewUser, ProfileChange, User, UserFilter, UserStatus},
    booking::{
        Booking, BookingFilter, BookingStatus as Status, DisputeCategory, DisputeOutcome, NewBooking,
        NewPriceChange, NewService, PaymentMethod,
    },
    kernel::{Actor, Currency, Error, Id, PageRequest, Result, Role},
    ledger::Account,
    payment::{
        FraudCheck, FraudDecision, FraudScorer, FraudSignals, NewPayment, NewPayout, ReconcileRequest,
        Transaction, TransactionFilter, TransactionStatus,
    },
    store::{ChangeSet, Commit, Put},
    testing::build,
};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    support::{self, kes, run, slot},
    till::Till,
};

/// What is done with a method: the setting is prepared by whoever may, and then the actor calls.
type Call = fn(&Scene, &Actor) -> Result<()>;

/// A marketplace with a booking for a method to be about.
struct Scene {
    till: Till,
    company: User,
    employee: User,
    other_technician: User,
}

/// Every actor, by the name under which the table lists it.
const ACTORS: [&str; 10] = [
    "anonymous",
    "stranger",
    "other_technician",
    "customer",
    "technician",
    "company",
    "employee",
    "support",
    "admin",
    "system",
];

impl Scene {
    fn new() -> Self {
        Self::over(Till::new())
    }

    fn suspicious() -> Self {
        Self::over(Till::with(|builder| builder.fraud_scorer(std::sync::Arc::new(Suspicious))))
    }

    fn over(till: Till) -> Self {
        let world = &till.world;
        let other_technician = world.add_technician(9, 1.0);
        let company = build::company(1);
        world.add(&company);
        let mut employee = build::user(Role::Corporate, 2);
        employee.corporate = company.corporate.clone();
        employee.corporate.as_mut().unwrap().administrator = Some(company.id);
        let employee = User::from_record(employee);
        world.add(&employee);
        Self { till, company, employee, other_technician }
    }

    fn actor(&self, name: &str) -> Actor {
        let world = &self.till.world;
        match name {
            "anonymous" => Actor::Anonymous,
            "stranger" => world.stranger.actor(),
            "other_technician" => self.other_technician.actor(),
            "customer" => world.customer.actor(),
            "technician" => world.technician.actor(),
            "company" => self.company.actor(),
            "employee" => self.employee.actor(),
            "support" => world.support.actor(),
            "admin" => world.admin.actor(),
            "system" => Actor::System,
            other => panic!("there is no {other}"),
        }
    }

    /// The customer's booking, paid in cash, in a status.
    fn at(&self, status: Status) -> Id<Booking> {
        let booking = self.till.world.book();
        // Its technician is the usual one.
        if status != Status::Pending {
            let world = &self.till.world;
            run(world.bookings().find_technician(&Actor::System, booking.id)).unwrap();
            run(world.bookings().reject(&self.other_technician.actor(), booking.id, "no")).ok();
        }
        self.till.world.drive(booking.id, status).id
    }

    fn disputed(&self) -> Id<Booking> {
        let id = self.at(Status::Completed);
        let customer = self.till.world.customer.actor();
        run(self.till.world.bookings().dispute(&customer, id, DisputeCategory::Quality, "it drips")).unwrap();
        id
    }

    /// A company's booking that waits for approval.
    fn unapproved(&self) -> Id<Booking> {
        let request = NewBooking { time_slot: slot(1, "08:00", "16:00"), ..support::request() };
        run(self.till.world.bookings().create(&self.employee.actor(), &request)).unwrap().id
    }

    fn raised(&self) -> Id<Booking> {
        let id = self.at(Status::InProgress);
        let technician = self.till.world.technician.actor();
        run(self.till.world.bookings().propose_price_change(&technician, id, &more())).unwrap();
        id
    }

    fn slot_proposed(&self) -> Id<Booking> {
        let id = self.at(Status::Accepted);
        let technician = self.till.world.technician.actor();
        let wanted = slot(3, "10:00", "12:00");
        run(self.till.world.bookings().propose_slot(&technician, id, &wanted, None)).unwrap();
        id
    }

    /// A top-up of the customer's that brought the wrong amount.
    fn mismatched(&self) -> Id<Transaction> {
        let till = &self.till;
        let top_up = run(till.payments().top_up(&till.customer(), kes(500), &NewPayment::default()));
        let id = top_up.unwrap().transaction.id;
        till.call(id, "n1;caller:;paid;10;SJK1;");
        id
    }

    /// A top-up of the customer's that was begun by a process which ended before it asked the provider.
    fn unsent(&self) -> Id<Transaction> {
        let till = &self.till;
        let top_up = run(till.payments().top_up(&till.customer(), kes(500), &NewPayment::default()));
        let begun = till.load(top_up.unwrap().transaction.id);
        let mut record = begun.value.clone().into_record();
        record.status = TransactionStatus::Initiated;
        record.gateway.sent_at = None;
        record.gateway.attempts = 0;
        let changes = ChangeSet::new().write(Put::over(&begun, Transaction::from_record(record)));
        let _ = run(till.world.store.commit(changes)).unwrap();
        begun.id
    }

    /// A payout of the technician's of which nobody knows what became.
    fn unknown_payout(&self) -> Id<Transaction> {
        let till = &self.till;
        till.released(PaymentMethod::Mpesa);
        let technician = &till.world.technician;
        let payout = NewPayout::default();
        let id = run(till.payments().request_payout(&technician.actor(), technician.id, kes(1_000), &payout))
            .unwrap()
            .id;
        till.call(id, "p1;caller:;paid;990;SJP1;");
        till.call(id, "p2;caller:;failed;;;");
        id
    }
}

/// Every payment is to be looked at.
#[derive(Debug)]
struct Suspicious;

impl FraudScorer for Suspicious {
    fn score(&self, _: &FraudSignals, now: DateTime<Utc>) -> FraudCheck {
        let decision = FraudDecision::Review;
        FraudCheck { score: 50, decision, reasons: Vec::new(), checked_at: now, review: None }
    }
}

fn more() -> NewPriceChange {
    NewPriceChange {
        reason: "more to do".to_owned(),
        materials: Vec::new(),
        services: vec![NewService { name: "another tap".to_owned(), price: kes(100) }],
    }
}

fn page() -> PageRequest {
    PageRequest::default()
}

fn documents() -> KycDocuments {
    KycDocuments {
        id_type: baitech_core::account::IdType::NationalId,
        id_number: "12345678".to_owned(),
        front_image: "https://images.example/front.jpg".to_owned(),
        back_image: None,
    }
}

/// One method and the actors for whom it succeeds, on somebody else's matter unless they are a party of it.
struct Row(&'static str, &'static str, Call);

const ACCOUNTS: &[Row] = &[
    Row(
        "accounts.register",
        "anonymous stranger other_technician customer technician company employee support admin system",
        |s, a| {
            let new = NewUser::new(Role::Customer, "Wanjiku", "Mwangi", "wanjiku@example.ke", "0712345678");
            run(s.till.world.market.accounts().register(a, &new)).map(drop)
        },
    ),
    Row("accounts.get", "customer support admin system", |s, a| {
        run(s.till.world.market.accounts().get(a, s.till.world.customer.id)).map(drop)
    }),
    Row("accounts.find_by_email", "support admin system", |s, a| {
        run(s.till.world.market.accounts().find_by_email(a, &s.till.world.customer.email)).map(drop)
    }),
    Row("accounts.find_by_phone", "support admin system", |s, a| {
        run(s.till.world.market.accounts().find_by_phone(a, &s.till.world.customer.phone)).map(drop)
    }),
    Row("accounts.find_by_username", "support admin system", |s, a| {
        let name = baitech_core::kernel::Username::new("wanjiku").unwrap();
        run(s.till.world.market.accounts().find_by_username(a, &name)).map(drop)
    }),
    Row("accounts.list", "support admin system", |s, a| {
        run(s.till.world.market.accounts().list(a, UserFilter::default(), &page())).map(drop)
    }),
    Row("accounts.change_profile", "customer support admin system", |s, a| {
        let change = ProfileChange { bio: Some("hello".to_owned()), ..ProfileChange::default() };
        run(s.till.world.market.accounts().change_profile(a, s.till.world.customer.id, &change)).map(drop)
    }),
    Row("accounts.set_availability", "technician support admin system", |s, a| {
        let technician = &s.till.world.technician;
        let hours = technician.technician.as_ref().unwrap().availability.clone();
        run(s.till.world.market.accounts().set_availability(a, technician.id, &hours)).map(drop)
    }),
    Row("accounts.submit_kyc", "customer support admin system", |s, a| {
        run(s.till.world.market.accounts().submit_kyc(a, s.till.world.customer.id, &documents())).map(drop)
    }),
    Row("accounts.decide_kyc", "support admin system", |s, a| {
        let (accounts, customer) = (s.till.world.market.accounts(), &s.till.world.customer);
        run(accounts.submit_kyc(&customer.actor(), customer.id, &documents())).unwrap();
        run(accounts.decide_kyc(a, customer.id, &KycDecision::Verify)).map(drop)
    }),
    Row("accounts.verify_skill", "support admin system", |s, a| {
        let technician = &s.till.world.technician;
        let skill = technician.technician.as_ref().unwrap().skills[0].clone();
        let skill = (skill.category, skill.name.as_str().to_owned());
        run(s.till.world.market.accounts().verify_skill(a, technician.id, (skill.0, &skill.1), false))
            .map(drop)
    }),
    Row("accounts.set_status", "support admin system", |s, a| {
        let accounts = s.till.world.market.accounts();
        run(accounts.set_status(a, s.till.world.customer.id, UserStatus::Suspended)).map(drop)
    }),
];

const BOOKINGS: &[Row] = &[
    Row("bookings.accept", "technician", |s, a| {
        let id = s.at(Status::Assigned);
        run(s.till.world.bookings().accept(a, id)).map(drop)
    }),
    Row("bookings.reject", "technician", |s, a| {
        let id = s.at(Status::Assigned);
        // The system lets an offer lapse only once its time is over.
        run(s.till.world.bookings().reject(a, id, "no")).map(drop)
    }),
    Row("bookings.en_route", "technician", |s, a| {
        let id = s.at(Status::Accepted);
        run(s.till.world.bookings().en_route(a, id)).map(drop)
    }),
    Row("bookings.arrive", "technician", |s, a| {
        let id = s.at(Status::EnRoute);
        run(s.till.world.bookings().arrive(a, id)).map(drop)
    }),
    Row("bookings.start", "technician", |s, a| {
        let id = s.at(Status::Arrived);
        run(s.till.world.bookings().start(a, id)).map(drop)
    }),
    Row("bookings.pause", "technician", |s, a| {
        let id = s.at(Status::InProgress);
        run(s.till.world.bookings().pause(a, id, None)).map(drop)
    }),
    Row("bookings.resume", "technician", |s, a| {
        let id = s.at(Status::InProgress);
        run(s.till.world.bookings().pause(&s.till.world.technician.actor(), id, None)).unwrap();
        run(s.till.world.bookings().resume(a, id)).map(drop)
    }),
    Row("bookings.complete", "technician", |s, a| {
        let id = s.at(Status::InProgress);
        run(s.till.world.bookings().complete(a, id)).map(drop)
    }),
    Row("bookings.verify", "customer", |s, a| {
        let id = s.at(Status::Completed);
        run(s.till.world.bookings().verify(a, id)).map(drop)
    }),
    Row("bookings.confirm_cash", "technician support admin", |s, a| {
        let id = s.at(Status::PaymentPending);
        run(s.till.world.bookings().confirm_cash(a, id)).map(drop)
    }),
    Row("bookings.cancellation_quote", "customer technician support admin system", |s, a| {
        let id = s.at(Status::Accepted);
        run(s.till.world.bookings().cancellation_quote(a, id)).map(drop)
    }),
    Row("bookings.cancel", "customer technician support admin system", |s, a| {
        let id = s.at(Status::Accepted);
        run(s.till.world.bookings().cancel(a, id, "no need")).map(drop)
    }),
    Row("bookings.report_customer_no_show", "technician", |s, a| {
        let id = s.at(Status::Arrived);
        s.till.world.clock.set(s.till.world.load(id).slot.starts_at() + TimeDelta::minutes(31));
        run(s.till.world.bookings().report_customer_no_show(a, id)).map(drop)
    }),
    Row("bookings.propose_price_change", "technician", |s, a| {
        let id = s.at(Status::InProgress);
        run(s.till.world.bookings().propose_price_change(a, id, &more())).map(drop)
    }),
    Row("bookings.approve_price_change", "customer", |s, a| {
        let id = s.raised();
        run(s.till.world.as_shown(id).approve_price_change(a, id)).map(drop)
    }),
    Row("bookings.decline_price_change", "customer", |s, a| {
        let id = s.raised();
        run(s.till.world.bookings().decline_price_change(a, id)).map(drop)
    }),
    Row("bookings.move_slot", "customer support admin", |s, a| {
        let id = s.at(Status::Pending);
        run(s.till.world.bookings().move_slot(a, id, &slot(3, "10:00", "12:00"))).map(drop)
    }),
    Row("bookings.propose_slot", "customer technician", |s, a| {
        let id = s.at(Status::Accepted);
        run(s.till.world.bookings().propose_slot(a, id, &slot(3, "10:00", "12:00"), None)).map(drop)
    }),
    Row("bookings.approve_slot", "customer", |s, a| {
        let id = s.slot_proposed();
        run(s.till.world.as_shown(id).approve_slot(a, id)).map(drop)
    }),
    Row("bookings.decline_slot", "customer technician", |s, a| {
        let id = s.slot_proposed();
        run(s.till.world.bookings().decline_slot(a, id)).map(drop)
    }),
    Row("bookings.allow_early_start", "customer", |s, a| {
        let id = s.at(Status::Accepted);
        // Earlier than the policy of these tests allows by itself.
        let from = s.till.world.now() - TimeDelta::days(20_000);
        run(s.till.world.bookings().allow_early_start(a, id, from)).map(drop)
    }),
    Row("bookings.end_series", "customer support admin", |s, a| {
        let weekly = NewBooking { recurrence: Some("FREQ=WEEKLY;COUNT=3".to_owned()), ..support::request() };
        let id = s.till.world.request(&weekly).id;
        run(s.till.world.bookings().end_series(a, id)).map(drop)
    }),
    Row("bookings.approve", "company admin", |s, a| {
        let id = s.unapproved();
        run(s.till.world.as_shown(id).approve(a, id)).map(drop)
    }),
    Row("bookings.decline_approval", "company admin", |s, a| {
        let id = s.unapproved();
        run(s.till.world.bookings().decline_approval(a, id, "too dear")).map(drop)
    }),
    Row("bookings.get", "customer technician support admin system", |s, a| {
        let id = s.at(Status::Accepted);
        run(s.till.world.bookings().get(a, id)).map(drop)
    }),
    Row("bookings.get_by_number", "customer technician support admin system", |s, a| {
        let id = s.at(Status::Accepted);
        let number = s.till.world.load(id).number.clone();
        run(s.till.world.bookings().get_by_number(a, &number)).map(drop)
    }),
    Row("bookings.view", "customer technician support admin system", |s, a| {
        let id = s.at(Status::Accepted);
        run(s.till.world.bookings().view(a, id)).map(drop)
    }),
    Row("bookings.view_of", "customer technician support admin system", |s, a| {
        let id = s.at(Status::Accepted);
        run(s.till.world.bookings().view_of(a, &s.till.world.load(id))).map(drop)
    }),
    Row("bookings.list", "support admin system", |s, a| {
        run(s.till.world.bookings().list(a, &BookingFilter::default(), &page())).map(drop)
    }),
    Row("bookings.count_by_status", "support admin system", |s, a| {
        run(s.till.world.bookings().count_by_status(a, &BookingFilter::default())).map(drop)
    }),
    Row(
        "bookings.quote",
        "stranger other_technician customer technician company employee support admin",
        |s, a| run(s.till.world.bookings().quote(a, &support::request())).map(drop),
    ),
    Row("bookings.create", "support admin", |s, a| {
        let request = NewBooking { on_behalf_of: Some(s.till.world.stranger.id), ..support::request() };
        run(s.till.world.bookings().create(a, &request)).map(drop)
    }),
    Row("bookings.find_technician", "customer admin system", |s, a| {
        let id = s.at(Status::Pending);
        run(s.till.world.bookings().find_technician(a, id)).map(drop)
    }),
    Row("bookings.assign", "customer admin system", |s, a| {
        let booking = s.till.world.book();
        let mut begun = booking.value.clone().into_record();
        begun.status = Status::Matching;
        let put = Put::over(&booking, Booking::from_record(begun));
        let changes = ChangeSet::new().write(put);
        let _ = run(s.till.world.store.commit(changes)).unwrap();
        run(s.till.world.bookings().assign(a, booking.id, s.till.world.technician.id)).map(drop)
    }),
    Row("bookings.candidates", "customer support admin system", |s, a| {
        let id = s.at(Status::Pending);
        run(s.till.world.bookings().candidates(a, id, 3)).map(drop)
    }),
    Row("bookings.why_not", "customer support admin system", |s, a| {
        let id = s.at(Status::Pending);
        run(s.till.world.bookings().why_not(a, id, s.till.world.technician.id)).map(drop)
    }),
    Row("bookings.dispute", "customer technician", |s, a| {
        let id = s.at(Status::Completed);
        run(s.till.world.bookings().dispute(a, id, DisputeCategory::Quality, "it drips")).map(drop)
    }),
    Row("bookings.add_evidence", "customer technician support admin", |s, a| {
        let id = s.disputed();
        run(s.till.world.bookings().add_evidence(a, id, "look", Vec::new())).map(drop)
    }),
    Row("bookings.investigate_dispute", "support admin", |s, a| {
        let id = s.disputed();
        run(s.till.world.bookings().investigate_dispute(a, id)).map(drop)
    }),
    Row("bookings.resolve_dispute", "support admin", |s, a| {
        let id = s.disputed();
        run(s.till.world.bookings().resolve_dispute(a, id, DisputeOutcome::Release, "heard both")).map(drop)
    }),
    Row("bookings.close_dispute", "support admin", |s, a| {
        let (id, bookings) = (s.disputed(), s.till.world.bookings());
        let support = s.till.world.support.actor();
        run(bookings.resolve_dispute(&support, id, DisputeOutcome::Release, "heard both")).unwrap();
        run(bookings.close_dispute(a, id)).map(drop)
    }),
    Row("bookings.add_checkpoint", "technician support admin", |s, a| {
        let id = s.at(Status::InProgress);
        run(s.till.world.bookings().add_checkpoint(a, id, "pipes", true, None)).map(drop)
    }),
    Row("bookings.check_quality", "support admin", |s, a| {
        let id = s.at(Status::Completed);
        run(s.till.world.bookings().check_quality(a, id, 90, None)).map(drop)
    }),
    Row("bookings.offer_warranty", "technician", |s, a| {
        let id = s.at(Status::InProgress);
        run(s.till.world.bookings().offer_warranty(a, id, 30, None)).map(drop)
    }),
    Row("bookings.claim_warranty", "customer", |s, a| {
        let id = s.at(Status::InProgress);
        run(s.till.world.bookings().offer_warranty(&s.till.world.technician.actor(), id, 30, None)).unwrap();
        s.till.world.drive(id, Status::Paid);
        run(s.till.world.bookings().claim_warranty(a, id, &slot(9, "10:00", "11:00"), "again")).map(drop)
    }),
    Row("bookings.note", "customer technician support admin", |s, a| {
        let id = s.at(Status::Accepted);
        run(s.till.world.bookings().note(a, id, "bring a ladder")).map(drop)
    }),
    Row("bookings.hide", "support admin", |s, a| {
        let id = s.at(Status::Accepted);
        run(s.till.world.bookings().cancel(&s.till.world.admin.actor(), id, "no need")).unwrap();
        run(s.till.world.bookings().hide(a, id)).map(drop)
    }),
];

const PAYMENTS: &[Row] = &[
    Row("payments.get", "customer technician support admin system", |s, a| {
        let (_, payment) = s.till.held(PaymentMethod::Mpesa);
        run(s.till.payments().get(a, payment)).map(drop)
    }),
    Row("payments.get_by_number", "customer technician support admin system", |s, a| {
        let (_, payment) = s.till.held(PaymentMethod::Mpesa);
        let number = s.till.load(payment).number.clone();
        run(s.till.payments().get_by_number(a, &number)).map(drop)
    }),
    Row("payments.list", "support admin system", |s, a| {
        run(s.till.payments().list(a, &TransactionFilter::default(), &page())).map(drop)
    }),
    Row("payments.totals", "support admin system", |s, a| {
        run(s.till.payments().totals(a, &TransactionFilter::default())).map(drop)
    }),
    Row("payments.wallet", "customer support admin system", |s, a| {
        run(s.till.payments().wallet(a, s.till.world.customer.id, Currency::KES)).map(drop)
    }),
    Row("payments.wallet_lines", "customer support admin system", |s, a| {
        run(s.till.payments().wallet_lines(a, s.till.world.customer.id, &page())).map(drop)
    }),
    Row("payments.earning_lines", "technician support admin system", |s, a| {
        run(s.till.payments().earning_lines(a, s.till.world.technician.id, &page())).map(drop)
    }),
    Row("payments.refund", "support admin system", |s, a| {
        let (_, payment) = s.till.paid(PaymentMethod::Mpesa);
        run(s.till.payments().refund(a, payment, kes(100), "asked for it")).map(drop)
    }),
    Row("payments.release", "admin", |s, a| {
        let (_, payment) = s.till.paid(PaymentMethod::Mpesa);
        // The system releases only once the time has come.
        run(s.till.payments().release(a, payment)).map(drop)
    }),
    Row("payments.withdraw_payment", "customer support admin system", |s, a| {
        let payment = s.unsent();
        run(s.till.payments().withdraw_payment(a, payment)).map(drop)
    }),
    Row("payments.list_webhooks", "support admin system", |s, a| {
        run(s.till.payments().list_webhooks(a, &[], &page())).map(drop)
    }),
    Row("payments.retry_webhook", "support admin system", |s, a| {
        s.till.call_at("paybill", "forged");
        let call = s.till.webhooks()[0].id;
        run(s.till.payments().retry_webhook(a, call)).map(drop)
    }),
    Row("payments.reconcile_with", "support admin system", |s, a| {
        let request = ReconcileRequest { method: PaymentMethod::Mpesa, format: None, period: None };
        let statement = b"Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance\n";
        run(s.till.payments().reconcile_with(a, &request, statement, &|_| {})).map(drop)
    }),
    Row("payments.reconcile", "support admin system", |s, a| {
        let request = ReconcileRequest { method: PaymentMethod::Mpesa, format: None, period: None };
        let statement = b"Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance\n";
        run(s.till.payments().reconcile(a, &request, statement)).map(drop)
    }),
    Row("payments.request_payout", "technician admin system", |s, a| {
        s.till.released(PaymentMethod::Mpesa);
        let technician = s.till.world.technician.id;
        run(s.till.payments().request_payout(a, technician, kes(500), &NewPayout::default())).map(drop)
    }),
    Row("payments.withdraw", "customer", |s, a| {
        s.till.fill_wallet(&s.till.world.customer, 500);
        run(s.till.payments().withdraw(a, kes(100), &NewPayout::default())).map(drop)
    }),
    Row("payments.pay", "customer support admin", |s, a| {
        let id = s.till.accepted(PaymentMethod::Mpesa);
        let version = s.till.world.load(id).version;
        run(s.till.payments().at(version).pay(a, id, &NewPayment::default())).map(drop)
    }),
    Row("payments.tip", "customer", |s, a| {
        let (id, _) = s.till.paid(PaymentMethod::Mpesa);
        run(s.till.payments().tip(a, id, kes(100), &NewPayment::default())).map(drop)
    }),
    Row(
        "payments.top_up",
        "stranger other_technician customer technician company employee support admin",
        |s, a| run(s.till.payments().top_up(a, kes(100), &NewPayment::default())).map(drop),
    ),
    Row("payments.pay_debt", "customer", |s, a| {
        let id = s.at(Status::Accepted);
        s.till.world.clock.set(s.till.world.load(id).slot.starts_at());
        run(s.till.world.bookings().cancel(&s.till.customer(), id, "no need")).unwrap();
        run(s.till.payments().pay_debt(a, kes(100), &NewPayment::default())).map(drop)
    }),
    Row("payments.review", "support admin", |s, a| {
        let suspicious = Scene::suspicious();
        let (_, payment) = suspicious.till.held(PaymentMethod::Mpesa);
        let _ = s;
        run(suspicious.till.payments().review(a, payment, true)).map(drop)
    }),
    Row("payments.decide_mismatch", "support admin", |s, a| {
        let id = s.mismatched();
        run(s.till.payments().decide_mismatch(a, id, false)).map(drop)
    }),
    Row("payments.decide_provider_move", "support admin", |s, a| {
        let (id, payment) = s.till.paid(PaymentMethod::Card);
        let customer = s.till.customer();
        run(s.till.world.bookings().dispute(&customer, id, DisputeCategory::Quality, "it drips")).unwrap();
        s.till.call(payment, "e1;caller:;refunded;1000;re_1;");
        run(s.till.payments().decide_provider_move(a, payment, true, None)).map(drop)
    }),
    Row("payments.decide_verdict", "support admin system", |s, a| {
        let (_, payment) = s.till.paid(PaymentMethod::Card);
        for call in ["c1;caller:;contested;2738;;", "c2;caller:;won;;;", "c3;caller:;lost;;;"] {
            s.till.call(payment, call);
        }
        run(s.till.payments().decide_verdict(a, payment, true)).map(drop)
    }),
    Row("payments.decide_outcome", "support admin system", |s, a| {
        let id = s.unknown_payout();
        run(s.till.payments().decide_outcome(a, id, true, None)).map(drop)
    }),
    Row("payments.receipt", "customer support admin system", |s, a| {
        let (_, payment) = s.till.paid(PaymentMethod::Mpesa);
        run(s.till.payments().receipt(a, payment)).map(drop)
    }),
    Row("payments.invoice", "customer support admin system", |s, a| {
        let (_, payment) = s.till.paid(PaymentMethod::Mpesa);
        run(s.till.payments().invoice(a, payment)).map(drop)
    }),
    Row("payments.statement", "company support admin system", |s, a| {
        run(s.till.payments().statement(a, s.company.id, 2026, 3)).map(drop)
    }),
];

const LEDGER: &[Row] = &[
    Row("ledger.balance", "customer support admin system", |s, a| {
        let account = Account::Wallet(s.till.world.customer.id);
        run(s.till.world.market.ledger().balance(a, account, Currency::KES)).map(drop)
    }),
    Row("ledger.trial_balance", "support admin system", |s, a| {
        run(s.till.world.market.ledger().trial_balance(a)).map(drop)
    }),
    Row("ledger.audit", "support admin system", |s, a| run(s.till.world.market.ledger().audit(a)).map(drop)),
];

fn rows() -> impl Iterator<Item = &'static Row> {
    [ACCOUNTS, BOOKINGS, PAYMENTS, LEDGER].into_iter().flatten()
}

#[test]
fn every_method_is_open_to_its_actors_and_to_nobody_else() {
    let mut wrong = Vec::new();
    for Row(method, may, call) in rows() {
        let mut open = Vec::new();
        for name in ACTORS {
            let scene = Scene::new();
            let actor = scene.actor(name);
            match call(&scene, &actor) {
                Ok(()) => open.push(name),
                // A suspicion costs nothing, and a message would tell strangers what there is.
                Err(Error::Forbidden { .. } | Error::NotFound { .. }) => {}
                Err(error) if name == "anonymous" => wrong.push(format!("{method}: {error:?} for {name}")),
                Err(_) => {}
            }
        }
        let open = open.join(" ");
        if open != *may {
            wrong.push(format!("{method} is open to {open:?}, not to {may:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The public methods of the services that take an actor, as the source has them.
fn methods() -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rooms = [
        ("accounts", "account"),
        ("bookings", "booking/service"),
        ("payments", "payment/service"),
        ("ledger", "ledger"),
    ];
    let mut methods = BTreeSet::new();
    for (service, folder) in rooms {
        for file in fs::read_dir(source.join(folder)).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            for function in fs::read_to_string(&path).unwrap().split("pub async fn ").skip(1) {
                let (name, rest) = function.split_once('(').unwrap();
                let signature = rest.split_once('{').unwrap().0;
                if signature.contains("&Actor") {
                    methods.insert(format!("{service}.{name}"));
                }
            }
        }
    }
    methods
}

#[test]
fn no_method_is_missing_from_the_table() {
    let listed: BTreeSet<String> = rows().map(|Row(method, ..)| (*method).to_owned()).collect();
    assert_eq!(listed, methods(), "a new method names the actors for whom it succeeds");
}
