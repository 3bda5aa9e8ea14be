//! What a job costs, who gets which part of it, and how the price is told line by line.

mod price;

pub use price::Pricing;
