//! Who may change which account, and the effect of a repeated change.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use baitech_core::{
    account::{
        Availability, Category, IdType, KycDecision, KycDocuments, KycStatus, NewUser, ProfileChange, User,
        UserStatus,
    },
    kernel::{Actor, Code, Role, Rule},
    store::IdempotencyKey,
    testing::build,
};
use support::{World, assert_forbidden, assert_invalid, assert_refused, run};

fn moves_to(email: &str) -> ProfileChange {
    ProfileChange { email: Some(email.to_owned()), ..ProfileChange::default() }
}

fn passport() -> KycDocuments {
    KycDocuments {
        id_type: IdType::Passport,
        id_number: " A1234567 ".to_owned(),
        front_image: " https://cdn.example.ke/front.jpg ".to_owned(),
        back_image: Some("  ".to_owned()),
    }
}

#[test]
fn only_an_admin_changes_accounts_of_other_staff() {
    let world = World::new();
    let accounts = world.market.accounts();
    let colleague = User::from_record(build::user(Role::Support, 2));
    world.add(&colleague);
    let (support, taken) = (world.support.actor(), moves_to("mine@example.ke"));
    run(accounts.submit_kyc(&world.admin.actor(), world.admin.id, &passport())).unwrap();
    let events = world.events().len();
    for other in [world.admin.id, colleague.id] {
        assert_forbidden(run(accounts.change_profile(&support, other, &taken)));
        assert_forbidden(run(accounts.set_status(&support, other, UserStatus::Banned)));
        assert_forbidden(run(accounts.submit_kyc(&support, other, &passport())));
        assert_forbidden(run(accounts.decide_kyc(&support, other, &KycDecision::Verify)));
    }
    assert_eq!(world.events().len(), events, "nothing was stored");

    let own = run(accounts.change_profile(&support, world.support.id, &taken)).unwrap();
    assert_eq!(own.email.as_str(), "mine@example.ke");
    run(accounts.change_profile(&support, world.customer.id, &moves_to("new@example.ke"))).unwrap();
    run(accounts.set_status(&world.admin.actor(), colleague.id, UserStatus::Suspended)).unwrap();
    let done = run(accounts.decide_kyc(&Actor::System, world.admin.id, &KycDecision::Verify)).unwrap();
    assert_eq!(done.kyc.status, KycStatus::Verified);
}

#[test]
fn skill_is_verified_by_category_and_name() {
    let world = World::new();
    let (accounts, admin, id) = (world.market.accounts(), world.admin.actor(), world.technician.id);
    let verify = |category, name, seen| run(accounts.verify_skill(&admin, id, (category, name), seen));
    let skill = |user: &User| user.technician.as_ref().unwrap().skills[0].verified;
    assert!(skill(&world.technician));
    assert!(!skill(&verify(Category::Plumbing, " PLUMBING ", false).unwrap()));
    for (category, name) in
        [(Category::Plumbing, "plumbin"), (Category::Welding, "plumbing"), (Category::Plumbing, "")]
    {
        assert_invalid(verify(category, name, true), &[("skill", Code::Unknown)]);
    }
    let unknown =
        run(accounts.verify_skill(&admin, world.customer.id, (Category::Plumbing, "plumbing"), true));
    assert_invalid(unknown, &[("skill", Code::Unknown)]);
    assert!(skill(&verify(Category::Plumbing, "plumbing", true).unwrap()));
}

#[test]
fn idempotency_key_covers_one_change_of_one_account() {
    let world = World::new();
    let keyed = world.market.accounts().idempotency_key(IdempotencyKey::new("once").unwrap());
    let (admin, id) = (world.admin.actor(), world.customer.id);
    let moves = || run(keyed.change_profile(&admin, id, &moves_to("new@example.ke")));
    let suspend = |status| run(keyed.set_status(&admin, id, status));
    let submit = || run(keyed.submit_kyc(&admin, id, &passport()));
    let versions = [moves().unwrap(), suspend(UserStatus::Suspended).unwrap(), submit().unwrap()]
        .map(|stored| stored.version);
    let events = world.events().len();
    for again in [moves(), suspend(UserStatus::Suspended), submit()] {
        assert_eq!(again.unwrap().version, versions[2], "a repetition returns the current state");
    }
    assert_refused(suspend(UserStatus::Active), Rule::IDEMPOTENCY_KEY_REUSED);
    let other = run(keyed.change_profile(&admin, world.stranger.id, &moves_to("new@example.ke")));
    assert_refused(other, Rule::IDEMPOTENCY_KEY_REUSED);
    assert_eq!(world.events().len(), events);
}

