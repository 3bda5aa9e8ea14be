//! Receipts, invoices and statements as PDF.
