//! Queries of matching.

mod candidate;

use async_trait::async_trait;
use baitech_core::account::{Category, TechnicianProfile, User};
use baitech_core::booking::{Booking, BookingStatus};
use baitech_core::kernel::{Distance, GeoPoint, Id};
use baitech_core::matching::{
    CandidateQuery, Card, MatchingRepository, Supply, SupplyQuery, WorkingHours, days_around,
};
use baitech_core::store::StoreError;
use bson::{Bson, Document, RawDocumentBuf, doc};
use futures::TryStreamExt;
use mongodb::options::Hint;
use serde::Deserialize;
use serde_with::serde_as;

use self::candidate::CandidateDocument;
use crate::codec::Aggregate;
use crate::load::{corrupt, readable};
use crate::server_error::unavailable;
use crate::user::{HoursDocument, JOBS};
use crate::value::{Oid, oid};
use crate::{MongoStore, lenient, user};

/// The server measures on a sphere of this radius, up to 0.6 % off the ellipsoid. A wider circle contains all
/// technicians.
const EARTH_RADIUS_METRES: f64 = 6_378_100.0;
const CIRCLE_MARGIN: f64 = 1.01;

/// Technicians are searched by classes of their own service radius, each with a separate circle: most travel
/// 10 km, and a single circle would need the largest radius of all. Upper limits in kilometres, inclusive.
const RADIUS_CLASSES: [f64; 3] = [10.0, 30.0, 100.0];

/// The index of all branches, given as a hint so that the server need not compare plans for each of them.
const PLACES: &str = "skills.category_1_serviceRadius_1_publicPlace_2dsphere";

#[serde_as]
#[derive(Debug, Deserialize)]
struct Supplied {
    technicians: i64,
    farthest: f64,
    #[serde_as(as = "Vec<Oid>")]
    engaged: Vec<Id<User>>,
}

#[derive(Debug, Deserialize)]
struct Counted {
    customers: i64,
}

#[async_trait]
impl MatchingRepository for MongoStore {
    async fn candidates(&self, query: &CandidateQuery) -> Result<Vec<Card>, StoreError> {
        let found = self.cards(eligible(query), self.builds_every_index().then_some(PLACES));
        let preferred = async {
            match query.preferred {
                Some(id) => self.cards(preferred(query.category, id), None).await,
                None => Ok(Vec::new()),
            }
        };
        let (mut documents, preferred) = tokio::try_join!(found, preferred)?;
        let id = |document: &RawDocumentBuf| document.get_object_id("_id").ok();
        let missing = |one: &RawDocumentBuf| documents.iter().all(|other| id(other) != id(one));
        let preferred: Vec<_> = preferred.into_iter().filter(missing).collect();
        documents.extend(preferred);
        let read = documents.iter().filter_map(|raw| readable(read_card(raw, query)));
        let mut cards: Vec<Card> = read.collect();
        cards.sort_unstable_by_key(|card| card.candidate.technician);
        Ok(cards)
    }

    async fn working_hours(
        &self,
        technicians: &[Id<User>],
    ) -> Result<Vec<(Id<User>, WorkingHours)>, StoreError> {
        let ids: Vec<Bson> = technicians.iter().map(|id| oid(*id).into()).collect();
        let conditions = doc! { "_id": { "$in": ids }, "role": "technician" };
        let users = self.raw(User::COLLECTION);
        let find = users.find(conditions).projection(HoursDocument::projection());
        // Without a hint, the server sometimes chooses an index on roles.
        let found = find.hint(Hint::Name("_id_".to_owned())).await;
        let found: Vec<RawDocumentBuf> =
            found.map_err(unavailable)?.try_collect().await.map_err(unavailable)?;
        Ok(found.iter().filter_map(|raw| readable(read_hours(raw))).collect())
    }

    async fn supply(&self, query: &SupplyQuery) -> Result<Supply, StoreError> {
        let users = self.raw(User::COLLECTION);
        let counted = users.aggregate(supplied(query)).with_type::<Supplied>();
        let mut counted = counted.await.map_err(unavailable)?;
        let Some(supplied) = counted.try_next().await.map_err(unavailable)? else {
            return Ok(Supply { technicians: 0, within: query.within, engaged: Vec::new() });
        };
        let technicians = u64::try_from(supplied.technicians).unwrap_or_default();
        let is_cut = technicians >= u64::from(query.most.max(1));
        let within = if is_cut { Distance::from_metres(supplied.farthest) } else { query.within };
        Ok(Supply { technicians, within, engaged: supplied.engaged })
    }

    async fn open_requests(
        &self,
        category: Category,
        near: GeoPoint,
        within: Distance,
    ) -> Result<u64, StoreError> {
        let bookings = self.raw(Booking::COLLECTION);
        let counted = bookings.aggregate(waiting(category, near, within)).with_type::<Counted>();
        let mut counted = counted.await.map_err(unavailable)?;
        let counted = counted.try_next().await.map_err(unavailable)?;
        Ok(counted.map_or(0, |counted| u64::try_from(counted.customers).unwrap_or_default()))
    }
}

