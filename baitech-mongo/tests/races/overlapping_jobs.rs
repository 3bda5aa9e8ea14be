//! Two processes accept two overlapping jobs of one technician.

use baitech_core::{
    account::User,
    booking::{Booking, BookingStatus},
    kernel::Rule,
    schedule::TimeSlot,
    store::Version,
};
use futures::future::join_all;

use crate::{
    process::{Order, Outcome, Process},
    world::{World, claims_of, now, offer, put, slot},
};

const TECHNICIANS: u64 = 8;
const ROUNDS: u64 = 125;

/// Two overlapping slots of one day: partly, completely, one inside the other, or only by the travel time
/// between them.
fn overlapping_slots(round: u64) -> [TimeSlot; 2] {
    let day = 1 + round;
    match round % 4 {
        0 => [slot(day, 40, 48), slot(day, 44, 52)],
        1 => [slot(day, 40, 48), slot(day, 40, 48)],
        2 => [slot(day, 32, 64), slot(day, 48, 52)],
        _ => [slot(day, 40, 48), slot(day, 49, 53)],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_cannot_accept_overlapping_jobs() {
    let world = World::new().await;
    let processes = [Process::start(&world.uri).await, Process::start(&world.uri).await];
    let lanes = (0..TECHNICIANS).map(|lane| one_technician(&world, &processes, lane));
    let won = join_all(lanes).await;
    let sum = |n: usize| won.iter().map(|won| won[n]).sum::<u32>();
    assert_eq!(sum(0) + sum(1), 1_000);
    assert!(sum(0) > 0 && sum(1) > 0, "each process wins some rounds");
    println!("the processes won {} and {} times; {} races overlapped in time", sum(0), sum(1), sum(2));
}

/// How often each process won, and how often both worked at the same time.
async fn one_technician(world: &World, processes: &[Process; 2], lane: u64) -> [u32; 3] {
    let (technician, customer) = world.pair(lane + 1).await;
    let job = |round: u64, n: u64| {
        let slot = overlapping_slots(round)[usize::try_from(n).unwrap()];
        offer(2 * (lane * ROUNDS + round) + n, (&technician, &customer), slot)
    };
    let jobs: Vec<[Booking; 2]> = (0..ROUNDS).map(|round| [job(round, 0), job(round, 1)]).collect();
    world.store(jobs.iter().flatten().map(put)).await;
    let mut counts = [0; 3];
    for (round, jobs) in jobs.iter().enumerate() {
        // The order of jobs and processes alternates.
        let first = round / 2 % 2;
        let jobs = if round % 2 == 0 { [&jobs[0], &jobs[1]] } else { [&jobs[1], &jobs[0]] };
        let order = |n: usize| Order::Accept { technician: technician.id, booking: jobs[n].id, now: now() };
        let pending = [first, 1 - first].map(|n| (n, processes[n].give(order(n))));
        let mut answers = Vec::new();
        for (n, answer) in pending {
            answers.push((n, answer.await.expect("the process runs")));
        }
        counts[2] += u32::from(answers[0].1.overlaps(&answers[1].1));
        let (won, lost) = match [&answers[0], &answers[1]].map(|(n, answer)| (*n, &answer.outcome)) {
            [(won, Outcome::Accepted(_)), (lost, Outcome::Refused(rule))]
            | [(lost, Outcome::Refused(rule)), (won, Outcome::Accepted(_))]
                if rule == Rule::TIME_SLOT_TAKEN.as_str() =>
            {
                (won, lost)
            }
            other => panic!(
                "round {round}: expected one acceptance and one refusal because of the taken time, got {other:?}"
            ),
        };
        counts[won] += 1;
        assert_only_the_winner(world, &technician, jobs[won], jobs[lost]).await;
    }
    counts
}

async fn assert_only_the_winner(world: &World, technician: &User, won: &Booking, lost: &Booking) {
    let winner = world.load(won.id).await;
    assert_eq!((winner.status, winner.version), (BookingStatus::Accepted, Version::new(1)));
    let loser = world.load(lost.id).await;
    assert_eq!((loser.status, loser.version), (BookingStatus::Assigned, Version::FIRST));
    let mut keys = won.slot.claim_keys(technician.id);
    keys.extend(lost.slot.claim_keys(technician.id));
    assert_eq!(
        world.held(&keys).await,
        claims_of(won),
        "the accepted job holds its claims, and there are no others"
    );
}
