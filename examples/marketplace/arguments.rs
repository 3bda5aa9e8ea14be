//! The command line.

use crate::Result;

pub(crate) const HELP: &str = "\
Tells the story of several bookings, from request to paid and to worse ends, on the engine.

Usage: cargo run --example marketplace [-- --store URI]

Options:
  --store URI   run on MongoDB instead of the embedded store (build with `--features mongo`); a replica set is
                needed, as in mongodb://localhost:27017/?replicaSet=rs0. Where the URI names no database, a new
                one is made; one that it names must be empty
  -h, --help    print this
";

/// The command of the command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arguments {
    /// Run the story on the embedded store.
    Embedded,
    /// Run the story on MongoDB with this connection string.
    Mongo(String),
    /// Print the help.
    Help,
}

impl Arguments {
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut parsed = Self::Embedded;
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let uri = match argument.as_str() {
                "-h" | "--help" => return Ok(Self::Help),
                "--store" => arguments.next().ok_or("--store needs a value that begins with mongodb://")?,
                other => match other.strip_prefix("--store=") {
                    Some(uri) => uri.to_owned(),
                    None => return Err(format!("unknown option {other}; --help lists all options").into()),
                },
            };
            if !uri.starts_with("mongodb://") && !uri.starts_with("mongodb+srv://") {
                return Err("--store needs a value that begins with mongodb://".into());
            }
            parsed = Self::Mongo(uri);
        }
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Arguments> {
        Arguments::parse(arguments.iter().map(ToString::to_string))
    }

    #[test]
    fn both_spellings_of_the_store_option_are_equal() {
        let mongo = Arguments::Mongo("mongodb://localhost".to_owned());
        assert_eq!(parse(&["--store", "mongodb://localhost"]).unwrap(), mongo);
        assert_eq!(parse(&["--store=mongodb://localhost"]).unwrap(), mongo);
        assert_eq!(parse(&[]).unwrap(), Arguments::Embedded);
    }

    #[test]
    fn unknown_option_is_named() {
        assert!(parse(&["--stroe"]).unwrap_err().to_string().contains("--stroe"));
        assert!(parse(&["--store"]).unwrap_err().to_string().contains("mongodb://"));
        assert!(parse(&["--store", "redis://localhost"]).is_err());
    }
}
