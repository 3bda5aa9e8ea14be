use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{
    Fixture,
    given::{apply, change, load_user, stored_booking, stored_user},
};
use crate::{
    account::{Category, KycStatus, PublicPlace, TimeOfDay, User, UserRecord, UserStatus},
    booking::{Booking, BookingStatus, ServiceLocation},
    kernel::{Distance, GeoPoint, Id},
    matching::{Candidate, Workload},
    store::{ChangeSet, Put, Store},
    testing::build::{self, booking, customer, nairobi, point, slot, technician, technician_record},
};

/// Places around the middles of Nairobi and of two awkward regions: the antimeridian and the North Pole.
fn places() -> Vec<GeoPoint> {
    let mut places = Vec::new();
    // Sunflower seeds: evenly spread, deterministic.
    for n in 0..120 {
        let n = f64::from(n);
        let (angle, radius) = (n * 2.399_963, 0.03 * n.sqrt());
        places.push(point(36.8219 + radius * angle.cos(), -1.2921 + radius * angle.sin()));
    }
    for n in 0..10 {
        let n = f64::from(n);
        places.push(point(179.5 + n * 0.05, -17.0));
        places.push(point(-179.5 - n * 0.05, -17.0));
        places.push(point(n * 36.0 - 180.0, 89.9));
    }
    places
}

async fn store_all(store: &dyn Store, users: impl IntoIterator<Item = UserRecord>) {
    let users: Vec<UserRecord> = users.into_iter().collect();
    for batch in users.chunks(25) {
        let puts = batch.iter().cloned().map(User::from_record).map(Put::new);
        apply(store, puts.fold(ChangeSet::new(), ChangeSet::write)).await;
    }
}

/// The queries to compare with measuring everybody.
fn circles() -> Vec<(GeoPoint, Distance)> {
    let metres = [0.0, 500.0, 3_000.0, 10_000.0, 22_500.0, 60_000.0];
    let centres =
        [nairobi(), point(36.9, -1.2), point(179.99, -17.0), point(-180.0, -17.0), point(10.0, 89.95)];
    let of = |centre| metres.map(|metres| (centre, Distance::from_metres(metres)));
    centres.into_iter().flat_map(of).collect()
}

fn scaled(distance: Distance, factor: f64) -> Distance {
    Distance::from_metres(distance.metres() * factor)
}

pub(super) async fn finds_candidates_within_reach(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let record = |(n, place): (u64, GeoPoint)| {
        let category = if n % 5 == 4 { Category::Electrical } else { Category::Plumbing };
        let mut record = technician_record(n, category, place);
        match n % 11 {
            7 => record.status = UserStatus::Suspended,
            8 => record.kyc.status = KycStatus::Submitted,
            9 => (record.location.point, record.public_place) = (None, None),
            10 => {
                let skills = &mut record.technician.as_mut().unwrap().skills;
                let mut more = skills[0].clone();
                (more.category, more.verified) = (Category::Plumbing, false);
                skills.push(more);
            }
            _ => {}
        }
        record
    };
    let users: Vec<UserRecord> = (0..).zip(places()).map(record).collect();
    store_all(&*store, users.clone()).await;
    let bookable = |user: &&UserRecord, category| {
        user.status == UserStatus::Active
            && user.kyc.status == KycStatus::Verified
            && user.technician.as_ref().is_some_and(|profile| profile.best_skill(category).is_some())
    };
    let mut found_any = 0;
    for category in [Category::Plumbing, Category::Electrical, Category::Masonry] {
        for (near, within) in circles() {
            let found = store.candidates(category, near, within).await.unwrap();
            found_any += found.len();
            let count = found.len();
            let found: BTreeMap<Id<User>, Candidate> =
                found.into_iter().map(|candidate| (candidate.technician, candidate)).collect();
            assert_eq!(found.len(), count, "nobody twice");
            let mut owed = 0;
            for user in users.iter().filter(|user| bookable(user, category)) {
                let Some(place) = User::from_record(user.clone()).public_point() else { continue };
                let exact = near.geodesic_distance(place);
                if exact <= within {
                    let candidate = found.get(&user.id);
                    let expected = Candidate::from_user(&User::from_record(user.clone()), category);
                    assert_eq!(candidate, expected.as_ref(), "{within} around {near:?}, {exact} away");
                }
                owed += usize::from(exact <= scaled(within, 1.02));
            }
            assert!(found.len() <= owed, "only bookable ones, and none that lies much farther");
        }
    }
    assert!(found_any > 100, "the circles hold somebody");
}

pub(super) async fn forgets_who_cannot_be_booked(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let reach = Distance::from_kilometres(5.0);
    let near = |place| {
        let store = &store;
        async move {
            let found = store.candidates(Category::Plumbing, place, reach).await.unwrap();
            found.into_iter().map(|candidate| candidate.technician).collect::<Vec<_>>()
        }
    };
    let user = stored_user(&*store, technician(1, Category::Plumbing, nairobi())).await;
    assert_eq!(near(nairobi()).await, [user.id]);
    let elsewhere = point(39.66, -4.05);
    let home_far_from_it = point(39.0, -4.0);
    let original = user.value.clone().into_record();
    let with = |change: &dyn Fn(&mut UserRecord)| {
        let mut record = original.clone();
        change(&mut record);
        record
    };
    let changes = [
        (
            with(&|record| {
                record.location.point = Some(home_far_from_it);
                record.public_place = Some(PublicPlace::from_stored(home_far_from_it, elsewhere));
            }),
            0,
            1,
        ),
        // A home without a place that was drawn for it is nowhere.
        (with(&|record| record.location.point = Some(elsewhere)), 0, 0),
        (with(&|record| record.public_place = None), 0, 0),
        (original.clone(), 1, 0),
        (with(&|record| record.status = UserStatus::Banned), 0, 0),
        (with(&|record| record.kyc.status = KycStatus::Rejected), 0, 0),
        (with(&|record| record.technician.as_mut().unwrap().skills.clear()), 0, 0),
        (with(&|record| record.technician = None), 0, 0),
        (original.clone(), 1, 0),
    ];
    for (step, (record, here, there)) in changes.into_iter().enumerate() {
        let user = load_user(&*store, user.id).await;
        apply(&*store, ChangeSet::new().write(Put::over(&user, User::from_record(record)))).await;
        assert_eq!(near(nairobi()).await.len(), here, "here after change {step}");
        assert_eq!(near(elsewhere).await.len(), there, "elsewhere after change {step}");
    }
}

