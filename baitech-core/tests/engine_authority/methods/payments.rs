//! The methods of payments.

use baitech_core::{
    booking::{BookingStatus as Status, DisputeCategory},
    kernel::Currency,
    payment::{NewPayment, NewPayout, ReconcileRequest},
    transaction::{PaymentMethod, TransactionFilter},
};

use super::{
    Row,
    scene::{Scene, page},
};
use crate::support::{kes, run};

pub(super) const PAYMENTS: &[Row] = &[
    row!(payments.get(held(PaymentMethod::Mpesa)), "customer technician support admin system"),
    Row("payments.get_by_number", "customer technician support admin system", |s, a| {
        let (_, payment) = s.till.held(PaymentMethod::Mpesa);
        let number = s.till.load(payment).number.clone();
        run(s.payments().get_by_number(a, &number)).map(drop)
    }),
    row!(payments.view(held(PaymentMethod::Mpesa)), "customer technician support admin system"),
    Row("payments.view_by_number", "customer technician support admin system", |s, a| {
        let (_, payment) = s.till.held(PaymentMethod::Mpesa);
        let number = s.till.load(payment).number.clone();
        run(s.payments().view_by_number(a, &number)).map(drop)
    }),
    Row("payments.view_of", "customer technician support admin system", |s, a| {
        let (_, payment) = s.till.held(PaymentMethod::Mpesa);
        run(s.payments().view_of(a, &s.till.load(payment))).map(drop)
    }),
    row!(payments.list_views(&TransactionFilter::default(), &page()), "support admin system"),
    row!(payments.list(&TransactionFilter::default(), &page()), "support admin system"),
    row!(payments.totals(&TransactionFilter::default()), "support admin system"),
    row!(payments.wallet(customer(), Currency::KES), "customer support admin system"),
    row!(payments.wallet_lines(customer(), &page()), "customer support admin system"),
    row!(payments.earning_lines(technician(), &page()), "technician support admin system"),
    row!(payments.refund(paid(PaymentMethod::Mpesa), kes(100), "asked for it"), "support admin system"),
    // The system releases only when the release is due.
    row!(payments.release(paid(PaymentMethod::Mpesa)), "admin"),
    row!(payments.withdraw_payment(unsent()), "customer support admin system"),
    row!(payments.list_webhooks(&[], &page()), "support admin system"),
    Row("payments.retry_webhook", "support admin system", |s, a| {
        s.till.call_at("paybill", "forged");
        let call = s.till.webhooks()[0].id;
        run(s.payments().retry_webhook(a, call)).map(drop)
    }),
    row!(payments.reconciliation(reconciliation()), "support admin system"),
    row!(payments.list_reconciliations(&page()), "support admin system"),
    row!(payments.advance_reconciliation(reconciliation()), "support admin system"),
    Row("payments.reconcile", "support admin system", |s, a| {
        let request = ReconcileRequest { method: PaymentMethod::Mpesa, format: None, period: None };
        let statement = b"Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance\n";
        run(s.payments().reconcile(a, &request, statement)).map(drop)
    }),
    Row("payments.request_payout", "technician admin system", |s, a| {
        s.till.released(PaymentMethod::Mpesa);
        let technician = s.till.world.technician.id;
        run(s.payments().request_payout(a, technician, kes(500), &NewPayout::default())).map(drop)
    }),
    Row("payments.withdraw", "customer", |s, a| {
        s.till.fill_wallet(&s.till.world.customer, 500);
        run(s.payments().withdraw(a, kes(100), &NewPayout::default())).map(drop)
    }),
    Row("payments.pay", "customer support admin", |s, a| {
        let id = s.till.accepted(PaymentMethod::Mpesa);
        let version = s.till.world.load(id).version;
        run(s.payments().if_version(version).pay(a, id, &NewPayment::default())).map(drop)
    }),
    Row("payments.tip", "customer", |s, a| {
        let (id, _) = s.till.paid(PaymentMethod::Mpesa);
        run(s.payments().tip(a, id, kes(100), &NewPayment::default())).map(drop)
    }),
    Row(
        "payments.top_up",
        "stranger other_technician customer technician company employee support admin",
        |s, a| run(s.payments().top_up(a, kes(100), &NewPayment::default())).map(drop),
    ),
    Row("payments.pay_debt", "customer", |s, a| {
        let id = s.at(Status::Accepted);
        s.till.world.clock.set(s.till.world.load(id).slot.starts_at());
        run(s.till.world.bookings().cancel(&s.till.customer(), id, "no need")).unwrap();
        run(s.payments().pay_debt(a, kes(100), &NewPayment::default())).map(drop)
    }),
    Row("payments.review", "support admin", |s, a| {
        let suspicious = Scene::suspicious();
        let (_, payment) = suspicious.till.held(PaymentMethod::Mpesa);
        let _ = s;
        run(suspicious.payments().review(a, payment, true)).map(drop)
    }),
    row!(payments.decide_mismatch(mismatched(), false), "support admin"),
    Row("payments.decide_provider_move", "support admin", |s, a| {
        let (id, payment) = s.till.paid(PaymentMethod::Card);
        let customer = s.till.customer();
        run(s.till.world.bookings().dispute(&customer, id, DisputeCategory::Quality, "it drips")).unwrap();
        s.till.call(payment, "e1;caller:;refunded;1000;re_1;");
        run(s.payments().decide_provider_move(a, payment, true, None)).map(drop)
    }),
    Row("payments.decide_verdict", "support admin system", |s, a| {
        let (_, payment) = s.till.paid(PaymentMethod::Card);
        for call in ["c1;caller:;contested;2738;;", "c2;caller:;won;;;", "c3;caller:;lost;;;"] {
            s.till.call(payment, call);
        }
        run(s.payments().decide_verdict(a, payment, true)).map(drop)
    }),
    row!(payments.decide_outcome(unknown_payout(), true, None), "support admin system"),
    row!(payments.receipt(paid(PaymentMethod::Mpesa)), "customer support admin system"),
    row!(payments.invoice(paid(PaymentMethod::Mpesa)), "customer support admin system"),
    Row("payments.statement", "company support admin system", |s, a| {
        run(s.payments().statement(a, s.company.id, 2026, 3)).map(drop)
    }),
];
