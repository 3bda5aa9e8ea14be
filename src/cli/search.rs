//! Commands for the text search.

use std::{error::Error, process::ExitCode, sync::Arc};

use baitech::{
    Marketplace,
    kernel::{Actor, PageRequest},
    mongo::{MongoStore, PrepareProgress},
    search::{SearchIndex, SearchRequest},
};

use super::{database::watched, operations::table, print};

/// Prints what matches a text, the most relevant first.
pub(super) async fn search(
    market: &Marketplace,
    (index, text): (SearchIndex, String),
    limit: u32,
) -> Result<ExitCode, Box<dyn Error>> {
    let page = PageRequest::new(limit, None)?;
    let found = market.search().find(&Actor::System, &SearchRequest::new(index, text), &page).await?;
    if found.items.is_empty() {
        print("nothing matches");
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = table(["id", "title", "created", "relevance"]);
    for result in found.items {
        let created = result.created_at.format("%Y-%m-%d %H:%M").to_string();
        table.add_row([result.id.to_string(), result.title, created, result.relevance.to_string()]);
    }
    print(table);
    Ok(ExitCode::SUCCESS)
}

/// Builds all search entries again.
pub(super) async fn rebuild(store: &MongoStore) -> Result<ExitCode, Box<dyn Error>> {
    let progress = Arc::new(PrepareProgress::default());
    let built = watched(store.rebuild_search(Arc::clone(&progress)), &progress).await?;
    print(format_args!("built the search entries of {built} documents"));
    Ok(ExitCode::SUCCESS)
}
