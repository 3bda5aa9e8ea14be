use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ops::{Range, RangeInclusive},
};

use chrono::{NaiveDate, Weekday};
use chrono_tz::Tz;

use super::{
    Fixture,
    fixture::together,
    given::{apply, change, load_booking, load_user, stored_booking, stored_user},
};
use crate::{
    account::{
        Availability, AvailabilityException, Category, KycStatus, PublicPlace, TechnicianProfile, TimeOfDay,
        User, UserRecord, UserStatus,
    },
    booking::{Booking, BookingRecord, BookingStatus, ServiceLocation},
    kernel::{Distance, GeoPoint, Id},
    matching::{Candidate, CandidateQuery, JobDays, SupplyQuery, WorkingHours, Workload},
    ports::Store,
    store::{ChangeSet, Put, Version},
    testing::build::{self, booking, customer, nairobi, point, slot, technician, technician_record},
};

/// Places around the centre of Nairobi, on the antimeridian, and at the North Pole.
fn places() -> Vec<GeoPoint> {
    let mut places = Vec::new();
    // A sunflower spiral gives evenly spread, deterministic places.
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

/// The technicians within a distance, each with a radius of 10 km.
async fn candidates(
    store: &dyn Store,
    category: Category,
    near: GeoPoint,
    within: Distance,
) -> Vec<Candidate> {
    let share = within.kilometres() / TechnicianProfile::default_service_radius().kilometres();
    let days = JobDays { day: day(0), today: day(0) };
    let query = CandidateQuery { category, near, share, preferred: None, days };
    let found = store.candidates(&query).await.unwrap();
    assert!(found.iter().all(|card| card.workload == Workload::default()), "no technician has jobs");
    found.into_iter().map(|card| card.candidate).collect()
}

async fn store_all(store: &dyn Store, users: impl IntoIterator<Item = UserRecord>) {
    let users: Vec<UserRecord> = users.into_iter().collect();
    for batch in users.chunks(25) {
        let puts = batch.iter().cloned().map(User::from_record).map(Put::new);
        apply(store, puts.fold(ChangeSet::new(), ChangeSet::write)).await;
    }
}

/// The queries whose results are compared with the measured distance of every technician.
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
            let found = candidates(&*store, category, near, within).await;
            found_any += found.len();
            let count = found.len();
            let query = SupplyQuery { category, near, within, most: u32::MAX, day: day(0) };
            let supply = store.supply(&query).await.unwrap();
            assert!(supply.engaged.is_empty(), "no technician has jobs");
            assert_eq!(supply.within, within);
            if supply.technicians > 1 {
                let most = u32::try_from(supply.technicians / 2).unwrap();
                let nearest = store.supply(&SupplyQuery { most, ..query }).await.unwrap();
                assert_eq!(nearest.technicians, u64::from(most));
                let all = count_within(&users, |user| bookable(user, category), near, nearest.within);
                assert!(all.contains(&u64::from(most)), "{most} within {}, not {all:?}", nearest.within);
            }
            let found: BTreeMap<Id<User>, Candidate> =
                found.into_iter().map(|candidate| (candidate.technician, candidate)).collect();
            assert_eq!(found.len(), count, "no technician is listed twice");
            for user in users.iter().filter(|user| bookable(user, category)) {
                let Some(place) = User::from_record(user.clone()).public_point() else { continue };
                let exact = near.geodesic_distance(place);
                if exact <= within {
                    let candidate = found.get(&user.id);
                    let expected = Candidate::from_user(&User::from_record(user.clone()), category);
                    assert_eq!(candidate, expected.as_ref(), "{within} around {near:?}, {exact} away");
                }
            }
            let counts = count_within(&users, |user| bookable(user, category), near, within);
            assert!(counts.contains(&supply.technicians), "{supply:?}, not {counts:?}");
            assert!(
                found.len() as u64 <= *counts.end(),
                "only bookable technicians, and none much farther away"
            );
        }
    }
    assert!(found_any > 100, "some circle must contain a technician");
}

