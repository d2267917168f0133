//! A database for one trial.

use sqlx::Connection;

/// The address of a schema of its own on the PostgreSQL server of the tests; none where no server runs.
pub async fn postgresql(trial: &str) -> Option<String> {
    let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
        println!("NOT TESTED ON POSTGRESQL: TEST_POSTGRES_URL is not set");
        return None;
    };
    let schema = format!("{trial}_{}", std::process::id()).to_lowercase();
    let mut admin = sqlx::PgConnection::connect(&server).await.unwrap();
    let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
    sqlx::raw_sql(create).execute(&mut admin).await.unwrap();
    Some(format!("{server}?options=-c%20search_path%3D{schema}"))
}
