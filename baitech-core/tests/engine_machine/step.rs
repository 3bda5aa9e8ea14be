//! Random steps: commands of any actor, passing time, and runs of the worker.

use baitech_core::{
    booking::{
        Booking, BookingStatus as Status, DisputeCategory, DisputeOutcome, NewMaterial, NewPriceChange,
        NewTimeSlot, Party, Supplier, Transition,
    },
    kernel::{Actor, Id, Result},
    store::Stored,
};
use proptest::prelude::*;

use crate::support::{World, kes, run, slot};

/// An actor, by its role in the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Customer,
    OtherCustomer,
    Technician,
    OtherTechnician,
    Admin,
    Support,
    System,
}

/// One command on one booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Find,
    Assign(bool),
    Accept,
    Reject,
    EnRoute,
    Arrive,
    Start,
    Pause,
    Resume,
    Complete,
    Verify,
    ConfirmCash,
    Cancel,
    NoShow,
    Dispute,
    AddEvidence,
    Investigate,
    Resolve(Outcome),
    CloseDispute,
    ProposePrice(i64),
    ApprovePrice,
    DeclinePrice,
    MoveSlot(usize),
    ProposeSlot(usize),
    ApproveSlot,
    DeclineSlot,
    AddCheckpoint,
    CheckQuality,
    OfferWarranty,
    ClaimWarranty(usize),
    Note,
    Hide,
}

/// How a dispute ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Full,
    Part(i64),
    Release,
}

/// One random step. Bookings are named by their index in the list of all bookings.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Request {
        other: bool,
        slot: usize,
    },
    Ask {
        booking: usize,
        who: Who,
        command: Command,
    },
    /// The next command of the usual course, by its usual actor.
    GoOn {
        booking: usize,
    },
    /// One of the transitions from the current status, by one of the parties that may take it.
    Follow {
        booking: usize,
        arrow: usize,
        party: usize,
    },
    Pass {
        seconds: i64,
    },
    Work,
}

/// Slots that touch, overlap, or overlap only with their travel time, and one on a Saturday.
const SLOTS: [(u64, &str, &str); 6] = [
    (1, "10:00", "12:00"),
    (1, "12:15", "13:00"),
    (1, "12:30", "14:00"),
    (1, "09:00", "09:30"),
    (1, "07:15", "17:45"),
    (5, "10:00", "11:00"),
];

pub(crate) fn slot_of(n: usize) -> NewTimeSlot {
    let (days, from, to) = SLOTS[n % SLOTS.len()];
    slot(days, from, to)
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = prop_oneof![
        4 => Just(Who::Customer),
        1 => Just(Who::OtherCustomer),
        4 => Just(Who::Technician),
        3 => Just(Who::OtherTechnician),
        2 => Just(Who::Admin),
        1 => Just(Who::Support),
        1 => Just(Who::System),
    ];
    let step = prop_oneof![
        2 => (any::<bool>(), 0..SLOTS.len()).prop_map(|(other, slot)| Step::Request { other, slot }),
        12 => (0..6_usize).prop_map(|booking| Step::GoOn { booking }),
        5 => (0..6_usize, 0..6_usize, 0..5_usize)
            .prop_map(|(booking, arrow, party)| Step::Follow { booking, arrow, party }),
        10 => (0..6_usize, who, command())
            .prop_map(|(booking, who, command)| Step::Ask { booking, who, command }),
        3 => prop_oneof![
            (-5..60_i64).prop_map(|seconds| Step::Pass { seconds }),
            (1..60_i64).prop_map(|minutes| Step::Pass { seconds: minutes * 60 }),
            (1..48_i64).prop_map(|hours| Step::Pass { seconds: hours * 3_600 }),
        ],
        4 => Just(Step::Work),
    ];
    proptest::collection::vec(step, 20..90)
}

