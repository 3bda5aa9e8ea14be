//! Counting on a user: an update that the server adds up.

use baitech_core::account::{StatsDelta, User};
use baitech_core::kernel::{Currency, Id, Money};
use baitech_core::store::Tally;
use bson::{Bson, Decimal128, Document, doc};

use crate::value::oid;
use crate::version;

/// A tally as two filters and two updates: with its money, and without it where the sums are of another currency.
#[derive(Debug)]
pub(crate) struct TallyUpdate {
    pub(crate) user: Id<User>,
    pub(crate) with_money: Document,
    pub(crate) all: Document,
    pub(crate) anyhow: Document,
    pub(crate) counts: Document,
}

impl TallyUpdate {
    pub(crate) fn of(tally: &Tally) -> Self {
        let StatsDelta { total, completed, cancelled, arrivals, late_arrivals, earned, spent } = tally.add;
        let mut counts = doc! { version::FIELD: 1 };
        for (field, more) in [
            ("stats.totalBookings", total),
            ("stats.completedBookings", completed),
            ("stats.cancelledBookings", cancelled),
            ("stats.arrivals", arrivals),
            ("stats.lateArrivals", late_arrivals),
        ] {
            if more > 0 {
                counts.insert(field, i32::try_from(more).unwrap_or(i32::MAX));
            }
        }
        let anyhow = doc! { "_id": oid(tally.user) };
        let (mut with_money, mut all) = (anyhow.clone(), doc! { "$inc": counts.clone() });
        if let Some(currency) = earned.or(spent).map(Money::currency) {
            let mut sums = counts.clone();
            for (field, sum) in [("stats.totalEarnings", earned), ("stats.totalSpent", spent)] {
                if let Some(amount) = sum.filter(|sum| sum.currency() == currency).and_then(decimal) {
                    sums.insert(field, amount);
                }
            }
            with_money.insert("$or", of_currency(currency));
            all = doc! { "$inc": sums, "$set": { "stats.currency": currency.code() } };
        }
        Self { user: tally.user, with_money, all, anyhow, counts: doc! { "$inc": counts } }
    }
}

/// Users whose sums are of a currency, or who have none; sums of which no currency is told are Kenyan shillings.
fn of_currency(currency: Currency) -> Vec<Document> {
    let mut ways = vec![doc! { "stats.currency": currency.code() }];
    let untold = doc! { "stats.currency": Bson::Null };
    if currency == Currency::KES {
        ways.push(untold);
    } else {
        let none = doc! { "$in": [Bson::Null, 0] };
        ways.push(doc! { "stats.totalEarnings": none.clone(), "stats.totalSpent": none });
    }
    ways
}

fn decimal(amount: Money) -> Option<Decimal128> {
    amount.amount().to_string().parse().ok()
}
