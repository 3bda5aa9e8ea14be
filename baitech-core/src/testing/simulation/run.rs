//! One run: random steps, and then the completion of all open work.

use std::collections::VecDeque;

use chrono::TimeDelta;

use super::{
    Config, Failure, Replayed, Summary,
    auditor::Auditor,
    commands::{self, Commands},
    events,
    provider::Call,
    store::{Applied, OUTAGE},
    task::{Access, Task},
    world::World,
};
use crate::{
    kernel::{Clock, Error, Result},
    payment::WebhookCall,
};

/// The number of steps that a failure contains.
const TAIL: usize = 30;

/// The prefix of the reasons of simulated faults.
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

    /// Takes all steps and completes all open work.
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

    /// Takes all steps without delivering a webhook, delivers them in the given order, and completes all open
    /// work.
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
        self.world.mobile.stop_late_payouts();
        for _ in 0..self.config.steps {
            self.steps += 1;
            self.world.advance(commands::random_delay(&self.world));
            match self.world.chance.below(20) {
                0..=12 => {
                    if let Some(task) = self.commands.next(&self.world, &mut self.auditor) {
                        self.begin(task)?;
                    }
                }
                13..=17 => self.work()?,
                18 => drop(self.world.card.contest()),
                _ => drop(self.world.card.decide_chargeback()),
            }
            self.audit()?;
        }
        self.world.chance.calm_down();
        self.end_tasks()?;
        let mut held = Vec::new();
        for card in [false, true] {
            self.world.provider(card).send_dropped();
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
        self.finish_open_work()
    }

    fn step(&mut self) -> Verdict {
        self.world.advance(commands::random_delay(&self.world));
        match self.world.chance.below(100) {
            0..=44 => {
                if let Some(task) = self.commands.next(&self.world, &mut self.auditor) {
                    return self.begin(task);
                }
                Ok(())
            }
            45..=64 => self.receive_call(false),
            65..=80 => self.work(),
            81..=91 => self.continue_task(),
            92..=93 => self.crash(),
            94 => {
                self.move_without_order();
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
                self.world.card.decide_chargeback();
                Ok(())
            }
            _ => match self.world.chance.below(5) {
                0 | 1 => self.begin(events::number(&self.world)),
                2 | 3 => self.begin(events::consume(&self.world)),
                _ => self.like(),
            },
        }
    }

    /// A user likes one of the latest bookings, or removes the like.
    fn like(&mut self) -> Verdict {
        let ids: Vec<_> = self.auditor.bookings().map(|booking| booking.id).collect();
        let latest = &ids[ids.len().saturating_sub(3)..];
        let booking = self.world.chance.pick(latest).copied();
        match booking.and_then(|booking| events::toggle_like(&self.world, booking)) {
            Some(task) => self.begin(task),
            None => Ok(()),
        }
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        let line =
            format!("{:>6} {} {}", self.steps, self.world.clock.now().format("%m-%d %H:%M:%S"), line());
        if self.config.verbose {
            self.config.write_log(&line);
        }
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(line);
    }

    /// Starts a task. It usually runs to its end at once; sometimes it is left in progress.
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

    /// Continues a random task for some polls.
    fn continue_task(&mut self) -> Verdict {
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

    /// A process crashes with one task or with all tasks.
    fn crash(&mut self) -> Verdict {
        if self.tasks.is_empty() {
            return Ok(());
        }
        let all = self.world.chance.percent(20);
        let count = if all { self.tasks.len() } else { 1 };
        for _ in 0..count {
            let index = self.world.chance.below(self.tasks.len() as u64) as usize;
            let task = self.tasks.swap_remove(index);
            self.note(|| format!("{} † a process crashes", task.name));
            self.unconfirmed(task.access);
        }
        Ok(())
    }

    fn unconfirmed(&self, access: Access) {
        if let Access::Call { card, call } = access {
            self.world.provider(card).send_again(*call);
        }
    }

    /// Handles the end of a task, and checks the error of a failed one.
    fn end(&mut self, task: Task, answer: Result<String>) -> Verdict {
        let Task { name, access, .. } = task;
        match answer {
            Ok(result) => {
                self.note(|| format!("{name}: {result}"));
                Ok(())
            }
            Err(error) => {
                self.note(|| format!("{name}: {error}"));
                self.unconfirmed(access);
                self.check_reason(&name, &error)
            }
        }
    }

    /// Checks that only the faults of this simulation cause errors of kind `unavailable`.
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
        let name = format!("a webhook arrives: {}", String::from_utf8_lossy(&received.body));
        let mut task = Task::new(name, async move {
            let id = payments.receive_webhook(received).await?;
            Ok(id.map_or_else(|| "unknown token".to_owned(), |id| id.to_string()))
        });
        task.access = Access::Call { card, call: Box::new(call) };
        task
    }

    /// One of two workers runs due tasks.
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

    /// Makes an unrequested deposit.
    fn deposit(&mut self) {
        let chance = &self.world.chance;
        // A deposit looks the same as the payment of a prompt with an unknown receipt, so such
        // transactions get no deposits.
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
                    self.world.mobile.dismiss_prompt(*id, chance.percent(60));
                    (number.clone(), if chance.percent(80) { *gross } else { some })
                }
                None => (user.phone.to_string(), some),
            },
            6..=8 => (user.phone.to_string(), some),
            _ => ("nobody".to_owned(), some),
        };
        let payer = chance.percent(70).then(|| user.phone.to_string());
        self.world.mobile.deposit(&account, amount, payer);
        self.note(|| format!("an unrequested deposit of {amount} to {account}"));
    }

    /// A provider moves money without our order.
    fn move_without_order(&mut self) {
        let (what, happened) = match self.world.chance.below(6) {
            0..=2 => ("a card charge or payout is returned", self.world.card.return_without_order()),
            3 => ("mobile money is returned", self.world.mobile.return_without_order()),
            4 => ("a return fails", self.world.card.fail_return()),
            _ => ("a bank changes its verdict", self.world.card.reverse_verdict()),
        };
        if happened {
            self.note(|| format!("{what}, without our order"));
        }
    }

    fn audit(&mut self) -> Verdict {
        for applied in self.world.store.take_applied() {
            if self.config.verbose {
                self.log_applied(&applied);
            }
            self.auditor.read(&applied)?;
        }
        Ok(())
    }

    /// Logs the changes of a commit.
    fn log_applied(&self, applied: &Applied) {
        for transaction in &applied.transactions {
            let (number, link) = (&transaction.number, &transaction.gateway);
            self.config.write_log(&format!("         {number} is {}: {link:?}", transaction.status));
        }
        for entry in &applied.entries {
            let postings =
                entry.postings.iter().map(|posting| format!("{} {}", posting.account, posting.amount));
            let postings = postings.collect::<Vec<_>>().join(", ");
            self.config.write_log(&format!("         {} ({}): {postings}", entry.description, entry.cause));
        }
    }

    /// Ends all faults, delivers every webhook, and advances the time until no work is left. Then staff
    /// decide everything that waits for them, and the rest of the work is completed.
    fn finish_open_work(&mut self) -> Verdict {
        self.world.chance.calm_down();
        self.note(|| "all open work is completed".to_owned());
        self.end_tasks()?;
        self.world.mobile.send_dropped();
        self.world.card.send_dropped();
        self.let_time_pass()?;
        self.auditor.check_rest(&self.world, false)?;
        for _ in 0..4 {
            self.let_staff_decide()?;
            self.let_time_pass()?;
        }
        self.auditor.check_rest(&self.world, true)?;
        self.consume_all()
    }

    /// Lets the consumer handle every event, those that it has parked included, and compares the counts.
    fn consume_all(&mut self) -> Verdict {
        for task in [events::number, events::consume, events::retry_parked, events::consume] {
            self.world.advance(TimeDelta::minutes(10));
            self.run_to_end(task(&self.world))?;
        }
        self.auditor.totals().check(&self.world.store.inner)
    }

    /// Runs all tasks to their end.
    fn end_tasks(&mut self) -> Verdict {
        for mut task in std::mem::take(&mut self.tasks) {
            let answer = task.poll(100_000).ok_or_else(|| format!("{} does not end", task.name))?;
            self.end(task, answer.or_else(ignore_fault))?;
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

    /// Handles all arrived webhooks and all due tasks.
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

    fn let_staff_decide(&mut self) -> Verdict {
        while self.world.card.decide_chargeback() {}
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

/// Ignores the failure of a task that had met a fault before the faults ended.
fn ignore_fault(error: Error) -> Result<String> {
    match error {
        Error::Unavailable { reason } if reason.contains(SIMULATED) || reason.contains(OUTAGE) => Ok(reason),
        other => Err(other),
    }
}
