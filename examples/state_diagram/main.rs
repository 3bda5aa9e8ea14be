//! Draws the state machine of bookings from the table that the engine itself uses.
//!
//! ```sh
//! cargo run --example state_diagram             # prints Mermaid, writes docs/booking-states.{mmd,svg}
//! cargo run --example state_diagram -- /tmp     # writes them elsewhere
//! ```
//!
//! `layout.rs` places every state and arrow; `svg.rs` draws them. The test fails if the committed pictures
//! differ from the table.

mod layout;
#[cfg(test)]
mod overlaps;
mod svg;

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use baitech::booking::Transition;

const NAME: &str = "booking-states";

fn main() -> io::Result<()> {
    let directory = env::args_os().nth(1).map_or_else(documentation, PathBuf::from);
    draw_into(&directory)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", Transition::mermaid())?;
    writeln!(out, "The same is in {}/{NAME}.mmd and, drawn, in {NAME}.svg.", directory.display())
}

fn documentation() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn draw_into(directory: &Path) -> io::Result<()> {
    fs::write(directory.join(NAME).with_extension("mmd"), Transition::mermaid())?;
    fs::write(directory.join(NAME).with_extension("svg"), picture())
}

fn picture() -> String {
    svg::draw(&layout::Diagram::of(&Transition::TABLE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_pictures_match_the_table() {
        let committed = |extension| {
            let path = documentation().join(NAME).with_extension(extension);
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let remedy = "update it with: cargo run --example state_diagram";
        assert!(committed("mmd") == Transition::mermaid(), "docs/{NAME}.mmd is out of date; {remedy}");
        assert!(committed("svg") == picture(), "docs/{NAME}.svg is out of date; {remedy}");
    }
}
