//! The methods of payments.

use baitech_core::{
    booking::{BookingStatus as Status, DisputeCategory, PaymentMethod},
    kernel::Currency,
    payment::{NewPayment, NewPayout, ReconcileRequest, TransactionFilter},
};

use super::{
    Row,
    scene::{Scene, page},
};
use crate::support::{kes, run};

pub(super) const PAYMENTS: &[Row] = &[
    Row("payments.get", "customer technician support admin system", |s, a| {
        let (_, payment) = s.till.held(PaymentMethod::Mpesa);
        run(s.till.payments().get(a, payment)).map(drop)
    }),
    Row("payments.get_by_number", "customer technician support admin system", |s, a| {
        let (_, payment) = s.till.held(PaymentMethod::Mpesa);
        let number = s.till.load(payment).number.clone();
        run(s.till.payments().get_by_number(a, &number)).map(drop)
    }),
    Row("payments.view", "customer technician support admin system", |s, a| {
        let (_, payment) = s.till.held(PaymentMethod::Mpesa);
        run(s.till.payments().view(a, payment)).map(drop)
    }),
    Row("payments.view_by_number", "customer technician support admin system", |s, a| {
        let (_, payment) = s.till.held(PaymentMethod::Mpesa);
        let number = s.till.load(payment).number.clone();
        run(s.till.payments().view_by_number(a, &number)).map(drop)
    }),
    Row("payments.view_of", "customer technician support admin system", |s, a| {
        let (_, payment) = s.till.held(PaymentMethod::Mpesa);
        run(s.till.payments().view_of(a, &s.till.load(payment))).map(drop)
    }),
    Row("payments.list_views", "support admin system", |s, a| {
        run(s.till.payments().list_views(a, &TransactionFilter::default(), &page())).map(drop)
    }),
    Row("payments.list", "support admin system", |s, a| {
        run(s.till.payments().list(a, &TransactionFilter::default(), &page())).map(drop)
    }),
    Row("payments.totals", "support admin system", |s, a| {
        run(s.till.payments().totals(a, &TransactionFilter::default())).map(drop)
    }),
    Row("payments.wallet", "customer support admin system", |s, a| {
        run(s.till.payments().wallet(a, s.till.world.customer.id, Currency::KES)).map(drop)
    }),
    Row("payments.wallet_lines", "customer support admin system", |s, a| {
        run(s.till.payments().wallet_lines(a, s.till.world.customer.id, &page())).map(drop)
    }),
    Row("payments.earning_lines", "technician support admin system", |s, a| {
        run(s.till.payments().earning_lines(a, s.till.world.technician.id, &page())).map(drop)
    }),
    Row("payments.refund", "support admin system", |s, a| {
        let (_, payment) = s.till.paid(PaymentMethod::Mpesa);
        run(s.till.payments().refund(a, payment, kes(100), "asked for it")).map(drop)
    }),
    Row("payments.release", "admin", |s, a| {
        let (_, payment) = s.till.paid(PaymentMethod::Mpesa);
        // The system releases only once the time has come.
        run(s.till.payments().release(a, payment)).map(drop)
    }),
    Row("payments.withdraw_payment", "customer support admin system", |s, a| {
        let payment = s.unsent();
        run(s.till.payments().withdraw_payment(a, payment)).map(drop)
    }),
    Row("payments.list_webhooks", "support admin system", |s, a| {
        run(s.till.payments().list_webhooks(a, &[], &page())).map(drop)
    }),
    Row("payments.retry_webhook", "support admin system", |s, a| {
        s.till.call_at("paybill", "forged");
        let call = s.till.webhooks()[0].id;
        run(s.till.payments().retry_webhook(a, call)).map(drop)
    }),
    Row("payments.reconciliation", "support admin system", |s, a| {
        let id = s.reconciliation();
        run(s.till.payments().reconciliation(a, id)).map(drop)
    }),
    Row("payments.list_reconciliations", "support admin system", |s, a| {
        run(s.till.payments().list_reconciliations(a, &page())).map(drop)
    }),
    Row("payments.advance_reconciliation", "support admin system", |s, a| {
        let id = s.reconciliation();
        run(s.till.payments().advance_reconciliation(a, id)).map(drop)
    }),
    Row("payments.reconcile", "support admin system", |s, a| {
        let request = ReconcileRequest { method: PaymentMethod::Mpesa, format: None, period: None };
        let statement = b"Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance\n";
        run(s.till.payments().reconcile(a, &request, statement)).map(drop)
    }),
    Row("payments.request_payout", "technician admin system", |s, a| {
        s.till.released(PaymentMethod::Mpesa);
        let technician = s.till.world.technician.id;
        run(s.till.payments().request_payout(a, technician, kes(500), &NewPayout::default())).map(drop)
    }),
    Row("payments.withdraw", "customer", |s, a| {
        s.till.fill_wallet(&s.till.world.customer, 500);
        run(s.till.payments().withdraw(a, kes(100), &NewPayout::default())).map(drop)
    }),
    Row("payments.pay", "customer support admin", |s, a| {
        let id = s.till.accepted(PaymentMethod::Mpesa);
        let version = s.till.world.load(id).version;
        run(s.till.payments().if_version(version).pay(a, id, &NewPayment::default())).map(drop)
    }),
    Row("payments.tip", "customer", |s, a| {
        let (id, _) = s.till.paid(PaymentMethod::Mpesa);
        run(s.till.payments().tip(a, id, kes(100), &NewPayment::default())).map(drop)
    }),
    Row(
        "payments.top_up",
        "stranger other_technician customer technician company employee support admin",
        |s, a| run(s.till.payments().top_up(a, kes(100), &NewPayment::default())).map(drop),
    ),
    Row("payments.pay_debt", "customer", |s, a| {
        let id = s.at(Status::Accepted);
        s.till.world.clock.set(s.till.world.load(id).slot.starts_at());
        run(s.till.world.bookings().cancel(&s.till.customer(), id, "no need")).unwrap();
        run(s.till.payments().pay_debt(a, kes(100), &NewPayment::default())).map(drop)
    }),
    Row("payments.review", "support admin", |s, a| {
        let suspicious = Scene::suspicious();
        let (_, payment) = suspicious.till.held(PaymentMethod::Mpesa);
        let _ = s;
        run(suspicious.till.payments().review(a, payment, true)).map(drop)
    }),
    Row("payments.decide_mismatch", "support admin", |s, a| {
        let id = s.mismatched();
        run(s.till.payments().decide_mismatch(a, id, false)).map(drop)
    }),
    Row("payments.decide_provider_move", "support admin", |s, a| {
        let (id, payment) = s.till.paid(PaymentMethod::Card);
        let customer = s.till.customer();
        run(s.till.world.bookings().dispute(&customer, id, DisputeCategory::Quality, "it drips")).unwrap();
        s.till.call(payment, "e1;caller:;refunded;1000;re_1;");
        run(s.till.payments().decide_provider_move(a, payment, true, None)).map(drop)
    }),
    Row("payments.decide_verdict", "support admin system", |s, a| {
        let (_, payment) = s.till.paid(PaymentMethod::Card);
        for call in ["c1;caller:;contested;2738;;", "c2;caller:;won;;;", "c3;caller:;lost;;;"] {
            s.till.call(payment, call);
        }
        run(s.till.payments().decide_verdict(a, payment, true)).map(drop)
    }),
    Row("payments.decide_outcome", "support admin system", |s, a| {
        let id = s.unknown_payout();
        run(s.till.payments().decide_outcome(a, id, true, None)).map(drop)
    }),
    Row("payments.receipt", "customer support admin system", |s, a| {
        let (_, payment) = s.till.paid(PaymentMethod::Mpesa);
        run(s.till.payments().receipt(a, payment)).map(drop)
    }),
    Row("payments.invoice", "customer support admin system", |s, a| {
        let (_, payment) = s.till.paid(PaymentMethod::Mpesa);
        run(s.till.payments().invoice(a, payment)).map(drop)
    }),
    Row("payments.statement", "company support admin system", |s, a| {
        run(s.till.payments().statement(a, s.company.id, 2026, 3)).map(drop)
    }),
];
