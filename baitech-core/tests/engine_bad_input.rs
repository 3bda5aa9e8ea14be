//! Invalid input is refused with all violations at once, and nothing is stored.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::Arc;

use baitech_core::{
    account::{
        Category, IdType, Image, Insurance, KycDocuments, Licence, NewUser, ProfileChange, Skill,
        TechnicianProfile, UserFilter, UserStatus,
    },
    booking::{BookingFilter, NewBooking, Project},
    kernel::{Actor, Code, Currency, Id, Money, PageRequest, Role, Rule, Text},
    pricing::{HourlyPriceList, PriceList},
    store::IdempotencyKey,
    testing::build,
    transaction::PaymentMethod,
};
use support::{World, assert_forbidden, assert_invalid, assert_refused, kes, request, run, slot};

/// A change that makes a valid request invalid, and the expected violation.
type Spoiled = (fn(&mut NewBooking), &'static [(&'static str, Code)]);

fn images(count: usize) -> Vec<Image> {
    vec![Image { url: "https://cdn.example.ke/a.jpg".to_owned(), public_id: None }; count]
}

#[test]
fn each_bad_field_of_a_request_is_named_and_nothing_is_stored() {
    let cases: &[Spoiled] = &[
        (|r| r.time_slot = slot(0, "07:45", "09:00"), &[("timeSlot.startTime", Code::InPast)]),
        (|r| r.time_slot = slot(0, "08:00", "09:00"), &[("timeSlot.startTime", Code::InPast)]),
        (|r| r.time_slot = slot(367, "10:00", "12:00"), &[("timeSlot.date", Code::OutOfRange)]),
        (|r| r.time_slot = slot(1, "12:00", "10:00"), &[("timeSlot.endTime", Code::Order)]),
        (|r| r.time_slot = slot(1, "10:00", "10:00"), &[("timeSlot.endTime", Code::Order)]),
        (|r| r.time_slot = slot(1, "23:00", "01:00"), &[("timeSlot.endTime", Code::Order)]),
        (|r| r.time_slot = slot(1, "10:10", "12:00"), &[("timeSlot.startTime", Code::Malformed)]),
        (|r| r.time_slot = slot(1, "10:00", "12:01"), &[("timeSlot.endTime", Code::Malformed)]),
        (|r| r.time_slot = slot(1, "25:00", "26:00"), &[("timeSlot.startTime", Code::Malformed)]),
        (|r| r.time_slot = slot(1, "ten", "12:00"), &[("timeSlot.startTime", Code::Malformed)]),
        (
            |r| r.service_location.coordinates = (180.1, 0.0),
            &[("serviceLocation.coordinates", Code::OutOfRange)],
        ),
        (
            |r| r.service_location.coordinates = (0.0, -90.1),
            &[("serviceLocation.coordinates", Code::OutOfRange)],
        ),
        (
            |r| r.service_location.coordinates = (f64::NAN, 0.0),
            &[("serviceLocation.coordinates", Code::OutOfRange)],
        ),
        (
            |r| r.service_location.coordinates = (0.0, f64::INFINITY),
            &[("serviceLocation.coordinates", Code::OutOfRange)],
        ),
        (
            |r| r.service_location.address = Some("x".repeat(301)),
            &[("serviceLocation.address", Code::TooLong)],
        ),
        (|r| r.description = "é".repeat(1_001), &[("description", Code::TooLong)]),
        (|r| r.description = "  \n ".to_owned(), &[("description", Code::Required)]),
        (|r| r.description = "a\u{0}b".to_owned(), &[("description", Code::Malformed)]),
        (|r| r.service_type = String::new(), &[("serviceType", Code::Required)]),
        (|r| r.images = images(6), &[("images", Code::TooMany)]),
        (
            |r| r.images = vec![Image { url: String::new(), public_id: None }],
            &[("images.0.url", Code::Required)],
        ),
        (
            |r| r.images = vec![Image { url: "u".repeat(501), public_id: None }],
            &[("images.0.url", Code::TooLong)],
        ),
        (
            |r| r.images = vec![Image { public_id: Some("p".repeat(201)), ..images(1).remove(0) }],
            &[("images.0.publicId", Code::TooLong)],
        ),
        (
            |r| r.preferred_technician = Some(Id::from_bytes([9; 12])),
            &[("preferredTechnician", Code::Unknown)],
        ),
        (|r| r.recurrence = Some("EVERY MONDAY".to_owned()), &[("recurrence", Code::Malformed)]),
        (
            |r| r.time_slot.time_zone = Some(chrono_tz::Tz::Pacific__Auckland),
            &[("timeSlot.timeZone", Code::Unknown)],
        ),
        (|r| r.recurrence = Some("FREQ=DAILY".to_owned()), &[("recurrence", Code::OutOfRange)]),
        (|r| r.recurrence = Some("FREQ=WEEKLY;COUNT=53".to_owned()), &[("recurrence", Code::TooMany)]),
        (|r| r.recurrence = Some("FREQ=WEEKLY;COUNT=1".to_owned()), &[("recurrence", Code::OutOfRange)]),
        (|r| r.notes = Some("n".repeat(1_001)), &[("notes", Code::TooLong)]),
        (
            |r| {
                r.description = String::new();
                r.service_type = "x".repeat(101);
                r.service_location.coordinates = (999.0, 0.0);
                r.service_location.city = Some("c".repeat(101));
                r.time_slot = slot(1, "12:00", "10:00");
                r.images = images(6);
                r.notes = Some("n".repeat(1_001));
                r.source = Some("s".repeat(51));
            },
            &[
                ("description", Code::Required),
                ("serviceType", Code::TooLong),
                ("serviceLocation.coordinates", Code::OutOfRange),
                ("serviceLocation.city", Code::TooLong),
                ("timeSlot.endTime", Code::Order),
                ("images", Code::TooMany),
                ("notes", Code::TooLong),
                ("source", Code::TooLong),
            ],
        ),
    ];
    let world = World::new();
    let (customer, before) = (world.customer.actor(), world.trace());
    for (spoil, expected) in cases {
        let mut request = request();
        spoil(&mut request);
        assert_invalid(run(world.bookings().create(&customer, &request)), expected);
        assert_invalid(run(world.bookings().quote(&customer, &request)), expected);
    }
    let of_nobody = NewBooking { project: Some(Project::default()), ..request() };
    assert_invalid(run(world.bookings().create(&customer, &of_nobody)), &[("project", Code::Unknown)]);
    assert_eq!(world.trace(), before);
    assert!(world.work().is_idle(), "nothing is due");
    assert_eq!(world.book().number.as_str(), "BK2603000001", "no number was used up");
}

