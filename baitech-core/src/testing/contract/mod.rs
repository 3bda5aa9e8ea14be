//! The contract of all stores, as tests that run on any store.
//!
//! For your own store, write a [`Fixture`] and let [`contract_tests!`](crate::contract_tests) generate one
//! `#[test]` per promise, with the name of the promise:
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
//! [`run_all`] checks all promises in one call.

mod bookings;
mod claims;
mod commit;
mod consumers;
mod counters;
mod due;
mod edges;
mod edges_in_races;
mod fixture;
mod funds;
mod given;
mod guards;
mod idempotency;
mod kyc_cases;
mod ledger;
mod log;
mod matching;
mod pages;
mod races;
mod reconciliations;
mod round_trip;
mod search;
mod tallies;
mod transactions;
mod users;
mod webhooks;

use std::{fmt, future::Future, pin::Pin};

pub use fixture::{Fixture, Task, Threads, block_on};

type Checking<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// One guarantee that every store gives.
#[derive(Clone, Copy)]
pub struct Promise {
    name: &'static str,
    check: for<'a> fn(&'a dyn Fixture) -> Checking<'a>,
}

impl Promise {
    /// All promises.
    pub const ALL: &'static [Self] = crate::contract_tests!(@each list);

    /// The promise with this name, such as `commit::stores_a_set_whole`.
    #[must_use]
    pub fn named(name: &str) -> &'static Self {
        let found = Self::ALL.iter().find(|promise| promise.name == name);
        found.unwrap_or_else(|| panic!("the contract has no promise `{name}`"))
    }

    /// The name of the promise.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Checks that a store keeps the promise; panics with a description of the breach if it does not.
    pub async fn check(&self, fixture: &dyn Fixture) {
        (self.check)(fixture).await;
    }
}

impl fmt::Debug for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Promise({})", self.name)
    }
}

/// Checks all promises in turn. At the first broken one, it prints the name and panics.
pub async fn run_all(fixture: &dyn Fixture) {
    /// Prints the name of the promise when its check panics.
    struct Named(&'static str);

    impl Drop for Named {
        #[expect(clippy::print_stderr, reason = "a test prints which promise is broken")]
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

/// Generates a `#[test]` for every [`Promise`](crate::testing::contract::Promise), in one module per port.
/// Each test calls a function `fn(&Promise)` of the invoking module.
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
                refuses_to_create_existing_aggregates
                refuses_to_change_missing_aggregates
                refuses_malformed_sets
                refuses_taken_unique_fields
                releases_unique_fields
                stores_nothing_of_a_refused_set
                checks_in_order
            }
            races {
                applies_every_writer_after_retries
                applies_one_of_two_writers_of_a_version
                gives_a_claim_to_one
                gives_overlapping_claims_to_one
                answers_a_key_once
                stops_write_skew
                stops_write_skew_of_stamps
            }
            guards {
                pass_at_their_version
                cover_every_kind
                refuse_another_version
                refuse_missing_aggregates
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
                refuse_outdated_writes
                ignore_missing_users
                refuse_users_that_the_set_also_writes
                lose_none_in_a_race
            }
            claims {
                are_held_when_taken
                can_be_taken_again_by_their_holder
                are_freed_only_by_their_holder
                are_freed_before_they_are_taken
                are_kept_while_others_are_renewed
            }
            counters {
                count_from_one
                never_repeat
                start_at_zero_and_add_up
                stand_beside_the_aggregate
                survive_stale_saves_of_their_aggregate
            }
            edges {
                count_revisions_across_removals
                are_loaded_in_the_order_asked_for
                refuse_another_revision
                refuse_malformed_changes
                guard_their_absence
                emit_events_in_the_order_of_revisions
                are_listed_from_both_ends
                are_paged_while_others_come
                refuse_foreign_cursors
            }
            edges_in_races {
                count_every_like
                end_exact_when_toggled
                move_two_counters_when_switched
                never_stand_beside_a_block
                are_changed_once_by_a_repeated_request
            }
            due {
                gives_due_items_in_order
                gives_every_kind
                gives_only_the_kinds_asked_for
                excludes_running_leases
                ends_leases_in_time
                follows_the_last_write
                gives_no_item_to_two_workers
                counts_attempts_that_are_begun
                ends_attempts_as_requested
                sets_aside_until_released
                lists_set_aside_items_in_pages
                finds_set_aside_items_by_target
            }
            log {
                numbers_events_in_their_order
                is_read_by_topic
                misses_no_event_of_a_topic_while_many_write_and_number
                ignores_the_clock
                keeps_the_events_of_a_commit_together
                is_gapless_while_many_write_and_number
                refuses_tokens_of_another_epoch
                deletes_old_events_only
                keeps_what_a_consumer_has_not_read
                wakes_those_who_wait
            }
            consumers {
                begin_where_they_ask
                are_leased_to_one_process
                move_together_with_their_effects
                take_effect_once_in_a_race
                park_events_until_they_recover
                are_removed_with_their_parked_events
                list_parked_events_in_pages
            }
            search {
                finds_every_field_of_every_index
                ignores_accents_case_and_apostrophes
                matches_beginnings_of_words
                needs_every_word_of_the_query
                ranks_by_relevance_then_recency
                shows_entries_to_their_readers
                searches_within_an_owner
                follows_changes_and_removals
                stores_nothing_of_a_refused_set
                are_paged_while_others_come
                refuse_foreign_cursors
                finds_what_the_definition_says
                are_changed_only_by_the_commit_that_wins
            }
            ledger {
                sums_postings
                shows_every_account
                balances_under_races
                recounts_to_the_same_balances
                lists_lines_without_gap_or_repeat
                lists_lines_while_others_come
                refuses_foreign_cursors
            }
            funds {
                keep_held_money_non_negative
                check_the_sum_of_a_set
                enforce_minimums_of_a_set
                enforce_maximums_of_a_set
                enforce_bounds_of_two_accounts
                refuse_bounds_of_common_accounts
                leave_no_effect_of_refused_sets
                let_racing_spenders_use_the_whole_balance
                enforce_a_bound_in_a_race
                enforce_a_bound_of_a_sum_in_a_race
                are_conserved_in_a_race
            }
            users {
                are_found_by_their_fields
                are_found_by_the_normal_form_of_stored_values
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
                are_flagged_until_staff_decide
                report_the_history_of_a_payer
                refuse_foreign_cursors
            }
            webhooks {
                are_listed_by_status
                are_paged_while_others_come
                refuse_foreign_cursors
                are_deleted_once_they_expire
            }
            reconciliations {
                are_listed_in_pages
                are_paged_while_others_come
                refuse_foreign_cursors
                take_one_of_two_batches
                keep_the_first_part_of_an_id
                keep_parts_at_their_largest
                delete_expired_parts
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
                drops_technicians_who_cannot_be_booked
                respects_each_technicians_radius
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
