//! Servers that speak the providers' protocols, for tests. Behind feature `testing`.
