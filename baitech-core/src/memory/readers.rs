use std::cmp::Reverse;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};

use super::{
    MemoryStore,
    bookings::list_key,
    reconciliations,
    state::{Row, Table},
    transactions, webhooks,
};
use crate::{
    account::{Category, TechnicianProfile, User, UserFilter, UserRepository},
    booking::{Booking, BookingFilter, BookingNumber, BookingRepository, BookingStatus},
    kernel::{
        Code, Cursor, Distance, Email, GeoPoint, Id, Page, PageRequest, PhoneNumber, Username, Violation,
    },
    matching::{
        Candidate, CandidateQuery, Card, MatchingRepository, Supply, SupplyQuery, WorkingHours, Workload,
        days_around,
    },
    payment::{
        Reconciliation, ReconciliationPart, ReconciliationRepository, Webhook, WebhookRepository,
        WebhookStatus,
    },
    store::{Load, StoreError, Stored},
    transaction::{
        HistoryQuery, PaymentHistory, Transaction, TransactionFilter, TransactionNumber,
        TransactionRepository, TransactionTotal,
    },
};

macro_rules! load {
    ($($Arm:ident($name:literal, $list:ident, $what:literal): $Type:ty;)+) => {
        $(
            #[async_trait]
            impl Load<$Type> for MemoryStore {
                async fn load(&self, id: Id<$Type>) -> Result<Option<Stored<$Type>>, StoreError> {
                    Ok(self.read().$list.get(id).map(Row::stored))
                }
            }
        )+
    };
}

crate::for_each_aggregate!(load);

/// One page of a list whose items are sorted by time, newest first, then by id. `rows` gets the position
/// after which the page begins, and the most rows to return.
fn newest_first<'a, A: Clone + 'a>(
    page: &PageRequest,
    position: impl Fn(&A) -> (Reverse<i64>, Id<A>),
    rows: impl FnOnce(Option<(Reverse<i64>, Id<A>)>, usize) -> Vec<&'a Row<A>>,
) -> Result<Page<Stored<A>>, StoreError> {
    let after = page.cursor().map(Cursor::parts).transpose().map_err(StoreError::Cursor)?;
    let after = after.map(|(millis, id)| (Reverse(millis), id));
    let rows = rows(after, page.limit().saturating_add(1));
    let cursor = |row: &&Row<A>| {
        let (Reverse(millis), id) = position(&row.value);
        Cursor::new(millis, id)
    };
    Ok(Page::from_overfull(rows, page.limit(), cursor).map(Row::stored))
}

#[async_trait]
impl UserRepository for MemoryStore {
    async fn find_by_email(&self, email: &Email) -> Result<Option<Stored<User>>, StoreError> {
        Ok(self.read().users.by_email(email).map(Row::stored))
    }

    async fn find_by_phone(&self, phone: &PhoneNumber) -> Result<Option<Stored<User>>, StoreError> {
        Ok(self.read().users.by_phone(phone).map(Row::stored))
    }

    async fn find_by_username(&self, username: &Username) -> Result<Option<Stored<User>>, StoreError> {
        Ok(self.read().users.by_username(username).map(Row::stored))
    }

    async fn list_users(
        &self,
        filter: UserFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<User>>, StoreError> {
        let after = page.cursor().map(user_position).transpose()?;
        let state = self.read();
        let rows = state.users.page(filter, after, page.limit().saturating_add(1));
        let cursor = |row: &&Row<User>| Cursor::new(USERS_BY_ID, row.value.id);
        Ok(Page::from_overfull(rows, page.limit(), cursor).map(Row::stored))
    }
}

/// The sort key in cursors of [`UserRepository::list_users`], whose items are sorted by id alone.
const USERS_BY_ID: &str = "id";

fn user_position(cursor: &Cursor) -> Result<Id<User>, StoreError> {
    let (key, id) = cursor.parts::<String, _>().map_err(StoreError::Cursor)?;
    if key == USERS_BY_ID {
        return Ok(id);
    }
    Err(StoreError::Cursor(Violation::new("cursor", Code::Malformed, "the cursor belongs to another list")))
}

#[async_trait]
impl BookingRepository for MemoryStore {
    async fn find_by_number(&self, number: &BookingNumber) -> Result<Option<Stored<Booking>>, StoreError> {
        Ok(self.read().bookings.by_number(number).map(Row::stored))
    }

    async fn list_bookings(
        &self,
        filter: &BookingFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<Booking>>, StoreError> {
        let state = self.read();
        newest_first(page, list_key, |after, limit| state.bookings.page(filter, after, limit))
    }

    async fn count_by_status(&self, filter: &BookingFilter) -> Result<Vec<(BookingStatus, u64)>, StoreError> {
        let state = self.read();
        let counts =
            BookingStatus::ALL.into_iter().map(|status| (status, state.bookings.count(filter, status)));
        Ok(counts.filter(|(_, count)| *count > 0).map(|(status, count)| (status, count as u64)).collect())
    }
}

/// Distances are defined on the ellipsoid and measured here on a sphere, with an error of at most 0.6 %. The
/// search is wider by that error, so that it misses no technician.
const SPHERE_SLACK: f64 = 1.006;

#[async_trait]
impl MatchingRepository for MemoryStore {
    async fn candidates(&self, query: &CandidateQuery) -> Result<Vec<Card>, StoreError> {
        let CandidateQuery { category, near, share, preferred, days } = *query;
        let state = self.read();
        let farthest = TechnicianProfile::MAX_SERVICE_RADIUS.metres();
        let reach = |own: f64| own.min(farthest) * share * SPHERE_SLACK;
        let mut found = state.users.bookable(category, near, Distance::from_metres(reach(farthest)));
        found.retain(|user| {
            let own = user.technician.as_ref().map_or(0.0, |profile| profile.service_radius.metres());
            user.public_point().is_some_and(|place| near.haversine_distance(place).metres() <= reach(own))
        });
        if let Some(user) = preferred.and_then(|id| state.users.bookable_one(category, id))
            && found.iter().all(|other| other.id != user.id)
        {
            found.push(user);
        }
        let jobs = |user: &User, days: &mut dyn Iterator<Item = NaiveDate>| {
            let count: usize = days.map(|day| state.bookings.count_jobs(user.id, day)).sum();
            u32::try_from(count).unwrap_or(u32::MAX)
        };
        let card = |user: &User| {
            let workload = Workload {
                that_day: jobs(user, &mut std::iter::once(days.day)),
                last_week: jobs(user, &mut days.week()),
            };
            let is_engaged = jobs(user, &mut days_around(days.day)) > 0;
            Some(Card { candidate: Candidate::from_user(user, category)?, workload, is_engaged })
        };
        Ok(found.into_iter().filter_map(card).collect())
    }

