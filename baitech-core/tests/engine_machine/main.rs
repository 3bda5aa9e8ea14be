//! Runs random commands of random actors and compares the results with a model that knows only the
//! transition table and the rules.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod model;
mod step;
#[path = "../support/mod.rs"]
mod support;

use std::{cell::RefCell, collections::HashMap};

use baitech_core::{
    account::User,
    booking::{Booking, BookingFilter, BookingStatus, Party, Transition},
    kernel::{Actor, Id, Money, PageRequest},
    schedule::cell_claim,
    store::{ChangeSet, Claim, ClaimKey, Commit, Put},
    testing::build,
};
use chrono::TimeDelta;
use model::Snapshot;
use proptest::test_runner::{Config as ProptestConfig, TestRunner};
use step::{Command, Step, Who};
use support::{World, run};

/// Additional actors, and all the cells that any of the slots can take.
pub(crate) struct Others {
    technician: User,
    cells: Vec<ClaimKey>,
}

struct Run {
    world: World,
    others: Others,
    ids: Vec<Id<Booking>>,
    /// The highest total that each customer has agreed to.
    approved: HashMap<Id<Booking>, Money>,
}

impl Run {
    fn new() -> Self {
        // The cash jobs of this test exceed the debt limit; other tests cover the limit.
        let mut policy = baitech_core::booking::BookingPolicy::default();
        policy.payment.unpaid_fees_limit = support::kes(1_000_000_000);
        policy.early_departure = TimeDelta::days(10_000);
        policy.payment.debt_limit = support::kes(1_000_000_000);
        let world = World::with(|builder| builder.policy(policy));
        let technician = world.add_technician(2, 3.0);
        let mut cells = Vec::new();
        for days in [1, 5] {
            let midnight = build::slot(days, 0, 24);
            for cell in midnight.cells() {
                cells.extend([world.technician.id, technician.id].map(|who| cell_claim(who, cell)));
            }
        }
        let others = Others { technician, cells };
        Self { world, others, ids: Vec::new(), approved: HashMap::new() }
    }

    fn actor(&self, who: Who) -> Actor {
        match who {
            Who::Customer => self.world.customer.actor(),
            Who::OtherCustomer => self.world.stranger.actor(),
            Who::Technician => self.world.technician.actor(),
            Who::OtherTechnician => self.others.technician.actor(),
            Who::Admin => self.world.admin.actor(),
            Who::Support => self.world.support.actor(),
            Who::System => Actor::System,
        }
    }

