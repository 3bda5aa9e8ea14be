//! One run: a seed, so many steps, and then everything comes to rest.

use std::collections::VecDeque;

use chrono::TimeDelta;

use super::{
    Config, Failure, Replayed, Summary,
    auditor::Auditor,
    commands::{self, Commands},
    provider::Call,
    store::{Applied, OUTAGE},
    task::{Access, Task},
    world::World,
};
use crate::{
    kernel::{Clock, Error, Result},
    payment::WebhookCall,
};

/// So many of the last steps are told when something is wrong.
const TAIL: usize = 30;

/// What begins the reason of a failure that the simulation itself has made.
const SIMULATED: &str = "simulated";

pub(super) struct Run<'a> {
    config: &'a Config,
    seed: u64,
    world: World,
    auditor: Auditor,
    commands: Commands,
    tasks: Vec<Task>,
    tail: VecDeque<String>,
    steps: u64,
}

type Verdict = std::result::Result<(), String>;

impl<'a> Run<'a> {
    pub(super) fn new(config: &'a Config, seed: u64) -> Self {
        Self {
            config,
            seed,
            world: World::new(seed),
            auditor: Auditor::default(),
            commands: Commands::default(),
            tasks: Vec::new(),
            tail: VecDeque::new(),
            steps: 0,
        }
    }

    /// Takes all steps, and lets everything come to rest.
    pub(super) fn finish(mut self) -> std::result::Result<Summary, Failure> {
        match self.all_steps() {
            Ok(()) => Ok(Summary {
                steps: self.steps,
                users: self.world.user_count(),
                bookings: self.auditor.bookings().count(),
                transactions: self.auditor.transactions().count(),
                digest: self.auditor.digest(),
            }),
            Err(finding) => Err(self.failure(finding)),
        }
    }

    fn failure(self, finding: String) -> Failure {
        Failure { seed: self.seed, step: self.steps, finding, tail: self.tail.into_iter().collect() }
    }

    /// Takes all steps without hearing a call, then hears them in an order, and lets everything come to rest.
    pub(super) fn replay(
        mut self,
        order: impl FnOnce(usize) -> Vec<usize>,
    ) -> std::result::Result<Replayed, Failure> {
        let mut calls = 0;
        match self.replayed(order, &mut calls) {
            Ok(()) => Ok(Replayed { calls, end: self.auditor.end() }),
            Err(finding) => Err(self.failure(finding)),
        }
    }

    fn replayed(&mut self, order: impl FnOnce(usize) -> Vec<usize>, calls: &mut usize) -> Verdict {
        self.world.mobile.keep_word();
        for _ in 0..self.config.steps {
            self.steps += 1;
            self.world.advance(commands::some_time(&self.world));
            match self.world.chance.below(20) {
                0..=12 => {
                    if let Some(task) = self.commands.next(&self.world, &mut self.auditor) {
                        self.begin(task)?;
                    }
                }
                13..=17 => self.work()?,
                18 => drop(self.world.card.contest()),
                _ => drop(self.world.card.judge()),
            }
            self.audit()?;
        }
        self.world.chance.calm_down();
        self.end_tasks()?;
        let mut held = Vec::new();
        for card in [false, true] {
            self.world.provider(card).send_what_was_dropped();
            held.extend(self.world.provider(card).take_calls().into_iter().map(|call| (card, call)));
        }
        *calls = held.len();
        for place in order(held.len()) {
            let (card, call) = held[place].clone();
            let task = self.take_in(card, call);
            self.run_to_end(task)?;
        }
        self.let_time_pass()?;
        self.auditor.check_rest(&self.world, false)
    }

    fn all_steps(&mut self) -> Verdict {
        for _ in 0..self.config.steps {
            self.steps += 1;
            self.step()?;
            self.audit()?;
            if self.steps.is_multiple_of(self.config.full_audit_every) {
                self.auditor.check_books(&self.world)?;
            }
        }
        self.come_to_rest()
    }

