//! The money of two jobs, from the customer's phone to the technician's phone: held, disputed, partially
//! refunded, released, tipped, paid out.
//!
//! ```sh
//! cargo run --example escrow_story
//! ```
//!
//! After each chapter it prints the new ledger entries, and at the end the balance of every account. It
//! checks that they always sum to zero.
//!
//! - `phone.rs`: a payment provider of an embedder, which accepts orders and later reports their outcomes by
//!   callbacks;
//! - `story.rs`: the chapters;
//! - `ledger.rs`: the tables.
//!
//! Clock and randomness are fixed, so that each run prints the same.

mod ledger;
mod people;
mod phone;
mod story;

use std::{
    io::{self, Write},
    process::ExitCode,
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    match run(&mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        // A closed pipe, as with `head`, is not an error.
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "escrow_story: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(out: &mut dyn Write) -> Result<()> {
    futures::executor::block_on(story::tell(out))
}

fn is_broken_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    #[test]
    fn story_is_complete_and_deterministic() {
        let print_story = || {
            let mut out = Vec::new();
            super::run(&mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let story = print_story();
        assert_eq!(story, print_story());
        assert!(story.contains("Sum of all accounts"), "{story}");
        assert!(story.trim_end().ends_with("All accounts sum to zero."), "{story}");
    }
}