    async fn working_hours(
        &self,
        technicians: &[Id<User>],
    ) -> Result<Vec<(Id<User>, WorkingHours)>, StoreError> {
        let state = self.read();
        let hours = |id: &Id<User>| Some((*id, WorkingHours::from_user(&state.users.get(*id)?.value)?));
        Ok(technicians.iter().filter_map(hours).collect())
    }

    async fn supply(&self, query: &SupplyQuery) -> Result<Supply, StoreError> {
        let SupplyQuery { category, near, within, most, day } = *query;
        let most = usize::try_from(most.max(1)).unwrap_or(usize::MAX);
        let state = self.read();
        let found = state.users.bookable(category, near, within).into_iter();
        let distance = |user: &User| Some(near.haversine_distance(user.public_point()?).metres());
        let mut nearest: Vec<_> = found.filter_map(|user| Some((distance(user)?, user.id))).collect();
        let mut reached = within;
        if nearest.len() >= most {
            nearest.sort_by(|(a, _), (b, _)| a.total_cmp(b));
            nearest.truncate(most);
            reached = nearest.last().map_or(within, |(distance, _)| Distance::from_metres(*distance));
        }
        let is_engaged = |id: &Id<User>| days_around(day).any(|day| state.bookings.count_jobs(*id, day) > 0);
        let engaged = nearest.iter().map(|(_, id)| *id).filter(is_engaged).collect();
        Ok(Supply { technicians: nearest.len() as u64, within: reached, engaged })
    }

    async fn open_requests(
        &self,
        category: Category,
        near: GeoPoint,
        within: Distance,
    ) -> Result<u64, StoreError> {
        Ok(self.read().bookings.count_open(category, near, within) as u64)
    }
}

#[async_trait]
impl TransactionRepository for MemoryStore {
    async fn find_transaction_by_number(
        &self,
        number: &TransactionNumber,
    ) -> Result<Option<Stored<Transaction>>, StoreError> {
        Ok(self.read().transactions.by_number(number).map(Row::stored))
    }

    async fn find_by_token(&self, token: &str) -> Result<Option<Stored<Transaction>>, StoreError> {
        Ok(self.read().transactions.by_token(token).map(Row::stored))
    }

    async fn find_by_reference(&self, reference: &str) -> Result<Option<Stored<Transaction>>, StoreError> {
        Ok(self.read().transactions.by_reference(reference).map(Row::stored))
    }

    async fn list_transactions(
        &self,
        filter: &TransactionFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<Transaction>>, StoreError> {
        let state = self.read();
        newest_first(page, transactions::list_key, |after, limit| {
            state.transactions.page(filter, after, limit)
        })
    }

    async fn total_transactions(
        &self,
        filter: &TransactionFilter,
    ) -> Result<Vec<TransactionTotal>, StoreError> {
        Ok(self.read().transactions.totals(filter))
    }

    async fn payment_history(&self, query: &HistoryQuery) -> Result<PaymentHistory, StoreError> {
        Ok(self.read().transactions.history(query))
    }
}

#[async_trait]
impl WebhookRepository for MemoryStore {
    async fn list_webhooks(
        &self,
        statuses: &[WebhookStatus],
        page: &PageRequest,
    ) -> Result<Page<Stored<Webhook>>, StoreError> {
        let state = self.read();
        newest_first(page, webhooks::list_key, |after, limit| state.webhooks.page(statuses, after, limit))
    }

    async fn forget_expired_webhooks(&self, now: DateTime<Utc>, limit: usize) -> Result<usize, StoreError> {
        let mut state = self.write();
        let forgotten = state.webhooks.forget_expired(now, limit);
        for id in &forgotten {
            state.due.schedule((*id).into(), None);
        }
        Ok(forgotten.len())
    }
}

#[async_trait]
impl ReconciliationRepository for MemoryStore {
    async fn list_reconciliations(
        &self,
        page: &PageRequest,
    ) -> Result<Page<Stored<Reconciliation>>, StoreError> {
        let state = self.read();
        newest_first(page, reconciliations::list_key, |after, limit| state.reconciliations.page(after, limit))
    }

    async fn put_parts(&self, parts: Vec<ReconciliationPart>) -> Result<(), StoreError> {
        let mut state = self.write();
        for part in parts {
            state.reconciliations.put_part(part);
        }
        Ok(())
    }

    async fn load_part(&self, id: Id<ReconciliationPart>) -> Result<Option<ReconciliationPart>, StoreError> {
        Ok(self.read().reconciliations.part(id).cloned())
    }

    async fn forget_expired_parts(&self, now: DateTime<Utc>, limit: usize) -> Result<usize, StoreError> {
        Ok(self.write().reconciliations.forget_expired(now, limit))
    }
}
