//! Tallies on a user: an update that the server computes.
//!
//! It is a pipeline, because `$inc` on a null or a text would fail and with it the commit of a valid booking.

use baitech_core::account::{StatsDelta, User};
use baitech_core::kernel::{Currency, Id, Money};
use baitech_core::store::Tally;
use bson::{Bson, Decimal128, Document, doc};

use crate::value::oid;
use crate::version;

/// A tally as two filters with their updates: one for users with sums in the tally's currency, and one for
/// all others, which leaves out the money.
#[derive(Debug)]
pub(crate) struct TallyUpdate {
    pub(crate) user: Id<User>,
    pub(crate) with_money: Document,
    pub(crate) all: Vec<Document>,
    pub(crate) without_money: Document,
    pub(crate) counts: Vec<Document>,
}

impl TallyUpdate {
    pub(crate) fn of(tally: &Tally) -> Self {
        let Tally::User { id, add } = tally;
        let StatsDelta { total, completed, cancelled, arrivals, late_arrivals, earned, spent } = *add;
        let mut counts = doc! { version::FIELD: version::next() };
        for (field, more) in [
            ("stats.totalBookings", total),
            ("stats.completedBookings", completed),
            ("stats.cancelledBookings", cancelled),
            ("stats.arrivals", arrivals),
            ("stats.lateArrivals", late_arrivals),
        ] {
            if more > 0 {
                counts.insert(field, sum(field, i32::try_from(more).unwrap_or(i32::MAX)));
            }
        }
        let without_money = doc! { "_id": oid(*id) };
        let (mut with_money, mut all) = (without_money.clone(), counts.clone());
        if let Some(currency) = earned.or(spent).map(Money::currency) {
            for (field, more) in [("stats.totalEarnings", earned), ("stats.totalSpent", spent)] {
                if let Some(amount) = more.filter(|more| more.currency() == currency).and_then(decimal) {
                    all.insert(field, sum(field, amount));
                }
            }
            with_money.insert("$or", of_currency(currency));
            all.insert("stats.currency", currency.code());
        }
        let stages = |fields: Document| vec![doc! { "$set": fields }];
        Self { user: *id, with_money, all: stages(all), without_money, counts: stages(counts) }
    }
}

/// The stored value plus an increment. Like the decoder, it reads a numeric text as its number and any other
/// invalid value as zero.
fn sum(field: &str, more: impl Into<Bson>) -> Document {
    let stored = format!("${field}");
    let trimmed = doc! {
        "$trim": {
            "input": { "$convert": { "input": &stored, "to": "string", "onError": "", "onNull": "" } },
        },
    };
    let read = doc! { "$convert": { "input": trimmed, "to": "decimal", "onError": 0, "onNull": 0 } };
    doc! { "$add": [{ "$cond": [{ "$isNumber": &stored }, &stored, read] }, more.into()] }
}

/// Matches users whose sums are in a currency, or who have no sums. Codes are compared like in the decoder:
/// case-insensitively, and any value that is not a currency code is read as Kenyan shillings.
fn of_currency(currency: Currency) -> Vec<Document> {
    if currency == Currency::KES {
        return vec![doc! { "stats.currency": { "$not": named("(?!KES|KSH|SHS)[A-Z]{3}") } }];
    }
    let none = doc! { "$in": [Bson::Null, 0] };
    vec![
        doc! { "stats.currency": named(currency.code()) },
        doc! { "stats.totalEarnings": none.clone(), "stats.totalSpent": none },
    ]
}

/// Matches a text that is a currency code, in the forms that [`currency_named`](crate::value::currency_named)
/// reads.
fn named(code: &str) -> Document {
    doc! { "$regex": format!(r"^\s*{code}[./=]*\s*$"), "$options": "i" }
}

fn decimal(amount: Money) -> Option<Decimal128> {
    amount.amount().to_string().parse().ok()
}
