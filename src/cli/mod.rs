//! The commands of the program.

mod books;
mod config;
mod database;
mod operations;
mod papers;
mod payments;
mod search;
mod webhooks;
mod worker;

use std::{env, error::Error, io, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use baitech::{
    Marketplace,
    account::User,
    kernel::{Id, PageRequest},
    mongo::MongoStore,
    payment::{Webhook, WebhookStatus},
    providers::pdf::PdfRenderer,
    search::SearchIndex,
    store::{AggregateRef, ConsumerName, Seq},
    transaction::{PaymentMethod, TransactionNumber},
};
use clap::{Args, Parser, Subcommand};
use tracing_subscriber::filter::LevelFilter;

/// The engine of a home-services marketplace.
#[derive(Debug, Parser)]
#[command(name = "baitech", version, about)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Derive the data that the engine needs from a database of the earlier application. Stop that
    /// application first; safe to repeat.
    Prepare {
        #[command(flatten)]
        store: Store,
        /// The report file: one JSON object per line for each finding. It may contain personal data.
        #[arg(long, value_name = "FILE", default_value = "baitech-prepare-report.jsonl")]
        report: PathBuf,
    },
    /// Compare the database's indexes with those that the engine needs, and change nothing. Exits with 1 if
    /// they differ.
    Indexes(Store),
    /// Run due work: unanswered offers, automatic verification, reminders, series, and payments, which are
    /// sent, queried, released and settled through the providers in the environment. Any number of workers
    /// may run.
    Worker {
        #[command(flatten)]
        store: Store,
        /// Run the work that is due now, and exit.
        #[arg(long)]
        once: bool,
        /// How long to wait when nothing is due, in milliseconds.
        #[arg(
            long,
            value_name = "MS",
            default_value_t = 1_000,
            value_parser = clap::value_parser!(u64).range(10..=3_600_000)
        )]
        interval: u64,
    },
    /// Audit the ledger: print the balances and compare them with the sums of the postings. Exits with 1 if
    /// they differ.
    Audit(Store),
    /// Show the newest transactions, or those that wait for a person.
    Payments {
        #[command(flatten)]
        store: Store,
        /// Show all transactions that wait for a person.
        #[arg(long)]
        flagged: bool,
        /// The number of newest transactions, without --flagged.
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = limit())]
        limit: u32,
    },
    /// Show the calls of payment providers, the newest first, or retry one.
    Webhooks {
        #[command(flatten)]
        store: Store,
        /// Show only calls in this status: received, applied, duplicate, ignored, rejected, dead_letter.
        #[arg(long, value_parser = webhook_status, conflicts_with = "retry")]
        status: Option<WebhookStatus>,
        /// The number of items.
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = limit())]
        limit: u32,
        /// Process this call again, if it is a dead letter or rejected. Exits with 1 if it fails again.
        #[arg(long, value_name = "ID")]
        retry: Option<Id<Webhook>>,
    },
    /// Show the due work that is set aside, the newest first, or retry an item.
    SetAside {
        #[command(flatten)]
        store: Store,
        /// The number of items.
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = limit())]
        limit: u32,
        /// Retry this item after its cause is fixed: booking/ID, transaction/ID. Exits with 1 if it still
        /// cannot be read.
        #[arg(long, value_name = "ITEM")]
        retry: Option<AggregateRef>,
    },
    /// Show the consumers of the log and how far they are behind, or remove one that no longer runs.
    Consumers {
        #[command(flatten)]
        store: Store,
        /// Delete the cursor of this consumer and its parked events, so that old events can be deleted.
        #[arg(long, value_name = "NAME")]
        remove: Option<ConsumerName>,
    },
    /// Show the events that consumers could not handle, or retry one.
    Parked {
        #[command(flatten)]
        store: Store,
        /// The number of items.
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = limit())]
        limit: u32,
        /// Let the consumer handle this event again: mailer/42.
        #[arg(long, value_name = "CONSUMER/NUMBER", value_parser = operations::parked)]
        retry: Option<(ConsumerName, Seq)>,
    },
    /// Find users, posts, reviews, messages or bookings by their texts, the most relevant first.
    Search {
        #[command(flatten)]
        store: Store,
        /// The number of results.
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = limit())]
        limit: u32,
        /// What to search: users, posts, reviews, messages, bookings.
        index: SearchIndex,
        /// Words, or their beginnings. All must match.
        #[arg(required = true)]
        text: Vec<String>,
    },
    /// Build the search entries of all stored documents again. Only needed after something else than this
    /// version of the engine has changed documents.
    RebuildSearch(Store),
    /// Begin a new epoch of the log. Run it once after a backup was restored: readers outside the database
    /// then read everything again.
    RestartLog(Store),
    /// Reconcile a provider's statement with the ledger. Marks matched transactions. Exits with 1 if they
    /// differ.
    Reconcile {
        #[command(flatten)]
        store: Store,
        /// The payment method of the statement: mpesa, stripe, bank_transfer.
        #[arg(long, value_parser = method)]
        method: PaymentMethod,
        /// Print the report as JSON.
        #[arg(long)]
        json: bool,
        /// The statement, a CSV file.
        file: PathBuf,
    },
    /// Write the receipt of a transaction as PDF.
    Receipt {
        #[command(flatten)]
        store: Store,
        /// The transaction's number.
        number: TransactionNumber,
        /// The file to write.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Write a company's statement of a month as PDF.
    Statement {
        #[command(flatten)]
        store: Store,
        /// The id of the company.
        company: Id<User>,
        /// The month, such as 2026-03.
        #[arg(value_name = "YEAR-MONTH")]
        month: papers::YearMonth,
        /// The file to write.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Print the state machine of bookings as a Mermaid diagram.
    Diagram,
}

#[derive(Debug, Args)]
struct Store {
    /// The database: a replica set with at least one member.
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

    /// The engine on this store, with the providers in the environment.
    async fn market(&self) -> Result<Marketplace, Box<dyn Error>> {
        let gateways = config::gateways()?;
        let builder = Marketplace::builder(Arc::new(self.open().await?))
            .document_renderer(Arc::new(PdfRenderer::new()));
        Ok(gateways.into_iter().fold(builder, baitech::Builder::gateway).try_build()?)
    }
}

/// The number of rows of a list.
fn limit() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=i64::from(PageRequest::MAX_LIMIT))
}

