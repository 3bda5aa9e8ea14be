//! Posts and reviews of the earlier application, as far as a search needs them.

use baitech_core::account::User;
use baitech_core::kernel::Id;
use baitech_core::search::{EarlierPost, EarlierReview};
use bson::RawDocument;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_with::serde_as;

use crate::value::{Lenient, Millis, Oid};

pub(crate) const POSTS: &str = "posts";
pub(crate) const REVIEWS: &str = "reviews";

/// A post. A field of another type reads as missing.
#[serde_as]
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PostDocument {
    #[serde_as(as = "Option<Oid>")]
    author: Option<Id<User>>,
    #[serde_as(as = "Lenient")]
    caption: Option<String>,
    #[serde_as(as = "Lenient")]
    portfolio_details: Option<PortfolioDetails>,
    #[serde_as(as = "Lenient")]
    hashtags: Option<Vec<String>>,
    #[serde_as(as = "Lenient")]
    status: Option<String>,
    #[serde_as(as = "Lenient")]
    visibility: Option<String>,
    #[serde_as(as = "Lenient")]
    is_deleted: Option<bool>,
    #[serde_as(as = "Option<Millis>")]
    created_at: Option<DateTime<Utc>>,
}

#[serde_as]
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PortfolioDetails {
    #[serde_as(as = "Lenient")]
    title: Option<String>,
}

/// A review. A field of another type reads as missing.
#[serde_as]
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ReviewDocument {
    #[serde_as(as = "Option<Oid>")]
    reviewer: Option<Id<User>>,
    #[serde_as(as = "Lenient")]
    title: Option<String>,
    #[serde_as(as = "Lenient")]
    comment: Option<String>,
    #[serde_as(as = "Lenient")]
    status: Option<String>,
    #[serde_as(as = "Lenient")]
    visibility: Option<String>,
    #[serde_as(as = "Option<Millis>")]
    created_at: Option<DateTime<Utc>>,
}

/// The texts of a stored post.
pub(crate) fn post_texts(raw: &RawDocument) -> Result<EarlierPost, bson::error::Error> {
    let post: PostDocument = bson::deserialize_from_slice(raw.as_bytes())?;
    Ok(EarlierPost {
        author: post.author,
        caption: post.caption.unwrap_or_default(),
        portfolio_title: post.portfolio_details.and_then(|details| details.title).unwrap_or_default(),
        hashtags: post.hashtags.unwrap_or_default(),
        status: post.status.unwrap_or_default(),
        visibility: post.visibility.unwrap_or_default(),
        is_deleted: post.is_deleted.unwrap_or_default(),
        created_at: post.created_at.unwrap_or_default(),
    })
}

/// The texts of a stored review.
pub(crate) fn review_texts(raw: &RawDocument) -> Result<EarlierReview, bson::error::Error> {
    let review: ReviewDocument = bson::deserialize_from_slice(raw.as_bytes())?;
    Ok(EarlierReview {
        reviewer: review.reviewer,
        title: review.title.unwrap_or_default(),
        comment: review.comment.unwrap_or_default(),
        status: review.status.unwrap_or_default(),
        visibility: review.visibility.unwrap_or_default(),
        created_at: review.created_at.unwrap_or_default(),
    })
}
