//! Seatwright.
fn main() {}
