//! Compares the MongoDB store with handwritten code on the bare driver, in the same run, on the same server,
//! in turns.
//!
//! `cargo bench --bench mongo`. The server is a real replica set: the one in `BAITECH_TEST_MONGODB_URI`, or
//! one that is started for the run.

mod accept;
mod balance;
mod by_hand;
mod due;
mod find;
mod funds;
mod history;
mod likes;
mod log;
mod page;
mod rivals;
mod search;
mod spend;

use std::{error::Error, sync::Arc};

use baitech_mongo::{MongoStore, testing::TestServer};
use criterion::Criterion;
use tokio::runtime::Runtime;

use self::{
    accept::Accept,
    balance::{OfRevenue, OfWallet},
    find::Find,
    funds::Funds,
    history::History,
    page::SecondPage,
    rivals::compare,
    spend::Spend,
};

/// Any error ends the run.
type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let runtime = Runtime::new()?;
    let history = Arc::new(runtime.block_on(async {
        let server = TestServer::shared().await?;
        History::fill(MongoStore::connect(&server.uri_of(&server.database_name())).await?).await
    })?);
    let mut criterion = Criterion::default().configure_from_args();
    compare(&mut criterion, &runtime, Find::new(&history));
    let page = runtime.block_on(SecondPage::new(&history))?;
    compare(&mut criterion, &runtime, page);
    let accept = runtime.block_on(Accept::new(&history))?;
    compare(&mut criterion, &runtime, accept);
    let funds = runtime.block_on(Funds::fill(&history))?;
    compare(&mut criterion, &runtime, OfWallet(Arc::clone(&funds)));
    compare(&mut criterion, &runtime, OfRevenue(Arc::clone(&funds)));
    compare(&mut criterion, &runtime, Spend(Arc::clone(&funds)));
    likes::measure(&mut criterion, &runtime, funds.store());
    log::measure(&mut criterion, &runtime, funds.store());
    search::measure(&mut criterion, &runtime, funds.store());
    due::measure(&mut criterion, &runtime, &history);
    criterion.final_summary();
    Ok(())
}
