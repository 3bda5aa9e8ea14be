//! Public places of technicians from the earlier application or an earlier version.

use baitech_core::account::{PublicPlace, User};
use baitech_core::kernel::SystemEntropy;
use bson::{Document, RawDocumentBuf, doc};
use futures::TryStreamExt;
use mongodb::Database;
use mongodb::error::Error;

use super::PrepareReport;
use crate::codec::Aggregate;
use crate::user::parts::{Place, PlaceDrawn};
use crate::value::oid;

const PUBLIC_PLACE: &str = "publicPlace";
const PLACE_DRAWN: &str = "placeDrawn";

/// Draws the public place of every technician who has a home but no place for it. Existing places stay, so
/// that the step can continue after an interruption.
pub(super) async fn draw(database: &Database, report: &mut PrepareReport) -> Result<(), Error> {
    let users = database.collection::<RawDocumentBuf>(User::COLLECTION);
    let mut found = users.find(doc! { "location": { "$exists": true } }).sort(doc! { "_id": 1 }).await?;
    while let Some(raw) = found.try_next().await? {
        // Another step reports unreadable users; they are not matched.
        let Ok(user) = User::decode(&raw) else { continue };
        let Some(place) = missing(&user) else { continue };
        // The filter matches only the value that was read, so that one of two processes draws.
        let before = raw.get_document(PLACE_DRAWN).ok().and_then(|drawn| Document::try_from(drawn).ok());
        let unchanged = before.map_or_else(|| doc! { "$exists": false }, |drawn| doc! { "$eq": drawn });
        let update = doc! { "$set": fields(place)? };
        let filter = doc! { "_id": oid(user.id), PLACE_DRAWN: unchanged };
        let updated = users.update_one(filter, update).await?;
        report.public_places = report.public_places.saturating_add(updated.modified_count);
    }
    Ok(())
}

/// The public place that a user lacks, if any.
fn missing(user: &User) -> Option<PublicPlace> {
    let home = user.location.point.filter(|_| user.technician.is_some())?;
    match user.public_place {
        Some(place) if place.home() == home && place.is_apart() => None,
        Some(place) => Some(place.follow(home, &SystemEntropy)),
        None => Some(PublicPlace::draw(home, &SystemEntropy)),
    }
}

fn fields(place: PublicPlace) -> Result<Document, Error> {
    Ok(doc! {
        PUBLIC_PLACE: bson::serialize_to_document(&Place::at(place.point()))?,
        PLACE_DRAWN: bson::serialize_to_document(&PlaceDrawn::from(place))?,
    })
}
