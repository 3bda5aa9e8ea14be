use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kernel::named;

named! {
    /// The status of a booking, from request to paid.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
    pub enum BookingStatus {
        /// Requested by the customer.
        Pending = "pending",
        /// The search for a technician is running.
        Matching = "matching",
        /// Offered to a technician.
        Assigned = "assigned",
        /// The technician has accepted.
        Accepted = "accepted",
        /// The technician declined or did not answer in time.
        Rejected = "rejected",
        /// The technician is on the way.
        EnRoute = "en_route",
        /// The technician has arrived.
        Arrived = "arrived",
        /// The work is in progress.
        InProgress = "in_progress",
        /// The work is paused.
        Paused = "paused",
        /// The technician reports that the work is done.
        Completed = "completed",
        /// The customer has verified the work, or did not contest it in time.
        Verified = "verified",
        /// Payment is awaited.
        PaymentPending = "payment_pending",
        /// Payment has arrived.
        Paid = "paid",
        /// Cancelled.
        Cancelled = "cancelled",
        /// A party contests it.
        Disputed = "disputed",
        /// The customer got the money back.
        Refunded = "refunded",
    }
}

impl BookingStatus {
    /// Whether no transition leads out of this status.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        self.next().next().is_none()
    }

    /// Whether the technician's time is taken: `accepted` to `paused`. Stores hold claims exactly in these
    /// statuses.
    #[must_use]
    pub const fn holds_time(self) -> bool {
        matches!(self, Self::Accepted | Self::EnRoute | Self::Arrived | Self::InProgress | Self::Paused)
    }

    /// Whether it is a request that no technician has accepted yet: `pending`, `matching`, `assigned` and
    /// `rejected`. The number of such requests per customer is limited.
    #[must_use]
    pub const fn is_open_request(self) -> bool {
        matches!(self, Self::Pending | Self::Matching | Self::Assigned | Self::Rejected)
    }

    /// Whether a booking counts as a job of its technician: accepted, and neither cancelled nor in dispute.
    #[must_use]
    pub const fn is_job(self) -> bool {
        match self {
            Self::Accepted | Self::EnRoute | Self::Arrived | Self::InProgress | Self::Paused => true,
            Self::Completed | Self::Verified | Self::PaymentPending | Self::Paid => true,
            Self::Pending | Self::Matching | Self::Assigned | Self::Rejected => false,
            Self::Cancelled | Self::Disputed | Self::Refunded => false,
        }
    }

    /// The statuses that can follow, for any actor.
    pub fn next(self) -> impl Iterator<Item = Self> {
        Transition::TABLE
            .iter()
            .filter(move |transition| transition.from == self)
            .map(|transition| transition.to)
    }

    /// The parties that may make the transition to `to`; none where the table has no such transition. Looks
    /// it up in a matrix computed at compile time from [`Transition::TABLE`].
    #[must_use]
    #[inline]
    pub const fn who_may(self, to: Self) -> Parties {
        #[expect(
            clippy::indexing_slicing,
            reason = "both indices are below 16, the matrix has 16 rows of 16"
        )]
        MATRIX[self as usize][to as usize]
    }
}

/// The role of an actor in a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Party {
    /// The platform: timers and automatic transitions.
    System = 1,
    /// The customer who made this booking.
    Customer = 2,
    /// The technician to whom it is assigned.
    Technician = 4,
    /// An administrator.
    Admin = 8,
    /// A member of the support staff.
    Support = 16,
}

impl Party {
    /// Every party.
    pub const ALL: [Self; 5] = [Self::System, Self::Customer, Self::Technician, Self::Admin, Self::Support];

    /// The name in messages and diagrams.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Customer => "customer",
            Self::Technician => "technician",
            Self::Admin => "admin",
            Self::Support => "support",
        }
    }
}

/// A set of parties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Parties(u8);

impl Parties {
    /// The empty set.
    pub const NOBODY: Self = Self(0);

    /// The set of the given parties.
    #[must_use]
    pub const fn of(parties: &[Party]) -> Self {
        let mut set = Self::NOBODY;
        let mut rest = parties;
        while let [first, others @ ..] = rest {
            set = set.with(*first);
            rest = others;
        }
        set
    }

    /// The set with one more party.
    #[must_use]
    pub const fn with(self, party: Party) -> Self {
        Self(self.0 | party as u8)
    }

    /// Whether the set contains a party.
    #[must_use]
    pub const fn contains(self, party: Party) -> bool {
        self.0 & party as u8 != 0
    }

