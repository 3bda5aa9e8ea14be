//! Commands of customers and technicians on bookings.

use super::{
    super::{auditor::Auditor, task::Task, world::World},
    Commands, actor_of, describe_booking, random_booking,
};
use crate::{
    account::Category,
    booking::{
        ApprovalStatus, BookingStatus, DisputeCategory, NewBooking, NewLocation, NewPriceChange, NewService,
        NewTimeSlot,
    },
    kernel::{Actor, Clock, Role},
    schedule::Urgency,
    testing::build::kes,
    transaction::{PaymentMethod, PaymentTiming},
};

impl Commands {
    pub(super) fn book(&mut self, world: &World) -> Task {
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
        let (bookings, actor) = (world.market.bookings().idempotency_key(self.key()), customer.actor());
        Task::new(format!("{} books by {}", customer.id, request.payment_method.as_str()), async move {
            let booking = bookings.create(&actor, &request).await?;
            Ok(format!("{} for {}", booking.number, booking.pricing.total))
        })
    }

    /// The next step of the usual course of some open booking.
    pub(super) fn advance_booking(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let booking = random_booking(world, auditor, |booking| {
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
                if booking.corporate.as_ref().is_some_and(|c| c.approval != ApprovalStatus::Approved) =>
            {
                let company = booking.payer();
                let approver = Actor::user(company, Role::Corporate);
                let here = bookings.if_version(booking.version);
                some(Task::new(name, async move { here.approve(&approver, id).await.map(describe_booking) }))
            }
            BookingStatus::Pending | BookingStatus::Matching | BookingStatus::Rejected => {
                some(Task::new(name, async move {
                    bookings.find_technician(&customer, id).await.map(describe_booking)
                }))
            }
            BookingStatus::Assigned if world.chance.percent(12) => some(Task::new(name, async move {
                bookings.reject(&technician, id, "busy").await.map(describe_booking)
            })),
            BookingStatus::Assigned => {
                some(Task::new(
                    name,
                    async move { bookings.accept(&technician, id).await.map(describe_booking) },
                ))
            }
            BookingStatus::Accepted if due && world.chance.percent(85) => self.pay(world, auditor, &booking),
            BookingStatus::Accepted
                if world.clock.now() < booking.departure_from(world.market.policy())
                    && world.chance.percent(80) =>
            {
                let from = world.clock.now();
                some(Task::new(name, async move {
                    bookings.allow_early_start(&customer, id, from).await.map(describe_booking)
                }))
            }
            BookingStatus::Accepted => some(Task::new(name, async move {
                bookings.en_route(&technician, id).await.map(describe_booking)
            })),
            BookingStatus::EnRoute => {
                some(Task::new(
                    name,
                    async move { bookings.arrive(&technician, id).await.map(describe_booking) },
                ))
            }
            BookingStatus::Arrived if world.chance.percent(10) => some(Task::new(name, async move {
                bookings.report_customer_no_show(&technician, id).await.map(describe_booking)
            })),
            BookingStatus::Arrived => {
                some(Task::new(
                    name,
                    async move { bookings.start(&technician, id).await.map(describe_booking) },
                ))
            }
            BookingStatus::InProgress => some(Task::new(name, async move {
                bookings.complete(&technician, id).await.map(describe_booking)
            })),
            BookingStatus::Paused => {
                some(Task::new(
                    name,
                    async move { bookings.resume(&technician, id).await.map(describe_booking) },
                ))
            }
            BookingStatus::Completed => {
                some(Task::new(
                    name,
                    async move { bookings.verify(&customer, id).await.map(describe_booking) },
                ))
            }
            BookingStatus::PaymentPending if booking.payment.method == Some(PaymentMethod::Cash) => {
                let keyed = bookings.idempotency_key(self.key());
                some(Task::new(name, async move {
                    keyed.confirm_cash(&technician, id).await.map(describe_booking)
                }))
            }
            BookingStatus::PaymentPending => self.pay(world, auditor, &booking),
            _ => None,
        }
    }

    pub(super) fn cancel(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let booking = random_booking(world, auditor, |booking| !booking.status.is_terminal())?;
        let actor = match world.chance.below(5) {
            0..=2 => actor_of(world, booking.customer)?,
            3 => booking.technician.map(|id| Actor::user(id, Role::Technician))?,
            _ => world.admin.actor(),
        };
        let bookings = world.market.bookings().if_version(booking.version).idempotency_key(self.key());
        let id = booking.id;
        Some(Task::new(format!("{} is cancelled by {:?}", booking.number, actor.role()), async move {
            bookings.cancel(&actor, id, "found random_user else").await.map(describe_booking)
        }))
    }

    pub(super) fn dispute(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let booking = random_booking(world, auditor, |booking| {
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
            bookings.dispute(&actor, id, DisputeCategory::Quality, "it drips").await.map(describe_booking)
        }))
    }

    pub(super) fn change_price(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let booking = random_booking(world, auditor, |booking| booking.status.holds_time())?;
        let id = booking.id;
        let proposed =
            booking.price_change.as_ref().filter(|change| change.status == ApprovalStatus::Pending);
        if let Some(change) = proposed {
            auditor.note_approved(id, change.pricing.total);
            let actor = actor_of(world, booking.payer())?;
            let bookings = world.market.bookings().if_version(booking.version);
            return Some(Task::new(format!("{} costs more, agreed", booking.number), async move {
                bookings.approve_price_change(&actor, id).await.map(describe_booking)
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
            bookings.propose_price_change(&technician, id, &change).await.map(describe_booking)
        }))
    }
}
