use std::{cmp::Ordering, fmt};

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};

/// An ISO 4217 currency.
pub use iso_currency::Currency;

/// How a fraction of the smallest unit is rounded. Every rounding of money names its mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// To the nearest; a half away from zero: the commercial rounding.
    HalfAwayFromZero,
    /// To the nearest; a half to the even neighbour: unbiased over many sums.
    HalfEven,
    /// Towards zero.
    Down,
    /// Away from zero.
    Up,
}

impl Rounding {
    const fn strategy(self) -> RoundingStrategy {
        match self {
            Self::HalfAwayFromZero => RoundingStrategy::MidpointAwayFromZero,
            Self::HalfEven => RoundingStrategy::MidpointNearestEven,
            Self::Down => RoundingStrategy::ToZero,
            Self::Up => RoundingStrategy::AwayFromZero,
        }
    }
}

/// A share in basis points: 1,500 is 15 %. On the wire it is `{"percent": "15"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Rate(u32);

impl Rate {
    /// 0 %.
    pub const ZERO: Self = Self(0);

    /// Creates a rate from basis points (hundredths of a percent).
    #[must_use]
    pub const fn from_basis_points(basis_points: u32) -> Self {
        Self(basis_points)
    }

    /// Creates a rate from whole percent.
    #[must_use]
    pub const fn percent(percent: u32) -> Self {
        Self(percent.saturating_mul(100))
    }

    /// The rate in basis points.
    #[must_use]
    pub const fn basis_points(self) -> u32 {
        self.0
    }

    /// The rate in percent: 15 for 15 %.
    fn in_percent(self) -> Decimal {
        Decimal::new(i64::from(self.0), 2).normalize()
    }

    /// The rate as a factor: 0.15 for 15 %.
    #[must_use]
    pub fn factor(self) -> Decimal {
        Decimal::new(i64::from(self.0), 4)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.in_percent())
    }
}

/// The wire form of a rate.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Rate", deny_unknown_fields)]
struct Percentage {
    #[serde(deserialize_with = "super::decimal::deserialize")]
    percent: Decimal,
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Percentage { percent: self.in_percent() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Percentage { percent } = Percentage::deserialize(deserializer)?;
        let points = percent.checked_mul(Decimal::ONE_HUNDRED).filter(|points| points.fract().is_zero());
        let points = points.and_then(|points| points.to_u32());
        let message = "a rate must not be negative and must have at most two digits after the point";
        points.map(Self).ok_or_else(|| serde::de::Error::custom(message))
    }
}

/// Why an operation on money failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// The operands have different currencies.
    #[error("{0:?} and {1:?} cannot be combined")]
    Currencies(Currency, Currency),
    /// The result is too large.
    #[error("the amount is too large")]
    Overflow,
    /// An allocation without weights, or with weights that are all zero.
    #[error("the amount has no shares")]
    NoShares,
    /// An allocation of an amount with a fraction of the smallest unit.
    #[error("the amount has a fraction of the smallest unit")]
    Fraction,
}

/// An amount of money in one currency.
///
/// Arithmetic is checked and never mixes currencies. Only [`Money::round`] removes fractions of the smallest
/// unit, and only [`Money::allocate`] divides an amount.
///
/// ```
/// use baitech_core::kernel::{Currency, Money};
/// let total = Money::from_major(100, Currency::KES);
/// let thirds = total.allocate(&[1, 1, 1])?;
/// assert_eq!(
///     thirds.iter().map(ToString::to_string).collect::<Vec<_>>(),
///     ["33.34 KES", "33.33 KES", "33.33 KES"]
/// );
/// # Ok::<(), baitech_core::kernel::MoneyError>(())
/// ```
///
/// On the wire the amount is a string with all digits of the smallest unit (`{"amount": "2738.00",
/// "currency": "KES"}`), since most programs read JSON numbers as binary fractions. A plain number is
/// accepted as well. A parsed amount has at most 15 digits before the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    #[serde(deserialize_with = "super::decimal::deserialize")]
    amount: Decimal,
    currency: Currency,
}

impl Money {
    /// Creates an amount.
    #[must_use]
    pub const fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Creates an amount from whole units (shillings, dollars).
    #[must_use]
    pub fn from_major(units: i64, currency: Currency) -> Self {
        Self::new(Decimal::from(units), currency)
    }

    /// Creates an amount from the smallest units (cents).
    #[must_use]
    pub fn from_minor(units: i64, currency: Currency) -> Self {
        Self::new(Decimal::new(units, minor_digits(currency)), currency)
    }