    fn step(&mut self) -> Verdict {
        self.world.advance(commands::some_time(&self.world));
        match self.world.chance.below(100) {
            0..=44 => {
                if let Some(task) = self.commands.next(&self.world, &mut self.auditor) {
                    return self.begin(task);
                }
                Ok(())
            }
            45..=64 => self.receive_call(false),
            65..=80 => self.work(),
            81..=91 => self.go_on(),
            92..=93 => self.crash(),
            94 => {
                self.move_unasked();
                Ok(())
            }
            95..=96 => {
                self.deposit();
                Ok(())
            }
            97 => {
                self.note(|| "a charge is contested".to_owned());
                self.world.card.contest();
                Ok(())
            }
            98 => {
                self.note(|| "a bank decides".to_owned());
                self.world.card.judge();
                Ok(())
            }
            _ => self.begin(Task::new("events are passed on", {
                let worker = self.world.market.worker();
                async move {
                    let events = worker.pending_events(256).await?;
                    worker.acknowledge_events(&events).await?;
                    Ok(format!("{} events", events.len()))
                }
            })),
        }
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        let line =
            format!("{:>6} {} {}", self.steps, self.world.clock.now().format("%m-%d %H:%M:%S"), line());
        if self.config.verbose {
            self.config.tell(&line);
        }
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(line);
    }

    /// Begins a task; mostly it is finished at once, sometimes it is left under way.
    fn begin(&mut self, mut task: Task) -> Verdict {
        let times = if self.world.chance.percent(70) { 10_000 } else { self.world.chance.below(12) };
        match task.poll(times) {
            Some(answer) => self.end(task, answer),
            None => {
                self.note(|| format!("{} …", task.name));
                self.tasks.push(task);
                Ok(())
            }
        }
    }

    /// Some task that is under way goes on a little.
    fn go_on(&mut self) -> Verdict {
        if self.tasks.is_empty() {
            return Ok(());
        }
        let index = self.world.chance.below(self.tasks.len() as u64) as usize;
        let times = if self.world.chance.percent(60) { 10_000 } else { 1 + self.world.chance.below(6) };
        match self.tasks[index].poll(times) {
            Some(answer) => {
                let task = self.tasks.swap_remove(index);
                self.end(task, answer)
            }
            None => Ok(()),
        }
    }

    /// A process dies: one task with it, or all.
    fn crash(&mut self) -> Verdict {
        if self.tasks.is_empty() {
            return Ok(());
        }
        let all = self.world.chance.percent(20);
        let count = if all { self.tasks.len() } else { 1 };
        for _ in 0..count {
            let index = self.world.chance.below(self.tasks.len() as u64) as usize;
            let task = self.tasks.swap_remove(index);
            self.note(|| format!("{} † a process dies", task.name));
            self.unconfirmed(task.access);
        }
        Ok(())
    }

    fn unconfirmed(&self, access: Access) {
        if let Access::Call { card, call } = access {
            self.world.provider(card).send_again(*call);
        }
    }

    /// A task has ended: with an answer, or with a reason that is a reason.
    fn end(&mut self, task: Task, answer: Result<String>) -> Verdict {
        let Task { name, access, .. } = task;
        match answer {
            Ok(told) => {
                self.note(|| format!("{name}: {told}"));
                Ok(())
            }
            Err(error) => {
                self.note(|| format!("{name}: {error}"));
                self.unconfirmed(access);
                self.check_reason(&name, &error)
            }
        }
    }

    /// Nothing is unavailable but by a fault of this simulation, and nothing else is a fault.
    fn check_reason(&self, name: &str, error: &Error) -> Verdict {
        let reason = match error {
            Error::Unavailable { reason } => reason,
            Error::Internal { .. } | Error::Corrupt { .. } => return Err(format!("{name}: {error}")),
            _ => return Ok(()),
        };
        if reason.contains(SIMULATED) && !self.world.chance.is_calm() {
            return Ok(());
        }
        Err(format!("{name} is not available: {reason}"))
    }

