//! Real processes: this test program, started again, with a connection and an engine of its own.
//!
//! An order is a line of JSON on the child's input, its answer a line on its output. The child takes orders
//! as they come, without waiting for the answers before.

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
use tokio::sync::oneshot;

use crate::world::market;

/// The child's database; where it is not set, nobody has started this program as a child.
const URI_VARIABLE: &str = "BAITECH_RACE_URI";
/// Begins an answer: the test harness writes to the same output.
const MARK: char = '\u{1}';

/// What a child is to do.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Say that it is there.
    Hello,
    /// Accept a booking as its technician.
    Accept { technician: Id<User>, booking: Id<Booking>, now: DateTime<Utc> },
    /// Do all that is due at a moment.
    Work { now: DateTime<Utc> },
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    Here,
    Accepted(Version),
    /// With the name of the rule.
    Refused(String),
    Worked {
        done: usize,
        skipped: usize,
        failed: usize,
    },
    Failed(String),
}

/// An outcome, and when it was worked on by the clock of the machine, which all processes share.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    pub(crate) from: DateTime<Utc>,
    pub(crate) to: DateTime<Utc>,
}

impl Answer {
    /// Whether two processes worked at the same moment.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.from < other.to && other.from < self.to
    }
}

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Answer>>>>;

/// A process that takes orders. It ends with the value.
pub(crate) struct Process {
    child: Child,
    input: Mutex<(u64, ChildStdin)>,
    waiting: Waiting,
}

impl Process {
    /// Starts one on a database and waits until it is connected.
    pub(crate) async fn start(uri: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["process::serves_orders", "--exact", "--ignored"])
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
            // Whoever still waits finds out that nobody will answer.
            answers.lock().unwrap().clear();
        });
        let process = Self { child, input: Mutex::new((0, input)), waiting };
        assert_eq!(process.ask(Order::Hello).await.outcome, Outcome::Here);
        process
    }

    /// Gives an order, now; its answer comes later.
    pub(crate) fn give(&self, order: Order) -> oneshot::Receiver<Answer> {
        let (asker, answer) = oneshot::channel();
        let mut input = self.input.lock().unwrap();
        input.0 += 1;
        let number = input.0;
        self.waiting.lock().unwrap().insert(number, asker);
        writeln!(input.1, "{}", serde_json::to_string(&(number, order)).unwrap()).unwrap();
        answer
    }

    /// Gives an order and waits for its answer.
    pub(crate) async fn ask(&self, order: Order) -> Answer {
        self.give(order).await.expect("the process lives")
    }

    /// Ends it as `kill -9` does, whatever it is doing.
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

#[test]
#[ignore = "the other side of `Process`; it does nothing unless another test starts it"]
fn serves_orders() {
    let Ok(uri) = env::var(URI_VARIABLE) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let store = Arc::new(runtime.block_on(MongoStore::connect(&uri)).unwrap());
    // The input ends when the process that gives the orders does.
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
