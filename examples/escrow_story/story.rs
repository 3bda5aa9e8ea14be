//! The chapters.

use std::{io::Write, sync::Arc};

use baitech::{
    Marketplace,
    account::Category,
    booking::{
        Booking, BookingStatus, DisputeCategory, DisputeOutcome, NewBooking, NewLocation, NewTimeSlot,
    },
    chrono::{DateTime, TimeDelta, TimeZone, Utc},
    kernel::{Actor, Currency, Id, ManualClock, Money, SeededEntropy},
    memory::MemoryStore,
    payment::NewPayment,
    transaction::{PaymentMethod, TransactionFilter, TransactionKind},
};

use crate::{Result, ledger, people::People, phone::PhoneMoney};

struct Story<'a> {
    market: Marketplace,
    store: Arc<MemoryStore>,
    clock: Arc<ManualClock>,
    phone: Arc<PhoneMoney>,
    people: People,
    shown: usize,
    out: &'a mut dyn Write,
}

pub(crate) async fn tell(out: &mut dyn Write) -> Result<()> {
    let begins = begins().ok_or("the date is invalid")?;
    let (store, clock) = (Arc::new(MemoryStore::new()), Arc::new(ManualClock::at(begins)));
    let phone = Arc::new(PhoneMoney::default());
    let market = Marketplace::builder(store.clone())
        .clock(clock.clone())
        .entropy(Arc::new(SeededEntropy::new(42)))
        .gateway(phone.clone())
        .build();
    let people = People::register(&market).await?;
    let mut story = Story { market, store, clock, phone, people, shown: 0, out };
    Box::pin(story.disputed()).await?;
    Box::pin(story.content()).await?;
    Box::pin(story.paid_out()).await?;
    let balances = story.market.ledger().trial_balance(&Actor::System).await?;
    writeln!(story.out, "\nThe final balances (positive: owed to someone, or earned by the platform)")?;
    ledger::print_balances(&balances, story.out)
}

/// Monday, 2 March 2026, 8:00 in Nairobi.
fn begins() -> Option<DateTime<Utc>> {
    Utc.with_ymd_and_hms(2026, 3, 2, 5, 0, 0).single()
}

impl Story<'_> {
    async fn disputed(&mut self) -> Result<()> {
        writeln!(
            self.out,
            "1. Amina books a plumber for 2,738 KES, and pays by phone as soon as Peter has accepted."
        )?;
        let id = self.book("2026-03-03").await?;
        self.pay(id).await?;
        self.show()?;
        writeln!(
            self.out,
            "\n2. Peter repairs the sink, but it still drips. Amina opens a dispute, which freezes the money."
        )?;
        self.work(id).await?;
        let (amina, grace) = (self.people.amina.actor(), self.people.grace.actor());
        let bookings = self.market.bookings();
        bookings.dispute(&amina, id, DisputeCategory::Quality, "It still drips.").await?;
        self.days_pass(2).await?;
        writeln!(self.out, "   Two days later, Grace resolves the dispute: 738 KES are refunded.")?;
        let outcome = DisputeOutcome::PartialRefund(kes(738));
        bookings.resolve_dispute(&grace, id, outcome, "One of two taps drips.").await?;
        self.settle().await?;
        self.show()
    }

    async fn content(&mut self) -> Result<()> {
        writeln!(
            self.out,
            "\n3. On Monday a batch pays Peter for the first job; that day's job goes well. A day after it \
             is paid its money is released, and Amina adds 200."
        )?;
        let id = self.book("2026-03-09").await?;
        self.pay(id).await?;
        self.work(id).await?;
        self.days_pass(1).await?;
        let amina = self.people.amina.actor();
        self.market.payments().tip(&amina, id, kes(200), &NewPayment::default()).await?;
        self.settle().await?;
        self.show()
    }

    async fn paid_out(&mut self) -> Result<()> {
        writeln!(self.out, "\n4. The next Monday's batch pays Peter's earnings, in whole shillings.")?;
        self.days_pass(7).await?;
        self.show()?;
        let filter = TransactionFilter {
            kinds: vec![TransactionKind::TechnicianPayout],
            ..TransactionFilter::default()
        };
        let page = baitech::kernel::PageRequest::default();
        for payout in self.market.payments().list(&Actor::System, &filter, &page).await?.items {
            writeln!(self.out, "   {} of {} is {}.", payout.number, payout.amount.net, payout.status)?;
        }
        Ok(())
    }

    async fn book(&self, day: &str) -> Result<Id<Booking>> {
        let (amina, peter) = (self.people.amina.actor(), self.people.peter.actor());
        let request = NewBooking::new(
            Category::Plumbing,
            "sink repair",
            "The kitchen sink leaks.",
            NewLocation { coordinates: (36.82, -1.29), ..NewLocation::default() },
            NewTimeSlot::new(day.parse()?, "10:00", "12:00"),
            PaymentMethod::Mpesa,
        );
        let bookings = self.market.bookings();
        let booking = bookings.create(&amina, &request).await?;
        bookings.find_technician(&amina, booking.id).await?;
        bookings.accept(&peter, booking.id).await?;
        Ok(booking.id)
    }

    /// Pays the shown price; the provider sends a prompt to the phone, and calls back after Amina has entered
    /// her PIN.
    async fn pay(&self, id: Id<Booking>) -> Result<()> {
        let amina = self.people.amina.actor();
        let shown = self.market.bookings().get(&amina, id).await?;
        let payments = self.market.payments().if_version(shown.version);
        payments.pay(&amina, id, &NewPayment::default()).await?;
        self.settle().await
    }

    async fn work(&self, id: Id<Booking>) -> Result<()> {
        let (amina, peter) = (self.people.amina.actor(), self.people.peter.actor());
        let bookings = self.market.bookings();
        self.clock.set(bookings.get(&Actor::System, id).await?.slot.starts_at());
        bookings.en_route(&peter, id).await?;
        bookings.arrive(&peter, id).await?;
        bookings.start(&peter, id).await?;
        bookings.complete(&peter, id).await?;
        let verified = bookings.verify(&amina, id).await?;
        assert_eq!(verified.status, BookingStatus::Paid);
        Ok(())
    }

    async fn days_pass(&self, days: i64) -> Result<()> {
        for _ in 0..days {
            self.clock.advance(TimeDelta::days(1));
            self.settle().await?;
        }
        Ok(())
    }

    /// Runs due work and receives callbacks until there is nothing left to do.
    async fn settle(&self) -> Result<()> {
        loop {
            let work = self.market.worker().run_until_idle().await?;
            let calls = self.phone.calls(baitech::kernel::Clock::now(&*self.clock));
            if calls.is_empty() && work.is_idle() {
                return Ok(());
            }
            for call in calls {
                self.market.payments().receive_webhook(call).await?;
            }
        }
    }

    /// Prints the entries since the last call.
    fn show(&mut self) -> Result<()> {
        let entries = self.store.ledger_entries();
        ledger::print_entries(entries.get(self.shown..).unwrap_or_default(), self.out)?;
        self.shown = entries.len();
        Ok(())
    }
}

fn kes(shillings: i64) -> Money {
    Money::from_major(shillings, Currency::KES)
}
