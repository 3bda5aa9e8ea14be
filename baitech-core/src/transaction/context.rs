use super::{PaymentPolicy, Transaction};
use crate::{account::User, decide, kernel::Id};

/// What a decision on a transaction depends on besides the transaction itself.
pub type Context<'a> = decide::Context<'a, PaymentPolicy, Inputs>;

/// What a command has read besides the transaction that it decides on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Inputs {
    /// The booking that the transaction is for, if there is one.
    pub booking: Option<PaidBooking>,
    /// The wallet to be credited is at its limit. Money that arrives anyway is set aside for manual review.
    pub wallet_full: bool,
}

/// The state of a booking, as far as decisions on its transactions depend on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PaidBooking {
    /// The payment that the booking awaits.
    pub awaits: Option<Id<Transaction>>,
    /// The users with a stake in the booking: its customer, its technician, its company.
    pub stakeholders: [Option<Id<User>>; 3],
    /// Whether the booking is disputed.
    pub is_disputed: bool,
    /// Whether the booking was cancelled or refunded.
    pub has_ended: bool,
}

impl Inputs {
    /// Whether the booking is disputed.
    pub(super) fn is_disputed(&self) -> bool {
        self.booking.is_some_and(|booking| booking.is_disputed)
    }
}
