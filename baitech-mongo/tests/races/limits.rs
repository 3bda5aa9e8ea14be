//! Concurrent commands near a limit stay within it together.

use std::sync::Arc;

use baitech_core::{
    Marketplace,
    account::User,
    booking::{Booking, BookingPolicy, BookingStatus, NewBooking},
    kernel::{Actor, Currency, Error, ManualClock, Money, Role, Rule},
    ledger::Account,
    payment::NewPayment,
    store::{LedgerReader, Put, Stored},
    testing::build::{self, kes},
    transaction::{PaymentMethod, TransactionKind},
};

use crate::creations::request;
use crate::world::{World, at_once, now, offer, put, slot};

const RIVALS: u64 = 12;

/// Engines over both connections, with these limits.
fn limited(world: &World, change: impl Fn(&mut BookingPolicy)) -> Vec<Marketplace> {
    let market = |store: &baitech_mongo::MongoStore| {
        let mut policy = BookingPolicy::default();
        change(&mut policy);
        let clock = Arc::new(ManualClock::at(now()));
        Marketplace::builder(Arc::new(store.clone())).clock(clock).policy(policy).build()
    };
    world.stores.iter().map(market).collect()
}

async fn balance(world: &World, account: Account) -> Money {
    world.stores[0].balance(account, Currency::KES).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_credit_payments_stay_within_the_limit() {
    let world = World::new().await;
    let markets = limited(&world, |policy| policy.payment.credit_limit = kes(4 * 2_738 + 100));
    let company = build::company(1);
    let technician = world.technician(1).await;
    world.store([Put::new(company.clone()).into()]).await;
    let bookings: Vec<Booking> = (0..RIVALS)
        .map(|n| {
            let mut record = build::booking(n, &company, Some(&technician), BookingStatus::Accepted);
            record.payment.method = Some(PaymentMethod::BankTransfer);
            Booking::from_record(record)
        })
        .collect();
    world.store(bookings.iter().map(|booking| Put::new(booking.clone()).into())).await;
    let pay = |(n, booking): (usize, &Booking)| {
        let payments = markets[n % 2].payments().max_price(booking.pricing.total);
        let (actor, id) = (Actor::user(company.id, Role::Corporate), booking.id);
        async move { payments.pay(&actor, id, &NewPayment::default()).await.map(drop) }
    };
    let answers = at_once(bookings.iter().enumerate().map(pay)).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 4, "{answers:?}");
    for refusal in answers.into_iter().filter_map(Result::err) {
        assert_eq!(refusal.rule(), Some(Rule::DEBT_LIMIT), "{refusal:?}");
    }
    assert_eq!(balance(&world, Account::Receivable(company.id)).await, kes(-4 * 2_738));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_employees_book_and_pay_at_once_within_the_companys_credit_limit() {
    const EMPLOYEES: u64 = 50;
    const WITHIN: usize = 20;
    let world = World::new().await;
    let limit = kes(i64::try_from(WITHIN).unwrap() * 2_738 + 2_737);
    let markets = limited(&world, |policy| policy.payment.credit_limit = limit);
    let company = build::company(1);
    let employees: Vec<User> = (0..EMPLOYEES).map(|n| employee(&company, 100 + n)).collect();
    let people = employees.iter().chain([&company]).cloned().map(|user| Put::new(user).into());
    world.store(people).await;

    let create = |(n, employee): (usize, &User)| {
        let (bookings, actor) = (markets[n % 2].bookings(), employee.actor());
        let request = NewBooking { payment_method: PaymentMethod::BankTransfer, ..request() };
        async move { bookings.create(&actor, &request).await }
    };
    for booking in at_once(employees.iter().enumerate().map(create)).await {
        let booking = booking.expect("every employee can book");
        assert_eq!(booking.corporate.as_ref().map(|corporate| corporate.company), Some(company.id));
    }

    // Other bookings of theirs, which technicians have accepted.
    let technician = world.technician(1).await;
    let accepted: Vec<Booking> = (0..EMPLOYEES)
        .zip(&employees)
        .map(|(n, employee)| {
            // Numbers that the new bookings do not reach.
            let mut record = build::booking(5_000 + n, employee, Some(&technician), BookingStatus::Accepted);
            record.payment.method = Some(PaymentMethod::BankTransfer);
            record.corporate = Some(build::corporate_details(company.id));
            Booking::from_record(record)
        })
        .collect();
    world.store(accepted.iter().map(put)).await;
    let pay = |(n, booking): (usize, &Booking)| {
        let payments = markets[n % 2].payments().max_price(booking.pricing.total);
        let (actor, id) = (employees[n].actor(), booking.id);
        async move { payments.pay(&actor, id, &NewPayment::default()).await.map(drop) }
    };
    let answers = at_once(accepted.iter().enumerate().map(pay)).await;
    let (paid, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    for refusal in refused.into_iter().filter_map(Result::err) {
        assert_eq!(refusal.rule(), Some(Rule::DEBT_LIMIT), "{refusal:?}");
    }
    assert_eq!(paid.len(), WITHIN);
    let owed = i64::try_from(WITHIN).unwrap() * 2_738;
    assert_eq!(balance(&world, Account::Receivable(company.id)).await, kes(-owed));
}

fn employee(company: &User, n: u64) -> User {
    let mut employee = build::user(Role::Corporate, n);
    employee.corporate = company.corporate.clone();
    employee.corporate.as_mut().unwrap().administrator = Some(company.id);
    User::from_record(employee)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_top_ups_stay_within_the_wallet_limit() {
    let world = World::new().await;
    let markets: Vec<Marketplace> = limited(&world, |policy| policy.payment.wallet_limit = kes(350));
    let company = build::company(1);
    world.store([Put::new(company.clone()).into()]).await;
    let owner = company.id;
    let ask = |n: u64| {
        let payments = markets[usize::try_from(n).unwrap() % 2].payments();
        let request = NewPayment { method: Some(PaymentMethod::BankTransfer), ..NewPayment::default() };
        async move {
            payments
                .top_up(&Actor::user(owner, Role::Corporate), kes(100), &request)
                .await
                .map(|begun| begun.transaction)
        }
    };
    let answers = at_once((0..RIVALS).map(ask)).await;
    let begun: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
    assert_eq!(begun.len(), 3, "{answers:?}");
    assert!(begun.iter().all(|begun| begun.kind == TransactionKind::WalletTopup));
    assert!(
        answers
            .iter()
            .filter_map(|answer| answer.as_ref().err())
            .all(|error| matches!(error, Error::Invalid(_)))
    );
    let sum = balance(&world, Account::Wallet(owner)).await;
    let open = balance(&world, Account::OpenTopUps(owner)).await;
    assert_eq!(sum.checked_add(open).unwrap(), kes(300));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrently_accepted_cash_jobs_stay_within_the_debt_limit() {
    const COMMISSION: i64 = 460;
    let world = World::new().await;
    let markets = limited(&world, |policy| policy.payment.debt_limit = kes(4 * COMMISSION + 100));
    let technician = world.technician(1).await;
    // Each job has its own customer, since tallies on a shared customer are not part of this race.
    let offers: Vec<Booking> = (0..RIVALS)
        .map(|n| offer(n, (&technician, &build::customer(100 + n)), slot(1 + n, 40, 48)))
        .collect();
    let customers = (0..RIVALS).map(|n| Put::new(build::customer(100 + n)).into());
    world.store(customers.chain(offers.iter().map(put))).await;
    let accept = |(n, offer): (usize, &Booking)| {
        let (bookings, actor, id) = (markets[n % 2].bookings(), technician.actor(), offer.id);
        async move { bookings.accept(&actor, id).await }
    };
    let answers = at_once(offers.iter().enumerate().map(accept)).await;
    let (accepted, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(accepted.len(), 4, "{refused:?}");
    for refusal in refused.into_iter().filter_map(Result::err) {
        assert_eq!(refusal.rule(), Some(Rule::DEBT_LIMIT), "{refusal:?}");
    }
    let (open, payable) = (Account::OpenCashJobs(technician.id), Account::Payable(technician.id));
    assert_eq!(balance(&world, open).await, kes(-4 * COMMISSION));

    // Two jobs are cancelled and two are completed concurrently: each releases its reservation once.
    let end = |(n, job): (usize, baitech_core::kernel::Result<Stored<Booking>>)| {
        let (bookings, job) = (markets[n % 2].bookings(), job.unwrap());
        let (technician, customer) = (technician.actor(), Actor::user(job.customer, Role::Customer));
        async move {
            if n >= 2 {
                bookings.cancel(&technician, job.id, "ill").await.unwrap();
                return;
            }
            bookings.allow_early_start(&customer, job.id, now()).await.unwrap();
            bookings.en_route(&technician, job.id).await.unwrap();
            bookings.arrive(&technician, job.id).await.unwrap();
            bookings.start(&technician, job.id).await.unwrap();
            bookings.complete(&technician, job.id).await.unwrap();
            bookings.verify(&customer, job.id).await.unwrap();
            let paid = bookings.confirm_cash(&technician, job.id).await.unwrap();
            assert_eq!(paid.payment.reserved_commission, None);
        }
    };
    at_once(accepted.into_iter().enumerate().map(end)).await;
    assert_eq!((balance(&world, open).await, balance(&world, payable).await), (kes(0), kes(-2 * COMMISSION)));
    assert_eq!(balance(&world, Account::OpenAmounts).await, kes(0));
}