    /// An amount of zero.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::new(Decimal::ZERO, currency)
    }

    /// The amount in whole units of the currency.
    #[must_use]
    pub const fn amount(self) -> Decimal {
        self.amount
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether the amount is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.amount.is_zero()
    }

    /// Whether the amount is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.amount.is_sign_negative() && !self.amount.is_zero()
    }

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyError::Currencies`] for two currencies, [`MoneyError::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        let amount = self.amount.checked_add(other.amount).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }

    /// The difference.
    ///
    /// # Errors
    /// [`MoneyError::Currencies`] for two currencies, [`MoneyError::Overflow`].
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.checked_add(other.negated())
    }

    /// The unrounded product of the amount and a number.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn checked_mul(self, factor: Decimal) -> Result<Self, MoneyError> {
        let amount = self.amount.checked_mul(factor).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }

    /// The sum of several amounts; zero of `currency` if there are none.
    ///
    /// # Errors
    /// [`MoneyError::Currencies`] if one has another currency, [`MoneyError::Overflow`].
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::checked_add)
    }

    /// The amount with the opposite sign; zero stays unsigned.
    #[must_use]
    pub fn negated(self) -> Self {
        if self.is_zero() {
            return Self { amount: self.amount.abs(), ..self };
        }
        Self { amount: -self.amount, ..self }
    }

    /// Rounded to `digits` decimal places.
    #[must_use]
    pub fn round(self, digits: u32, rounding: Rounding) -> Self {
        let mut amount = self.amount.round_dp_with_strategy(digits, rounding.strategy());
        amount.rescale(digits);
        Self { amount, ..self }
    }

    /// Rounded to the currency's smallest unit (ISO 4217), halves away from zero.
    #[must_use]
    pub fn to_minor_unit(self) -> Self {
        self.round(minor_digits(self.currency), Rounding::HalfAwayFromZero)
    }

    /// Rounded as prices and fees are: Kenyan shillings to whole shillings, since mobile money transfers no
    /// cents; other currencies to their smallest unit.
    #[must_use]
    pub fn round_price(self, rounding: Rounding) -> Self {
        let digits = if self.currency == Currency::KES { 0 } else { minor_digits(self.currency) };
        self.round(digits, rounding)
    }

    /// The amount in the smallest units.
    ///
    /// # Errors
    /// [`MoneyError::Fraction`] for an amount finer than the smallest unit, [`MoneyError::Overflow`].
    pub fn minor_units(self) -> Result<i128, MoneyError> {
        let scale = Decimal::from(10_u64.pow(minor_digits(self.currency)));
        let units = self.amount.checked_mul(scale).ok_or(MoneyError::Overflow)?;
        if !units.fract().is_zero() {
            return Err(MoneyError::Fraction);
        }
        units.to_i128().ok_or(MoneyError::Overflow)
    }

    /// Compares two amounts of one currency. `Money` has no `PartialOrd`: a comparison across currencies
    /// would always be false, so a limit in another currency would never apply.
    ///
    /// # Errors
    /// [`MoneyError::Currencies`] for two currencies.
    pub fn try_cmp(self, other: Self) -> Result<Ordering, MoneyError> {
        self.same(other)?;
        Ok(self.amount.cmp(&other.amount))
    }

    /// Whether the amount is above a limit.
    ///
    /// # Errors
    /// [`MoneyError::Currencies`] for a limit in another currency.
    pub fn exceeds(self, limit: Self) -> Result<bool, MoneyError> {
        self.try_cmp(limit).map(Ordering::is_gt)
    }

    /// The smaller of two amounts.
    ///
    /// # Errors
    /// [`MoneyError::Currencies`] for two currencies.
    pub fn try_min(self, other: Self) -> Result<Self, MoneyError> {
        Ok(if self.exceeds(other)? { other } else { self })
    }

    /// Converts to another currency, rounded to that currency's smallest unit. `rate` is the value of one
    /// unit of the current currency in the other one.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn convert(self, currency: Currency, rate: Decimal) -> Result<Self, MoneyError> {
        let amount = self.amount.checked_mul(rate).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(amount, currency).to_minor_unit())
    }

    /// Divides the amount by weights, exactly and in the smallest units: the parts always sum to the whole.
    ///
    /// Each part is its share rounded towards zero. The remaining units go one each to the largest remainders
    /// (Hamilton's method); of equal remainders, the earlier part comes first.
    ///
    /// # Errors
    /// [`MoneyError::NoShares`] if no weight is above zero, [`MoneyError::Fraction`] for an amount finer than
    /// the smallest unit, [`MoneyError::Overflow`].
    pub fn allocate(self, weights: &[u64]) -> Result<Vec<Self>, MoneyError> {
        let digits = minor_digits(self.currency);
        let units = self.minor_units()?;
        let total: i128 = weights.iter().copied().map(i128::from).sum();
        if total == 0 {
            return Err(MoneyError::NoShares);
        }
        let mut parts = Vec::with_capacity(weights.len());
        for (index, weight) in weights.iter().enumerate() {
            let product = units.checked_mul(i128::from(*weight)).ok_or(MoneyError::Overflow)?;
            parts.push((index, product / total, (product % total).abs()));
        }
        let mut left = units - parts.iter().map(|part| part.1).sum::<i128>();
        parts.sort_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(&b.0)));
        for part in &mut parts {
            if left == 0 {
                break;
            }
            part.1 += left.signum();
            left -= left.signum();
        }
        parts.sort_by_key(|part| part.0);
        let money = |units: i128| {
            let amount =
                Decimal::try_from_i128_with_scale(units, digits).map_err(|_| MoneyError::Overflow)?;
            Ok(Self { amount, ..self })
        };
        parts.into_iter().map(|part| money(part.1)).collect()
    }

    pub(crate) fn same(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::Currencies(self.currency, other.currency))
        }
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Stored amounts of the earlier application may be finer than the smallest unit; they are kept in
        // full.
        let exact = self.amount.normalize();
        let digits = minor_digits(self.currency).max(exact.scale()) as usize;
        let mut money = serializer.serialize_struct("Money", 2)?;
        money.serialize_field("amount", &format!("{exact:.digits$}"))?;
        money.serialize_field("currency", &self.currency)?;
        money.end()
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_minor_unit().amount, self.currency.code())
    }
}

/// Number of decimal places of the smallest unit: 2 for KES and USD, 0 for JPY and UGX.
fn minor_digits(currency: Currency) -> u32 {
    currency.exponent().map_or(2, u32::from)
}

#[cfg(test)]
mod tests;
