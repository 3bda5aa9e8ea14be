//! The program `baitech`: looks after a database and does what is due in it.
//!
//! It holds no rule: each command calls the engine or the store and prints what they answer.

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