fn webhook_status(text: &str) -> Result<WebhookStatus, String> {
    named(&WebhookStatus::ALL, WebhookStatus::as_str, text)
}

fn method(text: &str) -> Result<PaymentMethod, String> {
    named(&PaymentMethod::ALL, PaymentMethod::as_str, text)
}

/// The value with a name.
fn named<T: Copy>(all: &[T], name: fn(T) -> &'static str, text: &str) -> Result<T, String> {
    let names = || all.iter().map(|value| name(*value)).collect::<Vec<_>>().join(", ");
    let known = all.iter().copied().find(|value| name(*value) == text);
    known.ok_or_else(|| format!("one of {}", names()))
}

/// Runs a command to its end.
pub(crate) fn run(arguments: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    write_log();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match arguments.command {
            Command::Prepare { store, report } => database::prepare(&store.open().await?, &report).await,
            Command::Indexes(store) => database::indexes(&store.uri).await,
            Command::Worker { store, once, interval } => {
                worker::run(&store.market().await?, once, Duration::from_millis(interval)).await
            }
            Command::Audit(store) => books::audit(&store.market().await?).await,
            Command::Payments { store, flagged, limit } => {
                payments::list(&store.market().await?, flagged, limit).await
            }
            Command::Webhooks { store, status, limit, retry } => match retry {
                Some(id) => webhooks::retry(&store.market().await?, id).await,
                None => webhooks::list(&store.market().await?, status, limit).await,
            },
            Command::SetAside { store, limit, retry } => match retry {
                Some(target) => operations::retry(&store.market().await?, target).await,
                None => operations::list(&store.market().await?, limit).await,
            },
            Command::Consumers { store, remove } => match remove {
                Some(name) => operations::remove_consumer(&store.market().await?, name).await,
                None => operations::list_consumers(&store.market().await?).await,
            },
            Command::Parked { store, limit, retry } => match retry {
                Some(event) => operations::retry_parked(&store.market().await?, event).await,
                None => operations::list_parked(&store.market().await?, limit).await,
            },
            Command::Search { store, limit, index, text } => {
                search::search(&store.market().await?, (index, text.join(" ")), limit).await
            }
            Command::RebuildSearch(store) => search::rebuild(&store.open().await?).await,
            Command::RestartLog(store) => operations::restart_log(&store.market().await?).await,
            Command::Reconcile { store, method, json, file } => {
                payments::reconcile(&store.market().await?, method, &file, json).await
            }
            Command::Receipt { store, number, output } => {
                papers::receipt(&store.market().await?, &number, &output).await
            }
            Command::Statement { store, company, month, output } => {
                papers::statement(&store.market().await?, company, month, &output).await
            }
            Command::Diagram => {
                print(baitech::booking::Transition::mermaid().trim_end());
                Ok(ExitCode::SUCCESS)
            }
        }
    })
}

/// Writes warnings and errors to the standard error, or the levels that `BAITECH_LOG` sets.
fn write_log() {
    let level =
        env::var("BAITECH_LOG").ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::WARN);
    tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr).init();
}

/// Prints one line of the program's output.
#[expect(clippy::print_stdout, reason = "the program prints to its standard output")]
fn print(line: impl std::fmt::Display) {
    println!("{line}");
}
