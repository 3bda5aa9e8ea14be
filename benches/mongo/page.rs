//! The second page of a customer's bookings, with 20 items.

use std::{hint::black_box, sync::Arc};

use baitech::{
    account::User,
    booking::{BookingFilter, BookingRepository},
    kernel::{Id, PageRequest},
};
use bson::{Bson, Document, doc};
use futures::TryStreamExt;

use crate::{Result, history::History, rivals::Rivals};

/// The driver reads one more item, to know whether there is a third page.
const LIMIT: u32 = 20;

#[derive(Debug)]
pub(crate) struct SecondPage {
    history: Arc<History>,
    filter: BookingFilter,
    page: PageRequest,
    query: Document,
}

impl SecondPage {
    pub(crate) async fn new(history: &Arc<History>) -> Result<Self> {
        let customer = history.real_booking("paid")?.get_object_id("customer")?;
        let filter = BookingFilter {
            customer: Some(Id::<User>::from_bytes(customer.bytes())),
            ..BookingFilter::default()
        };
        let first = history.store.list_bookings(&filter, &PageRequest::new(LIMIT, None)?).await?;
        let cursor = first.next_cursor.ok_or("the customer has one page of bookings")?;
        let page = PageRequest::new(LIMIT, Some(cursor))?;
        let last = first.items.last().ok_or("the first page is empty")?;
        let (created_at, id) = (bson::DateTime::from_chrono(last.created_at), last.id);
        let query = doc! {
            "deletedAt": Bson::Null,
            "customer": customer,
            "createdAt": { "$lte": created_at },
            "$or": [
                { "createdAt": { "$lt": created_at } },
                { "createdAt": created_at, "_id": { "$gt": bson::oid::ObjectId::from_bytes(id.to_bytes()) } },
            ],
        };
        Ok(Self { history: Arc::clone(history), filter, page, query })
    }
}

impl Rivals for SecondPage {
    const NAME: &'static str = "page of 20";
    const GOAL: Option<f64> = Some(1.05);
    type ForStore = ();
    type ForDriver = ();

    async fn prepare(&self, rounds: u64) -> Result<Vec<((), ())>> {
        Ok((0..rounds).map(|_| ((), ())).collect())
    }

    async fn by_store(&self, (): ()) -> Result<()> {
        let page = self.history.store.list_bookings(&self.filter, &self.page).await?;
        if page.items.len() != LIMIT as usize {
            return Err(format!("{} bookings on the page", page.items.len()).into());
        }
        black_box(page);
        Ok(())
    }

    async fn by_driver(&self, (): ()) -> Result<()> {
        let bookings = self.history.bookings();
        let found = bookings
            .find(self.query.clone())
            .sort(doc! { "createdAt": -1, "_id": 1 })
            .limit(i64::from(LIMIT) + 1)
            .await?;
        let bookings: Vec<_> = found.try_collect().await?;
        if bookings.len() != LIMIT as usize + 1 {
            return Err(format!("{} bookings on the page", bookings.len()).into());
        }
        black_box(bookings);
        Ok(())
    }
}