#[test]
fn values_at_their_limits_are_accepted() {
    let world = World::new();
    let mut request = request();
    request.time_slot = slot(0, "08:15", "24:00");
    request.description = "é".repeat(1_000);
    request.images = images(5);
    request.service_location.coordinates = (-180.0, 90.0);
    assert_eq!(world.request(&request).description.as_str().chars().count(), 1_000);
}

/// A price list that passes the check of the engine builder although one price has another currency.
#[derive(Debug)]
struct Exported(HourlyPriceList, Money);

impl PriceList for Exported {
    fn base_price(&self, category: Category, service_type: &str, minutes: u32) -> Option<Money> {
        if service_type == "exported" {
            Some(self.1)
        } else {
            self.0.base_price(category, service_type, minutes)
        }
    }
}

#[test]
fn prices_of_other_currencies_and_unknown_services_are_refused() {
    let dollars = Money::from_major(10, Currency::USD);
    let list = Exported(HourlyPriceList::empty().with_fixed("tap repair", kes(500)), dollars);
    let world = World::with(|builder| builder.price_list(Arc::new(list)));
    let (customer, admin, before) = (world.customer.actor(), world.admin.actor(), world.trace());
    let create = |actor: &Actor, change: &dyn Fn(&mut NewBooking)| {
        let mut request = request();
        change(&mut request);
        run(world.bookings().create(actor, &request))
    };
    let unknown = create(&customer, &|r| r.service_type = "unheard of".to_owned());
    assert_invalid(unknown, &[("serviceType", Code::Unknown)]);
    let foreign = create(&customer, &|r| r.service_type = "exported".to_owned());
    assert_invalid(foreign, &[("serviceType", Code::Currency)]);
    let give = |discount| {
        create(&admin, &|r| (r.discount, r.on_behalf_of) = (Some(discount), Some(world.customer.id)))
    };
    let foreign = give(dollars);
    assert_invalid(foreign, &[("discount", Code::Currency)]);
    let negative = give(kes(-1));
    assert_invalid(negative, &[("discount", Code::OutOfRange)]);
    assert_refused(create(&customer, &|r| r.payment_method = PaymentMethod::Card), Rule::PAYMENT_METHOD);
    assert_eq!(world.trace(), before);
}

