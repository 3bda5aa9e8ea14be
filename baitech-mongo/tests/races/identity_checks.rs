//! Two members of staff decide one identity check at once: one through the user, the other through the case.

use baitech_core::{
    account::{
        Accounts, IdType, KycCase, KycCaseEvent, KycCaseFilter, KycDecision, KycDocuments, KycStatus, User,
    },
    kernel::{Actor, Error, Id, PageRequest, Result, Rule},
    store::{EventKind, Put},
    testing::build,
};

use crate::world::{World, at_once};

const ROUNDS: u64 = 40;

/// Decides through the case if one is given, otherwise through the user.
async fn decide(
    accounts: Accounts,
    actor: Actor,
    (user, case): (Id<User>, Option<Id<KycCase>>),
    decision: KycDecision,
) -> Result<()> {
    match case {
        Some(case) => accounts.decide_kyc_case(&actor, case, &decision).await.map(drop),
        None => accounts.decide_kyc(&actor, user, &decision).await.map(drop),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_two_concurrent_decisions_on_an_identity_check_takes_effect() {
    let world = World::new().await;
    let staff = [build::admin(500), build::admin(501)];
    world.store(staff.iter().map(|user| Put::new(user.clone()).into())).await;
    let mut won = [0; 2];
    for round in 0..ROUNDS {
        let user = build::customer(1_000 + round);
        world.store([Put::new(user.clone()).into()]).await;
        let documents = KycDocuments {
            id_type: IdType::Passport,
            id_number: format!("A{round:07}"),
            front_image: "https://cdn.example.ke/front.jpg".to_owned(),
            back_image: None,
        };
        let accounts = world.markets[0].accounts();
        accounts.submit_kyc(&user.actor(), user.id, &documents).await.unwrap();
        let page = PageRequest::new(100, None).unwrap();
        let cases =
            accounts.list_kyc_cases(&staff[0].actor(), KycCaseFilter::default(), &page).await.unwrap();
        let case = cases.items.iter().find(|case| case.user == user.id).unwrap().id;

        let through_user = (user.id, None);
        let through_case = (user.id, Some(case));
        let rejection = KycDecision::Reject("unreadable".to_owned());
        let answers = at_once([
            decide(world.markets[0].accounts(), staff[0].actor(), through_user, KycDecision::Verify),
            decide(world.markets[1].accounts(), staff[1].actor(), through_case, rejection),
        ])
        .await;

        let winner = answers.iter().position(Result::is_ok).expect("one decision takes effect");
        let loser = answers[1 - winner].as_ref().expect_err("only one decision takes effect");
        let is_refused = loser.rule() == Some(Rule::ALREADY_DECIDED) || matches!(loser, Error::Conflict(_));
        assert!(is_refused, "{loser:?}");
        let expected = [KycStatus::Verified, KycStatus::Rejected][winner];
        let kyc = accounts.get(&staff[0].actor(), user.id).await.unwrap().kyc.status;
        let case = accounts.kyc_case(&staff[0].actor(), case).await.unwrap();
        assert_eq!((kyc, case.status.as_str()), (expected, expected.as_str()), "round {round}");
        won[winner] += 1;
    }
    println!("decided through the user {} times, through the case {} times", won[0], won[1]);
    let closed = |kind: &EventKind| matches!(kind, EventKind::KycCase(KycCaseEvent::KycCaseClosed { .. }));
    let events = world.events().await;
    assert_eq!(events.iter().filter(|event| closed(&event.kind)).count(), usize::try_from(ROUNDS).unwrap());
}
