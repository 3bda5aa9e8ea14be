use std::fmt;

use baitech_core::transaction::Declined;
use chrono::TimeDelta;

/// The maximum time for which a subscriber is busy with another prompt.
const BUSY: TimeDelta = TimeDelta::minutes(2);

/// Daraja's result code of an operation. Daraja adds codes without notice, so an unknown code is not an
/// error.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResultCode {
    /// `0`, in the field also `00000000`: the money has moved.
    Success,
    /// `1`: the payer has not enough money.
    InsufficientFunds,
    /// `2`: below the minimum of a transaction.
    BelowLeast,
    /// `3`: above the maximum of a transaction.
    AboveMost,
    /// `4`: above the daily maximum.
    AboveDailyMost,
    /// `8`: the receiver's balance would exceed its maximum.
    ReceiverFull,
    /// `21`: the operator may not do this.
    NotAllowed,
    /// `26`: M-Pesa is too busy.
    SystemBusy,
    /// `1001`: the subscriber has another prompt open.
    SubscriberBusy,
    /// `1019`: the payer took too long.
    Expired,
    /// `1025` and `9999`: the prompt could not be sent.
    PromptNotSent,
    /// `1031` and `1032`: the payer cancelled the prompt.
    Cancelled,
    /// `1037`: the phone could not be reached, or the subscriber did not answer.
    Unreachable,
    /// `2001`: the payer's PIN, or the operator's password, was wrong.
    WrongPin,
    /// `4999`: the operation is still being processed.
    StillProcessing,
    /// `8006`: the payer's PIN, or the operator's password, is locked.
    PinLocked,
    /// `R000001`: the payment was already reversed. This does not prove the outcome of our refund: the payer
    /// has the money back, but perhaps by another operation.
    AlreadyReversed,
    /// `R000002`: there is no such payment to reverse.
    UnknownReceipt,
    /// Any other code.
    Other(String),
}

/// The codes with which Daraja documents, for B2C payments and reversals, that money was not sent and will
/// not be. Any other code leaves the outcome of outgoing money unknown, and a query has to find it out.
const REFUSALS: [(&str, &str); 16] = [
    ("1", "the balance is insufficient"),
    ("2", "less than the minimum of a transaction"),
    ("3", "more than the maximum of a transaction"),
    ("4", "the daily limit would be exceeded"),
    ("8", "the receiver's maximum balance would be exceeded"),
    ("11", "the paying party is in an invalid state"),
    ("21", "the initiator is not allowed to initiate this"),
    ("26", "a traffic blocking condition is in place"),
    ("1001", "the subscriber is locked by another transaction"),
    ("2001", "the initiator's information is invalid"),
    ("2006", "an account rule declines it: the status of the account"),
    ("2028", "the product assignment does not permit it"),
    ("2040", "an account rule declines it: the kind of customer"),
    ("8006", "the security credential is locked"),
    ("R000002", "no transaction has this receipt"),
    ("SFC_IC0003", "the operator does not exist"),
];

/// Whether a code consists of zeros only.
fn is_zero(code: &str) -> bool {
    (1..=16).contains(&code.len()) && code.bytes().all(|byte| byte == b'0')
}

