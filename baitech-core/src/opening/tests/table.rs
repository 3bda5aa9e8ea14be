//! Tests of the tables in the module's documentation, line by line.

use TransactionKind::{
    BookingPayment, CancellationFee, Penalty, Subscription, TechnicianPayout, Tip, WalletTopup,
    WalletWithdrawal,
};
use TransactionStatus::{
    Cancelled, Completed, Expired, Failed, Initiated, PartiallyRefunded, Pending, Refunded,
};

use super::*;
use crate::transaction::PaymentMethod::{Card, Cash, Mpesa, Wallet};

fn wallet() -> Account {
    Account::Wallet(id(PAYER))
}

fn payable() -> Account {
    Account::Payable(id(TECHNICIAN))
}

fn escrow() -> Account {
    Account::Escrow(id(BOOKING))
}

const PLATFORM: Account = Account::PlatformRevenue;
const PROCESSING: Account = Account::ProcessingRevenue;
const WITHHELD: Account = Account::WithholdingPayable;
const OPENING: Account = Account::OpeningBalance;

/// The opening balances of these transactions, with all adjustments.
fn books(records: impl IntoIterator<Item = TransactionRecord>) -> (Vec<(Account, Money)>, Vec<OpeningIssue>) {
    let mut ledger = OpeningLedger::new(migration());
    let (mut balances, mut issues) = (Balances::new(), Vec::new());
    for record in records {
        let plan = ledger.add(&Transaction::from_record(record), None);
        issues.extend(plan.differences.iter().map(|difference| difference.what));
        post(&mut balances, plan.entry);
    }
    let report = ledger.finish();
    issues.extend(report.differences.iter().map(|difference| difference.what));
    issues.retain(|issue| *issue != OpeningIssue::BookingMissing);
    post(&mut balances, report.adjustments);
    (balances.into_iter().map(|((account, _), balance)| (account, balance)).collect(), issues)
}

fn sorted(mut lines: Vec<(Account, Money)>) -> Vec<(Account, Money)> {
    lines.sort_by_key(|(account, _)| *account);
    lines
}

#[track_caller]
fn opens(
    records: impl IntoIterator<Item = TransactionRecord>,
    lines: &[(Account, i64)],
    expected_issues: &[OpeningIssue],
) {
    let (balances, issues) = books(records);
    let expected = sorted(lines.iter().map(|(account, amount)| (*account, kes(*amount))).collect());
    assert_eq!(balances, expected);
    assert_eq!(issues, expected_issues);
}

fn held(mut record: TransactionRecord) -> TransactionRecord {
    record.escrow.held = true;
    record.escrow.held_at = Some(moment(1));
    record
}

#[test]
fn unsettled_or_refunded_payments_contribute_nothing() {
    for status in [Initiated, Pending, Failed, Cancelled, Expired] {
        opens([payment(9, BookingPayment, Mpesa, status)], &[], &[]);
    }
    let mut record = payment(9, BookingPayment, Wallet, Refunded);
    record.refunds = vec![given_back(kes(1_000)), given_back(kes(1_738))];
    opens([record], &[], &[]);
}

#[test]
fn held_money_is_in_escrow() {
    opens([held(payment(9, BookingPayment, Mpesa, Completed))], &[(escrow(), 2_738), (OPENING, -2_738)], &[]);
    let mut part = held(payment(9, BookingPayment, Card, PartiallyRefunded));
    part.refunds.push(given_back(kes(738)));
    opens([part], &[(escrow(), 2_000), (OPENING, -2_000)], &[]);
}

#[test]
fn released_money_is_split_into_net_shares() {
    let shares = [(payable(), 2_278), (PLATFORM, 300), (PROCESSING, 60), (WITHHELD, 100), (OPENING, -2_738)];
    for kind in [BookingPayment, Tip, CancellationFee] {
        opens([payment(9, kind, Card, Completed)], &shares, &[]);
    }
    let mut half = payment(9, BookingPayment, Card, PartiallyRefunded);
    half.refunds.push(given_back(kes(1_369)));
    let left = [(payable(), 1_139), (PLATFORM, 150), (PROCESSING, 30), (WITHHELD, 50), (OPENING, -1_369)];
    opens([half], &left, &[]);
}