    /// Whether the sets have a party in common.
    #[must_use]
    #[inline]
    pub const fn meets(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Iterates over the parties.
    pub fn iter(self) -> impl Iterator<Item = Party> {
        Party::ALL.into_iter().filter(move |party| self.contains(*party))
    }
}

impl fmt::Display for Parties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, party) in self.iter().enumerate() {
            write!(f, "{}{}", if index == 0 { "" } else { ", " }, party.as_str())?;
        }
        Ok(())
    }
}

/// A transition of the state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// The status before.
    pub from: BookingStatus,
    /// The status after.
    pub to: BookingStatus,
    /// The parties that may make it.
    pub who: Parties,
}

const fn arrow(from: BookingStatus, to: BookingStatus, who: &[Party]) -> Transition {
    Transition { from, to, who: Parties::of(who) }
}

impl Transition {
    /// The whole state machine. Methods, documentation, diagrams and property tests derive from this table,
    /// which alone defines who may make which transition. The booking's commands also check the times and
    /// payments that a transition requires.
    pub const TABLE: [Self; 29] = {
        use BookingStatus::{
            Accepted, Arrived, Assigned, Cancelled, Completed, Disputed, EnRoute, InProgress, Matching, Paid,
            Paused, PaymentPending, Pending, Refunded, Rejected, Verified,
        };
        use Party::{Admin, Customer, Support, System, Technician};
        [
            arrow(Pending, Matching, &[System, Customer, Admin]),
            arrow(Pending, Cancelled, &[Customer, Technician, Admin, Support]),
            arrow(Matching, Assigned, &[System, Customer, Admin]),
            arrow(Matching, Cancelled, &[System, Customer, Technician, Admin, Support]),
            arrow(Assigned, Accepted, &[Technician]),
            arrow(Assigned, Rejected, &[System, Technician]),
            arrow(Assigned, Cancelled, &[Customer, Technician, Admin, Support]),
            arrow(Rejected, Matching, &[System, Admin]),
            arrow(Rejected, Cancelled, &[Customer, Technician, Admin, Support]),
            arrow(Accepted, EnRoute, &[Technician]),
            arrow(Accepted, Cancelled, &[System, Customer, Technician, Admin, Support]),
            arrow(EnRoute, Arrived, &[Technician]),
            arrow(EnRoute, Cancelled, &[Customer, Technician, Admin, Support]),
            arrow(Arrived, InProgress, &[Technician]),
            arrow(Arrived, Cancelled, &[Customer, Technician, Admin, Support]),
            arrow(InProgress, Paused, &[Technician]),
            arrow(InProgress, Completed, &[Technician]),
            arrow(InProgress, Cancelled, &[Customer, Technician, Admin, Support]),
            arrow(Paused, InProgress, &[Technician]),
            arrow(Paused, Cancelled, &[Customer, Technician, Admin, Support]),
            arrow(Completed, Verified, &[System, Customer]),
            arrow(Completed, Disputed, &[Customer, Technician]),
            arrow(Completed, Cancelled, &[Admin]),
            arrow(Verified, PaymentPending, &[System]),
            arrow(PaymentPending, Paid, &[System]),
            arrow(PaymentPending, Disputed, &[Customer, Technician]),
            arrow(Paid, Disputed, &[Customer, Technician]),
            arrow(Disputed, Refunded, &[Admin, Support]),
            arrow(Disputed, Completed, &[Admin, Support]),
        ]
    };

    /// The state machine as a Mermaid diagram.
    #[must_use]
    pub fn mermaid() -> String {
        let mut lines = vec!["stateDiagram-v2".to_owned(), "    [*] --> pending".to_owned()];
        lines.extend(Self::TABLE.iter().map(|t| format!("    {} --> {}: {}", t.from, t.to, t.who)));
        let ends = BookingStatus::ALL.into_iter().filter(|status| status.is_terminal());
        lines.extend(ends.map(|status| format!("    {status} --> [*]")));
        lines.join("\n") + "\n"
    }
}

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time, which rejects an index out of range")]
const MATRIX: [[Parties; 16]; 16] = {
    let mut matrix = [[Parties::NOBODY; 16]; 16];
    let mut index = 0;
    while index < Transition::TABLE.len() {
        let arrow = Transition::TABLE[index];
        matrix[arrow.from as usize][arrow.to as usize] = arrow.who;
        index += 1;
    }
    matrix
};

#[cfg(test)]
mod tests;