impl ResultCode {
    /// Whether Daraja documents this code as a refusal of outgoing money: it was not sent, and will not be.
    ///
    /// ```
    /// use baitech_providers::mpesa::ResultCode;
    ///
    /// assert!(ResultCode::new("2001").is_refusal());
    /// for unknown in ["0", "00000000", "17", "4999", "R000001", "next year's"] {
    ///     assert!(!ResultCode::new(unknown).is_refusal(), "{unknown}");
    /// }
    /// ```
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        REFUSALS.iter().any(|(code, _)| *code == self.as_str())
    }

    /// Reads a code as Daraja writes it.
    #[must_use]
    pub fn new(code: &str) -> Self {
        match code.trim() {
            zero if is_zero(zero) => Self::Success,
            "1" => Self::InsufficientFunds,
            "2" => Self::BelowLeast,
            "3" => Self::AboveMost,
            "4" => Self::AboveDailyMost,
            "8" => Self::ReceiverFull,
            "21" => Self::NotAllowed,
            "26" => Self::SystemBusy,
            "1001" => Self::SubscriberBusy,
            "1019" => Self::Expired,
            "1025" | "9999" => Self::PromptNotSent,
            "1031" | "1032" => Self::Cancelled,
            "1037" => Self::Unreachable,
            "2001" => Self::WrongPin,
            "4999" => Self::StillProcessing,
            "8006" => Self::PinLocked,
            "R000001" => Self::AlreadyReversed,
            "R000002" => Self::UnknownReceipt,
            other => Self::Other(other.chars().filter(|c| !c.is_control()).take(40).collect()),
        }
    }

    /// The code; if several have this meaning, the usual one.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Success => "0",
            Self::InsufficientFunds => "1",
            Self::BelowLeast => "2",
            Self::AboveMost => "3",
            Self::AboveDailyMost => "4",
            Self::ReceiverFull => "8",
            Self::NotAllowed => "21",
            Self::SystemBusy => "26",
            Self::SubscriberBusy => "1001",
            Self::Expired => "1019",
            Self::PromptNotSent => "1025",
            Self::Cancelled => "1032",
            Self::Unreachable => "1037",
            Self::WrongPin => "2001",
            Self::StillProcessing => "4999",
            Self::PinLocked => "8006",
            Self::AlreadyReversed => "R000001",
            Self::UnknownReceipt => "R000002",
            Self::Other(code) => code,
        }
    }

    /// Its meaning, as a text for the payer.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Success => "The money has moved.",
            Self::InsufficientFunds => "The M-Pesa account has too little money.",
            Self::BelowLeast => "The amount is below the minimum of M-Pesa.",
            Self::AboveMost => "The amount is above the maximum of M-Pesa.",
            Self::AboveDailyMost => "The amount is above the daily maximum of M-Pesa.",
            Self::ReceiverFull => "The amount exceeds the maximum balance of the receiving M-Pesa account.",
            Self::NotAllowed => "M-Pesa does not permit this operation.",
            Self::SystemBusy => "M-Pesa is busy. Please try again in a few minutes.",
            Self::SubscriberBusy => "Another M-Pesa request is open on this phone. Please finish it first.",
            Self::Expired => "The M-Pesa request was not answered in time.",
            Self::PromptNotSent => "The M-Pesa request could not be sent to the phone.",
            Self::Cancelled => "The M-Pesa request was cancelled on the phone.",
            Self::Unreachable => "The phone could not be reached, or the request was not answered.",
            Self::WrongPin => "The M-Pesa PIN was wrong.",
            Self::StillProcessing => "M-Pesa is still processing the request.",
            Self::PinLocked => "The M-Pesa PIN is locked.",
            Self::AlreadyReversed => "The payment was already refunded.",
            Self::UnknownReceipt => "M-Pesa does not know the payment.",
            Self::Other(_) => "M-Pesa declined the request.",
        }
    }

    /// The refusal with this code.
    #[must_use]
    pub fn declined(&self) -> Declined {
        let is_busy = matches!(self, Self::SystemBusy | Self::SubscriberBusy);
        Declined {
            code: self.as_str().to_owned(),
            reason: self.reason().to_owned(),
            retry_after: is_busy.then_some(BUSY),
        }
    }
}

impl fmt::Display for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_round_trips() {
        let codes = [
            "0",
            "1",
            "2",
            "3",
            "4",
            "8",
            "21",
            "26",
            "1001",
            "1019",
            "1025",
            "1032",
            "1037",
            "2001",
            "4999",
            "8006",
            "R000001",
            "R000002",
            "SFC_IC0003",
        ];
        for code in codes {
            assert_eq!(ResultCode::new(code).as_str(), code);
            assert_eq!(matches!(ResultCode::new(code), ResultCode::Other(_)), code == "SFC_IC0003", "{code}");
        }
        assert_eq!(ResultCode::new("9999"), ResultCode::PromptNotSent);
        assert_eq!(ResultCode::new("1031"), ResultCode::Cancelled);
    }

    #[test]
    fn code_of_zeros_is_a_success() {
        for code in ["0", "00", "00000000", " 0 "] {
            assert_eq!(ResultCode::new(code), ResultCode::Success, "{code}");
        }
        for code in ["", "-0", "00000000000000000", "0x0", "01"] {
            assert_ne!(ResultCode::new(code), ResultCode::Success, "{code}");
        }
    }

    #[test]
    fn every_retried_code_is_a_documented_refusal() {
        for (code, _) in REFUSALS {
            assert_eq!(ResultCode::new(code).as_str(), code);
        }
        for code in ["26", "1001"] {
            assert!(ResultCode::new(code).declined().retry_after.is_some());
            assert!(ResultCode::new(code).is_refusal());
        }
    }

    #[test]
    fn only_a_busy_subscriber_is_asked_again() {
        let again = |code| ResultCode::new(code).declined().retry_after;
        assert_eq!(again("1001"), Some(BUSY));
        assert_eq!(again("26"), Some(BUSY));
        for code in ["1", "1032", "1037", "2001", "17"] {
            assert_eq!(again(code), None, "{code}");
        }
    }
}
