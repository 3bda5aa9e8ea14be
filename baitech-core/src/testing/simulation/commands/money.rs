//! Commands of users on their own money.

use super::{
    super::{auditor::Auditor, task::Task, world::World},
    Commands, Request, actor_of, all_users, describe_transaction, find_user, part_of, pay_out_by,
    random_booking, random_transaction, random_user,
};
use crate::{
    account::User,
    booking::{Booking, BookingStatus},
    ledger::Account,
    payment::NewPayment,
    store::Stored,
    testing::build::kes,
    transaction::{PaymentMethod, TransactionKind},
};

impl Commands {
    /// Pays a random booking.
    pub(super) fn pay_random(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let booking = random_booking(world, auditor, |booking| !booking.payment.status.is_settled())?;
        self.pay(world, auditor, &booking)
    }

    pub(super) fn pay(
        &mut self,
        world: &World,
        auditor: &mut Auditor,
        booking: &Stored<Booking>,
    ) -> Option<Task> {
        let who = if world.chance.percent(90) { booking.payer() } else { booking.customer };
        let actor = actor_of(world, who)?;
        let user = find_user(world, who)?;
        let method = if world.chance.percent(70) { None } else { Some(world.method(user)) };
        // The request names the shown price, so the payer approves it.
        let total = booking.pricing.total;
        auditor.note_approved(booking.id, total);
        let request = NewPayment { method, ..NewPayment::default() };
        Some(self.ask(world, Request::Pay(actor, booking.id, total, request)))
    }

    pub(super) fn top_up(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let user = random_user(world);
        let amount = kes(world.chance.between(1, 12) * 500);
        auditor.note_request(user.id, TransactionKind::WalletTopup);
        let method = Some(if world.chance.percent(60) { PaymentMethod::Mpesa } else { PaymentMethod::Card });
        let request = NewPayment { method, ..NewPayment::default() };
        Some(self.ask(world, Request::TopUp(user.actor(), amount, request)))
    }

    pub(super) fn tip(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let booking = random_booking(world, auditor, |booking| {
            matches!(booking.status, BookingStatus::Completed | BookingStatus::Paid)
        })?;
        let actor = actor_of(world, booking.customer)?;
        auditor.note_request(booking.customer, TransactionKind::Tip);
        let method = Some(world.method(find_user(world, booking.customer)?));
        let request = NewPayment { method, ..NewPayment::default() };
        Some(self.ask(world, Request::Tip(actor, booking.id, kes(world.chance.between(1, 5) * 100), request)))
    }

    pub(super) fn pay_debt(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let debtors: Vec<&User> = all_users(world)
            .filter(|user| world.balance(Account::Receivable(user.id)).is_negative())
            .collect();
        let user = *world.chance.pick(&debtors)?;
        let owed = world.balance(Account::Receivable(user.id)).negated();
        let amount = if world.chance.percent(60) { owed } else { kes(world.chance.between(1, 2_000)) };
        auditor.note_request(user.id, TransactionKind::CancellationFee);
        let method = Some(
            [PaymentMethod::Mpesa, PaymentMethod::Card, PaymentMethod::Wallet]
                [world.chance.below(3) as usize],
        );
        let request = NewPayment { method, ..NewPayment::default() };
        Some(self.ask(world, Request::PayDebt(user.actor(), amount, request)))
    }

    pub(super) fn withdraw(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let user = random_user(world);
        let balance = world.balance(Account::Wallet(user.id));
        let amount = part_of(world, balance);
        auditor.note_request(user.id, TransactionKind::WalletWithdrawal);
        Some(self.ask(world, Request::Withdraw(user.actor(), amount, pay_out_by(world))))
    }

    pub(super) fn pay_out(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let user = world.chance.pick(&world.technicians)?.clone();
        let amount = part_of(world, world.balance(Account::Payable(user.id)));
        auditor.note_request(user.id, TransactionKind::TechnicianPayout);
        Some(self.ask(world, Request::PayOut(user.actor(), user.id, amount, pay_out_by(world))))
    }

    pub(super) fn withdraw_payment(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let payment = random_transaction(world, auditor, |transaction| {
            transaction.status.is_open() && transaction.payer.is_some()
        })?;
        let actor = actor_of(world, payment.payer?)?;
        let (payments, id) = (world.market.payments(), payment.id);
        Some(Task::new(format!("{} is withdrawn", payment.number), async move {
            payments.withdraw_payment(&actor, id).await.map(describe_transaction)
        }))
    }
}