    fn receive_call(&mut self, any: bool) -> Verdict {
        let card = self.world.chance.percent(50);
        for card in [card, !card] {
            if let Some(call) = self.world.provider(card).next_call(any) {
                let task = self.take_in(card, call);
                return self.begin(task);
            }
        }
        Ok(())
    }

    fn take_in(&self, card: bool, call: Call) -> Task {
        let payments = self.world.market.payments();
        let received = WebhookCall { received_at: self.world.clock.now(), ..call.call.clone() };
        let name = format!("a call comes: {}", String::from_utf8_lossy(&received.body));
        let mut task = Task::new(name, async move {
            let id = payments.receive_webhook(received).await?;
            Ok(id.map_or_else(|| "nobody expects it".to_owned(), |id| id.to_string()))
        });
        task.access = Access::Call { card, call: Box::new(call) };
        task
    }

    /// One of two workers takes up what is due.
    fn work(&mut self) -> Verdict {
        let which = if self.world.chance.percent(50) { "first" } else { "second" };
        let limit = 1 + self.world.chance.below(12) as usize;
        let task = self.worker(which, limit);
        self.begin(task)
    }

    fn worker(&self, which: &str, limit: usize) -> Task {
        let worker = self.world.market.worker();
        Task::new(format!("the {which} worker"), async move {
            let work = worker.run_due(limit).await?;
            let reasonable = |error: &Error| match error {
                Error::Unavailable { reason } => reason.contains(SIMULATED),
                _ => false,
            };
            match work.failures.into_iter().find(|(_, error)| !reasonable(error)) {
                Some((target, error)) => {
                    Err(Error::Unavailable { reason: format!("{target} failed: {error:?}") })
                }
                None => Ok(format!("{} done, {} skipped, {} failed", work.done, work.skipped, work.failed)),
            }
        })
    }

    /// Somebody pays into an account without being asked.
    fn deposit(&mut self) {
        let chance = &self.world.chance;
        // Of a transaction whose prompt has been paid, and nobody knows by which receipt, a deposit would
        // tell nothing new.
        let open: Vec<_> = self
            .auditor
            .transactions()
            .filter(|transaction| transaction.kind.is_incoming() && transaction.gateway.provider.is_some())
            .filter(|transaction| self.world.mobile.verdict(transaction.id) != Some(true))
            .map(|transaction| (transaction.id, transaction.number.to_string(), transaction.amount.gross))
            .collect();
        let user = chance.pick(&self.world.customers).expect("there are customers");
        let some = crate::testing::build::kes(chance.between(1, 5_000));
        let (account, amount) = match chance.below(10) {
            0..=5 => match chance.pick(&open[open.len().saturating_sub(8)..]) {
                Some((id, number, gross)) => {
                    self.world.mobile.set_prompt_aside(*id, chance.percent(60));
                    (number.clone(), if chance.percent(80) { *gross } else { some })
                }
                None => (user.phone.to_string(), some),
            },
            6..=8 => (user.phone.to_string(), some),
            _ => ("nobody".to_owned(), some),
        };
        let payer = chance.percent(70).then(|| user.phone.to_string());
        self.world.mobile.deposit(&account, amount, payer);
        self.note(|| format!("somebody pays {amount} to {account}"));
    }

    /// A provider moves money without our order.
    fn move_unasked(&mut self) {
        let (what, happened) = match self.world.chance.below(6) {
            0..=2 => ("a card's charge or payout is given back", self.world.card.return_unasked()),
            3 => ("mobile money is given back", self.world.mobile.return_unasked()),
            4 => ("what was given back comes back", self.world.card.fail_return()),
            _ => ("a bank changes its verdict", self.world.card.judge_again()),
        };
        if happened {
            self.note(|| format!("{what}, and nobody has ordered it"));
        }
    }

