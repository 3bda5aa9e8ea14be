//! Stripe's signatures of webhooks: HMAC-SHA256 over the timestamp, a dot and the body, in lower-case
//! hexadecimal digits.

use baitech_core::{kernel::after, payment::WebhookError};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Verifies the signature header of a body, as of their arrival.
pub(crate) fn verify(
    header: Option<&str>,
    body: &[u8],
    secrets: &[SecretString],
    tolerance: TimeDelta,
    received_at: DateTime<Utc>,
) -> Result<(), WebhookError> {
    let header = header.map(str::trim).filter(|header| !header.is_empty()).ok_or(WebhookError::Unsigned)?;
    let parts = || header.split(',').filter_map(|part| part.split_once('='));
    let moment = parts().find(|(name, _)| *name == "t").map(|(_, moment)| moment);
    let moment = moment.ok_or(WebhookError::BadSignature)?;
    let mut is_signed = false;
    for secret in secrets {
        let expected = signature(secret, moment, body).ok_or(WebhookError::BadSignature)?;
        for (_, given) in parts().filter(|(name, _)| *name == "v1") {
            is_signed |= bool::from(expected.as_bytes().ct_eq(given.as_bytes()));
        }
    }
    if !is_signed {
        return Err(WebhookError::BadSignature);
    }
    let signed_at = moment.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let signed_at = signed_at.ok_or(WebhookError::BadSignature)?;
    if received_at > after(signed_at, tolerance) { Err(WebhookError::Expired) } else { Ok(()) }
}

/// The signature of a body with a timestamp in seconds since 1970.
pub(crate) fn signature(secret: &SecretString, moment: &str, body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).ok()?;
    mac.update(moment.as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn secrets() -> Vec<SecretString> {
        vec!["whsec_new".into(), "whsec_test_secret".into()]
    }

    fn judge(header: &str, seconds_later: i64) -> Result<(), WebhookError> {
        let received_at = DateTime::from_timestamp(1_772_442_000 + seconds_later, 0).unwrap();
        verify(Some(header), BODY, &secrets(), TimeDelta::seconds(300), received_at)
    }

    /// Computed with Python's `hmac` over `1772442000.{"id":"evt_1"}`.
    const HEADER: &str = "t=1772442000,v1=5d9fdf5004a55bb9e7051abf9fd1a4477984bf251d9cf8fbab59e1ca6c3b8ab0";

    #[test]
    fn signature_age_is_checked_as_of_its_arrival() {
        assert_eq!(judge(HEADER, 0), Ok(()));
        assert_eq!(judge(HEADER, 300), Ok(()));
        assert_eq!(judge(HEADER, 301), Err(WebhookError::Expired));
        // A slow clock on our side does not invalidate a signature.
        assert_eq!(judge(HEADER, -3600), Ok(()));
    }

    #[test]
    fn one_valid_signature_of_several_suffices() {
        let several = HEADER.replace(",v1", &format!(",v0=1,v1={},v1", "0".repeat(64)));
        assert_eq!(judge(&several, 0), Ok(()));
    }

    #[test]
    fn call_without_a_valid_stripe_signature_is_refused() {
        let received_at = DateTime::from_timestamp(1_772_442_000, 0).unwrap();
        let judge_none = |header| verify(header, BODY, &secrets(), TimeDelta::seconds(300), received_at);
        assert_eq!(judge_none(None), Err(WebhookError::Unsigned));
        assert_eq!(judge_none(Some(" ")), Err(WebhookError::Unsigned));
        for header in [
            "x",
            "t=1772442000",
            "v1=5d9fdf5004a55bb9e7051abf9fd1a4477984bf251d9cf8fbab59e1ca6c3b8ab0",
            &HEADER.replace("v1=", "v0="),
            &HEADER.replace("5d9f", "5D9F"),
            &HEADER.replace("1772442000", "01772442000"),
            &HEADER.replace("1772442000", "1772442001"),
            &HEADER.replace("1772442000", "x"),
            "t=,v1=",
        ] {
            assert_eq!(judge(header, 0), Err(WebhookError::BadSignature), "{header}");
        }
        let other = [SecretString::from("whsec_other")];
        let foreign = verify(Some(HEADER), BODY, &other, TimeDelta::seconds(300), received_at);
        assert_eq!(foreign, Err(WebhookError::BadSignature));
    }
}
