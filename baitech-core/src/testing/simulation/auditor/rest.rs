//! Rules that hold once no work is left.

use std::collections::BTreeMap;

use super::{
    super::{provider::Provider, world::World},
    Auditor, Verdict,
    books::add,
    has_moved,
    payments::Movements,
    waits_for_staff,
};
use crate::{
    booking::{Booking, BookingStatus},
    kernel::{Currency, Id, Money},
    ledger::Account,
    store::LedgerReader,
    testing::simulation::task::ready,
    transaction::{PaymentMethod, Transaction, TransactionKind, TransactionStatus},
};

impl Auditor {
    /// Compares the store's whole ledger with the committed entries.
    pub(in super::super) fn check_books(&self, world: &World) -> Verdict {
        let store = &world.store.inner;
        let running = ready(store.trial_balance()).map_err(|error| error.to_string())?;
        let recounted = ready(store.recount()).map_err(|error| error.to_string())?;
        self.books.compare(&running, &recounted, store.ledger_entries().len())?;
        for provider in [&world.mobile, &world.card] {
            if let Some(complaint) = provider.complaints().first() {
                return Err(format!("{}: {complaint}", provider.name().as_str()));
            }
        }
        Ok(())
    }

    /// Checks that no transaction is in progress, except those that wait for staff.
    pub(in super::super) fn check_rest(&self, world: &World, staff_are_done: bool) -> Verdict {
        self.check_books(world)?;
        for transaction in self.transactions.values() {
            self.check_payment(transaction)?;
            let waits = !staff_are_done && waits_for_staff(transaction);
            let open = matches!(
                transaction.status,
                TransactionStatus::Initiated | TransactionStatus::Pending | TransactionStatus::Processing
            );
            if open && !waits {
                return Err(format!(
                    "{} of {} is still {} at rest: {:?}",
                    transaction.number, transaction.kind, transaction.status, transaction.gateway
                ));
            }
        }
        self.check_charged()?;
        for (account, balance) in self.books.iter().filter(|(_, balance)| !balance.is_zero()) {
            let fine = match account {
                Account::Reserved(id) => {
                    let of = self.transactions.get(&id);
                    of.is_some_and(|of| !staff_are_done && (waits_for_staff(of) || self.is_disputed(of)))
                }
                Account::Escrow(id) => {
                    let status = self.bookings.get(&id).map(|booking| booking.status);
                    let ended =
                        matches!(status, None | Some(BookingStatus::Cancelled | BookingStatus::Refunded));
                    let due = status == Some(BookingStatus::Paid) && !self.is_held_back(id);
                    !ended && !due
                }
                // No top-up or debt payment is in progress.
                Account::OpenTopUps(_) | Account::OpenDebtPayments(_) => !staff_are_done,
                Account::OpenAmounts => !staff_are_done || self.reserved_for_cash_jobs()? == balance,
                _ => true,
            };
            if !fine {
                let what = match account {
                    Account::Reserved(id) => format!("{:?}", self.transactions.get(&id)),
                    Account::Escrow(id) => {
                        format!(
                            "{:?}",
                            self.bookings.get(&id).map(|booking| (booking.status, &booking.payment))
                        )
                    }
                    _ => String::new(),
                };
                return Err(format!("{account} still holds {balance} at rest: {what}"));
            }
        }
        // Before staff decide, the ledger and the providers may differ.
        if staff_are_done {
            self.check_returned(world)?;
            self.check_statements(world)?;
        }
        Ok(())
    }

    /// Checks that refunds without our order were taken from the parties' shares.
    fn check_returned(&self, world: &World) -> Verdict {
        for payment in self.transactions.values().filter(|of| of.kind.is_incoming() && has_moved(of.status)) {
            let card = payment.gateway.provider != Some(PaymentMethod::Mpesa);
            let currency = payment.amount.currency();
            let gone = Money::sum(currency, world.provider(card).returned_without_order(payment.id));
            let gone = gone.map_err(|error| error.to_string())?;
            let most = gone.try_min(payment.amount.gross).map_err(|error| error.to_string())?;
            let refunded = payment.refunds.iter().map(|refund| refund.amount);
            let refunded = Money::sum(currency, refunded).map_err(|error| error.to_string())?;
            if refunded.amount() < most.amount() {
                return Err(format!(
                    "{} of {}: the provider refunded {gone}, but {refunded} is booked",
                    payment.number, payment.amount.gross
                ));
            }
        }
        Ok(())
    }

    /// Checks that the captured and unrefunded money of each booking is within the approved total.
    fn check_charged(&self) -> Verdict {
        let mut charged: BTreeMap<Id<Booking>, Money> = BTreeMap::new();
        let payments = self.transactions.values().filter(|of| of.kind == TransactionKind::BookingPayment);
        for payment in payments.filter(|payment| has_moved(payment.status)) {
            let Some(booking) = payment.booking else { continue };
            let returns = payment.refunds.iter().map(|refund| refund.amount.negated());
            let sum = charged.entry(booking).or_insert(Money::zero(payment.amount.currency()));
            for amount in returns.chain([payment.amount.gross]) {
                *sum = add(*sum, amount)?;
            }
        }
        for (booking, sum) in charged {
            let approved = self.approved.get(&booking);
            if approved.is_none_or(|approved| sum.amount() > approved.amount()) {
                return Err(format!(
                    "booking {booking} was charged {sum} in total, the approved total is {approved:?}"
                ));
            }
        }
        Ok(())
    }

