//! Numbers of bookings and transactions, drawn just before a commit.

use super::NumberField;
use crate::{
    booking::BookingNumber,
    engine::Engine,
    payment::TransactionNumber,
    store::{StoreError, Write},
};

/// The numbers that one command has drawn. Its next attempt uses them again.
#[derive(Debug, Default)]
pub(super) struct DrawnNumbers {
    bookings: Vec<BookingNumber>,
    transactions: Vec<TransactionNumber>,
}

impl DrawnNumbers {
    /// Gives a number to each of these that waits for one.
    pub(super) async fn assign(
        &mut self,
        engine: &Engine,
        pending: Vec<NumberField<'_>>,
    ) -> Result<(), StoreError> {
        let (mut bookings, mut transactions) = (self.bookings.clone(), self.transactions.clone());
        bookings.reverse();
        transactions.reverse();
        for field in pending {
            match field {
                NumberField::Booking(number) => {
                    *number = match bookings.pop() {
                        Some(drawn) => drawn,
                        None => self.draw_for_booking(engine).await?,
                    };
                }
                NumberField::Transaction(number) => {
                    *number = match transactions.pop() {
                        Some(drawn) => drawn,
                        None => self.draw_for_transaction(engine).await?,
                    };
                }
            }
        }
        Ok(())
    }

    async fn draw_for_booking(&mut self, engine: &Engine) -> Result<BookingNumber, StoreError> {
        let now = engine.clock.now();
        let sequence = engine.counters.next(&BookingNumber::series(now)).await?;
        let drawn = BookingNumber::new(now, sequence);
        self.bookings.push(drawn.clone());
        Ok(drawn)
    }

    async fn draw_for_transaction(&mut self, engine: &Engine) -> Result<TransactionNumber, StoreError> {
        let now = engine.clock.now();
        let sequence = engine.counters.next(&TransactionNumber::series(now)).await?;
        let drawn = TransactionNumber::new(now, sequence);
        self.transactions.push(drawn.clone());
        Ok(drawn)
    }
}

impl NumberField<'_> {
    /// Whether no number has been assigned yet.
    pub(super) fn is_pending(&self) -> bool {
        match self {
            Self::Booking(number) => number.is_pending(),
            Self::Transaction(number) => number.is_pending(),
        }
    }
}

/// The number of what a write stores.
pub(super) fn number_of(write: &mut Write) -> Option<NumberField<'_>> {
    use super::Aggregate;
    macro_rules! number {
        ($($Arm:ident($name:literal, $list:ident, $what:literal): $Type:ty;)+) => {
            match write { $(Write::$Arm(put) => put.value.number_field(),)+ }
        };
    }
    crate::for_each_aggregate!(number)
}
