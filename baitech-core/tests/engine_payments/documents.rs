//! Receipts, statements, reconciliation, debts and credit.

use baitech_core::{
    account::User,
    booking::BookingStatus as Status,
    kernel::{Role, Rule},
    ledger::Account,
    payment::{NewPayment, ReconcileRequest},
    testing::build,
    transaction::{Outcome, PaymentMethod, TransactionKind, TransactionStatus},
};
use chrono::TimeDelta;

use crate::{
    support::{self, assert_forbidden, assert_refused, kes, run},
    till::Till,
};

#[test]
fn receipt_itemizes_the_payment() {
    let till = Till::new();
    let (_, payment) = till.paid(PaymentMethod::Mpesa);
    let receipt = run(till.payments().receipt(&till.customer(), payment)).unwrap();
    let amounts: Vec<_> = receipt.lines.iter().map(|line| line.amount).collect();
    assert_eq!(amounts, [kes(2_000), kes(300), kes(60)]);
    let sums: Vec<_> = receipt.sums.iter().map(|sum| (sum.label.as_str(), sum.amount)).collect();
    assert_eq!(sums, [("Subtotal", kes(2_360)), ("VAT 16 %", kes(378)), ("Total", kes(2_738))]);
    assert!(receipt.number.starts_with("RCT2603"));
    let shown = serde_json::to_string(&receipt).unwrap();
    assert!(shown.contains("M-Pesa") && shown.contains("R1"), "{shown}");
    till.world.clock.advance(TimeDelta::days(1));
    let again = run(till.payments().receipt(&till.customer(), payment)).unwrap();
    assert_eq!(again, receipt, "the receipt does not change later");
    let stranger = till.world.stranger.actor();
    support::assert_not_found(run(till.payments().receipt(&stranger, payment)));

    let id = till.accepted_later();
    let open = till.pay(id).unwrap().transaction.id;
    assert_refused(run(till.payments().receipt(&till.customer(), open)), Rule::TRANSITION);
    let invoice = run(till.payments().invoice(&till.customer(), open)).unwrap();
    assert_eq!(invoice.sums.last().map(|sum| sum.amount), Some(kes(2_738)), "due");
}

impl Till {
    fn accepted_later(&self) -> baitech_core::kernel::Id<baitech_core::booking::Booking> {
        let mut request = support::request();
        request.payment_method = PaymentMethod::Mpesa;
        request.time_slot = support::slot(9, "10:00", "12:00");
        let id = self.world.request(&request).id;
        self.world.drive(id, Status::Accepted);
        id
    }
}

fn company(till: &Till) -> User {
    let company = build::company(1);
    till.world.add(&company);
    company
}

#[test]
fn company_buys_on_credit_and_pays_its_statement_by_transfer() {
    let till = Till::new();
    let company = company(&till);
    let mut request = support::request();
    request.payment_method = PaymentMethod::BankTransfer;
    assert_refused(run(till.world.bookings().create(&till.customer(), &request)), Rule::PAYMENT_METHOD);
    let booking = run(till.world.bookings().create(&company.actor(), &request)).unwrap();
    till.world.drive(booking.id, Status::Accepted);
    let seen = till.world.load(booking.id).version;
    run(till.payments().if_version(seen).pay(&company.actor(), booking.id, &NewPayment::default())).unwrap();
    assert_eq!(till.balance(Account::Receivable(company.id)), -2_738);
    assert_eq!(till.balance(Account::Escrow(booking.id)), 2_738);

    till.world.pass(1);
    let by_transfer = NewPayment { method: Some(PaymentMethod::BankTransfer), ..NewPayment::default() };
    let pay = |amount| run(till.payments().pay_debt(&company.actor(), kes(amount), &by_transfer));
    assert_refused(pay(2_739).map(drop), Rule::EXCEEDS_CAPTURE);
    // Movements of the same moment have no defined order.
    till.world.pass(1);
    let transfer = pay(2_738).unwrap().transaction;
    assert_eq!(transfer.status, TransactionStatus::Processing);
    let statement = format!(
        "date,narration,reference,debit,credit\n\
         2026-03-02,Transfer {},FT1,,2738.00\n\
         2026-03-02,Jane Doe,FT2,,10.00\n",
        transfer.number
    );
    let upload = ReconcileRequest { method: PaymentMethod::BankTransfer, format: None, period: None };
    let admin = till.world.admin.actor();
    let counts = till.reconcile(&admin, &upload, &statement).unwrap().counts;
    assert_eq!((counts.matched, counts.missing_here, counts.transfers_completed), (1, 1, 1));
    assert_eq!(till.balance(Account::Receivable(company.id)), 0);
    assert!(till.load(transfer.id).reconciliation.is_some());
    let again = till.reconcile(&admin, &upload, &statement).unwrap().counts;
    assert_eq!((again.matched, again.transfers_completed, again.marked), (1, 0, 0));
    assert_eq!(till.balance(Account::Receivable(company.id)), 0, "the transfer is booked once");
    assert_forbidden(run(till.payments().reconcile(&company.actor(), &upload, statement.as_bytes())));

    let statement = run(till.payments().statement(&company.actor(), company.id, 2026, 3)).unwrap();
    let amounts: Vec<_> = statement.lines.iter().map(|line| line.amount).collect();
    assert_eq!(amounts, [kes(2_738), kes(-2_738)]);
    assert_eq!(statement.sums.iter().map(|sum| sum.amount).collect::<Vec<_>>(), [kes(0), kes(0), kes(0)]);
    let february = run(till.payments().statement(&till.world.admin.actor(), company.id, 2026, 2)).unwrap();
    assert!(february.lines.is_empty());
    assert_forbidden(run(till.payments().statement(&till.customer(), company.id, 2026, 3)));
    assert_eq!(company.role, Role::Corporate);
}