    /// Checks that the ledger and the statement of each provider agree on its balance.
    fn check_statements(&self, world: &World) -> Verdict {
        for provider in [&world.mobile, &world.card] {
            let stated = provider.held(Currency::KES);
            let booked: Money =
                self.books.balance(Account::Clearing(provider.name()), Currency::KES).negated();
            if stated != booked {
                let name = provider.name().as_str();
                let mut finding =
                    format!("{name} holds {stated} by its statement and {booked} by the ledger");
                for line in self.differences(provider) {
                    finding.push_str("\n  ");
                    finding.push_str(&line);
                }
                return Err(finding);
            }
        }
        Ok(())
    }

    /// Explains a difference: transactions that differ between ledger and statement, and deposits that none
    /// of them explains.
    fn differences(&self, provider: &Provider) -> Vec<String> {
        let mut deposits = provider.deposits();
        let mut lines = Vec::new();
        for transaction in self.transactions.values() {
            let zero = Money::zero(transaction.amount.currency());
            let moved = provider.moved(transaction.id);
            let stated = Money::sum(zero.currency(), moved).unwrap_or(zero);
            let movements = self.movements.get(&transaction.id);
            let booked = movements.and_then(Movements::cleared).unwrap_or(zero).negated();
            let difference = booked.checked_sub(stated).unwrap_or(zero);
            if transaction.gateway.provider != Some(provider.name()) || difference.is_zero() {
                continue;
            }
            if let Some(index) = deposits.iter().position(|(_, amount)| *amount == difference) {
                deposits.swap_remove(index);
                continue;
            }
            let (number, kind, status) = (&transaction.number, transaction.kind, transaction.status);
            let (link, failure) = (&transaction.gateway, &transaction.failure);
            lines.push(format!(
                "{number}, a {kind} that is {status}: {stated} by the statement, {booked} by the ledger; \
                 {link:?} {failure:?} {:?} {:?} {:?}",
                transaction.mismatch, transaction.provider_moves, transaction.chargeback
            ));
        }
        lines.extend(
            deposits.into_iter().map(|(account, amount)| format!("a deposit of {amount} to {account}")),
        );
        lines
    }

    fn is_disputed(&self, transaction: &Transaction) -> bool {
        let booking = transaction.booking.and_then(|booking| self.bookings.get(&booking));
        booking.is_some_and(|booking| booking.status == BookingStatus::Disputed)
    }

    fn is_held_back(&self, booking: Id<Booking>) -> bool {
        let payments = self.transactions.values().filter(|payment| payment.booking == Some(booking));
        payments.into_iter().any(waits_for_staff)
    }
}

impl Auditor {
    /// A short hash of all balances and statuses.
    pub(in super::super) fn digest(&self) -> String {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        for (account, balance) in self.books.iter() {
            hash.update(format!("{account} {balance}\n"));
        }
        for transaction in self.transactions.values() {
            hash.update(format!("{} {}\n", transaction.number, transaction.status));
        }
        for booking in self.bookings.values() {
            hash.update(format!("{} {}\n", booking.number, booking.status));
        }
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// All balances and statuses as lines that do not depend on the order in which numbers were drawn. A
    /// bank's chargeback of a top-up reduces the wallet, or becomes a debt if the wallet holds too little at
    /// that moment, so wallet and debt are summed per user.
    pub(in super::super) fn end(&self) -> Vec<String> {
        let name = |id| {
            let of: Option<&Transaction> = self.transactions.get(&id);
            let original = of.and_then(|of| of.original).and_then(|id| self.transactions.get(&id));
            of.map(|of| {
                (of.kind, of.status, of.amount.gross, original.map(|original| original.number.clone()))
            })
        };
        let mut totals: BTreeMap<Account, Money> = BTreeMap::new();
        for (account, balance) in self.books.iter() {
            let whose = if let Account::Receivable(who) = account { Account::Wallet(who) } else { account };
            let sum = totals.entry(whose).or_insert(Money::zero(balance.currency()));
            *sum = sum.checked_add(balance).unwrap_or(*sum);
        }
        let balances = totals.into_iter().filter(|(_, balance)| !balance.is_zero());
        let mut lines: Vec<String> = balances
            .map(|(account, balance)| match account {
                Account::Reserved(id) => format!("reserved for {:?}: {balance}", name(id)),
                account => format!("{account}: {balance}"),
            })
            .chain(self.transactions.keys().map(|id| format!("{:?}", name(*id))))
            .chain(self.bookings.values().map(|booking| {
                format!("{} is {}, its payment {:?}", booking.number, booking.status, booking.payment.status)
            }))
            .collect();
        lines.sort_unstable();
        lines
    }
}
