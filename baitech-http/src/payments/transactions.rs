//! Single transactions, lists and totals.

use axum::http::HeaderMap;
use baitech_core::{
    kernel::Money,
    transaction::{PaymentMethod, TransactionFilter, TransactionKind, TransactionStatus, TransactionTotal},
};
use serde::Serialize;

use crate::{
    payments::path::{Payment, PaymentNumber},
    problem::Answer,
    request::{Caller, Params},
    response::{self, Items},
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Total {
    /// Named as in a transaction.
    #[serde(rename = "type")]
    kind: TransactionKind,
    status: TransactionStatus,
    count: u64,
    gross: Money,
}

/// A page of transactions, the newest first.
pub(crate) async fn list_transactions(caller: Caller, mut params: Params) -> Answer {
    let (filter, page) = (filter(&mut params), params.page());
    params.finish()?;
    response::page(&caller.listed(caller.payments.list_views(&caller.actor, &filter, &page).await).await?)
}

/// A page of the transactions that wait for a person, the newest first.
pub(crate) async fn fraud_queue(caller: Caller, mut params: Params) -> Answer {
    let page = params.page();
    params.finish()?;
    let filter = TransactionFilter { flagged: true, ..TransactionFilter::default() };
    response::page(&caller.listed(caller.payments.list_views(&caller.actor, &filter, &page).await).await?)
}

/// Counts and sums by kind, status and currency.
pub(crate) async fn transaction_stats(caller: Caller, mut params: Params) -> Answer {
    let filter = filter(&mut params);
    params.finish()?;
    let totals = caller.answer(caller.payments.totals(&caller.actor, &filter).await).await?;
    let total = |TransactionTotal { kind, status, count, gross }: TransactionTotal| Total {
        kind,
        status,
        count,
        gross,
    };
    response::json(&Items { items: totals.into_iter().map(total).collect() })
}

/// A transaction, or 304 if the client already has it.
pub(crate) async fn get_transaction(caller: Caller, Payment(id): Payment, headers: HeaderMap) -> Answer {
    let view = caller.answer(caller.payments.view(&caller.actor, id).await).await?;
    response::unless_seen(&headers, &view)
}

/// A transaction by its number.
pub(crate) async fn get_transaction_by_number(
    caller: Caller,
    PaymentNumber(number): PaymentNumber,
    headers: HeaderMap,
) -> Answer {
    let view = caller.answer(caller.payments.view_by_number(&caller.actor, &number).await).await?;
    response::unless_seen(&headers, &view)
}

fn filter(params: &mut Params) -> TransactionFilter {
    let kind = |text: &str| TransactionKind::ALL.into_iter().find(|kind| kind.as_str() == text);
    let status = |text: &str| TransactionStatus::ALL.into_iter().find(|status| status.as_str() == text);
    let method = |text: &str| PaymentMethod::ALL.into_iter().find(|method| method.as_str() == text);
    TransactionFilter {
        payer: params.one("payer"),
        payee: params.one("payee"),
        booking: params.one("booking"),
        kinds: params.all("type", kind),
        statuses: params.all("status", status),
        method: params.once("method", method),
        from: params.one("from"),
        until: params.one("until"),
        flagged: params.one("flagged").unwrap_or_default(),
    }
}
