use std::cmp::Reverse;

use chrono::TimeDelta;

use super::{
    Fixture,
    given::{apply, change, load_booking, pending, stored_booking},
    pages::{assert_complete, assert_refuses_foreign_cursors, walk, walk_while_changing},
};
use crate::{
    account::Category,
    booking::{Booking, BookingFilter, BookingNumber, BookingRecord, BookingStatus},
    kernel::{Id, PageRequest},
    ports::Store,
    store::{ChangeSet, Put, Stored},
    testing::build::{self, customer, nairobi, start, technician},
};

pub(super) async fn are_found_by_number(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let one = stored_booking(&*store, pending(1)).await;
    stored_booking(&*store, pending(2)).await;
    let found = store.find_by_number(&one.number).await.unwrap().expect("is found");
    assert_eq!((&found.value, found.version), (&one.value, one.version));
    assert!(store.find_by_number(&BookingNumber::from_stored("BK2603000003")).await.unwrap().is_none());
    apply(&*store, ChangeSet::new().write(change(&found, |record| record.source = "other".to_owned()))).await;
}

/// Bookings in every status, of three customers, three technicians and two companies; each creation time
/// occurs four times.
fn all() -> Vec<BookingRecord> {
    let mut bookings = Vec::new();
    for n in 0..96 {
        let index = usize::try_from(n).unwrap();
        let technician = technician(n % 3, Category::Plumbing, nairobi());
        let status = BookingStatus::ALL[index % 16];
        let mut record = build::booking(n, &customer(n / 3 % 3), Some(&technician), status);
        record.created_at = start() + TimeDelta::milliseconds(i64::try_from((n * 7 % 96) / 4).unwrap());
        record.corporate = (n % 4 == 0).then(|| build::corporate_details(build::company(n / 4 % 2).id));
        bookings.push(record);
    }
    bookings
}

async fn stored(store: &dyn Store) -> Vec<BookingRecord> {
    let mut bookings = all();
    for batch in bookings.chunks(16) {
        let puts = batch.iter().cloned().map(Booking::from_record).map(Put::new);
        apply(store, puts.fold(ChangeSet::new(), ChangeSet::write)).await;
    }
    bookings.sort_by_key(|record| (Reverse(record.created_at), record.id));
    bookings
}

async fn listed(store: &dyn Store, filter: &BookingFilter) -> Vec<Id<Booking>> {
    let found = walk(10, |page| async move { store.list_bookings(filter, &page).await }).await;
    found.into_iter().map(|booking| booking.id).collect()
}

fn holds(filter: &BookingFilter, booking: &BookingRecord) -> bool {
    let company = booking.corporate.as_ref().map(|corporate| corporate.company);
    filter.customer.is_none_or(|customer| booking.customer == customer)
        && filter.technician.is_none_or(|technician| booking.technician == Some(technician))
        && filter.company.is_none_or(|wanted| company == Some(wanted))
        && (filter.statuses.is_empty() || filter.statuses.contains(&booking.status))
}

fn filters() -> Vec<BookingFilter> {
    use BookingStatus::{Accepted, Paid, Pending, Refunded};
    let customers = [None, Some(customer(1).id), Some(customer(9).id)];
    let technicians = [None, Some(technician(2, Category::Plumbing, nairobi()).id)];
    let companies = [None, Some(build::company(0).id)];
    let statuses = [vec![], vec![Accepted], vec![Refunded, Pending, Paid, Pending]];
    let mut filters = Vec::new();
    for customer in customers {
        for technician in technicians {
            for company in companies {
                let filter = |statuses| BookingFilter { customer, technician, company, statuses };
                filters.extend(statuses.clone().map(filter));
            }
        }
    }
    filters
}

pub(super) async fn are_listed_and_counted_by_filter(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    let bookings = stored(store).await;
    for filter in filters() {
        let expected: Vec<&BookingRecord> =
            bookings.iter().filter(|booking| holds(&filter, booking)).collect();
        let ids: Vec<Id<Booking>> = expected.iter().map(|booking| booking.id).collect();
        assert_eq!(listed(store, &filter).await, ids, "{filter:?}");
        let count = |status| expected.iter().filter(|booking| booking.status == status).count() as u64;
        let counts: Vec<(BookingStatus, u64)> = BookingStatus::ALL
            .into_iter()
            .map(|status| (status, count(status)))
            .filter(|(_, count)| *count > 0)
            .collect();
        assert_eq!(store.count_by_status(&filter).await.unwrap(), counts, "{filter:?}");
    }
    let everything = PageRequest::new(96, None).unwrap();
    let page = store.list_bookings(&BookingFilter::default(), &everything).await.unwrap();
    assert!(page.next_cursor.is_none(), "the last page has no cursor");
    let whole: Vec<BookingRecord> =
        page.items.into_iter().map(|booking| booking.value.into_record()).collect();
    assert_eq!(whole, bookings, "items have all their fields");
}

pub(super) async fn are_paged_while_others_come_and_change(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    let bookings = stored(store).await;
    let list = |page| async move { store.list_bookings(&BookingFilter::default(), &page).await };
    let found = walk_while_changing(11, list, |number, first: Option<Stored<Booking>>| async move {
        // New bookings before, after and among the listed ones; the first one of the page changes its status.
        for (place, millis) in (0..).zip([1_000, -1_000, i64::try_from(number).unwrap() + 5]) {
            let mut record = pending((200 + number) * 10 + place);
            record.created_at += TimeDelta::milliseconds(millis);
            stored_booking(store, record).await;
        }
        if let Some(first) = first {
            let moved = change(&first, |record| record.status = BookingStatus::Cancelled);
            apply(store, ChangeSet::new().write(moved)).await;
        }
    });
    let seen = found.await.into_iter().map(|booking| (Reverse(booking.created_at), booking.id));
    assert_complete(seen.collect(), bookings.iter().map(|booking| booking.id));
}

pub(super) async fn hide_when_deleted(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let booking = stored_booking(&*store, pending(1)).await;
    stored_booking(&*store, pending(2)).await;
    let delete = change(&booking, |record| record.deleted_at = Some(start() + TimeDelta::minutes(1)));
    apply(&*store, ChangeSet::new().write(delete)).await;
    for filter in [
        BookingFilter::default(),
        BookingFilter { customer: Some(booking.customer), ..BookingFilter::default() },
        BookingFilter { statuses: vec![BookingStatus::Pending], ..BookingFilter::default() },
    ] {
        assert_eq!(listed(&*store, &filter).await, [pending(2).id], "{filter:?}");
        let counts = store.count_by_status(&filter).await.unwrap();
        assert_eq!(counts, [(BookingStatus::Pending, 1)], "{filter:?}");
    }
    let loaded: Option<Stored<Booking>> = store.load(booking.id).await.unwrap();
    assert!(loaded.is_some_and(|booking| booking.deleted_at.is_some()), "it stays stored");
    assert!(store.find_by_number(&booking.number).await.unwrap().is_some());
    let deleted = load_booking(&*store, booking.id).await;
    apply(&*store, ChangeSet::new().write(change(&deleted, |record| record.deleted_at = None))).await;
    assert_eq!(listed(&*store, &BookingFilter::default()).await.len(), 2, "it can be restored");
}

pub(super) async fn refuse_foreign_cursors(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    assert_refuses_foreign_cursors(|page| async move {
        store.list_bookings(&BookingFilter::default(), &page).await
    })
    .await;
}