fn command() -> impl Strategy<Value = Command> {
    let plain = proptest::sample::select(vec![
        Command::Find,
        Command::Accept,
        Command::Reject,
        Command::EnRoute,
        Command::Arrive,
        Command::Start,
        Command::Pause,
        Command::Resume,
        Command::Complete,
        Command::Verify,
        Command::ConfirmCash,
        Command::Cancel,
        Command::NoShow,
        Command::Dispute,
        Command::AddEvidence,
        Command::Investigate,
        Command::CloseDispute,
        Command::ApprovePrice,
        Command::DeclinePrice,
        Command::ApproveSlot,
        Command::DeclineSlot,
        Command::AddCheckpoint,
        Command::CheckQuality,
        Command::OfferWarranty,
        Command::Note,
        Command::Hide,
    ]);
    let outcome = prop_oneof![
        Just(Outcome::Full),
        prop_oneof![Just(-1), Just(0), 1..4_000_i64].prop_map(Outcome::Part),
        Just(Outcome::Release),
    ];
    prop_oneof![
        12 => plain,
        1 => any::<bool>().prop_map(Command::Assign),
        1 => outcome.prop_map(Command::Resolve),
        1 => (0..2_000_i64).prop_map(Command::ProposePrice),
        1 => (0..SLOTS.len()).prop_map(Command::MoveSlot),
        2 => (0..SLOTS.len()).prop_map(Command::ProposeSlot),
        1 => (0..SLOTS.len()).prop_map(Command::ClaimWarranty),
    ]
}

/// The next command of the usual course of a booking, and its actor.
pub(crate) fn usual(world: &World, booking: &Booking) -> Option<(Who, Command)> {
    let next = match booking.status {
        Status::Pending | Status::Rejected => Status::Matching,
        Status::Matching => Status::Assigned,
        Status::Assigned => Status::Accepted,
        Status::Accepted => Status::EnRoute,
        Status::EnRoute => Status::Arrived,
        Status::Arrived | Status::Paused => Status::InProgress,
        Status::InProgress | Status::Disputed => Status::Completed,
        Status::Completed => Status::Verified,
        Status::PaymentPending => Status::Paid,
        Status::Verified | Status::Paid | Status::Cancelled | Status::Refunded => return None,
    };
    let arrow = Transition::TABLE.iter().find(|arrow| (arrow.from, arrow.to) == (booking.status, next))?;
    Some((who(world, booking, actor_of_transition(arrow, arrow.who.iter().last()?)), command_for(arrow, 0)?))
}

/// The `n`-th transition from the current status, by the `party`-th party that may take it.
pub(crate) fn follow(world: &World, booking: &Booking, n: usize, party: usize) -> Option<(Who, Command)> {
    let arrows: Vec<_> = Transition::TABLE.iter().filter(|arrow| arrow.from == booking.status).collect();
    let arrow = arrows.get(n % arrows.len().max(1))?;
    let parties: Vec<_> = arrow.who.iter().collect();
    let actor_of_transition = actor_of_transition(arrow, parties[party % parties.len()]);
    Some((who(world, booking, actor_of_transition), command_for(arrow, party)?))
}

pub(crate) fn who(world: &World, booking: &Booking, party: Party) -> Who {
    match party {
        Party::System => Who::System,
        Party::Customer if booking.customer == world.customer.id => Who::Customer,
        Party::Customer => Who::OtherCustomer,
        Party::Technician if booking.technician == Some(world.technician.id) => Who::Technician,
        Party::Technician => Who::OtherTechnician,
        Party::Admin => Who::Admin,
        Party::Support => Who::Support,
    }
}

/// The actor of the command for a transition. The system moves a booking to paid when the technician confirms
/// the payment.
fn actor_of_transition(arrow: &Transition, party: Party) -> Party {
    if arrow.to == Status::Paid { Party::Technician } else { party }
}

/// The command that takes a transition; `None` if it is only taken together with another.
pub(crate) fn command_for(arrow: &Transition, choice: usize) -> Option<Command> {
    Some(match (arrow.from, arrow.to) {
        (_, Status::Matching | Status::Assigned) => Command::Find,
        (_, Status::Accepted) => Command::Accept,
        (_, Status::Rejected) => Command::Reject,
        (_, Status::EnRoute) => Command::EnRoute,
        (_, Status::Arrived) => Command::Arrive,
        (Status::Paused, Status::InProgress) => Command::Resume,
        (_, Status::InProgress) => Command::Start,
        (_, Status::Paused) => Command::Pause,
        (Status::Disputed, Status::Completed) => Command::Resolve(Outcome::Release),
        (_, Status::Completed) => Command::Complete,
        (_, Status::Verified) => Command::Verify,
        (_, Status::Paid) => Command::ConfirmCash,
        (_, Status::Cancelled) => Command::Cancel,
        (_, Status::Disputed) => Command::Dispute,
        (_, Status::Refunded) if choice.is_multiple_of(2) => Command::Resolve(Outcome::Full),
        (_, Status::Refunded) => Command::Resolve(Outcome::Part(100)),
        (_, Status::PaymentPending | Status::Pending) => return None,
    })
}

