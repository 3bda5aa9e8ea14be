use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
};

use chrono::NaiveDate;

use super::{
    groups::Groups,
    spatial::SpatialIndex,
    state::{Kept, Row, Table},
};
use crate::{
    account::{Category, User},
    booking::{Booking, BookingFilter, BookingNumber, BookingStatus},
    kernel::{Distance, GeoPoint, Id},
    store::StoreError,
};

/// The key of a list of bookings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Of {
    Everybody,
    Customer(Id<User>),
    Technician(Id<User>),
    Company(Id<User>),
}

/// A technician's job, with its day.
type Job = (NaiveDate, Id<Booking>);

/// The position in a list: newest first, then by id.
pub(super) type ListKey = (Reverse<i64>, Id<Booking>);

/// The bookings and their indexes. Deleted bookings are found only by id and number.
#[derive(Debug, Default)]
pub(super) struct Bookings {
    rows: HashMap<Id<Booking>, Row<Booking>>,
    by_number: HashMap<BookingNumber, Id<Booking>>,
    lists: Groups<(Of, BookingStatus), ListKey>,
    /// Open requests for technicians, by place.
    open: BTreeMap<Category, SpatialIndex<Id<Booking>>>,
    /// Each technician's jobs.
    jobs: Groups<Id<User>, Job>,
}

impl Kept for Booking {
    type Table = Bookings;
}

impl Table<Booking> for Bookings {
    fn get(&self, id: Id<Booking>) -> Option<&Row<Booking>> {
        self.rows.get(&id)
    }

    /// Fails if the number of one of these bookings belongs to another one: a stored one, or an earlier one
    /// in the list.
    fn check_unique(&self, bookings: Vec<&Booking>) -> Result<(), StoreError> {
        let mut taken = HashMap::new();
        for booking in bookings {
            let owner = self.by_number.get(&booking.number).or_else(|| taken.get(&booking.number));
            if owner.is_some_and(|owner| *owner != booking.id) {
                return Err(StoreError::Duplicate { field: "bookingNumber" });
            }
            taken.insert(booking.number.clone(), booking.id);
        }
        Ok(())
    }

    fn put(&mut self, row: Row<Booking>) {
        let id = row.value.id;
        if let Some(previous) = self.rows.remove(&id) {
            self.forget(&previous.value);
        }
        self.remember(&row.value);
        self.rows.insert(id, row);
    }
}

impl Bookings {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn by_number(&self, number: &BookingNumber) -> Option<&Row<Booking>> {
        self.get(*self.by_number.get(number)?)
    }

    pub(super) fn page(
        &self,
        filter: &BookingFilter,
        after: Option<ListKey>,
        limit: usize,
    ) -> Vec<&Row<Booking>> {
        let of = narrowest(filter);
        let groups = statuses(filter).map(|status| (of, status));
        let keys = self.lists.page(groups, after, limit, |key| self.holds(filter, key));
        keys.into_iter().filter_map(|(_, id)| self.get(id)).collect()
    }

    pub(super) fn count(&self, filter: &BookingFilter, status: BookingStatus) -> usize {
        let group = (narrowest(filter), status);
        if !filter.statuses.is_empty() && !filter.statuses.contains(&status) {
            0
        } else if is_one_list(filter) {
            self.lists.len(&group)
        } else {
            self.lists.iter(&group).filter(|key| self.holds(filter, key)).count()
        }
    }

    /// Whether a booking of the narrowest list matches the whole filter.
    fn holds(&self, filter: &BookingFilter, (_, id): &ListKey) -> bool {
        is_one_list(filter)
            || self.get(*id).is_some_and(|row| {
                let of: Vec<Of> = lists_of(&row.value).collect();
                named(filter).all(|named| of.contains(&named))
            })
    }

    /// Number of customers with an open booking within a distance on the sphere.
    pub(super) fn count_open(&self, category: Category, near: GeoPoint, within: Distance) -> usize {
        let Some(open) = self.open.get(&category) else { return 0 };
        let bookings = open.within(near, within).filter_map(|id| self.get(id));
        bookings.map(|row| row.value.customer).collect::<HashSet<_>>().len()
    }

    /// Number of jobs of a technician on a day.
    pub(super) fn count_jobs(&self, technician: Id<User>, day: NaiveDate) -> usize {
        let (least, most) = (Id::from_bytes([0; 12]), Id::from_bytes([255; 12]));
        self.jobs.count(&technician, (day, least)..(day, most))
    }

    fn remember(&mut self, booking: &Booking) {
        self.by_number.insert(booking.number.clone(), booking.id);
        if booking.deleted_at.is_some() {
            return;
        }
        for of in lists_of(booking) {
            self.lists.insert((of, booking.status), list_key(booking));
        }
        if let Some(point) = booking.location.point.filter(|_| is_open(booking.status)) {
            self.open.entry(booking.service_category).or_default().insert(point, booking.id);
        }
        if let Some((technician, day)) = booking.job() {
            self.jobs.insert(technician, (day, booking.id));
        }
    }

    fn forget(&mut self, booking: &Booking) {
        self.by_number.remove(&booking.number);
        for of in lists_of(booking) {
            self.lists.remove(&(of, booking.status), &list_key(booking));
        }
        let point = booking.location.point.filter(|_| is_open(booking.status));
        if let Some((open, point)) = self.open.get_mut(&booking.service_category).zip(point) {
            open.remove(point, booking.id);
        }
        if let Some((technician, day)) = booking.job() {
            self.jobs.remove(&technician, &(day, booking.id));
        }
    }
}

pub(super) fn list_key(booking: &Booking) -> ListKey {
    (Reverse(booking.created_at.timestamp_millis()), booking.id)
}

fn lists_of(booking: &Booking) -> impl Iterator<Item = Of> {
    let technician = booking.technician.map(Of::Technician);
    let company = booking.corporate.as_ref().map(|corporate| Of::Company(corporate.company));
    [Of::Everybody, Of::Customer(booking.customer)].into_iter().chain(technician).chain(company)
}

/// The parties that a filter names, the one with the shortest list first.
fn named(filter: &BookingFilter) -> impl Iterator<Item = Of> {
    let customer = filter.customer.map(Of::Customer);
    let technician = filter.technician.map(Of::Technician);
    let company = filter.company.map(Of::Company);
    customer.into_iter().chain(technician).chain(company)
}

fn narrowest(filter: &BookingFilter) -> Of {
    named(filter).next().unwrap_or(Of::Everybody)
}

fn is_one_list(filter: &BookingFilter) -> bool {
    named(filter).count() <= 1
}

fn statuses(filter: &BookingFilter) -> impl Iterator<Item = BookingStatus> {
    let wanted = |status: &BookingStatus| filter.statuses.is_empty() || filter.statuses.contains(status);
    BookingStatus::ALL.into_iter().filter(wanted)
}

const fn is_open(status: BookingStatus) -> bool {
    matches!(status, BookingStatus::Pending | BookingStatus::Matching)
}
