//! Callbacks of Daraja that are truncated, wrongly typed or random.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::sync::OnceLock;

use baitech_core::{
    payment::{News, PaymentGateway, WebhookCall, WebhookError},
    transaction::Outcome,
};
use baitech_providers::mpesa::{Mpesa, MpesaConfig};
use proptest::prelude::*;
use support::{clock, kes, now, only, token};

const PUSH: &str = concat!(
    r#"{"Body":{"stkCallback":{"MerchantRequestID":"29115-34620561-1","#,
    r#""CheckoutRequestID":"ws_CO_191220191020363925","ResultCode":0,"#,
    r#""ResultDesc":"The service request is processed successfully.","CallbackMetadata":{"Item":"#,
    r#"[{"Name":"Amount","Value":2738.00},{"Name":"MpesaReceiptNumber","Value":"NLJ7RT61SV"},"#,
    r#"{"Name":"Balance"},{"Name":"TransactionDate","Value":20191219102115},{"Name":"PhoneNumber","#,
    r#""Value":254708374149}]}}}}"#,
);
const RESULT: &str = concat!(
    r#"{"Result":{"ResultType":0,"ResultCode":0,"ResultDesc":"ok","OriginatorConversationID":"BT-1","#,
    r#""ConversationID":"AG_1","TransactionID":"NLJ41HAY6Q","ResultParameters":{"ResultParameter":"#,
    r#"[{"Key":"TransactionAmount","Value":10},{"Key":"TransactionReceipt","Value":"NLJ41HAY6Q"},"#,
    r#"{"Key":"ReceiverPartyPublicName","Value":"254708374149 - John Doe"}]}}}"#,
);
const STATUS: &str = concat!(
    r#"{"Result":{"ResultType":0,"ResultCode":0,"OriginatorConversationID":"30441-1-1","ResultParameters":"#,
    r#"{"ResultParameter":[{"Key":"DebitPartyName","Value":"254708374149 - John Doe"},"#,
    r#"{"Key":"CreditPartyName","Value":"600123 - BaiTech"},{"Key":"TransactionStatus","#,
    r#""Value":"Completed"},{"Key":"Amount","Value":300},{"Key":"ReceiptNo","Value":"MBN31H462N"}]}}}"#,
);
const DEPOSIT: &str = concat!(
    r#"{"TransID":"RKTQDM7W6S","TransAmount":"10","BusinessShortCode":"600123","#,
    r#""BillRefNumber":"260302000001","MSISDN":"254708374149","FirstName":"John"}"#,
);
const DEPOSITS: &str = "deposits0123456789abcdef";

fn mpesa() -> &'static Mpesa {
    static MPESA: OnceLock<Mpesa> = OnceLock::new();
    MPESA.get_or_init(|| {
        let config = MpesaConfig {
            consumer_key: "key".into(),
            consumer_secret: "secret".into(),
            short_code: "600123".to_owned(),
            passkey: "passkey".into(),
            initiator: "operator".to_owned(),
            security_credential: "credential".into(),
            callback_base: "https://pay.example.com".to_owned(),
            webhook_token: Some(DEPOSITS.into()),
            ..MpesaConfig::at(MpesaConfig::SANDBOX)
        };
        Mpesa::new(config, clock()).unwrap()
    })
}

fn call(token: &str, body: impl Into<Vec<u8>>) -> WebhookCall {
    WebhookCall { token: token.to_owned(), headers: Vec::new(), body: body.into(), received_at: now() }
}

