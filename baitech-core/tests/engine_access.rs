//! Access depends on the stored account, not on the role that an actor claims.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use baitech_core::{
    account::{NewUser, User, UserFilter, UserStatus},
    booking::BookingFilter,
    kernel::{Actor, Currency, Error, Id, PageRequest, Result, Role, Rule},
    ledger::Account,
    testing::build,
    transaction::TransactionFilter,
};
use support::{World, assert_forbidden, assert_not_found, assert_refused, request, run};

/// The registration of a new customer.
fn newcomer() -> NewUser {
    NewUser::new(Role::Customer, "Wanjiku", "Mwangi", "wanjiku@example.ke", "+254712345678")
}

#[test]
fn claimed_role_that_differs_from_the_account_is_refused() {
    let world = World::new();
    let (accounts, ledger) = (world.market.accounts(), world.market.ledger());
    let mut staff = newcomer();
    staff.role = Role::Admin;
    let before = world.trace();
    for liar in
        [Actor::user(world.customer.id, Role::Admin), Actor::user(Id::from_bytes([9; 12]), Role::Admin)]
    {
        assert_forbidden(run(accounts.register(&liar, &staff)));
        assert_forbidden(run(accounts.register(&liar, &newcomer())));
        assert_forbidden(run(accounts.get(&liar, world.technician.id)));
        assert_forbidden(run(accounts.find_by_email(&liar, &world.technician.email)));
        assert_forbidden(run(accounts.find_by_phone(&liar, &world.technician.phone)));
        assert_forbidden(run(accounts.list(&liar, UserFilter::default(), &PageRequest::default())));
        assert_forbidden(run(accounts.set_status(&liar, world.technician.id, UserStatus::Banned)));
        assert_forbidden(run(ledger.trial_balance(&liar)));
        assert_forbidden(run(ledger.balance(&liar, Account::Wallet(world.technician.id), Currency::KES)));
    }
    assert_eq!(world.trace(), before);
    assert_eq!(run(accounts.get(&world.admin.actor(), world.technician.id)).unwrap().id, world.technician.id);
}

#[test]
fn suspended_users_read_their_own_data_and_deactivated_users_read_nothing() {
    let world = World::new();
    let (accounts, ledger) = (world.market.accounts(), world.market.ledger());
    for user in [&world.customer, &world.support] {
        for (status, reads) in [
            (UserStatus::Active, true),
            (UserStatus::Suspended, true),
            (UserStatus::Deactivated, false),
            (UserStatus::Banned, false),
        ] {
            run(accounts.set_status(&Actor::System, user.id, status)).unwrap();
            let wallet = Account::Wallet(user.id);
            let answers = [
                run(accounts.get(&user.actor(), user.id)).map(drop),
                run(ledger.balance(&user.actor(), wallet, Currency::KES)).map(drop),
            ];
            for answer in answers {
                if reads {
                    answer.unwrap();
                } else {
                    assert_refused(answer, Rule::INACTIVE_USER);
                }
            }
        }
    }
}

#[test]
fn suspended_staff_cannot_read_data_of_others() {
    let world = World::new();
    let (accounts, ledger, payments) =
        (world.market.accounts(), world.market.ledger(), world.market.payments());
    let booking = world.request(&request());
    run(accounts.set_status(&Actor::System, world.support.id, UserStatus::Suspended)).unwrap();
    let (actor, page) = (world.support.actor(), PageRequest::default());
    let bookings = world.bookings();
    assert_not_found(run(accounts.get(&actor, world.customer.id)));
    assert_forbidden(run(accounts.list(&actor, UserFilter::default(), &page)));
    assert_forbidden(run(accounts.find_by_email(&actor, &world.customer.email)));
    assert_forbidden(run(accounts.find_by_phone(&actor, &world.customer.phone)));
    assert_forbidden(run(ledger.trial_balance(&actor)));
    assert_forbidden(run(ledger.balance(&actor, Account::Wallet(world.customer.id), Currency::KES)));
    assert_not_found(run(bookings.get(&actor, booking.id)));
    assert_not_found(run(bookings.get_by_number(&actor, &booking.number)));
    assert_not_found(run(bookings.view(&actor, booking.id)));
    assert_not_found(run(bookings.view_of(&actor, &booking)));
    assert_not_found(run(bookings.view_by_number(&actor, &booking.number)));
    assert_not_found(run(bookings.candidates(&actor, booking.id, 5)));
    assert_not_found(run(bookings.why_not(&actor, booking.id, world.technician.id)));
    assert_forbidden(run(bookings.list(&actor, &BookingFilter::default(), &page)));
    assert_forbidden(run(bookings.list_views(&actor, &BookingFilter::default(), &page)));
    assert_forbidden(run(bookings.count_by_status(&actor, &BookingFilter::default())));
    let everything = TransactionFilter::default();
    assert_forbidden(run(payments.list(&actor, &everything, &page)));
    assert_forbidden(run(payments.list_views(&actor, &everything, &page)));
    assert_forbidden(run(payments.totals(&actor, &everything)));
    assert_forbidden(run(payments.wallet(&actor, world.customer.id, Currency::KES)));
    assert_forbidden(run(payments.wallet_lines(&actor, world.customer.id, &page)));
    assert_forbidden(run(payments.earning_lines(&actor, world.technician.id, &page)));
    assert_forbidden(run(payments.list_webhooks(&actor, &[], &page)));
    assert_forbidden(run(payments.statement(&actor, world.customer.id, 2026, 3)));
}