    fn id(&self, booking: usize) -> Option<Id<Booking>> {
        self.ids.get(booking % self.ids.len().max(1)).copied()
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot::take(&self.world, &self.others, &self.ids)
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Request { other, slot } if self.ids.len() < 6 => {
                let before = self.snapshot();
                let mut request = support::request();
                request.time_slot = step::slot_of(slot);
                let customer = if other { &self.world.stranger } else { &self.world.customer };
                let created = run(self.world.bookings().create(&customer.actor(), &request));
                let in_time = request
                    .time_slot
                    .check(chrono_tz::Tz::Africa__Nairobi, self.world.market.policy())
                    .unwrap()
                    .starts_at()
                    > self.world.now();
                assert_eq!(created.is_ok(), in_time, "{created:?}");
                self.finish(&before, &Actor::System, None);
            }
            Step::Request { .. } => {}
            Step::Ask { booking, who, command } => {
                if let Some(id) = self.id(booking) {
                    self.ask(id, who, command);
                }
            }
            Step::GoOn { booking } => {
                let next = |id| step::usual(&self.world, &self.world.load(id)).map(|next| (id, next));
                if let Some((id, (who, command))) = self.id(booking).and_then(next) {
                    self.ask(id, who, command);
                }
            }
            Step::Follow { booking, arrow, party } => {
                let next =
                    |id| step::follow(&self.world, &self.world.load(id), arrow, party).map(|next| (id, next));
                if let Some((id, (who, command))) = self.id(booking).and_then(next) {
                    self.ask(id, who, command);
                }
            }
            Step::Pass { seconds } => self.world.clock.advance(TimeDelta::seconds(seconds)),
            Step::Work => {
                let before = self.snapshot();
                run(self.world.market.worker().run_due(1)).unwrap();
                self.finish(&before, &Actor::System, None);
            }
        }
    }

    /// Stores a booking of the first customer and the first technician in the given status.
    fn store(&mut self, status: BookingStatus) -> Id<Booking> {
        let mut record = build::booking(1, &self.world.customer, Some(&self.world.technician), status);
        if status == BookingStatus::Rejected {
            record.declined_by.extend(record.technician.take());
        }
        let booking = Booking::from_record(record);
        let (id, due_at) = (booking.id, booking.next_task(self.world.market.policy()));
        let keys = booking.technician.filter(|_| status.holds_time()).map(|t| booking.slot.claim_keys(t));
        let mut changes = ChangeSet::new().write(Put::new(booking).due_at(due_at.map(|(at, _)| at)));
        let holder = id.into();
        changes.take = keys.into_iter().flatten().map(|key| Claim { key, holder }).collect();
        let _ = run(self.world.store.commit(changes)).unwrap();
        self.ids.push(id);
        id
    }

    fn ask(&mut self, id: Id<Booking>, who: Who, command: Command) {
        let before = self.snapshot();
        let booking = self.world.load(id);
        let actor = self.actor(who);
        let now = self.world.now().max(booking.updated_at);
        let expected = model::outcome(&before, &booking, &actor, command, now);
        let answer = step::give(&self.world, &self.others, id, &actor, command);
        if let Some(expected) = expected {
            assert_eq!(
                answer.is_ok(),
                expected,
                "{command:?} by {who:?} while {}: {answer:?}",
                booking.status
            );
        }
        if answer.is_err() && command != Command::Find {
            model::assert_untouched(&before, &self.snapshot());
            return;
        }
        match command {
            Command::ApprovePrice => {
                let change = booking.price_change.clone().expect("a price was proposed");
                self.approved.insert(id, change.pricing.total);
            }
            Command::MoveSlot(_) => drop(self.approved.insert(id, self.world.load(id).pricing.total)),
            _ => {}
        }
        self.finish(&before, &actor, Some(id));
    }

    /// Finds new bookings and checks all events.
    fn finish(&mut self, before: &Snapshot, actor: &Actor, target: Option<Id<Booking>>) {
        let page = PageRequest::new(100, None).unwrap();
        let all = run(self.world.bookings().list(&Actor::System, &BookingFilter::default(), &page)).unwrap();
        for booking in all.items {
            self.approved.entry(booking.id).or_insert(booking.pricing.total);
            if !self.ids.contains(&booking.id) {
                self.ids.push(booking.id);
            }
        }
        let after = self.snapshot();
        model::assert_lawful(before, &after, actor, target);
        model::assert_sound(&self.world, &after, &self.approved);
    }
}

#[test]
fn random_commands_follow_the_transition_rules() {
    let taken = RefCell::new(HashMap::new());
    let config = ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() };
    let tested = TestRunner::new(config).run(&step::steps(), |steps| {
        let mut run = Run::new();
        for step in steps {
            run.take(step);
        }
        for id in run.ids {
            for lines in run.world.load(id).history.windows(2) {
                *taken.borrow_mut().entry((lines[0].status, lines[1].status)).or_insert(0) += 1;
            }
        }
        Ok(())
    });
    if let Err(error) = tested {
        panic!("{error}");
    }
    // Most transitions must have been taken, or the test proves nothing. Rare ones may be missed;
    // `every_transition…` takes each of them.
    let taken = taken.into_inner().len();
    assert!(taken > 24, "only {taken} of 29 transitions were taken");
}

#[test]
fn every_transition_is_open_to_exactly_its_listed_parties() {
    let actors = [
        Who::Customer,
        Who::OtherCustomer,
        Who::Technician,
        Who::OtherTechnician,
        Who::Admin,
        Who::Support,
        Who::System,
    ];
    // A time at which the system may act and the job has not begun.
    let now = build::start() + TimeDelta::hours(25);
    for arrow in Transition::TABLE {
        for who in actors {
            let Some(command) = step::command_for(&arrow, 0) else { continue };
            let mut run = Run::new();
            let id = run.store(arrow.from);
            run.world.clock.set(now);
            let (before, actor) = (run.world.load(id), run.actor(who));
            let parties = model::parties(&before, &actor);
            // The system moves to `paid` after the technician or staff confirmed the payment.
            let upon_word = [Party::Technician, Party::Admin, Party::Support];
            let may = if arrow.to == BookingStatus::Paid {
                parties.iter().any(|party| upon_word.contains(party))
            } else {
                model::permits(arrow.from, arrow.to, &parties)
            };
            let answer = step::give(&run.world, &run.others, id, &actor, command);
            let after = run.world.load(id);
            let next = after.history.get(before.history.len()).map(|line| line.status);
            let case = format!("{} → {} by {who:?}: {answer:?}", arrow.from, arrow.to);
            assert_eq!(answer.is_ok(), may, "{case}");
            assert_eq!(next, may.then_some(arrow.to), "{case}");
        }
    }
}