#[test]
fn provider_charges_of_a_statement_are_booked_once() {
    let till = Till::new();
    till.paid(PaymentMethod::Stripe);
    let statement =
        "reference,date,amount,currency,fee,description\nR1,2026-03-02T08:00:00Z,2738.00,KES,79.40,charge\n";
    let upload = ReconcileRequest {
        method: PaymentMethod::Card,
        format: Some(baitech_core::payment::StatementPreset::Generic),
        period: None,
    };
    let admin = till.world.admin.actor();
    for _ in 0..2 {
        assert_eq!(till.reconcile(&admin, &upload, statement).unwrap().counts.matched, 1);
    }
    let entries = till.world.store.ledger_entries();
    let charges: Vec<_> = entries
        .iter()
        .flat_map(|entry| &entry.postings)
        .filter(|posting| posting.account == Account::GatewayCharges)
        .collect();
    assert_eq!(charges.len(), 1);
    assert_eq!(charges[0].amount.to_string(), "-79.40 KES");
    let broken = run(till.payments().reconcile(&admin, &upload, b"reference,amount\nR1,abc\n"));
    support::assert_invalid(
        broken.map(drop),
        &[("statement.2.amount", baitech_core::kernel::Code::Malformed)],
    );
}

#[test]
fn tip_goes_to_the_technician_in_full() {
    let till = Till::new();
    let (id, _) = till.released(PaymentMethod::Mpesa);
    till.mpesa.answers_with(Ok(Outcome::Settled(baitech_core::transaction::Proof::default())));
    run(till.payments().tip(&till.customer(), id, kes(200), &NewPayment::default())).unwrap();
    assert_eq!(till.balance(Account::Payable(till.world.technician.id)), 2_478);
    assert_eq!(till.of_kind(TransactionKind::Tip).len(), 1);
    let technician = till.world.technician.actor();
    assert_forbidden(run(till.payments().tip(&technician, id, kes(200), &NewPayment::default())).map(drop));
}

#[test]
fn company_stays_within_its_credit_limit() {
    let mut policy = baitech_core::booking::BookingPolicy::default();
    policy.payment.credit_limit = kes(2_737);
    let till = Till::with(|builder| builder.policy(policy));
    let company = company(&till);
    let mut request = support::request();
    request.payment_method = PaymentMethod::BankTransfer;
    let booking = run(till.world.bookings().create(&company.actor(), &request)).unwrap();
    till.world.drive(booking.id, Status::Accepted);
    let payments = till.payments().max_price(kes(2_738));
    let paid = run(payments.pay(&company.actor(), booking.id, &NewPayment::default()));
    assert_refused(paid.map(drop), Rule::DEBT_LIMIT);
}
