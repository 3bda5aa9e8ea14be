//! Identity checks, from the submission of documents to the decision.
#![cfg(feature = "testing")]
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
        IdType, KycCaseEvent, KycCaseFilter, KycCaseStatus, KycCaseView, KycDecision, KycDocuments,
        KycStatus, User,
    },
    kernel::{Actor, Code, Error, PageRequest, Role, Rule},
    store::{AggregateRef, ClaimKey, EventKind, IdempotencyKey},
    testing::build,
};
use support::{World, assert_forbidden, assert_invalid, assert_refused, at_once, run};

fn passport(number: &str) -> KycDocuments {
    KycDocuments {
        id_type: IdType::Passport,
        id_number: format!(" {number} "),
        front_image: "https://cdn.example.ke/front.jpg".to_owned(),
        back_image: None,
    }
}

fn queue(world: &World, status: Option<KycCaseStatus>) -> Vec<KycCaseView> {
    let list = world.market.accounts();
    let page = PageRequest::default();
    run(list.list_kyc_cases(&world.support.actor(), KycCaseFilter { status }, &page)).unwrap().items
}

/// Submits a passport as the customer; returns the open case.
fn submitted(world: &World, number: &str) -> KycCaseView {
    let customer = &world.customer;
    run(world.market.accounts().submit_kyc(&customer.actor(), customer.id, &passport(number))).unwrap();
    let open = queue(world, Some(KycCaseStatus::Open));
    open.into_iter().find(|case| case.user == customer.id).unwrap()
}

fn kyc_of(world: &World, user: &User) -> KycStatus {
    run(world.market.accounts().get(&Actor::System, user.id)).unwrap().kyc.status
}

fn happened(world: &World) -> Vec<KycCaseEvent> {
    let kinds = world.events().into_iter().filter_map(|event| match (event.aggregate(), event.kind) {
        (Some(AggregateRef::KycCase(_)), EventKind::KycCase(kind)) => Some(kind),
        _ => None,
    });
    kinds.collect()
}

#[test]
fn documents_open_one_case_until_it_is_closed() {
    let world = World::new();
    let first = submitted(&world, "A1");
    assert_eq!(first.documents.id_number, "A1", "the documents are stored in their checked form");
    world.pass(10);
    let replaced = submitted(&world, "B2");
    assert_eq!((replaced.id, &*replaced.documents.id_number), (first.id, "B2"));
    assert_eq!(replaced.submitted_at, first.submitted_at, "it keeps its place in the queue");
    let claim = ClaimKey::new("kyc_case.user", world.customer.id);
    assert_eq!(world.held(std::slice::from_ref(&claim)), [(claim.clone(), first.id.into())]);

    let accounts = world.market.accounts();
    let reject = KycDecision::Reject("The image is blurred.".to_owned());
    let closed = run(accounts.decide_kyc_case(&world.support.actor(), first.id, &reject)).unwrap();
    assert_eq!((closed.status, closed.decided_by), (KycCaseStatus::Rejected, Some(world.support.id)));
    assert_eq!(kyc_of(&world, &world.customer), KycStatus::Rejected);
    assert_eq!(world.held(&[claim]), []);

    let second = submitted(&world, "C3");
    assert_ne!(second.id, first.id);
    run(accounts.decide_kyc(&world.admin.actor(), world.customer.id, &KycDecision::Verify)).unwrap();
    let verified = run(accounts.kyc_case(&world.customer.actor(), second.id)).unwrap();
    assert_eq!((verified.status, verified.decided_by), (KycCaseStatus::Verified, Some(world.admin.id)));
    assert_eq!(kyc_of(&world, &world.customer), KycStatus::Verified);
    let again = run(accounts.submit_kyc(&world.customer.actor(), world.customer.id, &passport("D4")));
    assert_refused(again, Rule::ALREADY_DECIDED);

    let user = world.customer.id;
    assert_eq!(
        happened(&world),
        [
            KycCaseEvent::KycCaseOpened { user },
            KycCaseEvent::KycCaseDocumentsReplaced { user },
            KycCaseEvent::KycCaseClosed { user, status: KycCaseStatus::Rejected },
            KycCaseEvent::KycCaseOpened { user },
            KycCaseEvent::KycCaseClosed { user, status: KycCaseStatus::Verified },
        ]
    );
    assert_eq!(queue(&world, None).iter().map(|case| case.id).collect::<Vec<_>>(), [first.id, second.id]);
}

