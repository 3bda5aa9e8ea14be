//! The price of a job with its lines, and its division among the parties.
//!
//! [`Surcharges`] raise a base price (hours times the technician's rate, or the [`PriceList`]'s price). The
//! [`FeeSchedule`] adds fees and tax, and determines each party's share of the total. [`PricingPolicy`]
//! combines both:
//!
//! ```
//! use baitech_core::{account::TimeOfDay, schedule::{TimeSlot, Urgency}, kernel::{Currency, Money}};
//! use baitech_core::pricing::{PricingPolicy, QuoteRequest};
//! use chrono::NaiveDate;
//!
//! let saturday = NaiveDate::from_ymd_opt(2026, 3, 7).ok_or("a date")?;
//! let (eight, ten): (TimeOfDay, TimeOfDay) = ("08:00".parse()?, "10:00".parse()?);
//! let slot = TimeSlot::new(saturday, eight, ten, chrono_tz::Tz::Africa__Nairobi)?;
//!
//! let request = QuoteRequest::new(Money::from_major(2_000, Currency::KES), Urgency::High, slot);
//! let quote = PricingPolicy::default().quote(&request)?;
//! // + 20 % urgency, 10 % weekend, 15 % peak
//! assert_eq!(quote.pricing.service_charge.to_string(), "2900.00 KES");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod fees;
mod list;
mod price;
mod quote;
mod surcharge;
#[cfg(test)]
mod tests;

pub use fees::{FeeSchedule, Shares};
pub use list::{HourlyPriceList, PriceList, hourly};
pub use price::Pricing;
pub use quote::{PricingPolicy, Quote, QuoteRequest};
pub use surcharge::{Adjustment, AdjustmentKind, Demand, DemandSurge, PeakHours, Surcharges};
