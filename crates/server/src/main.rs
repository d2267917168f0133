//! The binary: reads the settings, wires the rooms together, and obeys. It has no rules of its own.

mod commands;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// The self-hosted order desk for companies that sell cloud subscriptions.
#[derive(Parser)]
#[command(name = "seatwright", version, about)]
#[command(after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by a rule")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Where the data are.
#[derive(clap::Args)]
struct Database {
    /// sqlite://PATH or postgres://…
    #[arg(long, env = "SEATWRIGHT_DATABASE_URL", hide_env_values = true)]
    database_url: String,
}

#[derive(Subcommand)]
enum Command {
    /// Try it: demo world, vendor simulator, web and workers in one process
    Demo {
        /// Port of the web pages
        #[arg(long, default_value_t = 8080)]
        port: u16,
        /// Where the demo world is kept
        #[arg(long, default_value = ".seatwright-demo")]
        data: std::path::PathBuf,
        /// Start with a new world
        #[arg(long)]
        fresh: bool,
        /// Another database than SQLite in the data folder
        #[arg(long, env = "SEATWRIGHT_DATABASE_URL", hide_env_values = true)]
        database_url: Option<String>,
    },
    /// Web and API, and workers unless --no-workers
    Serve {
        #[command(flatten)]
        database: Database,
        /// Address to listen on
        #[arg(long, env = "SEATWRIGHT_LISTEN", default_value = "127.0.0.1:8080")]
        listen: String,
        /// Where people reach it
        #[arg(long, env = "SEATWRIGHT_PUBLIC_URL")]
        public_url: Option<String>,
        /// Leave the work to other processes
        #[arg(long)]
        no_workers: bool,
    },
    /// Workers only
    Work {
        #[command(flatten)]
        database: Database,
    },
    /// Bring the database up to date
    Migrate {
        #[command(flatten)]
        database: Database,
    },
    /// Fill an empty database with the demo world
    Seed {
        #[command(flatten)]
        database: Database,
        /// The only world there is
        #[arg(long, value_parser = ["demo"])]
        world: String,
        /// Where the vendor simulator listens
        #[arg(long, default_value = "http://127.0.0.1:8090")]
        simulator: String,
    },
    /// API tokens
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// The vendor simulator alone
    SimulateVendor {
        /// Port to listen on
        #[arg(long, default_value_t = 8090)]
        port: u16,
        /// Decides which calls a rule with a probability hits
        #[arg(long, default_value_t = 0)]
        seed: u64,
    },
    /// Print the OpenAPI document
    Openapi,
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Subcommand)]
enum TokenCommand {
    /// Make a token for a person; it is shown once
    Create {
        #[command(flatten)]
        database: Database,
        /// Whose token it is
        #[arg(long)]
        email: String,
        /// What it is for
        #[arg(long, default_value = "command line")]
        label: String,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log();
    // Both the vendors' clients and the database use ring; installing it twice is no error.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    match run(cli.command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("seatwright: {error:#}");
            ExitCode::from(if is_refusal(&error) { 3 } else { 1 })
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Demo {
            port,
            data,
            fresh,
            database_url,
        } => commands::demo(port, &data, fresh, database_url).await,
        Command::Serve {
            database,
            listen,
            public_url,
            no_workers,
        } => commands::serve(&database.database_url, &listen, public_url, !no_workers).await,
        Command::Work { database } => commands::work(&database.database_url).await,
        Command::Migrate { database } => commands::migrate(&database.database_url).await,
        Command::Seed {
            database,
            world: _,
            simulator,
        } => commands::seed(&database.database_url, &simulator).await,
        Command::Token {
            command:
                TokenCommand::Create {
                    database,
                    email,
                    label,
                },
        } => commands::create_token(&database.database_url, &email, &label).await,
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
