use baitech::{
    account::{Category, CorporateProfile, NewUser},
    booking::{NewBooking, Project},
    kernel::Role,
};

use crate::{Result, requests, stage::Stage};

/// A company's booking above 5,000 KES needs the approval of the company's administrator.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<()> {
    stage.chapter("A company's staircase, beyond the limit of 5,000 KES").await?;
    let head = stage.cast.one(Role::Corporate)?;
    let (accounts, bookings) = (stage.market.accounts(), stage.market.bookings());

    stage.at("2026-12-01 10:00").await?;
    let company = accounts.get(&head.actor, head.id).await?;
    let company = company.corporate.as_ref().ok_or("the head of the company has none")?;
    let company_name = company.company_name.clone();
    let grace = NewUser {
        location: head.home.clone(),
        corporate: Some(CorporateProfile {
            department: Some("Facilities".to_owned()),
            administrator: Some(head.id),
            ..company.clone()
        }),
        ..NewUser::new(Role::Corporate, "Grace", "Wambui", "grace.wambui@example.com", "0722 000 111")
    };
    let grace = stage.cast.add(&*accounts.register(&head.actor, &grace).await?);
    stage.say(&format!("{} of {company_name} adds {} to the company.", head.name, grace.name)).await?;

    stage.at("2026-12-01 10:20").await?;
    let job = requests::at_home_of(&grace, Category::Painting, "Staircase", "2026-12-03", "09:00-16:00")?;
    let project = Project { name: Some("Block C".to_owned()), ..Project::default() };
    let request = NewBooking { project: Some(project), ..job };
    let booked = bookings.create(&grace.actor, &request).await?;
    let id = booked.id;
    let attempt = format!("{} starts the search for a technician", grace.name);
    stage.refused(&attempt, bookings.find_technician(&grace.actor, id).await).await?;

    stage.at("2026-12-01 15:00").await?;
    bookings.clone().if_version(booked.version).approve(&head.actor, id).await?;
    stage.at("2026-12-01 15:03").await?;
    super::accept(stage, id).await?;
    super::work(stage, id, "2026-12-03", ["08:20", "08:55", "15:40"]).await?;
    stage.at("2026-12-03 16:00").await?;
    super::pay(stage, id, &grace).await
}
