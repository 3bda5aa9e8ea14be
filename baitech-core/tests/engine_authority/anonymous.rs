//! Callers who have not signed in.

use baitech_core::{
    account::NewUser,
    kernel::{Actor, Role, Rule},
    store::{AggregateRef, IdempotencyKey},
};

use crate::support::{World, assert_forbidden, assert_refused, run};

fn newcomer(name: &str, n: u8) -> NewUser {
    NewUser::new(Role::Customer, name, "Mwangi", &format!("{name}@example.ke"), &format!("07123456{n:02}"))
}

#[test]
fn anonymous_callers_register_any_role_except_staff() {
    let world = World::new();
    let accounts = world.market.accounts();
    for (n, role) in (1..).zip(Role::ALL) {
        let mut new = newcomer("wanjiku", n);
        new.role = role;
        match role {
            Role::Admin | Role::Support => assert_forbidden(run(accounts.register(&Actor::Anonymous, &new))),
            Role::Customer => {
                let id = run(accounts.register(&Actor::Anonymous, &new)).unwrap().id;
                let event = world.events().pop().unwrap();
                let registered = Some(AggregateRef::User(id));
                assert_eq!((event.aggregate(), event.actor), (registered, Actor::Anonymous));
            }
            // Other tests cover their profiles.
            Role::Technician | Role::Corporate => {}
        }
    }
    for actor in [world.customer.actor(), world.technician.actor(), world.support.actor()] {
        let mut new = newcomer("njeri", 9);
        new.role = Role::Support;
        assert_forbidden(run(accounts.register(&actor, &new)));
    }
    let mut new = newcomer("njeri", 9);
    new.role = Role::Support;
    run(accounts.register(&world.admin.actor(), &new)).unwrap();
}

#[test]
fn idempotency_keys_of_two_registrations_do_not_collide() {
    let world = World::new();
    let key = || IdempotencyKey::new("1").unwrap();
    let register =
        |new: &NewUser| run(world.market.accounts().idempotency_key(key()).register(&Actor::Anonymous, new));
    let (first, second) = (newcomer("wanjiku", 1), newcomer("njeri", 2));
    let one = register(&first).unwrap();
    let two = register(&second).unwrap();
    assert_ne!(one.id, two.id, "the same key from another person is another request");
    assert_eq!(register(&first).unwrap().value, one.value, "the same request creates one account");
    let other_body = NewUser { first_name: "Another".to_owned(), ..first.clone() };
    assert_refused(register(&other_body), Rule::IDEMPOTENCY_KEY_REUSED);
    // The address is compared in its normal form.
    let shouted = NewUser { email: first.email.to_uppercase(), ..first };
    assert_refused(register(&shouted), Rule::IDEMPOTENCY_KEY_REUSED);
}

#[test]
fn repeated_registration_returns_the_account_as_it_was_registered() {
    let world = World::new();
    let accounts = world.market.accounts();
    let new = newcomer("wanjiku", 1);
    let register = || {
        let accounts = world.market.accounts().idempotency_key(IdempotencyKey::new("1").unwrap());
        run(accounts.register(&Actor::Anonymous, &new)).unwrap()
    };
    let first = register();
    let change = baitech_core::account::ProfileChange {
        phone_number: Some("0799 999 999".to_owned()),
        bio: Some("a secret".to_owned()),
        ..baitech_core::account::ProfileChange::default()
    };
    world.pass(5);
    run(accounts.change_profile(&first.actor(), first.id, &change)).unwrap();
    let again = register();
    assert_eq!((again.version, &again.value), (first.version, &first.value));
}
