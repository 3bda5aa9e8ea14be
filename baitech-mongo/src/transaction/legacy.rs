//! Fields that the earlier application stored in another form: read if ours are missing, never written.

use baitech_core::{
    kernel::{Currency, Money},
    pricing::Shares,
    transaction::{self, GatewayLink, PaymentMethod},
};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_with::serde_as;

use crate::{
    money::money,
    value::{Millis, Number128},
};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MpesaDetails {
    #[serde(default)]
    checkout_request_id: Option<String>,
    #[serde(default)]
    mpesa_receipt_number: Option<String>,
    #[serde(default)]
    phone_number: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StripeDetails {
    #[serde(default)]
    payment_intent_id: Option<String>,
    #[serde(default)]
    charge_id: Option<String>,
}

/// The fields from which [`link`] takes the provider's reference, in the order of precedence.
pub(super) const REFERENCES: [&str; 2] = ["mpesaDetails.checkoutRequestId", "stripeDetails.paymentIntentId"];

/// The data of the earlier application about the operation at the provider.
pub(super) fn link(
    method: PaymentMethod,
    mpesa: Option<MpesaDetails>,
    stripe: Option<StripeDetails>,
) -> GatewayLink {
    let (mpesa, stripe) = (mpesa.unwrap_or_default(), stripe.unwrap_or_default());
    let provider = match method {
        PaymentMethod::Mpesa => Some(PaymentMethod::Mpesa),
        PaymentMethod::Card | PaymentMethod::Stripe => Some(PaymentMethod::Stripe),
        PaymentMethod::Wallet | PaymentMethod::Cash | PaymentMethod::BankTransfer => None,
    };
    GatewayLink {
        provider,
        reference: mpesa.checkout_request_id.or(stripe.payment_intent_id),
        receipt: mpesa.mpesa_receipt_number.or(stripe.charge_id),
        phone: mpesa.phone_number,
        ..GatewayLink::default()
    }
}

/// The single refund that a transaction could have.
#[serde_as]
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LegacyRefund {
    #[serde_as(as = "Option<Number128>")]
    #[serde(default)]
    amount: Option<Decimal>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde_as(as = "Option<Millis>")]
    #[serde(default)]
    refunded_at: Option<DateTime<Utc>>,
}

impl LegacyRefund {
    /// The refund, if money was returned. The parties' shares of it were not stored: it is allocated in
    /// proportion to their shares of the payment, or to the technician alone if these cannot be divided.
    pub(super) fn into_domain(
        self,
        shares: &Shares,
        currency: Currency,
        updated_at: DateTime<Utc>,
    ) -> Option<transaction::Refund> {
        if self.status.is_some_and(|status| status != "completed") {
            return None;
        }
        let amount = money(self.amount?, currency);
        let zero = Money::zero(currency);
        let portions = shares.portions(amount).unwrap_or(Shares {
            payout: amount,
            platform: zero,
            processing: zero,
            withholding: zero,
        });
        Some(transaction::Refund {
            element: None,
            transaction: None,
            amount,
            portions,
            reason: self.reason.unwrap_or_default(),
            refunded_at: self.refunded_at.unwrap_or(updated_at),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kes(shillings: i64) -> Money {
        Money::from_major(shillings, Currency::KES)
    }

    fn shares(payout: i64, platform: i64) -> Shares {
        Shares { payout: kes(payout), platform: kes(platform), processing: kes(0), withholding: kes(0) }
    }

    fn refund(amount: &str, status: Option<&str>) -> LegacyRefund {
        LegacyRefund {
            amount: amount.parse().ok(),
            reason: None,
            status: status.map(str::to_owned),
            refunded_at: None,
        }
    }

    #[test]
    fn refund_is_allocated_like_the_payment() {
        let now = DateTime::UNIX_EPOCH;
        let read = refund("500.004", Some("completed")).into_domain(&shares(850, 150), Currency::KES, now);
        let read = read.unwrap();
        assert_eq!(read.amount, Money::from_minor(50_000, Currency::KES));
        assert_eq!((read.portions.payout, read.portions.platform), (kes(425), kes(75)));
        assert_eq!(read.refunded_at, now);
    }

    #[test]
    fn inconsistent_sums_are_still_read() {
        let now = DateTime::UNIX_EPOCH;
        let of_nothing = refund("70", None).into_domain(&shares(0, 0), Currency::KES, now).unwrap();
        assert_eq!((of_nothing.amount, of_nothing.portions.payout), (kes(70), kes(70)));
        let too_much = refund("2000", None).into_domain(&shares(850, 150), Currency::KES, now).unwrap();
        assert_eq!(too_much.portions.total().unwrap(), kes(2_000));
    }

    #[test]
    fn incomplete_legacy_refund_is_ignored() {
        let now = DateTime::UNIX_EPOCH;
        for status in ["pending", "failed"] {
            let read = refund("70", Some(status)).into_domain(&shares(70, 0), Currency::KES, now);
            assert_eq!(read, None, "{status}");
        }
        assert_eq!(refund("", None).into_domain(&shares(70, 0), Currency::KES, now), None);
    }
}
