use proptest::{collection::vec, option, prelude::*, sample::select};

use super::kernel::{currency, id, moment, money, rate, text, words};
use crate::{
    booking::PaymentMethod,
    kernel::{Currency, Money},
    payment::{
        Amount, Chargeback, DocumentStamp, EscrowState, Failure, FraudCheck, FraudDecision, FraudReason,
        FraudReview, GatewayLink, Mismatch, MismatchKind, MoveDoubt, MoveState, PaymentEvent, PaymentOrigin,
        ProviderMove, ReconciliationStamp, Refund, SettlementState, Split, TransactionKind,
        TransactionNumber, TransactionRecord, TransactionStatus, WebhookRecord, WebhookStatus,
    },
    pricing::Shares,
};

fn method() -> BoxedStrategy<PaymentMethod> {
    select(PaymentMethod::ALL.to_vec()).boxed()
}

fn kind() -> BoxedStrategy<TransactionKind> {
    select(TransactionKind::ALL.to_vec()).boxed()
}

fn any_money() -> BoxedStrategy<Money> {
    currency().prop_flat_map(money).boxed()
}

/// Lines that need not add up.
fn amount(currency: Currency) -> BoxedStrategy<Amount> {
    vec(money(currency), 5)
        .prop_map(|lines| Amount {
            gross: lines[0],
            platform_fee: lines[1],
            processing_fee: lines[2],
            tax: lines[3],
            net: lines[4],
        })
        .boxed()
}

fn split(currency: Currency) -> BoxedStrategy<Split> {
    (option::of(id()), option::of(id()), money(currency), rate(), words())
        .prop_map(|(element, recipient, amount, percentage, description)| Split {
            element,
            recipient,
            amount,
            percentage,
            description,
        })
        .boxed()
}

fn escrow(currency: Currency) -> BoxedStrategy<EscrowState> {
    let times = (option::of(moment()), option::of(moment()));
    (any::<bool>(), times, option::of(words()), option::of(money(currency)))
        .prop_map(|(held, (held_at, released_at), release_condition, frozen)| EscrowState {
            held,
            held_at,
            released_at,
            release_condition,
            frozen,
        })
        .boxed()
}

fn refund(currency: Currency) -> BoxedStrategy<Refund> {
    let amounts = vec(money(currency), 5);
    (option::of(id()), option::of(id()), amounts, words(), moment())
        .prop_map(|(element, transaction, amounts, reason, refunded_at)| Refund {
            element,
            transaction,
            amount: amounts[0],
            portions: Shares {
                payout: amounts[1],
                platform: amounts[2],
                processing: amounts[3],
                withholding: amounts[4],
            },
            reason,
            refunded_at,
        })
        .boxed()
}

fn gateway() -> BoxedStrategy<GatewayLink> {
    let name = || option::of("[A-Za-z0-9_]{1,30}");
    let names = (name(), name(), name(), name(), name());
    let times = (option::of(moment()), option::of(moment()), option::of(moment()));
    let counts = (0..100_u32, 0..100_u32);
    (option::of(method()), names, times, counts, any::<(bool, bool, bool, bool)>())
        .prop_map(|(provider, (token, reference, receipt, phone, account), times, counts, facts)| {
            let (sent_at, next_at, authorized_at) = times;
            let (attempts, queries) = counts;
            let (manual_capture, awaits_confirmation, needs_person, counts_as_open) = facts;
            GatewayLink {
                token,
                provider,
                reference,
                receipt,
                phone,
                account,
                attempts,
                sent_at,
                next_at,
                queries,
                manual_capture,
                authorized_at,
                awaits_confirmation,
                needs_person,
                counts_as_open,
            }
        })
        .boxed()
}

fn fraud() -> BoxedStrategy<FraudCheck> {
    let decision = select(vec![FraudDecision::Approve, FraudDecision::Review, FraudDecision::Block]);
    let reason = ("[a-z_]{1,20}", 0..=100_u8, words()).prop_map(|(rule, points, explanation)| FraudReason {
        rule,
        points,
        explanation,
    });
    let review = (any::<bool>(), id(), moment())
        .prop_map(|(approved, reviewed_by, reviewed_at)| FraudReview { approved, reviewed_by, reviewed_at });
    (0..=100_u8, decision, vec(reason, 0..4), moment(), option::of(review))
        .prop_map(|(score, decision, reasons, checked_at, review)| FraudCheck {
            score,
            decision,
            reasons,
            checked_at,
            review,
        })
        .boxed()
}

fn settlement() -> BoxedStrategy<SettlementState> {
    let times = (option::of(moment()), option::of(moment()));
    (times, option::of(id()), option::of(words()), any::<bool>())
        .prop_map(|((scheduled_for, settled_at), payout, batch, instant)| SettlementState {
            scheduled_for,
            settled_at,
            payout,
            batch,
            instant,
        })
        .boxed()
}