#[test]
fn suspended_customer_cannot_start_a_search() {
    let world = World::new();
    let booking = world.request(&request());
    let (customer, admin) = (world.customer.actor(), world.admin.actor());
    run(world.market.accounts().set_status(&admin, world.customer.id, UserStatus::Suspended)).unwrap();
    let (id, technician) = (booking.id, world.technician.id);
    assert_refused(run(world.bookings().find_technician(&customer, id)), Rule::INACTIVE_USER);
    run(world.bookings().find_technician(&admin, id)).unwrap();
    run(world.bookings().reject(&world.technician.actor(), id, "no")).unwrap();
    assert_refused(run(world.bookings().find_technician(&customer, id)), Rule::INACTIVE_USER);
    assert_refused(run(world.bookings().assign(&customer, id, technician)), Rule::INACTIVE_USER);
}

#[test]
fn suspended_company_cannot_add_members() {
    let world = World::new();
    let accounts = world.market.accounts();
    let company: User = build::company(1);
    world.add(&company);
    let mut member = newcomer();
    member.role = Role::Corporate;
    member.corporate = company.corporate.clone();
    member.corporate.as_mut().unwrap().administrator = Some(company.id);
    run(accounts.set_status(&world.admin.actor(), company.id, UserStatus::Suspended)).unwrap();
    assert_refused(run(accounts.register(&company.actor(), &member)), Rule::INACTIVE_USER);
    assert_refused(run(accounts.register(&world.admin.actor(), &member)), Rule::INACTIVE_USER);
    run(accounts.set_status(&world.admin.actor(), company.id, UserStatus::Active)).unwrap();
    let joined = run(accounts.register(&company.actor(), &member)).unwrap();
    assert_eq!(joined.company(), Some(company.id));
}

#[test]
fn bookings_are_hidden_from_wrong_roles_and_banned_users() {
    let world = World::new();
    let booking = world.request(&request());
    let read = |actor: &Actor| {
        let filter = BookingFilter::default();
        let bookings = world.bookings();
        assert_forbidden_or_inactive(run(bookings.get(actor, booking.id)));
        assert_forbidden_or_inactive(run(bookings.get_by_number(actor, &booking.number)));
        assert_forbidden_or_inactive(run(bookings.view(actor, booking.id)));
        assert_forbidden_or_inactive(run(bookings.list(actor, &filter, &PageRequest::default())));
        assert_forbidden_or_inactive(run(bookings.count_by_status(actor, &filter)));
    };
    // A customer whose token still carries the role of an administrator.
    read(&Actor::user(world.customer.id, Role::Admin));
    let admin = world.admin.actor();
    run(world.market.accounts().set_status(&admin, world.support.id, UserStatus::Banned)).unwrap();
    read(&world.support.actor());
}

fn assert_forbidden_or_inactive<T: std::fmt::Debug>(result: Result<T>) {
    let error = result.expect_err("must not be shown");
    let inactive = error.rule() == Some(Rule::INACTIVE_USER);
    assert!(inactive || matches!(error, Error::Forbidden { .. }), "{error:?}");
}
