//! Child processes: this test program, started again, with a separate connection and engine.
//!
//! An order is a line of JSON on the child's input; its answer is a line on the child's output. The child
//! runs orders concurrently.

use std::{
    collections::HashMap,
    env,
    io::{self, BufRead, BufReader, Write as _},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use baitech_core::{
    WorkDone,
    account::User,
    booking::Booking,
    kernel::{Actor, Clock, Error, Id, Role, SystemClock},
    store::Version,
};
use baitech_mongo::MongoStore;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::world::{World, market};

/// The environment variable with the child's database. Without it, this program is not a child.
const URI_VARIABLE: &str = "BAITECH_RACE_URI";
/// The prefix of an answer, since the test harness writes to the same output.
const MARK: char = '\u{1}';

/// An order to a child.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Answer that the child is ready.
    Hello,
    /// Accept a booking as its technician.
    Accept { technician: Id<User>, booking: Id<Booking>, now: DateTime<Utc> },
    /// Run all due tasks at a time.
    Work { now: DateTime<Utc> },
}

/// The outcome of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    Here,
    Accepted(Version),
    /// Refused, with the name of the rule.
    Refused(String),
    Worked {
        done: usize,
        skipped: usize,
        failed: usize,
    },
    Failed(String),
}

/// An outcome with its start and end by the machine's clock, which all processes share.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    pub(crate) from: DateTime<Utc>,
    pub(crate) to: DateTime<Utc>,
}

impl Answer {
    /// Whether two processes worked at the same time.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.from < other.to && other.from < self.to
    }
}

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Answer>>>>;

/// A child process that takes orders. It is killed when the value is dropped.
pub(crate) struct Process {
    child: Child,
    input: Mutex<(u64, ChildStdin)>,
    waiting: Waiting,
}

impl Process {
    /// Starts a child on a database and waits until it is connected.
    pub(crate) async fn start(uri: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["process::serves_orders", "--exact"])
            .env(URI_VARIABLE, uri)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let waiting = Waiting::default();
        let answers = Arc::clone(&waiting);
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some((_, line)) = line.split_once(MARK) {
                    let (number, answer) = parse::<(u64, Answer)>(line);
                    let asker = answers.lock().unwrap().remove(&number);
                    let _ = asker.expect("an answer to an order").send(answer);
                }
            }
            // Dropping the senders ends all waits for an answer.
            answers.lock().unwrap().clear();
        });
        let process = Self { child, input: Mutex::new((0, input)), waiting };
        assert_eq!(process.ask(Order::Hello).await.outcome, Outcome::Here);
        process
    }

    /// Sends an order at once and returns a receiver of its answer.
    pub(crate) fn give(&self, order: Order) -> oneshot::Receiver<Answer> {
        let (asker, answer) = oneshot::channel();
        let mut input = self.input.lock().unwrap();
        input.0 += 1;
        let number = input.0;
        self.waiting.lock().unwrap().insert(number, asker);
        writeln!(input.1, "{}", serde_json::to_string(&(number, order)).unwrap()).unwrap();
        answer
    }

    /// Sends an order and waits for its answer.
    pub(crate) async fn ask(&self, order: Order) -> Answer {
        self.give(order).await.expect("the process runs")
    }

    /// Kills the child like `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn parse<T: DeserializeOwned>(line: &str) -> T {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// Also the entry of the child: with the variable, this is the other side of [`Process`].
#[test]
fn serves_orders() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    match env::var(URI_VARIABLE) {
        Ok(uri) => serve(&runtime, &uri),
        Err(_) => runtime.block_on(async {
            let world = World::new().await;
            let process = Process::start(&world.uri).await;
            let (one, other) = tokio::join!(process.ask(Order::Hello), process.ask(Order::Hello));
            assert_eq!((one.outcome, other.outcome), (Outcome::Here, Outcome::Here));
            process.kill();
        }),
    }
}

/// Runs the orders of the input until it ends.
fn serve(runtime: &Runtime, uri: &str) {
    let store = Arc::new(runtime.block_on(MongoStore::connect(uri)).unwrap());
    // The input ends with the process that sends the orders.
    for line in io::stdin().lock().lines() {
        let (number, order) = parse::<(u64, Order)>(&line.unwrap());
        let store = Arc::clone(&store);
        runtime.spawn(async move {
            let from = SystemClock.now();
            let outcome = carry_out(order, store).await;
            let answer = Answer { outcome, from, to: SystemClock.now() };
            let text = serde_json::to_string(&(number, answer)).unwrap();
            writeln!(io::stdout().lock(), "{MARK}{text}").unwrap();
        });
    }
}

async fn carry_out(order: Order, store: Arc<MongoStore>) -> Outcome {
    let market = |now| market(&store, now);
    match order {
        Order::Hello => Outcome::Here,
        Order::Accept { technician, booking, now } => {
            let technician = Actor::user(technician, Role::Technician);
            match market(now).bookings().accept(&technician, booking).await {
                Ok(booking) => Outcome::Accepted(booking.version),
                Err(Error::Refused(refusal)) => Outcome::Refused(refusal.rule.to_string()),
                Err(error) => Outcome::Failed(format!("{error:?}")),
            }
        }
        Order::Work { now } => match market(now).worker().run_until_idle().await {
            Ok(WorkDone { done, skipped, failed, .. }) => Outcome::Worked { done, skipped, failed },
            Err(error) => Outcome::Failed(format!("{error:?}")),
        },
    }
}
