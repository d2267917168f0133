//! The binary: reads the settings, wires the rooms together, and obeys. It has no rules of its own.

mod arguments;
mod commands;
mod copies;
mod events;
mod imports;
mod reconcile;
mod settings;

use std::process::ExitCode;

use app::operators::NewUser;
use clap::{CommandFactory, Parser};

use self::arguments::{
    Cli, Command, Database, ImportCommand, TokenCommand, UserCommand, VendorCommand,
};
use self::settings::Settings;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log();
    // Both the vendors' clients and the database use ring; installing it twice is no error.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("seatwright: {error:#}");
            ExitCode::from(if is_refusal(&error) { 3 } else { 1 })
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let settings = Settings::read(cli.config.as_deref())?;
    let url = |database: Database| settings.database_url(database.database_url);
    match cli.command {
        Command::Demo {
            port,
            data,
            fresh,
            database_url,
            filing,
        } => {
            let window = settings.recent_window(filing.recent_window.as_deref())?;
            commands::demo(port, &data, fresh, database_url, window).await
        }
        Command::Serve {
            database,
            listen,
            public,
            no_workers,
            filing,
        } => {
            let window = settings.recent_window(filing.recent_window.as_deref())?;
            let listen = listen.or_else(|| settings.listen.clone());
            let listen = listen.unwrap_or_else(|| "127.0.0.1:8080".to_owned());
            let public_url = settings.public_url(public.public_url);
            commands::serve(&url(database)?, &listen, public_url, !no_workers, window).await
        }
        Command::Work { database, filing } => {
            let window = settings.recent_window(filing.recent_window.as_deref())?;
            commands::work(&url(database)?, window).await
        }
        Command::Migrate { database } => commands::migrate(&url(database)?).await,
        Command::Backup { database, file } => copies::backup(&url(database)?, &file).await,
        Command::Restore { database, file } => copies::restore(&url(database)?, &file).await,
        Command::Verify { database } => copies::verify(&url(database)?).await,
        Command::Reconcile {
            database,
            dry_run,
            json,
            vendor,
        } => {
            let asked = reconcile::Asked {
                vendor,
                is_dry_run: dry_run,
                is_for_programs: json,
            };
            reconcile::reconcile(&url(database)?, asked).await
        }
        Command::TakeOver { database } => copies::take_over(&url(database)?).await,
        Command::Seed {
            database,
            world: _,
            simulator,
        } => commands::seed(&url(database)?, &simulator).await,
        Command::User {
            command:
                UserCommand::Add {
                    database,
                    email,
                    name,
                    organization,
                    role,
                },
        } => {
            let role = serde_json::from_value(serde_json::Value::String(role)).map_err(|_| {
                anyhow::anyhow!("--role must be one of {}", commands::roles().join(", "))
            })?;
            let new = NewUser {
                email,
                name,
                organization,
                role,
                password: commands::read_input()?,
            };
            commands::add_user(&url(database)?, new).await
        }
        Command::Vendor { command } => match command {
            VendorCommand::Add {
                database,
                organization,
                slug,
                name,
            } => commands::add_vendor(&url(database)?, &organization, &slug, &name).await,
            VendorCommand::Check {
                database,
                organization,
                slug,
            } => commands::check_vendor(&url(database)?, &organization, &slug).await,
            VendorCommand::Events {
                database,
                public,
                organization,
                slug,
                dry_run,
                replace,
                test,
            } => {
                let asked = events::Asked {
                    organization,
                    slug,
                    public_url: settings.public_url(public.public_url),
                    is_dry_run: dry_run,
                    replaces: replace,
                    is_tested: test,
                };
                events::register(&url(database)?, asked).await
            }
            VendorCommand::Import {
                database,
                organization,
                slug,
            } => commands::import_catalog(&url(database)?, &organization, &slug).await,
            VendorCommand::List {
                database,
                organization,
            } => commands::list_vendors(&url(database)?, &organization).await,
        },
        Command::Import {
            command:
                ImportCommand::Prices {
                    database,
                    file,
                    vendor,
                    organization,
                    dry_run,
                    partial,
                },
        } => {
            let asked = imports::Asked {
                file,
                vendor,
                organization,
                is_dry_run: dry_run,
                is_partial: partial,
            };
            imports::prices(&url(database)?, asked).await
        }
        Command::Token { command } => match command {
            TokenCommand::Create {
                database,
                email,
                label,
            } => commands::create_token(&url(database)?, &email, &label).await,
            TokenCommand::List { database, email } => {
                commands::list_tokens(&url(database)?, &email).await
            }
            TokenCommand::Revoke {
                database,
                email,
                id,
            } => commands::revoke_token(&url(database)?, &email, &id).await,
        },
        Command::SimulateVendor { port, seed } => commands::simulate_vendor(port, seed).await,
        Command::Openapi => commands::openapi(),
        Command::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Cli::command(),
                "seatwright",
                &mut std::io::stdout(),
            );
            Ok(())
        }
    }
}

/// Text on a terminal, JSON elsewhere; what is shown is set by `RUST_LOG`.
fn start_log() {
    use std::io::IsTerminal;
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        log.init();
    } else {
        log.json().init();
    }
}

fn is_refusal(error: &anyhow::Error) -> bool {
    !matches!(
        error.downcast_ref::<app::Error>(),
        None | Some(app::Error::Internal(_))
    )
}