    fn audit(&mut self) -> Verdict {
        for applied in self.world.store.take_applied() {
            if self.config.verbose {
                self.tell_applied(&applied);
            }
            self.auditor.read(&applied)?;
        }
        Ok(())
    }

    /// What a commit has written, for who follows a run.
    fn tell_applied(&self, applied: &Applied) {
        for transaction in &applied.transactions {
            let (number, link) = (&transaction.number, &transaction.gateway);
            self.config.tell(&format!("         {number} is {}: {link:?}", transaction.status));
        }
        for entry in &applied.entries {
            let postings =
                entry.postings.iter().map(|posting| format!("{} {}", posting.account, posting.amount));
            let postings = postings.collect::<Vec<_>>().join(", ");
            self.config.tell(&format!("         {} ({}): {postings}", entry.description, entry.cause));
        }
    }

    /// No fault happens any more, every call arrives, and time passes until nothing is left to do. Then
    /// persons decide what waits for them, and all of it once more.
    fn come_to_rest(&mut self) -> Verdict {
        self.world.chance.calm_down();
        self.note(|| "everything comes to rest".to_owned());
        self.end_tasks()?;
        self.world.mobile.send_what_was_dropped();
        self.world.card.send_what_was_dropped();
        self.let_time_pass()?;
        self.auditor.check_rest(&self.world, false)?;
        for _ in 0..4 {
            self.let_persons_decide()?;
            self.let_time_pass()?;
        }
        self.auditor.check_rest(&self.world, true)
    }

    /// What is under way goes on to its end.
    fn end_tasks(&mut self) -> Verdict {
        for mut task in std::mem::take(&mut self.tasks) {
            let answer = task.poll(100_000).ok_or_else(|| format!("{} does not end", task.name))?;
            self.end(task, answer.or_else(forgive))?;
            self.audit()?;
        }
        Ok(())
    }

    fn let_time_pass(&mut self) -> Verdict {
        let short = std::iter::repeat_n(TimeDelta::minutes(2), 15);
        let hours = std::iter::repeat_n(TimeDelta::hours(1), 30);
        let days = std::iter::repeat_n(TimeDelta::hours(23), 20);
        for wait in short.chain(hours).chain(days) {
            self.world.advance(wait);
            self.settle_now()?;
        }
        Ok(())
    }

    /// All that has arrived or is due is done now.
    fn settle_now(&mut self) -> Verdict {
        for card in [false, true] {
            while let Some(call) = self.world.provider(card).next_call(true) {
                let task = self.take_in(card, call);
                self.run_to_end(task)?;
            }
        }
        let worker = self.worker("only", 10_000);
        self.run_to_end(worker)
    }

    fn run_to_end(&mut self, mut task: Task) -> Verdict {
        let answer = task.poll(1_000_000).ok_or_else(|| format!("{} does not end", task.name))?;
        self.end(task, answer)?;
        self.audit()
    }

    fn let_persons_decide(&mut self) -> Verdict {
        while self.world.card.judge() {}
        self.settle_now()?;
        self.run_to_end(Commands::reconcile(&self.world))?;
        self.run_to_end(Commands::retry_calls(&self.world))?;
        self.settle_now()?;
        for _ in 0..200 {
            let resolve = self.commands.resolve(&self.world, &self.auditor);
            let decide = self.commands.decide(&self.world, &self.auditor);
            if resolve.is_none() && decide.is_none() {
                break;
            }
            for task in resolve.into_iter().chain(decide) {
                self.run_to_end(task)?;
            }
        }
        Ok(())
    }
}

/// What was under way when the faults ended may still tell of one.
fn forgive(error: Error) -> Result<String> {
    match error {
        Error::Unavailable { reason } if reason.contains(SIMULATED) || reason.contains(OUTAGE) => Ok(reason),
        other => Err(other),
    }
}
