//! The MongoDB store of the BaiTech marketplace.
