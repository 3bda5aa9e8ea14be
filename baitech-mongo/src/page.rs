//! Keyset pages.

use baitech_core::kernel::PageRequest;

/// One more than the page holds: the extra one tells that there is another page.
pub(crate) fn limit_of(page: &PageRequest) -> i64 {
    i64::try_from(page.limit()).unwrap_or(i64::MAX).saturating_add(1)
}
