use proptest::{collection::vec, option, prelude::*, sample::select};

use super::kernel::{currency, id, moment, money, rate, text, words};
use crate::{
    kernel::{Currency, Money},
    payment::{WebhookRecord, WebhookStatus},
    pricing::Shares,
    transaction::{
        Amount, Chargeback, DocumentStamp, EscrowState, Failure, FraudCheck, FraudDecision, FraudReason,
        FraudReview, GatewayLink, Mismatch, MismatchKind, MoveDoubt, MoveState, PaymentEvent, PaymentMethod,
        PaymentOrigin, ProviderMove, ReconciliationStamp, Refund, SettlementState, Split, TransactionKind,
        TransactionNumber, TransactionRecord, TransactionStatus,
    },
};

fn method() -> BoxedStrategy<PaymentMethod> {
    select(&PaymentMethod::ALL).boxed()
}

fn kind() -> BoxedStrategy<TransactionKind> {
    select(&TransactionKind::ALL).boxed()
}

fn any_money() -> BoxedStrategy<Money> {
    currency().prop_flat_map(money).boxed()
}

/// Amount lines that need not add up.
fn amount(currency: Currency) -> BoxedStrategy<Amount> {
    strategy!(Amount {
        gross: money(currency),
        platform_fee: money(currency),
        processing_fee: money(currency),
        tax: money(currency),
        net: money(currency),
    })
}

fn split(currency: Currency) -> BoxedStrategy<Split> {
    strategy!(Split {
        element: option::of(id()),
        recipient: option::of(id()),
        amount: money(currency),
        percentage: rate(),
        description: words(),
    })
}

fn escrow(currency: Currency) -> BoxedStrategy<EscrowState> {
    strategy!(EscrowState {
        held: any::<bool>(),
        held_at: option::of(moment()),
        released_at: option::of(moment()),
        release_condition: option::of(words()),
        frozen: option::of(money(currency)),
    })
}

fn refund(currency: Currency) -> BoxedStrategy<Refund> {
    let portions = strategy!(Shares {
        payout: money(currency),
        platform: money(currency),
        processing: money(currency),
        withholding: money(currency),
    });
    strategy!(Refund {
        element: option::of(id()),
        transaction: option::of(id()),
        amount: money(currency),
        portions: portions,
        reason: words(),
        refunded_at: moment(),
    })
}

fn gateway() -> BoxedStrategy<GatewayLink> {
    let name = || option::of("[A-Za-z0-9_]{1,30}");
    strategy!(GatewayLink {
        token: name(),
        provider: option::of(method()),
        reference: name(),
        receipt: name(),
        phone: name(),
        account: name(),
        attempts: 0..100_u32,
        sent_at: option::of(moment()),
        next_at: option::of(moment()),
        queries: 0..100_u32,
        manual_capture: any::<bool>(),
        authorized_at: option::of(moment()),
        awaits_confirmation: any::<bool>(),
        needs_person: any::<bool>(),
        counts_as_open: any::<bool>(),
    })
}

fn fraud() -> BoxedStrategy<FraudCheck> {
    let reason = strategy!(FraudReason { rule: "[a-z_]{1,20}", points: 0..=100_u8, explanation: words() });
    let review = strategy!(FraudReview { approved: any::<bool>(), reviewed_by: id(), reviewed_at: moment() });
    strategy!(FraudCheck {
        score: 0..=100_u8,
        decision: select(&[FraudDecision::Approve, FraudDecision::Review, FraudDecision::Block]),
        reasons: vec(reason, 0..4),
        checked_at: moment(),
        review: option::of(review),
    })
}

fn settlement() -> BoxedStrategy<SettlementState> {
    strategy!(SettlementState {
        scheduled_for: option::of(moment()),
        settled_at: option::of(moment()),
        payout: option::of(id()),
        batch: option::of(words()),
        instant: any::<bool>(),
    })
}

fn stamp() -> BoxedStrategy<DocumentStamp> {
    strategy!(DocumentStamp { number: "[A-Z0-9]{3,12}", generated_at: moment() })
}

fn reconciliation(currency: Currency) -> BoxedStrategy<ReconciliationStamp> {
    let discrepancy = (money(currency), any::<bool>())
        .prop_map(|(amount, is_less)| if is_less { amount.negated() } else { amount });
    strategy!(ReconciliationStamp {
        reconciled_at: moment(),
        reference: words(),
        discrepancy: option::of(discrepancy),
    })
}

fn mismatch_kind() -> BoxedStrategy<MismatchKind> {
    select(&[MismatchKind::Amount, MismatchKind::Payer, MismatchKind::Reference, MismatchKind::Limit]).boxed()
}

fn mismatch() -> BoxedStrategy<Mismatch> {
    strategy!(Mismatch {
        kind: mismatch_kind(),
        received: option::of(any_money()),
        receipt: option::of(words()),
        at: moment(),
        decided: option::of((moment(), id())),
    })
}

fn chargeback() -> BoxedStrategy<Chargeback> {
    strategy!(Chargeback {
        id: words(),
        amount: any_money(),
        reason: words(),
        opened_at: moment(),
        won: option::of(any::<bool>()),
        contradicted: any::<bool>(),
        refund: option::of(id()),
    })
}

fn provider_move() -> BoxedStrategy<ProviderMove> {
    strategy!(ProviderMove {
        id: option::of(words()),
        amount: option::of(any_money()),
        at: moment(),
        state: select(&MoveState::ALL),
        doubt: option::of(select(&MoveDoubt::ALL)),
        transaction: option::of(id()),
        decided: option::of((moment(), id())),
    })
}

