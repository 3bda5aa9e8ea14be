//! Lists and counts of bookings.

use std::collections::BTreeMap;

use baitech_core::booking::{BookingFilter, BookingStatus};
use serde::Serialize;

use crate::{
    problem::Answer,
    request::{Caller, Params},
    response,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    by_status: BTreeMap<BookingStatus, u64>,
}

/// A page of bookings, the newest first. Only the single booking shows the contact person.
pub(crate) async fn list(caller: Caller, mut params: Params) -> Answer {
    let (filter, page) = (filter(&mut params), params.page());
    params.finish()?;
    response::page(&caller.listed(caller.bookings.list_views(&caller.actor, &filter, &page).await).await?)
}

/// The number of bookings in each status that has any.
pub(crate) async fn stats(caller: Caller, mut params: Params) -> Answer {
    let filter = filter(&mut params);
    params.finish()?;
    let counts = caller.answer(caller.bookings.count_by_status(&caller.actor, &filter).await).await?;
    response::json(&Stats { by_status: counts.into_iter().collect() })
}

fn filter(params: &mut Params) -> BookingFilter {
    let status = |text: &str| BookingStatus::ALL.into_iter().find(|status| status.as_str() == text);
    BookingFilter {
        customer: params.one("customer"),
        technician: params.one("technician"),
        company: params.one("company"),
        statuses: params.all("status", status),
    }
}
