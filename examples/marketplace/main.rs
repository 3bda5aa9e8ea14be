//! A story of bookings with good and bad endings, printed as sentences.
//!
//! ```sh
//! cargo run --example marketplace
//! cargo run --features mongo --example marketplace -- --store 'mongodb://localhost:27017/?replicaSet=rs0'
//! ```
//!
//! It shows an embedder:
//!
//! - `stage.rs`: the engine over a store, with a manual clock and a worker that runs due work;
//! - `chapters/`: the commands, with their refusals, pins and idempotency keys;
//! - `narrator.rs`: a consumer of the log; every sentence with a booking's number comes from an event;
//! - `books.rs`: the cost of every booking by payer, and a ledger that sums to zero;
//! - `cast.rs`, `documents.rs`, `extended_json.rs`: users of the earlier application, read without changes.
//!
//! Clock and randomness are fixed, so that each run on each store prints the same.

mod arguments;
mod books;
mod cast;
mod chapters;
mod documents;
mod extended_json;
mod money;
#[cfg(feature = "mongo")]
mod mongo;
mod narrator;
mod requests;
mod sentences;
mod stage;

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
};

use arguments::{Arguments, HELP};
use baitech::{memory::MemoryStore, ports::Store};
use cast::Cast;
use stage::Stage;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    match run(std::env::args().skip(1), &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        // A closed pipe, as with `head`, is not an error.
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "marketplace: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: impl IntoIterator<Item = String>, out: &mut dyn Write) -> Result<()> {
    match Arguments::parse(arguments)? {
        Arguments::Help => Ok(out.write_all(HELP.as_bytes())?),
        Arguments::Embedded => futures::executor::block_on(tell(Arc::new(MemoryStore::new()), out)),
        #[cfg(feature = "mongo")]
        Arguments::Mongo(uri) => mongo::tell_on(&uri, out),
        #[cfg(not(feature = "mongo"))]
        Arguments::Mongo(_) => Err("this build knows the embedded store only; for MongoDB, run \
            `cargo run --features mongo --example marketplace -- --store …`"
            .into()),
    }
}

/// The whole story, on any empty store.
async fn tell<S: Store + 'static>(store: Arc<S>, out: &mut dyn Write) -> Result<()> {
    let cast = Cast::store_in(&*store).await?;
    let mut stage = Stage::new(store, cast, out)?;
    stage.open()?;
    chapters::tell_all(&mut stage).await?;
    books::close(&mut stage).await
}

fn is_broken_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests;
