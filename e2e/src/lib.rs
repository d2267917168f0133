//! Tests that start the real program: browser, crash and vendor counterparts.
