//! The embedded store keeps every promise.

use std::sync::Arc;

use baitech_core::{
    memory::MemoryStore,
    testing::contract::{Promise, Threads, block_on},
};

fn check(promise: &Promise) {
    block_on(promise.check(&Threads(|| Arc::new(MemoryStore::new()) as _)));
}

baitech_core::contract_tests!(check);