#[test]
fn staff_are_reminded_of_an_open_case_with_growing_pauses() {
    let world = World::new();
    let case = submitted(&world, "A1");
    let view = || run(world.market.accounts().kyc_case(&world.admin.actor(), case.id)).unwrap();
    for (hours, reminders) in [(23, 0), (1, 1), (47, 1), (1, 2), (95, 2), (1, 3)] {
        world.pass(60 * hours);
        assert!(world.work().is_complete());
        assert_eq!(view().reminders, reminders);
    }
    assert_eq!(view().reminded_at, Some(world.now()));
    run(world.market.accounts().decide_kyc(&world.admin.actor(), world.customer.id, &KycDecision::Verify))
        .unwrap();
    world.pass(60 * 24 * 365);
    assert_eq!(world.work().done, 0, "a closed case has no due task");
    let reminders = happened(&world).into_iter().filter_map(|event| match event {
        KycCaseEvent::KycCaseReminded { reminders, .. } => Some(reminders),
        _ => None,
    });
    assert_eq!(reminders.collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn documents_of_an_earlier_application_are_decided_without_a_case() {
    let world = World::new();
    for (n, decided) in [(5, KycStatus::Verified), (6, KycStatus::Rejected)] {
        let mut record = build::user(Role::Customer, n);
        record.kyc.status = KycStatus::Submitted;
        let user = User::from_record(record);
        world.add(&user);
        let accounts = world.market.accounts();
        if decided == KycStatus::Rejected {
            run(accounts.submit_kyc(&user.actor(), user.id, &passport("E5"))).unwrap();
            assert_eq!(queue(&world, Some(KycCaseStatus::Open)).len(), 1, "a new submission opens a case");
        }
        let decision = match decided {
            KycStatus::Rejected => KycDecision::Reject("It has expired.".to_owned()),
            _ => KycDecision::Verify,
        };
        run(accounts.decide_kyc(&world.admin.actor(), user.id, &decision)).unwrap();
        assert_eq!(kyc_of(&world, &user), decided);
        assert_eq!(queue(&world, Some(KycCaseStatus::Open)), []);
    }
}

#[test]
fn only_its_user_and_staff_see_a_case() {
    let world = World::new();
    let case = submitted(&world, "A1");
    let accounts = world.market.accounts();
    for actor in [world.stranger.actor(), world.technician.actor()] {
        let hidden = run(accounts.kyc_case(&actor, case.id)).unwrap_err();
        assert!(matches!(hidden, Error::NotFound { .. }), "{hidden:?}");
        assert_forbidden(run(accounts.decide_kyc_case(&actor, case.id, &KycDecision::Verify)));
    }
    let own = run(accounts.kyc_case(&world.customer.actor(), case.id)).unwrap();
    assert_eq!(own, case);
    let page = PageRequest::default();
    assert_forbidden(run(accounts.list_kyc_cases(&world.customer.actor(), KycCaseFilter::default(), &page)));
    let verify = &KycDecision::Verify;
    assert_forbidden(run(accounts.decide_kyc_case(&world.customer.actor(), case.id, verify)));
}

#[test]
fn staff_do_not_decide_their_own_case() {
    let world = World::new();
    let (accounts, admin) = (world.market.accounts(), &world.admin);
    run(accounts.submit_kyc(&admin.actor(), admin.id, &passport("A1"))).unwrap();
    let case = queue(&world, None).remove(0);
    let verify = KycDecision::Verify;
    assert_forbidden(run(accounts.decide_kyc_case(&admin.actor(), case.id, &verify)));
    assert_forbidden(run(accounts.decide_kyc_case(&world.support.actor(), case.id, &verify)));
    run(accounts.decide_kyc_case(&Actor::System, case.id, &verify)).unwrap();
    let again = run(accounts.decide_kyc_case(&Actor::System, case.id, &verify));
    assert_refused(again, Rule::ALREADY_DECIDED);
}

#[test]
fn decision_may_require_a_version_and_may_be_repeated() {
    let world = World::new();
    let case = submitted(&world, "A1");
    submitted(&world, "B2");
    let (staff, verify) = (world.support.actor(), KycDecision::Verify);
    let stale = world.market.accounts().if_version(case.version);
    let conflict = run(stale.decide_kyc_case(&staff, case.id, &verify)).unwrap_err();
    assert!(matches!(conflict, Error::Conflict(_)), "the documents are not those that staff saw");
    let unexplained = KycDecision::Reject(" ".to_owned());
    let unexplained = run(world.market.accounts().decide_kyc_case(&staff, case.id, &unexplained));
    assert_invalid(unexplained, &[("reason", Code::Required)]);
    let current = world.market.accounts().if_version(case.version.next());
    let keyed = current.idempotency_key(IdempotencyKey::new("once").unwrap());
    let decided = run(keyed.decide_kyc_case(&staff, case.id, &verify)).unwrap();
    let events = world.events().len();
    let repeated = run(keyed.decide_kyc_case(&staff, case.id, &verify)).unwrap();
    assert_eq!((repeated.version, world.events().len()), (decided.version, events));
}

#[test]
fn racing_submissions_share_one_case() {
    let world = World::new();
    let customer = &world.customer;
    at_once(8, |n| {
        let documents = passport(&format!("A{n}"));
        run(world.market.accounts().submit_kyc(&customer.actor(), customer.id, &documents)).unwrap();
    });
    let open = queue(&world, None);
    assert_eq!(open.len(), 1);
    let opened = |event: &KycCaseEvent| matches!(event, KycCaseEvent::KycCaseOpened { .. });
    assert_eq!(happened(&world).iter().filter(|event| opened(event)).count(), 1);
}
