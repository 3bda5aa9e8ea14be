//! How money comes in: one port for every payment provider.

mod cash;
mod gateway;

pub use cash::Cash;
pub use gateway::{Charge, ChargeOutcome, GatewayError, PaymentGateway};
