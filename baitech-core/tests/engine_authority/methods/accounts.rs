//! The methods of accounts.

use baitech_core::{
    account::{KycCase, KycCaseFilter, KycDecision, NewUser, ProfileChange, UserFilter, UserStatus},
    kernel::{Actor, Id, Role, Username},
};

use super::{
    Row,
    scene::{Scene, documents, page},
};
use crate::support::run;

impl Scene {
    /// The customer's open identity check.
    fn kyc_case(&self) -> Id<KycCase> {
        let (accounts, customer) = (self.till.world.market.accounts(), &self.till.world.customer);
        run(accounts.submit_kyc(&customer.actor(), customer.id, &documents())).unwrap();
        let (filter, page) = (KycCaseFilter::default(), page());
        run(accounts.list_kyc_cases(&Actor::System, filter, &page)).unwrap().items[0].id
    }
}

pub(super) const ACCOUNTS: &[Row] = &[
    Row(
        "accounts.register",
        "anonymous stranger other_technician customer technician company employee support admin system",
        |s, a| {
            let new = NewUser::new(Role::Customer, "Wanjiku", "Mwangi", "wanjiku@example.ke", "0712345678");
            run(s.accounts().register(a, &new)).map(drop)
        },
    ),
    row!(accounts.get(customer()), "customer support admin system"),
    Row("accounts.find_by_email", "support admin system", |s, a| {
        run(s.accounts().find_by_email(a, &s.till.world.customer.email)).map(drop)
    }),
    Row("accounts.find_by_phone", "support admin system", |s, a| {
        run(s.accounts().find_by_phone(a, &s.till.world.customer.phone)).map(drop)
    }),
    row!(accounts.find_by_username(&Username::new("wanjiku").unwrap()), "support admin system"),
    row!(accounts.list(UserFilter::default(), &page()), "support admin system"),
    Row("accounts.change_profile", "customer support admin system", |s, a| {
        let change = ProfileChange { bio: Some("hello".to_owned()), ..ProfileChange::default() };
        run(s.accounts().change_profile(a, s.till.world.customer.id, &change)).map(drop)
    }),
    Row("accounts.set_availability", "technician support admin system", |s, a| {
        let technician = &s.till.world.technician;
        let hours = technician.technician.as_ref().unwrap().availability.clone();
        run(s.accounts().set_availability(a, technician.id, &hours)).map(drop)
    }),
    row!(accounts.submit_kyc(customer(), &documents()), "customer support admin system"),
    Row("accounts.decide_kyc", "support admin system", |s, a| {
        let (accounts, customer) = (s.accounts(), &s.till.world.customer);
        run(accounts.submit_kyc(&customer.actor(), customer.id, &documents())).unwrap();
        run(accounts.decide_kyc(a, customer.id, &KycDecision::Verify)).map(drop)
    }),
    row!(accounts.decide_kyc_case(kyc_case(), &KycDecision::Verify), "support admin system"),
    row!(accounts.kyc_case(kyc_case()), "customer support admin system"),
    row!(accounts.list_kyc_cases(KycCaseFilter::default(), &page()), "support admin system"),
    Row("accounts.verify_skill", "support admin system", |s, a| {
        let technician = &s.till.world.technician;
        let skill = technician.technician.as_ref().unwrap().skills[0].clone();
        let skill = (skill.category, skill.name.as_str().to_owned());
        run(s.accounts().verify_skill(a, technician.id, (skill.0, &skill.1), false)).map(drop)
    }),
    row!(accounts.set_status(customer(), UserStatus::Suspended), "support admin system"),
];