#[test]
fn cash_becomes_the_technicians_debt() {
    let debt = [(payable(), -460), (PLATFORM, 300), (PROCESSING, 60), (WITHHELD, 100)];
    opens([payment(9, BookingPayment, Cash, Completed)], &debt, &[]);
    let mut without_payee = payment(9, BookingPayment, Cash, Completed);
    without_payee.payee = None;
    opens([without_payee], &[], &[OpeningIssue::PartyMissing]);
}

#[test]
fn wallet_balance_is_topups_less_outflows() {
    let topup =
        TransactionRecord { amount: Amount::whole(kes(5_000)), ..payment(9, WalletTopup, Mpesa, Completed) };
    let mut paid = held(payment(8, BookingPayment, Wallet, PartiallyRefunded));
    paid.refunds.push(given_back(kes(738)));
    let withdrawal = TransactionRecord {
        amount: Amount::with_fee(kes(1_000), kes(10)).unwrap(),
        payee: Some(id(PAYER)),
        ..payment(7, WalletWithdrawal, Mpesa, Completed)
    };
    opens(
        [withdrawal, topup, paid],
        &[(wallet(), 2_000), (escrow(), 2_000), (PLATFORM, 10), (OPENING, -4_010)],
        &[],
    );
}

#[test]
fn a_wallet_never_starts_below_zero() {
    let paid = held(payment(8, BookingPayment, Wallet, Completed));
    opens([paid], &[(escrow(), 2_738), (OPENING, -2_738)], &[OpeningIssue::WalletShort]);
    let self_top_up = payment(8, WalletTopup, Wallet, Completed);
    opens([self_top_up], &[], &[OpeningIssue::TopUpFees, OpeningIssue::SelfTopUp]);
}

#[test]
fn payouts_never_take_the_payable_below_zero() {
    let others = [(PLATFORM, 300), (PROCESSING, 60), (WITHHELD, 100)];
    let with = |lines: &[(Account, i64)]| [&others[..], lines].concat();
    let earned = payment(9, BookingPayment, Mpesa, Completed);
    let payout = |net| TransactionRecord {
        amount: Amount::whole(kes(net)),
        ..payment(8, TechnicianPayout, Mpesa, Completed)
    };
    opens([payout(2_000), earned.clone()], &with(&[(payable(), 278), (OPENING, -738)]), &[]);
    opens([earned.clone(), payout(3_000)], &with(&[(OPENING, -460)]), &[OpeningIssue::PaidMoreThanEarned]);
    // The stated fees of a payout are those of the payment that it pays out.
    opens([earned.clone(), payment(8, TechnicianPayout, Mpesa, Completed)], &with(&[(OPENING, -460)]), &[]);
    // A payout into the technician's own wallet.
    let into_wallet = payment(8, TechnicianPayout, Wallet, Completed);
    let own = Account::Wallet(id(TECHNICIAN));
    opens([earned.clone(), into_wallet], &with(&[(own, 2_278), (OPENING, -2_738)]), &[]);
    // A payout that was returned.
    let back = TransactionRecord { status: Refunded, ..payout(2_000) };
    let lines = with(&[(payable(), 2_278), (OPENING, -2_738)]);
    opens([earned, back], &lines, &[OpeningIssue::RefundNotOnRecord]);
}

#[test]
fn shares_marked_paid_out_are_not_owed_and_count_once() {
    let others = [(PLATFORM, 300), (PROCESSING, 60), (WITHHELD, 100)];
    let with = |lines: &[(Account, i64)]| [&others[..], lines].concat();
    let mut earned = payment(9, BookingPayment, Mpesa, Completed);
    earned.settlement.settled_at = Some(moment(2));
    opens([earned.clone()], &with(&[(OPENING, -460)]), &[OpeningIssue::PaidOutWithoutPayout]);
    let payout = payment(8, TechnicianPayout, Mpesa, Completed);
    opens([earned.clone(), payout], &with(&[(OPENING, -460)]), &[]);
    // A cash debt stays a debt.
    let cash = payment(7, BookingPayment, Cash, Completed);
    let twice = [(PLATFORM, 600), (PROCESSING, 120), (WITHHELD, 200), (payable(), -460), (OPENING, -460)];
    opens([cash, earned], &twice, &[OpeningIssue::PaidOutWithoutPayout]);
}