fn all() -> [(String, &'static str); 4] {
    [(token(1), PUSH), (token(1), RESULT), (token(1), STATUS), (DEPOSITS.to_owned(), DEPOSIT)]
}

#[track_caller]
fn assert_malformed(token: &str, body: &str) {
    match mpesa().read_webhook(&call(token, body)) {
        Err(WebhookError::Malformed(what)) => {
            for personal in ["2547", "John", "Doe", "NLJ", "2738"] {
                assert!(!what.contains(personal), "{what}");
            }
        }
        other => panic!("{body}: {other:?}"),
    }
}

#[test]
fn truncated_body_is_malformed() {
    for (token, body) in all() {
        assert!(mpesa().read_webhook(&call(&token, body)).is_ok(), "{body}");
        for end in 0..body.len() {
            assert_malformed(&token, &body[..end]);
        }
    }
}

#[test]
fn wrongly_typed_field_is_malformed() {
    for (from, to) in [
        ("2738.00", "\"254708374149 John\""),
        ("2738.00", "0"),
        ("2738.00", "-2738"),
        ("2738.00", "null"),
        ("\"NLJ7RT61SV\"", "7.5"),
        ("\"NLJ7RT61SV\"", "\"<script>\""),
        ("\"ws_CO_191220191020363925\"", "[]"),
        ("\"ws_CO_191220191020363925\"", "\"\""),
        ("\"ResultCode\":0", "\"ResultCode\":{}"),
        ("\"ResultCode\":0,", ""),
        ("\"CallbackMetadata\"", "\"Metadata\""),
        ("\"Item\":[", "\"Item\":[1,"),
    ] {
        assert!(PUSH.contains(from), "{from}");
        assert_malformed(&token(1), &PUSH.replace(from, to));
    }
    for (from, to) in [
        ("\"Value\":10}", "\"Value\":\"John\"}"),
        ("\"BT-1\"", "true"),
        ("\"OriginatorConversationID\":\"BT-1\",", ""),
        ("\"ResultCode\":0", "\"ResultCode\":null"),
        ("\"ResultParameter\"", "\"Parameter\""),
        ("NLJ41HAY6Q", "John Doe!"),
    ] {
        assert!(RESULT.contains(from), "{from}");
        assert_malformed(&token(1), &RESULT.replace(from, to));
    }
    assert_malformed(&token(1), &STATUS.replace("600123", "600999"));
    assert_malformed(DEPOSITS, &DEPOSIT.replace("\"10\"", "\"ten\""));
    for body in ["", "null", "[]", "John", "\"John\"", "{\"Body\":1}", "{\"Result\":\"John\"}"] {
        assert_malformed(&token(1), body);
    }
}

#[test]
fn status_result_reports_a_charge_reversed_in_the_portal() {
    let reversed = STATUS.replace("Completed", "Reversed");
    let notice = only(mpesa().read_webhook(&call(&token(1), reversed)).unwrap());
    let expected = baitech_core::transaction::Returned::One {
        id: "MBN31H462N/reversal".to_owned(),
        amount: Some(kes("300")),
        failed: false,
    };
    assert_eq!(notice.news, News::Returned(expected));
}

#[test]
fn callbacks_of_other_kinds_are_ignored() {
    let other = PUSH.replace("\"stkCallback\"", "\"callback\"");
    for body in
        ["{}", r#"{"Envelope":{"Body":"John"}}"#, r#"{"requestId":"1","errorCode":"500.001"}"#, &other]
    {
        assert_eq!(mpesa().read_webhook(&call(&token(1), body)), Ok(Vec::new()), "{body}");
    }
}

#[test]
fn a_reversal_may_succeed_without_parameters() {
    let reversed = concat!(
        r#"{"Result":{"ResultType":0,"ResultCode":0,"ResultDesc":"ok","#,
        r#""OriginatorConversationID":"10819-695089-1","ConversationID":"AG_1","#,
        r#""TransactionID":"LGR019G3J2","ReferenceData":{"ReferenceItem":{"Key":"QueueTimeoutURL","#,
        r#""Value":"https://x"}}}}"#,
    );
    let notice = only(mpesa().read_webhook(&call(&token(1), reversed)).unwrap());
    let News::Outcome(Outcome::Settled(proof)) = notice.news else { panic!("{notice:?}") };
    assert_eq!((proof.receipt.as_deref(), proof.amount), (Some("LGR019G3J2"), None));
    assert_eq!(proof.reference.as_deref(), Some("10819-695089-1"));
}

#[test]
fn misspelled_conversation_field_of_the_provider_is_accepted() {
    let expected = mpesa().read_webhook(&call(&token(1), RESULT)).unwrap();
    let misspelt = RESULT.replace("OriginatorConversationID", "OriginatorCoversationID");
    assert_eq!(mpesa().read_webhook(&call(&token(1), misspelt)).unwrap(), expected);
    let lone = r#"{"OriginatorCoversationID":"BT-1","ConversationID":"AG_1"}"#;
    assert_eq!(only(mpesa().read_webhook(&call(&token(1), lone)).unwrap()).id, "BT-1/timeout");
}

#[test]
fn masked_payer_is_kept_for_review() {
    for (shown, kept) in [
        ("2547 ***** 126", Some("2547*****126")),
        ("2547*****126", Some("2547*****126")),
        ("254708374149", Some("254708374149")),
        ("9d7f1f0b5f0e4d1c8a9e", None),
    ] {
        let deposit = DEPOSIT.replace("254708374149", shown);
        let notice = only(mpesa().read_webhook(&call(DEPOSITS, deposit)).unwrap());
        let News::Deposit(proof) = notice.news else { panic!("{notice:?}") };
        assert_eq!(proof.payer.as_deref(), kept, "{shown}");
    }
}

#[test]
fn zero_codes_are_a_success_and_unknown_codes_do_not_refuse_a_payout() {
    let outcome_of = |code: &str| {
        let body = RESULT.replace("\"ResultCode\":0", &format!("\"ResultCode\":{code}"));
        match only(mpesa().read_webhook(&call(&token(1), body)).unwrap()).news {
            News::Outcome(outcome) => outcome,
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(outcome_of("\"00000000\""), Outcome::Settled(_)));
    assert!(matches!(outcome_of("2001"), Outcome::Declined(_)));
    for unknown in ["17", "4999", "\"R000001\"", "\"new\""] {
        assert_eq!(outcome_of(unknown), Outcome::Pending, "{unknown}");
    }
    let push = PUSH.replace("\"ResultCode\":0", "\"ResultCode\":\"00000000\"");
    let notice = only(mpesa().read_webhook(&call(&token(1), push)).unwrap());
    assert!(matches!(notice.news, News::Outcome(Outcome::Settled(_))));
}

#[test]
fn amounts_are_read_to_the_cent() {
    for (written, amount) in [
        ("2738.00", "2738"),
        ("0.10", "0.1"),
        ("\"2738.55\"", "2738.55"),
        ("123456789012345.67", "123456789012345.67"),
    ] {
        let notice = only(mpesa().read_webhook(&call(&token(1), PUSH.replace("2738.00", written))).unwrap());
        let News::Outcome(Outcome::Settled(proof)) = notice.news else { panic!("{notice:?}") };
        assert_eq!(proof.amount, Some(kes(amount)));
    }
}

#[test]
fn failure_callback_without_metadata_is_accepted() {
    let failed = concat!(
        r#"{"Body":{"stkCallback":{"MerchantRequestID":"1","CheckoutRequestID":"ws_CO_1","#,
        r#""ResultCode":"1032","ResultDesc":"Request cancelled by user"}}}"#,
    );
    let notice = only(mpesa().read_webhook(&call(&token(1), failed)).unwrap());
    assert_eq!(notice.id, "ws_CO_1/1032");
    assert!(matches!(notice.news, News::Outcome(Outcome::Declined(_))));
}

#[test]
fn a_queue_may_give_up_without_a_code() {
    let body = r#"{"OriginatorConversationID":"BT-1","ConversationID":"AG_1"}"#;
    let notice = only(mpesa().read_webhook(&call(&token(1), body)).unwrap());
    assert_eq!((notice.id.as_str(), notice.news), ("BT-1/timeout", News::Outcome(Outcome::Pending)));
}

#[test]
fn single_element_list_without_brackets_is_accepted() {
    let alone = concat!(
        r#"{"Result":{"ResultCode":"0","OriginatorConversationID":"BT-1","TransactionID":"NLJ41HAY6Q","#,
        r#""ResultParameters":{"ResultParameter":{"Key":"Amount","Value":10.00}}}}"#,
    );
    let notice = only(mpesa().read_webhook(&call(&token(1), alone)).unwrap());
    let News::Outcome(Outcome::Settled(proof)) = notice.news else { panic!("{notice:?}") };
    assert_eq!(proof.amount, Some(kes("10")));
}

proptest! {
    #[test]
    fn random_bytes_do_not_panic(body in prop::collection::vec(any::<u8>(), 0..300), ours in any::<bool>()) {
        let token = if ours { DEPOSITS.to_owned() } else { token(1) };
        prop_assert!(mpesa().read_webhook(&call(&token, body)).is_err());
    }

    #[test]
    fn damaged_bodies_do_not_panic(
        which in 0_usize..4,
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let (token, body) = all()[which].clone();
        let mut body = body.as_bytes().to_vec();
        *at.get_mut(&mut body) = byte;
        let _ = mpesa().read_webhook(&call(&token, body));
    }
}
