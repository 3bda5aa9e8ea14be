//! Wallets, earnings, withdrawals and payouts.

use axum::extract::State;
use baitech_core::{
    account::User,
    kernel::{Code, Id, Money, Violation},
    payment::NewPayout,
    transaction::PaymentMethod,
};
use serde::Deserialize;

use super::Sum;
use crate::{
    app::App,
    problem::{Answer, Problem},
    request::{Body, Caller, Origin, Params},
    response,
};

/// The transactions, relative to the URL of a command on a wallet.
const TRANSACTIONS: &str = "../transactions/";

/// Like [`Sum`], for a technician.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Payout {
    #[serde(default)]
    technician: Option<Id<User>>,
    amount: Money,
    #[serde(default)]
    method: Option<PaymentMethod>,
    #[serde(default)]
    phone_number: Option<String>,
    #[serde(default)]
    account: Option<String>,
}

/// A user's balances: the caller's own, unless `user` names another.
pub(crate) async fn wallet(State(app): State<App>, caller: Caller, mut params: Params) -> Answer {
    let user = params.one("user");
    let currency = params.one("currency").unwrap_or(app.market.policy().currency);
    params.finish()?;
    let user = owner(&caller, user, "user")?;
    response::json(&caller.answer(caller.payments.wallet(&caller.actor, user, currency).await).await?)
}

/// The movements of a wallet, the newest first.
pub(crate) async fn wallet_entries(caller: Caller, mut params: Params) -> Answer {
    let (user, page) = (params.one("user"), params.page());
    params.finish()?;
    let user = owner(&caller, user, "user")?;
    response::page(&caller.listed(caller.payments.wallet_lines(&caller.actor, user, &page).await).await?)
}

/// A technician's earnings and payouts, the newest first.
pub(crate) async fn earning_entries(caller: Caller, mut params: Params) -> Answer {
    let (user, page) = (params.one("user"), params.page());
    params.finish()?;
    let user = owner(&caller, user, "user")?;
    response::page(&caller.listed(caller.payments.earning_lines(&caller.actor, user, &page).await).await?)
}

/// Tops up the caller's wallet.
pub(crate) async fn top_up(caller: Caller, Origin(origin): Origin, Body(sum): Body<Sum>) -> Answer {
    caller.unpinned()?;
    let (amount, payment) = sum.paid_from(origin);
    caller.show_started(caller.payments.top_up(&caller.actor, amount, &payment).await, TRANSACTIONS).await
}

/// Withdraws money from the caller's wallet.
pub(crate) async fn withdraw(caller: Caller, Body(sum): Body<Sum>) -> Answer {
    caller.unpinned()?;
    let (amount, payout) = sum.paid_out();
    caller
        .show_new_payment(caller.payments.withdraw(&caller.actor, amount, &payout).await, TRANSACTIONS)
        .await
}

/// Pays the caller's debt.
pub(crate) async fn pay_debt(caller: Caller, Origin(origin): Origin, Body(sum): Body<Sum>) -> Answer {
    caller.unpinned()?;
    let (amount, payment) = sum.paid_from(origin);
    caller.show_started(caller.payments.pay_debt(&caller.actor, amount, &payment).await, TRANSACTIONS).await
}

/// Requests an instant payout for a fee: to the caller, unless `technician` names another.
pub(crate) async fn request_payout(caller: Caller, Body(body): Body<Payout>) -> Answer {
    caller.unpinned()?;
    let Payout { technician, amount, method, phone_number, account } = body;
    let technician = owner(&caller, technician, "technician")?;
    let payout = NewPayout { method, phone_number, account };
    let paid = caller.payments.request_payout(&caller.actor, technician, amount, &payout).await;
    caller.show_new_payment(paid, "transactions/").await
}

/// The owner of the account: the caller, unless another user is named.
fn owner(caller: &Caller, named: Option<Id<User>>, field: &'static str) -> Answer<Id<User>> {
    let missing = || Violation::new(field, Code::Required, "must name the owner of the account");
    named.or(caller.actor.id()).ok_or_else(|| Problem::from_violation(missing()))
}