fn stamp() -> BoxedStrategy<DocumentStamp> {
    ("[A-Z0-9]{3,12}", moment())
        .prop_map(|(number, generated_at)| DocumentStamp { number, generated_at })
        .boxed()
}

fn reconciliation(currency: Currency) -> BoxedStrategy<ReconciliationStamp> {
    let discrepancy = (money(currency), any::<bool>())
        .prop_map(|(amount, is_less)| if is_less { amount.negated() } else { amount });
    (moment(), words(), option::of(discrepancy))
        .prop_map(|(reconciled_at, reference, discrepancy)| ReconciliationStamp {
            reconciled_at,
            reference,
            discrepancy,
        })
        .boxed()
}

fn mismatch_kind() -> BoxedStrategy<MismatchKind> {
    select(vec![MismatchKind::Amount, MismatchKind::Payer, MismatchKind::Reference, MismatchKind::Limit])
        .boxed()
}

fn mismatch() -> BoxedStrategy<Mismatch> {
    let decided = option::of((moment(), id()));
    (mismatch_kind(), option::of(any_money()), option::of(words()), moment(), decided)
        .prop_map(|(kind, received, receipt, at, decided)| Mismatch { kind, received, receipt, at, decided })
        .boxed()
}

fn chargeback() -> BoxedStrategy<Chargeback> {
    let end = (option::of(any::<bool>()), any::<bool>(), option::of(id()));
    (words(), any_money(), words(), moment(), end)
        .prop_map(|(id, amount, reason, opened_at, (won, contradicted, refund))| Chargeback {
            id,
            amount,
            reason,
            opened_at,
            won,
            contradicted,
            refund,
        })
        .boxed()
}

fn provider_move() -> BoxedStrategy<ProviderMove> {
    let end = (
        select(MoveState::ALL.to_vec()),
        option::of(select(MoveDoubt::ALL.to_vec())),
        option::of(id()),
        option::of((moment(), id())),
    );
    (option::of(words()), option::of(any_money()), moment(), end)
        .prop_map(|(id, amount, at, (state, doubt, transaction, decided))| ProviderMove {
            id,
            amount,
            at,
            state,
            doubt,
            transaction,
            decided,
        })
        .boxed()
}

fn failure() -> BoxedStrategy<Failure> {
    (words(), words(), moment()).prop_map(|(code, reason, at)| Failure { code, reason, at }).boxed()
}

fn origin() -> BoxedStrategy<PaymentOrigin> {
    let place = option::of((-180.0..=180.0, -90.0..=90.0));
    (option::of("[0-9]{1,3}\\.[0-9]{1,3}\\.2\\.1"), option::of(words()), place)
        .prop_map(|(ip_address, device, location)| PaymentOrigin { ip_address, device, location })
        .boxed()
}

/// Any transaction. What came in place of the amount, and what is contested, may be of another currency.
pub fn transaction_record() -> BoxedStrategy<TransactionRecord> {
    currency().prop_flat_map(transaction_record_in).boxed()
}

fn transaction_record_in(currency: Currency) -> BoxedStrategy<TransactionRecord> {
    let number =
        (0..1_000_000_000_000_u64).prop_map(|n| TransactionNumber::from_stored(format!("TXN{n:012}")));
    let what = (id(), number, kind(), select(TransactionStatus::ALL.to_vec()), method());
    let whose = (option::of(id()), option::of(id()), option::of(id()), option::of(id()));
    let money = (
        amount(currency),
        vec(split(currency), 0..4),
        escrow(currency),
        vec(refund(currency), 0..4),
        option::of(reconciliation(currency)),
    );
    let course = (gateway(), option::of(fraud()), settlement(), option::of(mismatch()));
    let contests = (option::of(chargeback()), vec(provider_move(), 0..4));
    let endings = (contests, option::of(failure()), option::of(stamp()), option::of(stamp()));
    let asked = (origin(), option::of(text()), option::of(id()));
    let times = (moment(), option::of(moment()), moment(), moment());
    (what, whose, money, course, endings, asked, times)
        .prop_map(|(what, whose, money, course, endings, asked, times)| {
            let (id, number, kind, status, method) = what;
            let (payer, payee, booking, original) = whose;
            let (amount, splits, escrow, refunds, reconciliation) = money;
            let (gateway, fraud, settlement, mismatch) = course;
            let ((chargeback, provider_moves), failure, receipt, invoice) = endings;
            let (origin, reason, requested_by) = asked;
            let (initiated_at, completed_at, created_at, updated_at) = times;
            TransactionRecord {
                id,
                number,
                kind,
                status,
                payer,
                payee,
                booking,
                original,
                method,
                amount,
                splits,
                escrow,
                refunds,
                gateway,
                fraud,
                settlement,
                receipt,
                invoice,
                reconciliation,
                mismatch,
                chargeback,
                provider_moves,
                failure,
                origin,
                reason,
                requested_by,
                initiated_at,
                completed_at,
                created_at,
                updated_at,
            }
        })
        .boxed()
}