/// Runs the command.
pub(crate) fn give(
    world: &World,
    others: &super::Others,
    id: Id<Booking>,
    actor: &Actor,
    command: Command,
) -> Result<Stored<Booking>> {
    let bookings = world.bookings();
    match command {
        Command::Find => run(bookings.find_technician(actor, id)),
        Command::Assign(other) => {
            let technician = if other { others.technician.id } else { world.technician.id };
            run(bookings.assign(actor, id, technician))
        }
        Command::Accept => run(bookings.accept(actor, id)),
        Command::Reject => run(bookings.reject(actor, id, "no time")),
        Command::EnRoute => run(bookings.en_route(actor, id)),
        Command::Arrive => run(bookings.arrive(actor, id)),
        Command::Start => run(bookings.start(actor, id)),
        Command::Pause => run(bookings.pause(actor, id, None)),
        Command::Resume => run(bookings.resume(actor, id)),
        Command::Complete => run(bookings.complete(actor, id)),
        Command::Verify => run(bookings.verify(actor, id)),
        Command::ConfirmCash => run(bookings.confirm_cash(actor, id)),
        Command::Cancel => run(bookings.cancel(actor, id, "no need")),
        Command::NoShow => run(bookings.report_customer_no_show(actor, id)),
        Command::Dispute => run(bookings.dispute(actor, id, DisputeCategory::Quality, "it drips again")),
        Command::AddEvidence => run(bookings.add_evidence(actor, id, "look", Vec::new())),
        Command::Investigate => run(bookings.investigate_dispute(actor, id)),
        Command::Resolve(outcome) => {
            let outcome = match outcome {
                Outcome::Full => DisputeOutcome::FullRefund,
                Outcome::Part(shillings) => DisputeOutcome::PartialRefund(kes(shillings)),
                Outcome::Release => DisputeOutcome::Release,
            };
            run(bookings.resolve_dispute(actor, id, outcome, "both were heard"))
        }
        Command::CloseDispute => run(bookings.close_dispute(actor, id)),
        Command::ProposePrice(shillings) => {
            let material = NewMaterial {
                name: "pipe".to_owned(),
                quantity: 2.into(),
                unit_price: kes(shillings),
                provided_by: Supplier::Technician,
            };
            let reason = "the pipe is broken".to_owned();
            let change = NewPriceChange { reason, materials: vec![material], services: Vec::new() };
            run(bookings.propose_price_change(actor, id, &change))
        }
        Command::ApprovePrice => run(world.as_shown(id).approve_price_change(actor, id)),
        Command::DeclinePrice => run(bookings.decline_price_change(actor, id)),
        Command::MoveSlot(slot) => run(bookings.move_slot(actor, id, &slot_of(slot))),
        Command::ProposeSlot(slot) => run(bookings.propose_slot(actor, id, &slot_of(slot), None)),
        Command::ApproveSlot => run(world.as_shown(id).approve_slot(actor, id)),
        Command::DeclineSlot => run(bookings.decline_slot(actor, id)),
        Command::AddCheckpoint => run(bookings.add_checkpoint(actor, id, "pressure", true, None)),
        Command::CheckQuality => run(bookings.check_quality(actor, id, 80, None)),
        Command::OfferWarranty => run(bookings.offer_warranty(actor, id, 30, None)),
        Command::ClaimWarranty(slot) => {
            run(bookings.claim_warranty(actor, id, &slot_of(slot), "it drips again"))
        }
        Command::Note => run(bookings.note(actor, id, "ring twice")),
        Command::Hide => run(bookings.hide(actor, id)),
    }
}