#[test]
fn staff_only_fields_are_refused_from_others() {
    let world = World::new();
    let before = world.trace();
    for actor in [world.customer.actor(), world.technician.actor()] {
        let discount = NewBooking { discount: Some(kes(1)), ..request() };
        assert_forbidden(run(world.bookings().create(&actor, &discount)));
        let other = NewBooking { on_behalf_of: Some(world.stranger.id), ..request() };
        assert_forbidden(run(world.bookings().create(&actor, &other)));
    }
    let unknown = NewBooking { on_behalf_of: Some(Id::from_bytes([9; 12])), ..request() };
    assert_invalid(
        run(world.bookings().create(&world.support.actor(), &unknown)),
        &[("onBehalfOf", Code::Unknown)],
    );
    let page = PageRequest::default();
    assert_forbidden(run(world.bookings().list(&world.customer.actor(), &BookingFilter::default(), &page)));
    assert_forbidden(run(world.market.accounts().list(
        &world.customer.actor(),
        UserFilter::default(),
        &page,
    )));
    assert_eq!(world.trace(), before);
}

#[test]
fn inactive_or_unknown_users_cannot_create_bookings() {
    let world = World::new();
    let before = world.trace();
    let impostor = Actor::user(world.customer.id, Role::Admin);
    assert_forbidden(run(world.bookings().create(&impostor, &request())));
    let unknown = Actor::user(Id::from_bytes([9; 12]), Role::Customer);
    assert_forbidden(run(world.bookings().create(&unknown, &request())));
    assert_eq!(world.trace(), before);

    let running = world.book_until(baitech_core::booking::BookingStatus::Completed);
    for status in [UserStatus::Suspended, UserStatus::Deactivated, UserStatus::Banned] {
        let accounts = world.market.accounts();
        run(accounts.set_status(&world.admin.actor(), world.customer.id, status)).unwrap();
        let before = world.trace();
        let customer = world.customer.actor();
        assert_refused(run(world.bookings().create(&customer, &request())), Rule::INACTIVE_USER);
        assert_eq!(world.trace(), before);
        if status != UserStatus::Suspended {
            assert_refused(run(world.bookings().verify(&customer, running.id)), Rule::INACTIVE_USER);
        }
    }
    let accounts = world.market.accounts();
    run(accounts.set_status(&world.admin.actor(), world.customer.id, UserStatus::Suspended)).unwrap();
    run(world.bookings().verify(&world.customer.actor(), running.id)).expect("suspended users finish");
}

#[test]
fn idempotency_key_covers_one_request() {
    let world = World::new();
    let (customer, stranger) = (world.customer.actor(), world.stranger.actor());
    let key = IdempotencyKey::new("once").unwrap();
    let first = run(world.bookings().idempotency_key(key.clone()).create(&customer, &request())).unwrap();
    let before = world.trace();
    let again = run(world.bookings().idempotency_key(key.clone()).create(&customer, &request())).unwrap();
    assert_eq!((again.id, again.version), (first.id, first.version));
    let other = NewBooking { description: "Another tap.".to_owned(), ..request() };
    let reused = run(world.bookings().idempotency_key(key.clone()).create(&customer, &other));
    assert_refused(reused, Rule::IDEMPOTENCY_KEY_REUSED);
    assert_eq!(world.trace(), before);
    let theirs = run(world.bookings().idempotency_key(key).create(&stranger, &request())).unwrap();
    assert_ne!(theirs.id, first.id, "keys of two users are independent");
    for text in ["", "two words", "ünïcode"] {
        assert_eq!(IdempotencyKey::new(text).unwrap_err().code, Code::Malformed);
    }
}

fn newcomer(email: &str, phone: &str) -> NewUser {
    NewUser::new(Role::Customer, "Amina", "Odhiambo", email, phone)
}

