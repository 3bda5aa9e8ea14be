//! The program `baitech`: maintains a database and runs its due work.
//!
//! It contains no business rules: each command calls the engine or the store and prints the result.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    match cli::run(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("baitech: {error}");
            ExitCode::FAILURE
        }
    }
}