/// The minimum and maximum number of users within a distance. The two differ because a store may measure on
/// a sphere.
fn count_within(
    users: &[UserRecord],
    is_wanted: impl Fn(&&UserRecord) -> bool,
    near: GeoPoint,
    within: Distance,
) -> RangeInclusive<u64> {
    let places = users.iter().filter(is_wanted);
    let places = places.filter_map(|user| User::from_record(user.clone()).public_point());
    let distances: Vec<Distance> = places.map(|place| near.geodesic_distance(place)).collect();
    let count = |within: Distance| distances.iter().filter(|distance| **distance <= within).count() as u64;
    count(scaled(within, 0.99))..=count(scaled(within, 1.02))
}

pub(super) async fn drops_technicians_who_cannot_be_booked(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let reach = Distance::from_kilometres(5.0);
    let near = |place| {
        let store = &store;
        async move {
            let found = candidates(&**store, Category::Plumbing, place, reach).await;
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
        // A home without a public place is not matched.
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

/// A day after the start.
fn day(days: u64) -> NaiveDate {
    slot(days, 8, 9).date
}

pub(super) async fn respects_each_technicians_radius(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let radii = [2.0, 10.0, 10.5, 24.0, 25.0, 40.0, 60.0, 100.0];
    let record = |(n, place): (u64, GeoPoint)| {
        let mut record = technician_record(n, Category::Plumbing, place);
        let radius = radii[usize::try_from(n).unwrap() % radii.len()];
        record.technician.as_mut().unwrap().service_radius = Distance::from_kilometres(radius);
        record
    };
    let users: Vec<UserRecord> = (0..).zip(places()).map(record).collect();
    store_all(&*store, users.clone()).await;
    let days = JobDays { day: day(0), today: day(0) };
    let far_off = users.last().unwrap().id;
    for share in [0.1, 0.25, 0.5, 1.0, 2.0] {
        for preferred in [None, Some(far_off)] {
            let near = nairobi();
            let query = CandidateQuery { category: Category::Plumbing, near, share, preferred, days };
            let found = store.candidates(&query).await.unwrap();
            let found: Vec<Id<User>> = found.iter().map(|card| card.candidate.technician).collect();
            for user in &users {
                let distance = near.geodesic_distance(user.public_place.unwrap().point());
                let own = user.technician.as_ref().unwrap().service_radius;
                let count = found.iter().filter(|id| **id == user.id).count();
                let wanted = distance <= scaled(own, share) || preferred == Some(user.id);
                assert!(count == 1 || !wanted, "{distance} away, {own} times {share}");
                assert!(count <= 1, "no technician is listed twice");
            }
            assert_eq!(found.contains(&far_off), preferred.is_some(), "no technician from another continent");
        }
    }
    let query = CandidateQuery {
        category: Category::Hvac,
        near: nairobi(),
        share: 1.0,
        preferred: Some(far_off),
        days,
    };
    assert_eq!(store.candidates(&query).await.unwrap(), [], "the preferred technician needs the skill, too");
}

pub(super) async fn reads_working_hours(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let mut users: Vec<UserRecord> =
        (0..6).map(|n| technician_record(n, Category::Plumbing, nairobi())).collect();
    let profile = |user: &mut UserRecord, change: &dyn Fn(&mut TechnicianProfile)| {
        change(user.technician.as_mut().unwrap());
    };
    let date = day(0);
    let (start, end) = (TimeOfDay::new(22, 30).unwrap(), TimeOfDay::END_OF_DAY);
    let off = |is_available| AvailabilityException {
        element: None,
        date,
        start: TimeOfDay::MIDNIGHT,
        end: start,
        is_available,
        reason: None,
    };
    profile(&mut users[1], &|profile| profile.availability = Availability::default());
    profile(&mut users[2], &|profile| profile.time_zone = Tz::Asia__Kathmandu);
    profile(&mut users[3], &|profile| profile.availability.exceptions = vec![off(true), off(false)]);
    profile(&mut users[4], &|profile| {
        profile.availability = Availability::on_weekdays(&[Weekday::Sun, Weekday::Sat], start, end);
    });
    // The working hours of technicians who cannot be booked are read as well.
    users[5].status = UserStatus::Suspended;
    let customer = customer(1);
    stored_user(&*store, customer.clone()).await;
    store_all(&*store, users.clone()).await;
    let unknown = technician(99, Category::Plumbing, nairobi()).id;
    let mut asked = vec![unknown, customer.id];
    asked.extend(users.iter().rev().skip(1).map(|user| user.id));
    let mut read = store.working_hours(&asked).await.unwrap();
    read.sort_by_key(|(technician, _)| *technician);
    let expected = users.iter().take(5).cloned().map(User::from_record);
    let expected = expected.map(|user| (user.id, WorkingHours::from_user(&user).unwrap()));
    let mut expected: Vec<_> = expected.collect();
    expected.sort_by_key(|(technician, _)| *technician);
    assert_eq!(read, expected);
    let suspended = store.working_hours(&[users[5].id]).await.unwrap();
    assert_eq!(suspended.len(), 1);
    assert_eq!(store.working_hours(&[]).await.unwrap(), []);
}

/// The expected counts of jobs.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Expected {
    workload: Workload,
    /// Jobs on the day, the day before and the day after.
    around: u32,
}

/// Compares the stored counts around day 8, which is the current day, with the bookings.
async fn check_jobs(store: &dyn Store, technicians: &[Id<User>], bookings: &[Id<Booking>]) -> u32 {
    let mut expected: HashMap<Id<User>, Expected> = HashMap::new();
    let mut jobs = 0;
    for id in bookings {
        let Some((technician, date)) = load_booking(store, *id).await.job() else { continue };
        let expected = expected.entry(technician).or_default();
        let on = |days: Range<u64>| u32::from(days.into_iter().any(|days| day(days) == date));
        expected.workload.that_day += on(8..9);
        expected.workload.last_week += on(2..9);
        expected.around += on(7..10);
        jobs += 1;
    }
    let days = JobDays { day: day(8), today: day(8) };
    let (category, near) = (Category::Plumbing, nairobi());
    let query = CandidateQuery { category, near, share: 1.0, preferred: None, days };
    let cards = store.candidates(&query).await.unwrap();
    assert_eq!(cards.len(), technicians.len());
    for card in cards {
        let id = card.candidate.technician;
        let expected = expected.get(&id).copied().unwrap_or_default();
        assert_eq!((card.workload, card.is_engaged), (expected.workload, expected.around > 0), "{id}");
    }
    let within = Distance::from_kilometres(1.0);
    let supply = store.supply(&SupplyQuery { category, near, within, most: 250, day: day(8) }).await.unwrap();
    assert_eq!(supply.technicians, technicians.len() as u64);
    let mut engaged = supply.engaged;
    engaged.sort_unstable();
    let busy = |id: &&Id<User>| expected.get(*id).is_some_and(|expected| expected.around > 0);
    let mut wanted: Vec<Id<User>> = technicians.iter().filter(busy).copied().collect();
    wanted.sort_unstable();
    assert_eq!(engaged, wanted);
    jobs
}

pub(super) async fn counts_jobs_of_days(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let technicians = [1, 2, 3, 4].map(|n| technician(n, Category::Plumbing, nairobi()));
    for technician in &technicians {
        stored_user(&*store, technician.clone()).await;
    }
    let ids = technicians.each_ref().map(|technician| technician.id);
    let hours = [(0, 1), (10, 12), (23, 24)];
    let mut bookings = Vec::new();
    for (status, days) in
        BookingStatus::ALL.into_iter().flat_map(|status| (0..10).map(move |days| (status, days)))
    {
        let number = bookings.len() as u64;
        let index = bookings.len();
        // The last technician has no jobs.
        let technician = &technicians[index % 3];
        let (from, to) = hours[index % 2 + usize::from(days % 3 == 0)];
        let mut record = booking(number, &customer(1), Some(technician), status);
        (record.technician, record.slot) = (Some(technician.id), slot(days, from, to));
        record.deleted_at = (number % 13 == 5).then(build::start);
        bookings.push(stored_booking(&*store, record).await.id);
    }
    assert!(check_jobs(&*store, &ids, &bookings).await > 60);

    // Every change by which a booking becomes a job, ceases to be one, or moves.
    for (n, id) in bookings.iter().enumerate() {
        let stored = load_booking(&*store, *id).await;
        let changed = change(&stored, |record| match n % 5 {
            0 => record.status = BookingStatus::Cancelled,
            1 => record.status = BookingStatus::Accepted,
            2 => record.slot = slot(u64::try_from(n).unwrap() % 10, 8, 9),
            3 => record.technician = Some(ids[n % 4]),
            _ => record.deleted_at = record.deleted_at.xor(Some(build::start())),
        });
        apply(&*store, ChangeSet::new().write(changed)).await;
    }
    check_jobs(&*store, &ids, &bookings).await;
    let user = load_user(&*store, ids[0]).await;
    assert_eq!(user.value, technicians[0], "counts are not part of the user");
    assert_eq!(user.version, Version::FIRST, "counts do not raise the user's version");
}

pub(super) async fn keeps_counts_of_jobs_in_races(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let technicians = [1, 2].map(|n| technician(n, Category::Plumbing, nairobi()));
    for technician in &technicians {
        stored_user(&*store, technician.clone()).await;
    }
    let ids = technicians.each_ref().map(|technician| technician.id);
    let mut bookings = Vec::new();
    for number in 0..8 {
        let mut record = booking(number, &customer(1), Some(&technicians[0]), BookingStatus::Assigned);
        record.slot = slot(8, 8, 9);
        bookings.push(stored_booking(&*store, record).await);
    }
    // Each booking has two writers, of which one succeeds; all of them change counts of the same technicians.
    let racers = bookings.iter().flat_map(|stored| {
        let accepted = change(stored, |record| record.status = BookingStatus::Accepted);
        let moved = change(stored, |record| {
            record.status = BookingStatus::Accepted;
            record.technician = Some(ids[1]);
            record.slot = slot(7, 8, 9);
        });
        [accepted, moved].map(|put| {
            let (store, set) = (store.clone(), ChangeSet::new().write(put));
            async move { store.commit(set).await }
        })
    });
    let outcomes = together(fixture, racers.collect::<Vec<_>>()).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), bookings.len());
    let bookings: Vec<Id<Booking>> = bookings.iter().map(|stored| stored.id).collect();
    assert_eq!(check_jobs(&*store, &ids, &bookings).await, 8);
}