#[test]
fn taken_address_or_number_is_refused_in_any_notation() {
    let world = World::new();
    let accounts = world.market.accounts();
    let register = |user: &NewUser| run(accounts.register(&Actor::System, user));
    let mut first = newcomer("Amina@Example.KE", "0712 345 678");
    first.username = Some("Amina".to_owned());
    let first = register(&first).unwrap();
    assert_eq!((first.email.as_str(), first.phone.as_str()), ("amina@example.ke", "+254712345678"));

    let (events, page) = (world.events().len(), PageRequest::new(100, None).unwrap());
    let count =
        || run(accounts.list(&world.admin.actor(), UserFilter::default(), &page)).unwrap().items.len();
    let users = count();
    for phone in ["0712345678", "+254712345678", "+254 712-345-678", "254712345678", "(0712) 345678"] {
        let rival = register(&newcomer("other@example.ke", phone));
        assert_invalid(rival, &[("phoneNumber", Code::Duplicate)]);
    }
    for email in ["amina@example.ke", " AMINA@EXAMPLE.KE "] {
        assert_invalid(register(&newcomer(email, "0722000001")), &[("email", Code::Duplicate)]);
    }
    for name in ["amina", "@Amina"] {
        let mut rival = newcomer("other@example.ke", "0722000001");
        rival.username = Some(name.to_owned());
        assert_invalid(register(&rival), &[("username", Code::Duplicate)]);
    }
    let change = ProfileChange { email: Some("AMINA@example.ke".to_owned()), ..ProfileChange::default() };
    let taken = run(accounts.change_profile(&world.customer.actor(), world.customer.id, &change));
    assert_invalid(taken, &[("email", Code::Duplicate)]);
    assert_eq!((world.events().len(), count()), (events, users), "nothing was stored");

    // A number that its user no longer uses is free for others.
    let change = ProfileChange { phone_number: Some("0733000000".to_owned()), ..ProfileChange::default() };
    run(accounts.change_profile(&first.actor(), first.id, &change)).unwrap();
    register(&newcomer("other@example.ke", "0712345678")).unwrap();
}

#[test]
fn every_bad_field_of_a_registration_is_named_at_once() {
    let world = World::new();
    let before = world.trace();
    let mut user = newcomer("nobody", "12");
    user.first_name = String::new();
    user.last_name = "x".repeat(51);
    user.username = Some("no spaces".to_owned());
    user.bio = Some("b".repeat(501));
    user.technician = Some(TechnicianProfile::new(Vec::new()));
    let expected = [
        ("firstName", Code::Required),
        ("lastName", Code::TooLong),
        ("email", Code::Malformed),
        ("phoneNumber", Code::Malformed),
        ("username", Code::Malformed),
        ("bio", Code::TooLong),
        ("technician", Code::Unknown),
    ];
    assert_invalid(run(world.market.accounts().register(&Actor::System, &user)), &expected);
    let staff = NewUser { role: Role::Admin, ..newcomer("boss@example.ke", "0722000002") };
    assert_forbidden(run(world.market.accounts().register(&world.customer.actor(), &staff)));
    assert_eq!(world.trace(), before);
}

/// The registration of a plumber, with blanks around every text.
fn plumber() -> NewUser {
    let skill = Skill {
        element: None,
        name: Text::new("name", "taps").unwrap(),
        category: Category::Plumbing,
        years_of_experience: 3,
        verified: true,
        verification_documents: vec![" https://cdn.example.ke/proof.pdf ".to_owned()],
    };
    let licence = Licence { number: Some(" L-1 ".to_owned()), verified: true };
    let insurance = Insurance { provider: Some("  ".to_owned()), ..Insurance::default() };
    let profile = TechnicianProfile {
        licence: Some(licence),
        insurance: Some(insurance),
        hourly_rate: Some(kes(900)),
        ..TechnicianProfile::new(vec![skill])
    };
    let technician = Some(profile);
    NewUser { role: Role::Technician, technician, ..newcomer("tap@example.ke", "0722000003") }
}

