//! The benchmarks are bench targets (`cargo bench`). This library is empty, since a package needs at least
//! one library or binary.
//!
//! The benchmarks have a separate package, so that examples and tests do not compile criterion.
