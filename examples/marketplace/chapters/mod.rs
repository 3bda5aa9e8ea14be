//! The chapters, in the order of time.

mod company;
mod dispute;
mod emergency;
mod materials;
mod mistakes;
mod no_shows;
mod one_slot;
mod out_of_range;
mod paid_in_cash;
mod reschedule;
mod series;
mod unanswered;

use baitech::{booking::Booking, kernel::Id};
use futures::{FutureExt, future::LocalBoxFuture};

use crate::{Result, cast::Person, stage::Stage};

/// A chapter as a boxed future: in one function, the futures of all chapters would need a megabyte of stack.
type Chapter = for<'s> fn(&'s mut Stage<'_>) -> LocalBoxFuture<'s, Result<()>>;

pub(crate) async fn tell_all(stage: &mut Stage<'_>) -> Result<()> {
    let chapters: [Chapter; 14] = [
        |stage| paid_in_cash::tell(stage).boxed_local(),
        |stage| mistakes::tell(stage).boxed_local(),
        |stage| emergency::tell(stage).boxed_local(),
        |stage| unanswered::tell(stage).boxed_local(),
        |stage| no_shows::technician(stage).boxed_local(),
        |stage| no_shows::customer(stage).boxed_local(),
        |stage| dispute::tell(stage).boxed_local(),
        |stage| company::tell(stage).boxed_local(),
        |stage| materials::job(stage).boxed_local(),
        |stage| reschedule::tell(stage).boxed_local(),
        |stage| materials::warranty(stage).boxed_local(),
        |stage| one_slot::tell(stage).boxed_local(),
        |stage| series::tell(stage).boxed_local(),
        |stage| out_of_range::tell(stage).boxed_local(),
    ];
    for chapter in chapters {
        chapter(stage).await?;
    }
    Ok(())
}

/// The technician to whom the booking is offered accepts it.
async fn accept(stage: &mut Stage<'_>, id: Id<Booking>) -> Result<Person> {
    let technician = stage.technician_of(id).await?;
    stage.market.bookings().accept(&technician.actor, id).await?;
    Ok(technician)
}

/// The usual steps of an accepted job on its day: en route, arrived, in progress, completed.
async fn work(stage: &mut Stage<'_>, id: Id<Booking>, day: &str, times: [&str; 3]) -> Result<()> {
    let technician = stage.technician_of(id).await?;
    let bookings = stage.market.bookings();
    let [leaves, arrives, ends] = times.map(|time| format!("{day} {time}"));
    stage.at(&leaves).await?;
    bookings.en_route(&technician.actor, id).await?;
    stage.at(&arrives).await?;
    bookings.arrive(&technician.actor, id).await?;
    bookings.start(&technician.actor, id).await?;
    stage.at(&ends).await?;
    bookings.complete(&technician.actor, id).await?;
    Ok(())
}

/// The customer verifies the work and pays in cash.
async fn pay(stage: &mut Stage<'_>, id: Id<Booking>, customer: &Person) -> Result<()> {
    let technician = stage.technician_of(id).await?;
    let bookings = stage.market.bookings();
    bookings.verify(&customer.actor, id).await?;
    bookings.confirm_cash(&technician.actor, id).await?;
    stage.settle().await
}
