//! The methods of accounts.

use baitech_core::{
    account::{KycCase, KycCaseFilter, KycDecision, NewUser, ProfileChange, UserFilter, UserStatus},
    kernel::{Actor, Id, Role},
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
            run(s.till.world.market.accounts().register(a, &new)).map(drop)
        },
    ),
    Row("accounts.get", "customer support admin system", |s, a| {
        run(s.till.world.market.accounts().get(a, s.till.world.customer.id)).map(drop)
    }),
    Row("accounts.find_by_email", "support admin system", |s, a| {
        run(s.till.world.market.accounts().find_by_email(a, &s.till.world.customer.email)).map(drop)
    }),
    Row("accounts.find_by_phone", "support admin system", |s, a| {
        run(s.till.world.market.accounts().find_by_phone(a, &s.till.world.customer.phone)).map(drop)
    }),
    Row("accounts.find_by_username", "support admin system", |s, a| {
        let name = baitech_core::kernel::Username::new("wanjiku").unwrap();
        run(s.till.world.market.accounts().find_by_username(a, &name)).map(drop)
    }),
    Row("accounts.list", "support admin system", |s, a| {
        run(s.till.world.market.accounts().list(a, UserFilter::default(), &page())).map(drop)
    }),
    Row("accounts.change_profile", "customer support admin system", |s, a| {
        let change = ProfileChange { bio: Some("hello".to_owned()), ..ProfileChange::default() };
        run(s.till.world.market.accounts().change_profile(a, s.till.world.customer.id, &change)).map(drop)
    }),
    Row("accounts.set_availability", "technician support admin system", |s, a| {
        let technician = &s.till.world.technician;
        let hours = technician.technician.as_ref().unwrap().availability.clone();
        run(s.till.world.market.accounts().set_availability(a, technician.id, &hours)).map(drop)
    }),
    Row("accounts.submit_kyc", "customer support admin system", |s, a| {
        run(s.till.world.market.accounts().submit_kyc(a, s.till.world.customer.id, &documents())).map(drop)
    }),
    Row("accounts.decide_kyc", "support admin system", |s, a| {
        let (accounts, customer) = (s.till.world.market.accounts(), &s.till.world.customer);
        run(accounts.submit_kyc(&customer.actor(), customer.id, &documents())).unwrap();
        run(accounts.decide_kyc(a, customer.id, &KycDecision::Verify)).map(drop)
    }),
    Row("accounts.decide_kyc_case", "support admin system", |s, a| {
        let case = s.kyc_case();
        run(s.till.world.market.accounts().decide_kyc_case(a, case, &KycDecision::Verify)).map(drop)
    }),
    Row("accounts.kyc_case", "customer support admin system", |s, a| {
        run(s.till.world.market.accounts().kyc_case(a, s.kyc_case())).map(drop)
    }),
    Row("accounts.list_kyc_cases", "support admin system", |s, a| {
        run(s.till.world.market.accounts().list_kyc_cases(a, KycCaseFilter::default(), &page())).map(drop)
    }),
    Row("accounts.verify_skill", "support admin system", |s, a| {
        let technician = &s.till.world.technician;
        let skill = technician.technician.as_ref().unwrap().skills[0].clone();
        let skill = (skill.category, skill.name.as_str().to_owned());
        run(s.till.world.market.accounts().verify_skill(a, technician.id, (skill.0, &skill.1), false))
            .map(drop)
    }),
    Row("accounts.set_status", "support admin system", |s, a| {
        let accounts = s.till.world.market.accounts();
        run(accounts.set_status(a, s.till.world.customer.id, UserStatus::Suspended)).map(drop)
    }),
];