impl MongoStore {
    /// The fields that ranking reads of the technicians in a query's result.
    async fn cards(
        &self,
        conditions: Document,
        index: Option<&str>,
    ) -> Result<Vec<RawDocumentBuf>, StoreError> {
        let users = self.raw(User::COLLECTION);
        let find = users.find(conditions).projection(CandidateDocument::projection());
        let found = match index {
            Some(index) => find.hint(Hint::Name(index.to_owned())).await,
            None => find.await,
        };
        found.map_err(unavailable)?.try_collect().await.map_err(unavailable)
    }
}

/// The conditions on every technician who can be matched.
fn matchable(category: Category) -> Document {
    doc! {
        "skills.category": category.as_str(),
        "role": "technician",
        "status": "active",
        "kyc.verified": true,
    }
}

/// The conditions of [`MatchingRepository::candidates`], as branches, each with a circle for its radius
/// class. A missing or non-numeric radius is read as the default, which belongs to the first class.
pub(crate) fn eligible(query: &CandidateQuery) -> Document {
    let CandidateQuery { category, near, share, preferred: _, days: _ } = *query;
    let mut branches = Vec::new();
    let mut above: Option<f64> = None;
    for class in RADIUS_CLASSES {
        let mut branch = matchable(category);
        let radius = match above {
            None => doc! { "$not": { "$gt": class } },
            Some(above) if class >= TechnicianProfile::MAX_SERVICE_RADIUS.kilometres() => {
                doc! { "$gt": above }
            }
            Some(above) => doc! { "$gt": above, "$lte": class },
        };
        branch.insert("serviceRadius", radius);
        branch.insert("publicPlace", circle(near, Distance::from_kilometres(class * share)));
        branches.push(branch);
        above = Some(class);
    }
    doc! { "$or": branches }
}

/// The customer's preferred technician, at any distance.
pub(crate) fn preferred(category: Category, technician: Id<User>) -> Document {
    let mut conditions = doc! { "_id": oid(technician), "publicPlace": { "$exists": true } };
    conditions.extend(matchable(category));
    conditions
}

/// The number of nearby technicians, the distance of the farthest, and those of them who have a job on the
/// day or a day next to it.
pub(crate) fn supplied(query: &SupplyQuery) -> [Document; 3] {
    let SupplyQuery { category, near, within, most, day } = *query;
    let nearest = doc! {
        "near": { "type": "Point", "coordinates": [near.longitude(), near.latitude()] },
        "key": "publicPlace",
        "distanceField": "distance",
        "maxDistance": within.metres() * CIRCLE_MARGIN,
        "spherical": true,
        "query": matchable(category),
    };
    let jobs: Vec<Bson> =
        days_around(day).map(|day| doc! { "$ifNull": [format!("${JOBS}.{day}"), 0] }.into()).collect();
    let if_engaged = doc! { "$cond": [{ "$gt": [{ "$add": jobs }, 0] }, "$_id", "$$REMOVE"] };
    let group = doc! {
        "_id": Bson::Null,
        "technicians": { "$sum": 1_i64 },
        "farthest": { "$max": "$distance" },
        "engaged": { "$push": if_engaged },
    };
    // A limit of 0 is an error to the server.
    let most = i64::from(most.max(1));
    [doc! { "$geoNear": nearest }, doc! { "$limit": most }, doc! { "$group": group }]
}

/// The number of customers with an open request nearby. Each of the two statuses has a partial index.
pub(crate) fn waiting(category: Category, near: GeoPoint, within: Distance) -> [Document; 3] {
    let open = |status: BookingStatus| {
        doc! {
            "status": status.as_str(),
            "serviceCategory": category.as_str(),
            "serviceLocation": circle(near, within),
            "deletedAt": Bson::Null,
        }
    };
    [
        doc! { "$match": { "$or": [open(BookingStatus::Pending), open(BookingStatus::Matching)] } },
        doc! { "$group": { "_id": "$customer" } },
        doc! { "$group": { "_id": Bson::Null, "customers": { "$sum": 1_i64 } } },
    ]
}

fn circle(centre: GeoPoint, radius: Distance) -> Document {
    let radians = radius.metres() * CIRCLE_MARGIN / EARTH_RADIUS_METRES;
    // The server refuses a radius of more than half the Earth's circumference; that radius covers the whole
    // Earth.
    let radians = radians.min(std::f64::consts::PI);
    let point = vec![centre.longitude(), centre.latitude()];
    doc! { "$geoWithin": { "$centerSphere": [point, radians] } }
}

fn read_hours(raw: &RawDocumentBuf) -> Result<(Id<User>, WorkingHours), StoreError> {
    let document = lenient::read::<HoursDocument>(raw, user::FIELDS);
    let document = document.map_err(|reason| corrupt(User::COLLECTION, raw, &reason))?;
    Ok(document.value.into_hours())
}

fn read_card(raw: &RawDocumentBuf, query: &CandidateQuery) -> Result<Card, StoreError> {
    let document = lenient::read::<CandidateDocument>(raw, user::FIELDS);
    let document = document.map_err(|reason| corrupt(User::COLLECTION, raw, &reason))?;
    Ok(document.value.into_card(query.category, query.days))
}