#[test]
fn bad_profile_fields_are_named_and_good_ones_are_stored_trimmed() {
    let (world, long) = (World::new(), "x".repeat(501));
    let accounts = world.market.accounts();
    let mut bad = plumber();
    let profile = bad.technician.as_mut().unwrap();
    profile.skills[0].verification_documents = vec![long.clone(), " ".to_owned()];
    profile.skills.push(profile.skills[0].clone());
    profile.skills[1].verification_documents = vec!["a".to_owned(); 11];
    profile.hourly_rate = Some(Money::from_major(9, Currency::USD));
    profile.years_of_experience = Some(81);
    profile.licence.as_mut().unwrap().number = Some("n".repeat(151));
    profile.insurance = Some(Insurance {
        provider: Some("p".repeat(151)),
        policy_number: Some("a\u{0}".to_owned()),
        verified: true,
    });
    let expected = [
        ("technician.skills.0.verificationDocuments.0", Code::TooLong),
        ("technician.skills.0.verificationDocuments.1", Code::Required),
        ("technician.skills.1.verificationDocuments", Code::TooMany),
        ("technician.hourlyRate", Code::Currency),
        ("technician.yearsOfExperience", Code::OutOfRange),
        ("technician.licence.number", Code::TooLong),
        ("technician.insurance.provider", Code::TooLong),
        ("technician.insurance.policyNumber", Code::Malformed),
    ];
    assert_invalid(run(accounts.register(&Actor::System, &bad)), &expected);
    let change = ProfileChange { technician: bad.technician, ..ProfileChange::default() };
    let refused = run(accounts.change_profile(&world.technician.actor(), world.technician.id, &change));
    assert_invalid(refused, &expected);

    let mut good = plumber();
    good.location.city = Some(" Nairobi ".to_owned());
    let good = run(accounts.register(&Actor::System, &good)).unwrap();
    let profile = good.technician.as_ref().unwrap();
    assert_eq!(good.location.city.as_deref(), Some("Nairobi"));
    assert_eq!(profile.skills[0].verification_documents, ["https://cdn.example.ke/proof.pdf"]);
    assert_eq!(profile.licence, Some(Licence { number: Some("L-1".to_owned()), verified: false }));
    assert_eq!(profile.insurance, Some(Insurance::default()));

    let mut company = build::company(3).into_record().corporate.unwrap();
    company.department = Some(" Roads ".to_owned());
    company.billing.billing_address = Some(long.clone());
    company.company_registration = Some(long);
    let mut head = NewUser { role: Role::Corporate, ..newcomer("head@example.ke", "0722000004") };
    head.corporate = Some(company);
    let expected = [
        ("corporate.companyRegistration", Code::TooLong),
        ("corporate.billing.billingAddress", Code::TooLong),
    ];
    assert_invalid(run(accounts.register(&Actor::System, &head)), &expected);
    let company = head.corporate.as_mut().unwrap();
    (company.company_registration, company.billing.billing_address) = (None, None);
    let head = run(accounts.register(&Actor::System, &head)).unwrap();
    assert_eq!(head.corporate.as_ref().unwrap().department.as_deref(), Some("Roads"));
}

#[test]
fn documents_are_kept_as_they_were_checked() {
    let world = World::new();
    let documents = KycDocuments {
        id_type: IdType::Passport,
        id_number: " A1234567 ".to_owned(),
        front_image: " https://cdn.example.ke/front.jpg ".to_owned(),
        back_image: Some("  ".to_owned()),
    };
    let kept =
        run(world.market.accounts().submit_kyc(&world.customer.actor(), world.customer.id, &documents));
    let kept = kept.unwrap().value.into_record().kyc;
    let front = Some("https://cdn.example.ke/front.jpg");
    assert_eq!((kept.id_number.as_deref(), kept.front_image.as_deref()), (Some("A1234567"), front));
    assert_eq!(kept.back_image, None);
}

#[test]
fn only_eligible_technicians_are_assigned_by_hand() {
    let world = World::new();
    let far = world.add_technician(2, 30.0);
    let welder = build::technician(3, Category::Welding, build::nairobi());
    world.add(&welder);
    let id = world.book_until(baitech_core::booking::BookingStatus::Assigned).id;
    run(world.bookings().reject(&world.technician.actor(), id, "no")).unwrap();
    run(world.bookings().find_technician(&world.admin.actor(), id)).unwrap();
    let before = (world.load(id).version, world.trace());
    for technician in [&far, &welder, &world.technician] {
        let chosen = run(world.bookings().assign(&world.customer.actor(), id, technician.id));
        assert_refused(chosen, Rule::NOT_ELIGIBLE);
    }
    for unknown in [Id::from_bytes([9; 12]), world.stranger.id] {
        support::assert_not_found(run(world.bookings().assign(&world.customer.actor(), id, unknown)));
    }
    assert_eq!((world.load(id).version, world.trace()), before);
}
