//! Every test runs on SQLite, on PostgreSQL, and on PostgreSQL at SERIALIZABLE, whose retries stand in
//! for engines that shard.

mod orders;
mod transactions;
mod work;
mod world;