pub(super) async fn counts_customers_with_open_requests(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let mut open = Vec::new();
    let mut puts = Vec::new();
    for (n, place) in (0..).zip(places()) {
        let status = BookingStatus::ALL[usize::try_from(n % 4).unwrap()];
        // Each customer has several requests, some of them at neighbouring places.
        let who = n / 3;
        let mut record = booking(n, &customer(who), None, status);
        record.location = ServiceLocation::at(place);
        record.service_category = if n % 3 == 0 { Category::Painting } else { Category::Plumbing };
        record.deleted_at = (n % 7 == 6).then(build::start);
        if matches!(status, BookingStatus::Pending | BookingStatus::Matching) && record.deleted_at.is_none() {
            open.push((record.service_category, place, who));
        }
        puts.push(Put::new(Booking::from_record(record)));
    }
    for batch in puts.chunks(25) {
        apply(&*store, batch.iter().cloned().fold(ChangeSet::new(), ChangeSet::write)).await;
    }
    let count = |category, near: GeoPoint, within: Distance| {
        let inside = |(of, place, _): &&(Category, GeoPoint, u64)| {
            *of == category && near.geodesic_distance(*place) <= within
        };
        open.iter().filter(inside).map(|(.., who)| who).collect::<HashSet<_>>().len() as u64
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
    // A new request is counted until a technician accepts it.
    let here = |store| async move {
        let store: &dyn Store = store;
        store.open_requests(Category::Hvac, nairobi(), Distance::from_kilometres(1.0)).await.unwrap()
    };
    let mut record = booking(900, &customer(1), None, BookingStatus::Pending);
    record.service_category = Category::Hvac;
    let stored = stored_booking(&*store, record).await;
    assert_eq!(here(&*store).await, 1);
    // A second request of the same customer does not raise the demand; one of another customer does.
    let mut again = booking(901, &customer(1), None, BookingStatus::Matching);
    again.service_category = Category::Hvac;
    let again = stored_booking(&*store, again).await;
    assert_eq!(here(&*store).await, 1);
    let mut another = booking(902, &customer(2), None, BookingStatus::Matching);
    another.service_category = Category::Hvac;
    stored_booking(&*store, another).await;
    assert_eq!(here(&*store).await, 2);
    let assigned = |record: &mut BookingRecord| record.status = BookingStatus::Assigned;
    apply(&*store, ChangeSet::new().write(change(&stored, assigned))).await;
    assert_eq!(here(&*store).await, 2);
    apply(&*store, ChangeSet::new().write(change(&again, assigned))).await;
    assert_eq!(here(&*store).await, 1);
}
