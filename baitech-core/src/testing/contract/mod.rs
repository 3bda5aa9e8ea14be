//! What every store promises, as tests that run on any.
//!
//! For a store of your own, write a [`Fixture`] and let [`contract_tests!`](crate::contract_tests) make a
//! `#[test]` of each promise, named after it:
//!
//! ```
//! use std::sync::Arc;
//! use baitech_core::{memory::MemoryStore, testing::contract::{Promise, Threads, block_on}};
//!
//! fn check(promise: &Promise) {
//!     block_on(promise.check(&Threads(|| Arc::new(MemoryStore::new()) as _)));
//! }
//!
//! baitech_core::contract_tests!(check);
//! ```
//!
//! [`run_all`] does the same in one go.

mod bookings;
mod claims;
mod commit;
mod counters;
mod due;
mod fixture;
mod funds;
mod given;
mod guards;
mod idempotency;
mod kyc_cases;
mod ledger;
mod matching;
mod outbox;
mod pages;
mod races;
mod reconciliations;
mod round_trip;
mod tallies;
mod transactions;
mod users;
mod webhooks;

use std::{fmt, future::Future, pin::Pin};

pub use fixture::{Fixture, Task, Threads, block_on};

type Checking<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// One thing that every store promises.
#[derive(Clone, Copy)]
pub struct Promise {
    name: &'static str,
    check: for<'a> fn(&'a dyn Fixture) -> Checking<'a>,
}

impl Promise {
    /// All of them.
    pub const ALL: &'static [Self] = crate::contract_tests!(@each list);

    /// The promise of this name: `commit::stores_a_set_whole`.
    #[must_use]
    pub fn named(name: &str) -> &'static Self {
        let found = Self::ALL.iter().find(|promise| promise.name == name);
        found.unwrap_or_else(|| panic!("no store promises {name}"))
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Checks that a store keeps it; panics with what is wrong where it does not.
    pub async fn check(&self, fixture: &dyn Fixture) {
        (self.check)(fixture).await;
    }
}

impl fmt::Debug for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Promise({})", self.name)
    }
}

/// Checks every promise, one after another, and panics at the first that is broken, having printed its name.
pub async fn run_all(fixture: &dyn Fixture) {
    /// Says which promise it was, if checking it panics.
    struct Named(&'static str);

    impl Drop for Named {
        #[expect(clippy::print_stderr, reason = "a test tells what is broken")]
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("the store breaks the promise {}", self.0);
            }
        }
    }

    for promise in Promise::ALL {
        let _named = Named(promise.name);
        promise.check(fixture).await;
    }
}

