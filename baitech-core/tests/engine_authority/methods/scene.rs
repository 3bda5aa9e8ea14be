//! The marketplace in which each method is called.

use baitech_core::{
    Operations,
    account::{Accounts, KycDocuments, User},
    booking::{Booking, BookingStatus as Status, Bookings, DisputeCategory, NewBooking, NewPriceChange},
    kernel::{Actor, Id, PageRequest},
    ledger::{Account, Ledger},
    payment::{NewPayment, NewPayout, Payments, ReconcileRequest, Reconciliation},
    search::Search,
    store::{
        AggregateRef, ChangeSet, Commit, Consumed, ConsumedStep, ConsumerName, Consumers, LogStart, Put, Seq,
    },
    transaction::{
        FraudCheck, FraudDecision, FraudScorer, FraudSignals, PaymentMethod, Transaction, TransactionStatus,
    },
};
use chrono::{DateTime, Utc};

use crate::{
    support::{self, kes, price_change, run, slot},
    till::Till,
};

/// A marketplace with a booking on which the methods are called.
pub(super) struct Scene {
    pub(super) till: Till,
    pub(super) company: User,
    pub(super) employee: User,
    pub(super) other_technician: User,
}

/// Every actor with the name by which the table lists it.
pub(super) const ACTORS: [&str; 10] = [
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
    pub(super) fn new() -> Self {
        Self::over(Till::new())
    }

    pub(super) fn suspicious() -> Self {
        Self::over(Till::with(|builder| builder.fraud_scorer(std::sync::Arc::new(Suspicious))))
    }

    fn over(till: Till) -> Self {
        let world = &till.world;
        let other_technician = world.add_technician(9, 1.0);
        let (company, employee) = world.add_company();
        Self { till, company, employee, other_technician }
    }

    pub(super) fn actor(&self, name: &str) -> Actor {
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

    pub(super) fn accounts(&self) -> Accounts {
        self.till.world.market.accounts()
    }

    pub(super) fn bookings(&self) -> Bookings {
        self.till.world.bookings()
    }

    pub(super) fn payments(&self) -> Payments {
        self.till.payments()
    }

    pub(super) fn ledger(&self) -> Ledger {
        self.till.world.market.ledger()
    }

    pub(super) fn search(&self) -> Search {
        self.till.world.market.search()
    }

    pub(super) fn operations(&self) -> Operations {
        self.till.world.market.operations()
    }

    pub(super) fn customer(&self) -> Id<User> {
        self.till.world.customer.id
    }

    pub(super) fn technician(&self) -> Id<User> {
        self.till.world.technician.id
    }

    pub(super) fn wallet(&self) -> Account {
        Account::Wallet(self.customer())
    }

    pub(super) fn booked(&self) -> AggregateRef {
        self.till.world.book().id.into()
    }

    /// A consumer that has parked the first event.
    pub(super) fn parked(&self) -> ConsumerName {
        const MAILER: ConsumerName = ConsumerName::new("mailer");
        let world = &self.till.world;
        world.book();
        run(world.market.worker().number_events()).unwrap();
        run(world.store.open_consumer(MAILER, LogStart::First)).unwrap();
        let step =
            ConsumedStep::Parked { from: Seq::START, reason: "no template".to_owned(), at: world.now() };
        let consumed = Some(Consumed { consumer: MAILER, step });
        let _ = run(world.store.commit(ChangeSet { consumed, ..ChangeSet::new() })).unwrap();
        MAILER
    }

    /// The payment of a booking, held until the work is done.
    pub(super) fn held(&self, method: PaymentMethod) -> Id<Transaction> {
        self.till.held(method).1
    }

    /// The payment of a booking whose work is done.
    pub(super) fn paid(&self, method: PaymentMethod) -> Id<Transaction> {
        self.till.paid(method).1
    }

    /// The customer's booking, paid in cash, in a status.
    pub(super) fn at(&self, status: Status) -> Id<Booking> {
        let booking = self.till.world.book();
        // Assigns the default technician.
        if status != Status::Pending {
            let world = &self.till.world;
            run(world.bookings().find_technician(&Actor::System, booking.id)).unwrap();
            run(world.bookings().reject(&self.other_technician.actor(), booking.id, "no")).ok();
        }
        self.till.world.drive(booking.id, status).id
    }

    pub(super) fn disputed(&self) -> Id<Booking> {
        let id = self.at(Status::Completed);
        let customer = self.till.world.customer.actor();
        run(self.till.world.bookings().dispute(&customer, id, DisputeCategory::Quality, "it drips")).unwrap();
        id
    }

    /// A company's booking that awaits approval.
    pub(super) fn unapproved(&self) -> Id<Booking> {
        let request = NewBooking { time_slot: slot(1, "08:00", "16:00"), ..support::request() };
        run(self.till.world.bookings().create(&self.employee.actor(), &request)).unwrap().id
    }

    pub(super) fn raised(&self) -> Id<Booking> {
        let id = self.at(Status::InProgress);
        let technician = self.till.world.technician.actor();
        run(self.till.world.bookings().propose_price_change(&technician, id, &more())).unwrap();
        id
    }

    pub(super) fn slot_proposed(&self) -> Id<Booking> {
        let id = self.at(Status::Accepted);
        let technician = self.till.world.technician.actor();
        let wanted = slot(3, "10:00", "12:00");
        run(self.till.world.bookings().propose_slot(&technician, id, &wanted, None)).unwrap();
        id
    }

    /// A top-up of the customer that arrived with the wrong amount.
    pub(super) fn mismatched(&self) -> Id<Transaction> {
        let till = &self.till;
        let top_up = run(till.payments().top_up(&till.customer(), kes(500), &NewPayment::default()));
        let id = top_up.unwrap().transaction.id;
        till.call(id, "n1;caller:;paid;10;SJK1;");
        id
    }

    /// A top-up of the customer whose process ended before it called the provider.
    pub(super) fn unsent(&self) -> Id<Transaction> {
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

    /// A queued reconciliation of a statement without lines.
    pub(super) fn reconciliation(&self) -> Id<Reconciliation> {
        let request = ReconcileRequest { method: PaymentMethod::Mpesa, format: None, period: None };
        let statement = b"Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance\n";
        run(self.till.payments().reconcile(&Actor::System, &request, statement)).unwrap().id
    }

    /// A payout of the technician with an unknown outcome.
    pub(super) fn unknown_payout(&self) -> Id<Transaction> {
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

/// Sends every payment to review.
#[derive(Debug)]
struct Suspicious;

impl FraudScorer for Suspicious {
    fn score(&self, _: &FraudSignals, now: DateTime<Utc>) -> FraudCheck {
        let decision = FraudDecision::Review;
        FraudCheck { score: 50, decision, reasons: Vec::new(), checked_at: now, review: None }
    }
}

pub(super) fn more() -> NewPriceChange {
    price_change(Vec::new(), &[100])
}

pub(super) fn page() -> PageRequest {
    PageRequest::default()
}

pub(super) fn documents() -> KycDocuments {
    KycDocuments {
        id_type: baitech_core::account::IdType::NationalId,
        id_number: "12345678".to_owned(),
        front_image: "https://images.example/front.jpg".to_owned(),
        back_image: None,
    }
}
