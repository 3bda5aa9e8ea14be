//! The people of the story: a customer, a technician and an admin.

use baitech::{
    Marketplace,
    account::{
        Availability, Category, IdType, KycDecision, KycDocuments, NewUser, Skill, TechnicianProfile,
        TimeOfDay, User,
    },
    chrono::Weekday,
    kernel::{Actor, GeoPoint, Role, Text},
};

use crate::Result;

pub(crate) struct People {
    pub(crate) amina: User,
    pub(crate) peter: User,
    pub(crate) grace: User,
}

impl People {
    pub(crate) async fn register(market: &Marketplace) -> Result<Self> {
        let accounts = market.accounts();
        let amina = NewUser::new(Role::Customer, "Amina", "Otieno", "amina@example.co.ke", "0712 345 678");
        let amina = accounts.register(&Actor::Anonymous, &amina).await?.value;
        let grace = NewUser::new(Role::Admin, "Grace", "Mutua", "grace@example.co.ke", "0722 345 678");
        let grace = accounts.register(&Actor::System, &grace).await?.value;
        let mut peter =
            NewUser::new(Role::Technician, "Peter", "Kamau", "peter@example.co.ke", "0733 345 678");
        peter.location.point = Some(GeoPoint::new(36.80, -1.28)?);
        let plumbing = Skill {
            element: None,
            name: Text::new("name", "Pipes and drains")?,
            category: Category::Plumbing,
            years_of_experience: 8,
            verified: false,
            verification_documents: vec![],
        };
        let (from, until) = ("08:00".parse::<TimeOfDay>()?, "18:00".parse::<TimeOfDay>()?);
        peter.technician = Some(TechnicianProfile {
            availability: Availability::on_weekdays(&[Weekday::Mon, Weekday::Tue, Weekday::Wed], from, until),
            ..TechnicianProfile::new(vec![plumbing])
        });
        let peter = accounts.register(&Actor::Anonymous, &peter).await?.value;
        let papers = KycDocuments {
            id_type: IdType::NationalId,
            id_number: "20000001".into(),
            front_image: "https://example.co.ke/id.jpg".into(),
            back_image: None,
        };
        accounts.submit_kyc(&peter.actor(), peter.id, &papers).await?;
        accounts.decide_kyc(&grace.actor(), peter.id, &KycDecision::Verify).await?;
        Ok(Self { amina, peter, grace })
    }
}