/// Makes a `#[test]` of every [`Promise`](crate::testing::contract::Promise), in a module a port, that calls
/// a function `fn(&Promise)` of the invoking module with it.
#[macro_export]
macro_rules! contract_tests {
    ($check:ident) => {
        $crate::contract_tests!(@each tests $check);
    };
    (@each $then:ident $($check:ident)?) => {
        $crate::contract_tests! { @$then $($check)?
            commit {
                stores_a_set_whole
                numbers_versions_from_the_first
                refuses_another_version
                refuses_what_is_there_already
                refuses_what_is_not_there
                refuses_malformed_sets
                refuses_taken_unique_fields
                gives_unique_fields_free
                stores_nothing_of_a_refused_set
                checks_in_order
            }
            races {
                lets_every_writer_through_in_turn
                lets_one_of_two_writers_of_a_version_through
                lets_one_take_a_claim
                gives_overlapping_claims_to_one
                answers_a_key_once
                stops_write_skew
                stops_write_skew_of_stamps
            }
            guards {
                let_pass_at_their_version
                cover_every_kind
                refuse_another_version
                refuse_what_is_not_there
                hold_for_stamps_while_counters_move
                refuse_other_stamps
                hold_for_a_balance
            }
            idempotency {
                replays_the_answer
                leaves_no_effect_of_a_replay
                refuses_another_request
                keeps_scopes_and_keys_apart
                keeps_answers_until_they_expire
                keeps_the_largest_answer
            }
            tallies {
                add_up_and_raise_the_version
                keep_an_older_write_out
                ignore_who_is_not_there
                refuse_a_user_who_is_written_besides
                lose_none_in_a_race
            }
            claims {
                are_held_when_taken
                can_be_taken_again_by_their_holder
                are_freed_only_by_their_holder
                are_freed_before_they_are_taken
                are_kept_beside_others_that_are_renewed
            }
            counters {
                count_from_one
                never_repeat
            }
            due {
                gives_what_is_due_in_order
                gives_every_kind
                excludes_running_leases
                ends_leases_in_time
                follows_the_last_write
                gives_nothing_to_two_workers
                counts_attempts_that_are_begun
                ends_attempts_as_told
                sets_aside_until_released
                lists_what_is_set_aside_in_pages
                finds_what_is_set_aside_by_name
            }
            outbox {
                gives_events_in_order
                repeats_until_acknowledged
                orders_events_of_racing_writers
            }
            ledger {
                sums_postings
                shows_every_account
                balances_under_races
                counts_the_same_anew
                lists_lines_without_gap_or_repeat
                lists_lines_while_others_come
                refuses_foreign_cursors
            }
            funds {
                bound_what_is_held_for_somebody
                judge_a_set_by_its_sum
                bound_others_where_a_set_asks_for_it
                bound_what_rises
                count_two_accounts_towards_one_bound
                refuse_bounds_of_common_accounts
                leave_nothing_of_what_they_refuse
                let_spenders_take_what_there_is
                let_nobody_past_a_bound_in_a_race
                hold_a_sum_in_a_race
                come_and_go_in_a_race
            }
            users {
                are_found_by_their_fields
                are_known_by_the_normal_form_of_what_is_stored
                are_listed_by_id_and_filter
                are_paged_while_others_come
                refuse_foreign_cursors
            }
            bookings {
                are_found_by_number
                are_listed_and_counted_by_filter
                are_paged_while_others_come_and_change
                hide_when_deleted
                refuse_foreign_cursors
            }
            transactions {
                are_found_by_their_fields
                refuse_taken_numbers_and_references
                are_listed_and_totalled_by_filter
                total_each_currency_apart
                are_paged_while_others_come_and_change
                are_flagged_until_a_person_has_looked
                tell_the_history_of_a_payer
                refuse_foreign_cursors
            }
            webhooks {
                are_listed_by_status
                are_paged_while_others_come
                refuse_foreign_cursors
                are_forgotten_once_they_expire
            }
            reconciliations {
                are_listed_in_pages
                are_paged_while_others_come
                refuse_foreign_cursors
                take_one_of_two_batches
                keep_the_first_part_of_an_id
                keep_parts_at_their_largest
                forget_parts_that_have_expired
            }
            kyc_cases {
                are_listed_by_status
                are_paged_while_others_come
                refuse_foreign_cursors
                are_read_as_written
                are_due_until_closed
            }
            matching {
                finds_candidates_within_reach
                forgets_who_cannot_be_booked
                looks_within_each_ones_own_radius
                reads_working_hours
                counts_jobs_of_days
                keeps_counts_of_jobs_in_races
                counts_customers_with_open_requests
            }
            round_trip {
                users_are_read_as_written
                bookings_are_read_as_written
                transactions_are_read_as_written
                webhooks_are_read_as_written
                reconciliations_are_read_as_written
                many_are_loaded_in_the_order_asked_for
                events_are_read_as_written
            }
        }
    };
    (@tests $check:ident $($module:ident { $($promise:ident)* })*) => {
        $(
            mod $module {
                $(
                    #[test]
                    fn $promise() {
                        let name = concat!(stringify!($module), "::", stringify!($promise));
                        super::$check($crate::testing::contract::Promise::named(name));
                    }
                )*
            }
        )*
    };
    (@list $($module:ident { $($promise:ident)* })*) => {
        &[$($(
            Promise {
                name: concat!(stringify!($module), "::", stringify!($promise)),
                check: |fixture| Box::pin($module::$promise(fixture)),
            },
        )*)*]
    };
}