/// Any call of a provider, with any bytes.
pub fn webhook_record() -> BoxedStrategy<WebhookRecord> {
    let header = ("[a-z-]{1,20}", words());
    let call = (words(), vec(header, 0..4), vec(any::<u8>(), 0..400), moment());
    let about = (option::of(words()), option::of(method()), option::of(id()));
    let times = (option::of(moment()), option::of(moment()), moment());
    let course = (select(WebhookStatus::ALL.to_vec()), 0..20_u32, times);
    (id(), call, about, course)
        .prop_map(|(id, call, (reason, method, transaction), course)| {
            let (token, headers, body, received_at) = call;
            let (status, attempts, (next_at, expires_at, updated_at)) = course;
            WebhookRecord {
                id,
                token,
                headers,
                body,
                received_at,
                status,
                reason,
                method,
                transaction,
                attempts,
                next_at,
                expires_at,
                updated_at,
            }
        })
        .boxed()
}

/// Anything that can happen to a transaction, or by a call of a provider.
pub fn payment_event() -> BoxedStrategy<PaymentEvent> {
    let of = || option::of(id());
    prop_oneof![
        (kind(), any_money(), of()).prop_map(|(kind, amount, booking)| {
            PaymentEvent::TransactionInitiated { kind, amount, booking }
        }),
        kind().prop_map(|kind| PaymentEvent::TransactionProcessing { kind }),
        (kind(), any_money(), of()).prop_map(|(kind, amount, booking)| PaymentEvent::PaymentReceived {
            kind,
            amount,
            booking
        }),
        (kind(), words()).prop_map(|(kind, code)| PaymentEvent::PaymentFailed { kind, code }),
        held_money(),
        (id(), any_money()).prop_map(|(original, amount)| PaymentEvent::RefundRequested { original, amount }),
        (option::of(id()), any_money(), any::<bool>()).prop_map(|(original, amount, to_wallet)| {
            PaymentEvent::RefundProcessed { original, amount, to_wallet }
        }),
        (any_money(), any_money()).prop_map(|(amount, net)| PaymentEvent::PayoutProcessed { amount, net }),
        (any_money(), any::<bool>())
            .prop_map(|(amount, whole)| PaymentEvent::PayoutReturned { amount, whole }),
        looked_at(),
        any_money().prop_map(|amount| PaymentEvent::ChargebackOpened { amount }),
        any::<bool>().prop_map(|won| PaymentEvent::ChargebackClosed { won }),
        Just(PaymentEvent::TransactionUpdated),
        Just(PaymentEvent::WebhookReceived),
        any::<bool>().prop_map(|applied| PaymentEvent::WebhookHandled { applied }),
        Just(PaymentEvent::WebhookDeadLettered),
        Just(PaymentEvent::WebhookRetried),
        method().prop_map(|method| PaymentEvent::ReconciliationSubmitted { method }),
        any::<bool>().prop_map(|agrees| PaymentEvent::ReconciliationCompleted { agrees }),
    ]
    .boxed()
}

fn held_money() -> BoxedStrategy<PaymentEvent> {
    prop_oneof![
        (id(), any_money()).prop_map(|(booking, amount)| PaymentEvent::EscrowHeld { booking, amount }),
        (id(), any_money()).prop_map(|(booking, amount)| PaymentEvent::EscrowReleased { booking, amount }),
        (option::of(id()), any_money())
            .prop_map(|(booking, amount)| PaymentEvent::EscrowFrozen { booking, amount }),
        (option::of(id()), any_money())
            .prop_map(|(booking, amount)| PaymentEvent::EscrowThawed { booking, amount }),
    ]
    .boxed()
}

fn looked_at() -> BoxedStrategy<PaymentEvent> {
    prop_oneof![
        (mismatch_kind(), option::of(any_money()))
            .prop_map(|(mismatch, received)| PaymentEvent::PaymentMismatched { mismatch, received }),
        any::<bool>().prop_map(|completed| PaymentEvent::PaymentMismatchResolved { completed }),
        Just(PaymentEvent::PaymentNeedsPerson),
        (0..=100_u8).prop_map(|score| PaymentEvent::PaymentReviewRequested { score }),
        any::<bool>().prop_map(|approved| PaymentEvent::PaymentReviewed { approved }),
    ]
    .boxed()
}
