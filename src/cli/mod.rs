//! The commands of the program.

mod database;
mod worker;

use std::{error::Error, process::ExitCode, time::Duration};

use baitech::mongo::MongoStore;
use clap::{Args, Parser, Subcommand};

/// The engine of a home-services marketplace.
#[derive(Debug, Parser)]
#[command(name = "baitech", version, about)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Derive what the engine needs from a database of the earlier application. Stop that application first; safe to repeat.
    Prepare(Store),
    /// Compare the database's indexes with those that the engine wants, and change nothing. Exits with 1 where they differ.
    Indexes(Store),
    /// Do what is due: offers that nobody answers, silent customers, reminders, series. Any number of workers may run.
    Worker {
        #[command(flatten)]
        store: Store,
        /// Do what is due now, and end.
        #[arg(long)]
        once: bool,
        /// How long to wait when nothing is due, in milliseconds.
        #[arg(long, value_name = "MS", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(10..=3_600_000))]
        interval: u64,
    },
    /// Print the state machine of bookings as a Mermaid diagram.
    Diagram,
}

#[derive(Debug, Args)]
struct Store {
    /// The database: a replica set, of one member at least.
    #[arg(
        long = "store",
        value_name = "URI",
        env = "MONGODB_URI",
        hide_env_values = true,
        default_value = "mongodb://localhost:27017/baitech"
    )]
    uri: String,
}

impl Store {
    async fn open(&self) -> Result<MongoStore, Box<dyn Error>> {
        Ok(MongoStore::connect(&self.uri).await?)
    }
}

/// Runs a command to its end.
pub(crate) fn run(arguments: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match arguments.command {
            Command::Prepare(store) => database::prepare(&store.open().await?).await,
            Command::Indexes(store) => database::indexes(&store.uri).await,
            Command::Worker { store, once, interval } => {
                worker::run(store.open().await?, once, Duration::from_millis(interval)).await
            }
            Command::Diagram => {
                print(baitech::booking::Transition::mermaid().trim_end());
                Ok(ExitCode::SUCCESS)
            }
        }
    })
}

/// One line of what the program was asked for.
#[expect(clippy::print_stdout, reason = "the output of a program goes to its standard output")]
fn print(line: impl std::fmt::Display) {
    println!("{line}");
}