/// The moments from the beginning of a day after the start to the beginning of another, in Nairobi.
fn days(from: u64, to: u64) -> Range<DateTime<Utc>> {
    let midnight = |days| TimeOfDay::MIDNIGHT.on(slot(days, 8, 9).date, Tz::Africa__Nairobi);
    midnight(from)..midnight(to)
}

pub(super) async fn counts_jobs_of_days(fixture: &dyn Fixture) {
    use BookingStatus::{
        Accepted, Arrived, Completed, EnRoute, InProgress, Paid, Paused, PaymentPending, Verified,
    };
    let jobs = [Accepted, EnRoute, Arrived, InProgress, Paused, Completed, Verified, PaymentPending, Paid];
    let store = fixture.store().await;
    let technicians = [1, 2, 3, 4].map(|n| technician(n, Category::Plumbing, nairobi()));
    let mut expected: HashMap<Id<User>, Workload> = HashMap::new();
    let mut numbers = 0..;
    let hours = [(0, 1), (10, 12), (23, 24)];
    for (status, day) in
        BookingStatus::ALL.into_iter().flat_map(|status| (0..10).map(move |day| (status, day)))
    {
        let number = numbers.next().unwrap();
        let index = usize::try_from(number).unwrap();
        // The last technician has no jobs.
        let technician = &technicians[index % 3];
        let (from, to) = hours[index % 2 + usize::from(day % 3 == 0)];
        let mut record = booking(number, &customer(1), Some(technician), status);
        (record.technician, record.slot) = (Some(technician.id), slot(day, from, to));
        record.deleted_at = (number % 13 == 5).then(build::start);
        if jobs.contains(&status) && record.deleted_at.is_none() {
            let workload = expected.entry(technician.id).or_default();
            workload.that_day += u32::from(day == 8);
            workload.last_week += u32::from((2..9).contains(&day));
        }
        stored_booking(&*store, record).await;
    }
    let ids = technicians.each_ref().map(|technician| technician.id);
    let found = store.workloads(&ids, days(8, 9), days(2, 9)).await.unwrap();
    for id in ids {
        let of = |workloads: &HashMap<Id<User>, Workload>| workloads.get(&id).copied().unwrap_or_default();
        assert_eq!(of(&found), of(&expected), "{id}");
    }
    assert!(
        expected.values().all(|workload| workload.that_day > 0 && workload.last_week > workload.that_day)
    );
    let only = store.workloads(&ids[..1], days(8, 9), days(2, 9)).await.unwrap();
    assert!(only.keys().all(|id| *id == ids[0]), "nobody who was not asked for");
    assert!(store.workloads(&[], days(8, 9), days(2, 9)).await.unwrap().is_empty());
}

pub(super) async fn counts_open_requests(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let mut open = Vec::new();
    let mut puts = Vec::new();
    for (n, place) in (0..).zip(places()) {
        let status = BookingStatus::ALL[usize::try_from(n % 4).unwrap()];
        let mut record = booking(n, &customer(1), None, status);
        record.location = ServiceLocation::at(place);
        record.service_category = if n % 3 == 0 { Category::Painting } else { Category::Plumbing };
        record.deleted_at = (n % 7 == 6).then(build::start);
        if matches!(status, BookingStatus::Pending | BookingStatus::Matching) && record.deleted_at.is_none() {
            open.push((record.service_category, place));
        }
        puts.push(Put::new(Booking::from_record(record)));
    }
    for batch in puts.chunks(25) {
        apply(&*store, batch.iter().cloned().fold(ChangeSet::new(), ChangeSet::write)).await;
    }
    let count = |category, near: GeoPoint, within: Distance| {
        let inside =
            |(of, place): &&(Category, GeoPoint)| *of == category && near.geodesic_distance(*place) <= within;
        open.iter().filter(inside).count() as u64
    };
    for category in [Category::Painting, Category::Plumbing, Category::Welding] {
        for (near, within) in circles() {
            let found = store.open_requests(category, near, within).await.unwrap();
            let surely = count(category, near, scaled(within, 0.99));
            let perhaps = count(category, near, scaled(within, 1.01));
            assert!(
                (surely..=perhaps).contains(&found),
                "{found} of {category:?} within {within} of {near:?}"
            );
        }
    }
    // One more is seen, and seen no more when it is taken.
    let here = |store| async move {
        let store: &dyn Store = store;
        store.open_requests(Category::Hvac, nairobi(), Distance::from_kilometres(1.0)).await.unwrap()
    };
    let mut record = booking(900, &customer(1), None, BookingStatus::Pending);
    record.service_category = Category::Hvac;
    let stored = stored_booking(&*store, record).await;
    assert_eq!(here(&*store).await, 1);
    let assigned = change(&stored, |record| record.status = BookingStatus::Assigned);
    apply(&*store, ChangeSet::new().write(assigned)).await;
    assert_eq!(here(&*store).await, 0);
}
