//! The HTTP adapter of the BaiTech marketplace.
