//! Every test runs on SQLite, on PostgreSQL, and on PostgreSQL at SERIALIZABLE, whose retries stand in
//! for engines that shard.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]
#![expect(clippy::print_stdout, reason = "what is left out is said aloud")]

mod admissions;
mod backup;
mod beside;
mod catalog;
mod cut;
mod desk;
mod differences;
mod edits;
mod lists;
mod migrations;
mod orders;
mod transactions;
mod walks;
mod work;
mod world;