#[test]
fn kinds_without_rules_contribute_nothing_and_are_reported() {
    for kind in [Penalty, Subscription] {
        opens([payment(9, kind, Wallet, Completed)], &[], &[OpeningIssue::NoRules]);
    }
    let refund = payment(9, TransactionKind::Refund, Mpesa, Completed);
    opens([refund], &[], &[OpeningIssue::CountedWithPayment]);
}

#[test]
fn contradictions_are_resolved_and_reported() {
    let cases: [(TransactionRecord, i64, OpeningIssue); 8] = [
        (held(payment(9, BookingPayment, Mpesa, Pending)), 0, OpeningIssue::HeldWithoutMoney),
        (held(payment(9, BookingPayment, Mpesa, Failed)), 0, OpeningIssue::HeldWithoutMoney),
        (held(payment(9, BookingPayment, Cash, Completed)), 0, OpeningIssue::NeverHeld),
        (held(payment(9, Tip, Mpesa, Completed)), 0, OpeningIssue::NeverHeld),
        (
            TransactionRecord { booking: None, ..held(payment(9, BookingPayment, Mpesa, Completed)) },
            0,
            OpeningIssue::NeverHeld,
        ),
        (
            {
                let mut record = held(payment(9, BookingPayment, Mpesa, Completed));
                record.escrow.released_at = Some(moment(2));
                record
            },
            0,
            OpeningIssue::HeldAndReleased,
        ),
        (
            TransactionRecord { payee: None, ..payment(9, BookingPayment, Mpesa, Completed) },
            2_738,
            OpeningIssue::NoTechnician,
        ),
        (held(payment(9, BookingPayment, Mpesa, PartiallyRefunded)), 2_738, OpeningIssue::RefundUnknown),
    ];
    for (record, in_escrow, issue) in cases {
        let label = format!("{record:?}");
        let mut ledger = OpeningLedger::new(migration());
        let plan = ledger.add(&Transaction::from_record(record.clone()), None);
        assert!(plan.differences.iter().any(|difference| difference.what == issue), "{label}");
        let next = plan.correct.unwrap_or_else(|| Transaction::from_record(record));
        assert_eq!(next.escrow.held, in_escrow > 0, "{label}");
        let escrow: Vec<_> = plan.entry.iter().flat_map(|entry| entry.lines_of(escrow())).collect();
        assert_eq!(escrow.first().map_or(kes(0), |line| line.amount), kes(in_escrow), "{label}");
    }
}

#[test]
fn refunds_are_cut_to_the_payment_and_status_follows() {
    let mut too_much = held(payment(9, BookingPayment, Mpesa, PartiallyRefunded));
    too_much.refunds = vec![given_back(kes(2_000)), given_back(kes(2_000))];
    let plan = OpeningLedger::new(migration()).add(&Transaction::from_record(too_much), None);
    let next = plan.correct.unwrap();
    assert!(plan.entry.is_none());
    assert_eq!((next.status, next.escrow.held), (Refunded, false));
    assert_eq!(next.refunds.iter().map(|refund| refund.amount).collect::<Vec<_>>(), [kes(2_000), kes(738)]);
    assert!(next.captured().unwrap().is_zero());

    let mut half = held(payment(9, BookingPayment, Mpesa, Refunded));
    half.refunds = vec![given_back(kes(1_369))];
    let plan = OpeningLedger::new(migration()).add(&Transaction::from_record(half), None);
    let next = plan.correct.unwrap();
    assert_eq!((next.refunds.len(), next.refunded().unwrap()), (2, kes(2_738)));
    let issues = plan.differences.iter().find(|d| d.what == OpeningIssue::RefundNotOnRecord).unwrap();
    assert_eq!((issues.stated, issues.derived), (Some(kes(1_369)), Some(kes(2_738))));

    let mut completed = payment(9, BookingPayment, Mpesa, Completed);
    completed.refunds = vec![given_back(kes(1))];
    let plan = OpeningLedger::new(migration()).add(&Transaction::from_record(completed), None);
    assert_eq!(plan.correct.unwrap().status, PartiallyRefunded);
}

