//! Two commits that each write what the other guards.

use baitech_core::{
    account::User,
    booking::{Booking, BookingStatus},
    store::{AggregateRef, ChangeSet, Commit, Committed, Guard, Load, Put, StoreError, Version},
};

use crate::world::{World, at_once};

/// Races two commits over two connections: one increments the user's jobs and guards the booking, the other
/// writes the booking and guards the user.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_one_of_two_commits_that_guard_each_others_writes_succeeds() {
    let world = World::new().await;
    let technician = world.technician(1).await;
    let booking = Booking::from_record(world.booking(1, &technician, BookingStatus::Accepted));
    world.store([Put::new(booking.clone()).into()]).await;
    let mut user_won = 0;
    for round in 0..200_u64 {
        let user = Load::<User>::load(&world.stores[0], technician.id).await.unwrap().unwrap();
        let stored = world.load(booking.id).await;
        assert_eq!(user.version.get() + stored.version.get(), round, "each round writes one of the two");
        let guard = |target, version: Version| vec![Guard::Version { target, version }];
        let mut record = user.value.clone().into_record();
        record.stats.total_bookings += 1;
        let counted = Put::over(&user, User::from_record(record));
        let rewritten = Put::over(&stored, stored.value.clone());
        let changes = [
            ChangeSet {
                guards: guard(AggregateRef::Booking(booking.id), stored.version),
                ..ChangeSet::new().write(counted)
            },
            ChangeSet {
                guards: guard(AggregateRef::User(technician.id), user.version),
                ..ChangeSet::new().write(rewritten)
            },
        ];
        let commits = world.stores.clone().into_iter().zip(changes);
        let answers = at_once(commits.map(|(store, rival)| async move { store.commit(rival).await })).await;
        let targets = [AggregateRef::User(technician.id), AggregateRef::Booking(booking.id)];
        match (&answers[0], &answers[1]) {
            (Ok(Committed::Applied), Err(StoreError::Conflict(target))) => {
                assert!(targets.contains(target), "{target}");
                user_won += 1;
            }
            (Err(StoreError::Conflict(target)), Ok(Committed::Applied)) => {
                assert!(targets.contains(target), "{target}");
            }
            other => panic!("round {round}: expected one applied commit and one conflict, got {other:?}"),
        }
    }
    println!("guards: the user was written {user_won} times, the booking {}", 200 - user_won);
}
