//! The benchmarks are targets of their own (`cargo bench`); this library is empty, since a package has to
//! have one.
//!
//! They live in a package of their own so that nobody compiles criterion to run an example.