#[test]
fn hours_over_midnight_are_stored_as_two_slots() {
    let world = World::new();
    let (accounts, technician) = (world.market.accounts(), world.technician.id);
    let hours = |text: &str| -> Availability { serde_json::from_str(text).unwrap() };
    let set = |text| run(accounts.set_availability(&world.technician.actor(), technician, &hours(text)));
    let slots = |user: &User| {
        let weekly = &user.technician.as_ref().unwrap().availability.weekly;
        let slot = |slot: &baitech_core::account::WeeklySlot| {
            format!("{} {}-{}", slot.day_of_week, slot.start, slot.end)
        };
        weekly.iter().map(slot).collect::<Vec<_>>()
    };
    let night = r#"{ "weekly": [{ "dayOfWeek": 6, "startTime": "22:00", "endTime": "02:00" }] }"#;
    assert_eq!(slots(&set(night).unwrap()), ["6 22:00-24:00", "0 00:00-02:00"]);
    let evening = r#"{ "weekly": [{ "dayOfWeek": 1, "startTime": "18:00", "endTime": "00:00" }] }"#;
    assert_eq!(slots(&set(evening).unwrap()), ["1 18:00-24:00"]);
    let empty = r#"{ "weekly": [{ "dayOfWeek": 1, "startTime": "18:00", "endTime": "18:00" }] }"#;
    assert_invalid(set(empty), &[("availability.0.endTime", Code::Order)]);
    let profile = world.technician.technician.clone().unwrap();
    let change = ProfileChange {
        technician: Some(baitech_core::account::TechnicianProfile { availability: hours(night), ..profile }),
        ..ProfileChange::default()
    };
    let changed = run(accounts.change_profile(&world.technician.actor(), technician, &change)).unwrap();
    assert_eq!(slots(&changed), ["6 22:00-24:00", "0 00:00-02:00"], "the same in both methods");
}

#[test]
fn equivalent_addresses_and_numbers_belong_to_one_account() {
    let world = World::new();
    let accounts = world.market.accounts();
    let register = |email: &str, phone: &str| {
        let new = NewUser::new(Role::Customer, "Jo", "Doe", email, phone);
        run(accounts.register(&Actor::System, &new))
    };
    let jo = register("Jo.Doe@Bücher.Example", "0722 000 001").unwrap();
    assert_eq!(jo.email.as_str(), "jo.doe@xn--bcher-kva.example");
    assert_eq!(jo.phone.as_str(), "+254722000001");
    for email in ["jo.doe@xn--bcher-kva.example", "JO.DOE@BU\u{308}CHER.EXAMPLE"] {
        assert_invalid(register(email, "0722 000 002"), &[("email", Code::Duplicate)]);
    }
    for phone in ["+254 722 000 001", "00254722000001", "０７２２０００００１", "(0722) 000-001"] {
        assert_invalid(register("other@example.ke", phone), &[("phoneNumber", Code::Duplicate)]);
    }
    assert_invalid(register("other@example.ke", "0722 00000I"), &[("phoneNumber", Code::Malformed)]);
    register("other@example.ke", "0722 000 002").unwrap();

    // An address that is no longer used is free in every notation.
    run(accounts.change_profile(&jo.actor(), jo.id, &moves_to("jo@example.ke"))).unwrap();
    register("JO.DOE@bücher.example", "0722 000 003").unwrap();
}

#[test]
fn name_without_visible_characters_is_refused() {
    let world = World::new();
    for name in ["\u{200B}\u{200B}", "\u{3164}", "\u{2800}\u{2800}", "\u{FEFF} \u{2060}"] {
        let new = NewUser::new(Role::Customer, name, "Doe", "unseen@example.ke", "0722 000 009");
        let refused = run(world.market.accounts().register(&Actor::System, &new));
        assert_invalid(refused, &[("firstName", Code::Required)]);
        let change = ProfileChange { last_name: Some(name.to_owned()), ..ProfileChange::default() };
        let refused =
            run(world.market.accounts().change_profile(&world.customer.actor(), world.customer.id, &change));
        assert_invalid(refused, &[("lastName", Code::Required)]);
    }
    let turned = NewUser::new(Role::Customer, "Jo\u{202E}eoD", "Doe", "unseen@example.ke", "0722 000 009");
    let refused = run(world.market.accounts().register(&Actor::System, &turned));
    assert_invalid(refused, &[("firstName", Code::Malformed)]);
}