#[test]
fn technician_gets_the_remainder_if_parts_do_not_sum() {
    let open = |amount| {
        let record = TransactionRecord { amount, ..payment(9, BookingPayment, Mpesa, Completed) };
        let plan = OpeningLedger::new(migration()).add(&Transaction::from_record(record), None);
        let issues = plan.differences.iter().map(|difference| difference.what);
        (plan.correct.unwrap().amount, issues.filter(|what| *what == OpeningIssue::Parts).count())
    };
    let amount = payment(9, BookingPayment, Mpesa, Completed).amount;
    let (next, issues) = open(Amount { net: kes(2_000), ..amount });
    assert_eq!((next, issues), (amount, 1));
    // A fraction of the smallest unit is rounded without a finding.
    let fraction = Money::new(rust_decimal::Decimal::new(2_738_001, 3), Currency::KES);
    assert_eq!(open(Amount { gross: fraction, ..amount }), (amount, 0));
    // Fees above the gross: all parts share it.
    let (next, issues) =
        open(Amount { gross: kes(1_369), platform_fee: kes(1_400), net: kes(1_338), ..amount });
    assert_eq!(next.shares().total().unwrap(), kes(1_369));
    assert!(!next.net.is_negative() && !next.platform_fee.is_zero());
    assert_eq!(issues, 1);
}

#[test]
fn unusable_amounts_contribute_nothing() {
    let amount = payment(9, BookingPayment, Mpesa, Completed).amount;
    let dollars = Money::from_major(1, Currency::USD);
    for (amount, issue) in [
        (Amount { net: dollars, ..amount }, OpeningIssue::Currencies),
        (Amount { gross: kes(-1), ..amount }, OpeningIssue::Negative),
        (Amount::whole(kes(OpeningLedger::LARGEST + 1)), OpeningIssue::TooLarge),
    ] {
        let record = TransactionRecord { amount, ..held(payment(9, BookingPayment, Mpesa, Completed)) };
        let plan = OpeningLedger::new(migration()).add(&Transaction::from_record(record), None);
        assert!(plan.entry.is_none());
        assert!(!plan.correct.unwrap().escrow.held);
        assert_eq!(plan.differences.first().map(|difference| difference.what), Some(issue));
    }
}

#[test]
fn pending_payouts_expire_and_can_still_be_completed() {
    for kind in [TechnicianPayout, WalletWithdrawal, TransactionKind::Refund] {
        let record = payment(9, kind, Mpesa, Pending);
        let plan = OpeningLedger::new(migration()).add(&Transaction::from_record(record), None);
        assert!(plan.entry.is_none());
        let next = plan.correct.unwrap();
        assert_eq!(next.status, Expired);
        assert!(next.status.cause(Completed).is_some());
    }
}

#[test]
fn entries_name_their_cause_and_are_deterministic() {
    let transaction = Transaction::from_record(held(payment(9, BookingPayment, Mpesa, Completed)));
    let entry = |at| OpeningLedger::new(at).add(&transaction, None).entry.unwrap();
    let first = entry(migration());
    assert_eq!(first.cause, AggregateRef::Transaction(transaction.id));
    assert_eq!((first.description.as_str(), first.at), ("opening balance", migration()));
    assert_eq!(entry(moment(7)).id, first.id);
    let other = Transaction::from_record(held(payment(8, BookingPayment, Mpesa, Completed)));
    assert_ne!(OpeningLedger::new(migration()).add(&other, None).entry.unwrap().id, first.id);
}