fn failure() -> BoxedStrategy<Failure> {
    strategy!(Failure { code: words(), reason: words(), at: moment() })
}

fn origin() -> BoxedStrategy<PaymentOrigin> {
    strategy!(PaymentOrigin {
        ip_address: option::of("[0-9]{1,3}\\.[0-9]{1,3}\\.2\\.1"),
        device: option::of(words()),
        location: option::of((-180.0..=180.0, -90.0..=90.0)),
    })
}

/// Any transaction. A mismatched or contested amount may have another currency.
pub fn transaction_record() -> BoxedStrategy<TransactionRecord> {
    currency().prop_flat_map(transaction_record_in).boxed()
}

fn transaction_record_in(currency: Currency) -> BoxedStrategy<TransactionRecord> {
    let number =
        (0..1_000_000_000_000_u64).prop_map(|n| TransactionNumber::from_stored(format!("TXN{n:012}")));
    strategy!(TransactionRecord {
        id: id(),
        number: number,
        kind: kind(),
        status: select(&TransactionStatus::ALL),
        payer: option::of(id()),
        payee: option::of(id()),
        booking: option::of(id()),
        original: option::of(id()),
        method: method(),
        amount: amount(currency),
        splits: vec(split(currency), 0..4),
        escrow: escrow(currency),
        refunds: vec(refund(currency), 0..4),
        gateway: gateway(),
        fraud: option::of(fraud()),
        settlement: settlement(),
        receipt: option::of(stamp()),
        invoice: option::of(stamp()),
        reconciliation: option::of(reconciliation(currency)),
        mismatch: option::of(mismatch()),
        chargeback: option::of(chargeback()),
        provider_moves: vec(provider_move(), 0..4),
        failure: option::of(failure()),
        origin: origin(),
        reason: option::of(text()),
        requested_by: option::of(id()),
        initiated_at: moment(),
        completed_at: option::of(moment()),
        created_at: moment(),
        updated_at: moment(),
    })
}

/// Any webhook, with any bytes.
pub fn webhook_record() -> BoxedStrategy<WebhookRecord> {
    strategy!(WebhookRecord {
        id: id(),
        token: words(),
        headers: vec(("[a-z-]{1,20}", words()), 0..4),
        body: vec(any::<u8>(), 0..400),
        received_at: moment(),
        status: select(&WebhookStatus::ALL),
        reason: option::of(words()),
        method: option::of(method()),
        transaction: option::of(id()),
        attempts: 0..20_u32,
        next_at: option::of(moment()),
        expires_at: option::of(moment()),
        updated_at: moment(),
    })
}

/// Any event of a transaction or of a webhook.
pub fn payment_event() -> BoxedStrategy<PaymentEvent> {
    use PaymentEvent as Event;
    let booking = || option::of(id());
    prop_oneof![
        strategy!(Event::TransactionInitiated { kind: kind(), amount: any_money(), booking: booking() }),
        strategy!(Event::TransactionProcessing { kind: kind() }),
        strategy!(Event::PaymentReceived { kind: kind(), amount: any_money(), booking: booking() }),
        strategy!(Event::PaymentFailed { kind: kind(), code: words() }),
        held_money(),
        strategy!(Event::RefundRequested { original: id(), amount: any_money() }),
        strategy!(Event::RefundProcessed {
            original: option::of(id()),
            amount: any_money(),
            to_wallet: any::<bool>(),
        }),
        strategy!(Event::PayoutProcessed { amount: any_money(), net: any_money() }),
        strategy!(Event::PayoutReturned { amount: any_money(), whole: any::<bool>() }),
        looked_at(),
        strategy!(Event::ChargebackOpened { amount: any_money() }),
        strategy!(Event::ChargebackClosed { won: any::<bool>() }),
        Just(Event::TransactionUpdated),
        Just(Event::WebhookReceived),
        strategy!(Event::WebhookHandled { applied: any::<bool>() }),
        Just(Event::WebhookDeadLettered),
        Just(Event::WebhookRetried),
        strategy!(Event::ReconciliationSubmitted { method: method() }),
        strategy!(Event::ReconciliationCompleted { agrees: any::<bool>() }),
    ]
    .boxed()
}

fn held_money() -> BoxedStrategy<PaymentEvent> {
    use PaymentEvent::{EscrowFrozen, EscrowHeld, EscrowReleased, EscrowThawed};
    prop_oneof![
        strategy!(EscrowHeld { booking: id(), amount: any_money() }),
        strategy!(EscrowReleased { booking: id(), amount: any_money() }),
        strategy!(EscrowFrozen { booking: option::of(id()), amount: any_money() }),
        strategy!(EscrowThawed { booking: option::of(id()), amount: any_money() }),
    ]
    .boxed()
}

fn looked_at() -> BoxedStrategy<PaymentEvent> {
    use PaymentEvent as Event;
    prop_oneof![
        strategy!(Event::PaymentMismatched { mismatch: mismatch_kind(), received: option::of(any_money()) }),
        strategy!(Event::PaymentMismatchResolved { completed: any::<bool>() }),
        Just(Event::PaymentNeedsPerson),
        strategy!(Event::PaymentReviewRequested { score: 0..=100_u8 }),
        strategy!(Event::PaymentReviewed { approved: any::<bool>() }),
    ]
    .boxed()
}
