//! The pure domain of the BaiTech marketplace.
