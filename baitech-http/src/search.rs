//! The route of the text search. The engine checks every rule.

use baitech_core::{
    kernel::Id,
    search::{SearchIndex, SearchRequest},
};

use crate::{
    problem::Answer,
    request::{Caller, Params, parameters},
    response,
    route::{Entry, table},
};

/// The route of the text search.
#[rustfmt::skip]
pub(crate) const ROUTES: &[Entry] = table![
    get "/api/v1/search/{index}" Authenticated self::search_texts,
];

parameters! {
    /// What the path searches: `users`, `posts`, `reviews`, `messages` or `bookings`.
    Index(SearchIndex) = "index",
}

/// A page of what matches the text `q`, the most relevant first: in a whole index, or `within` one
/// conversation.
pub(crate) async fn search_texts(caller: Caller, Index(index): Index, mut params: Params) -> Answer {
    let text = params.one::<String>("q").unwrap_or_default();
    let within = params.one::<Id<()>>("within");
    let page = params.page();
    params.finish()?;
    let request = SearchRequest { within, ..SearchRequest::new(index, text) };
    response::page(&caller.listed(caller.search.find(&caller.actor, &request, &page).await).await?)
}
