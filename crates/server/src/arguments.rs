//! What can be written on the command line.

use clap::{Parser, Subcommand};

/// The self-hosted order desk for companies that sell cloud subscriptions.
#[derive(Parser)]
#[command(name = "seatwright", version, about)]
#[command(after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by a rule")]
pub struct Cli {
    /// A TOML file of settings; the environment and flags win over it
    #[arg(long, global = true, env = "SEATWRIGHT_CONFIG")]
    pub config: Option<std::path::PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

/// Where the data are.
#[derive(clap::Args)]
pub struct Database {
    /// sqlite://PATH or postgres://…; SQLite in the XDG data directory by default
    #[arg(long, env = "SEATWRIGHT_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
}

/// What the world calls this installation.
#[derive(clap::Args)]
pub struct Public {
    /// Where people and vendors reach it, such as `https://desk.example`
    #[arg(long, env = "SEATWRIGHT_PUBLIC_URL")]
    pub public_url: Option<String>,
}

/// When orders leave Recent by themselves.
#[derive(clap::Args)]
pub struct Filing {
    /// How long an order stays in Recent after its last change: 7d by default, or like 48h, 30m
    #[arg(long, env = "SEATWRIGHT_RECENT_WINDOW")]
    pub recent_window: Option<String>,
}

#[derive(Subcommand)]
pub enum Command {
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
        #[command(flatten)]
        filing: Filing,
    },
    /// Web and API, and workers unless --no-workers
    Serve {
        #[command(flatten)]
        database: Database,
        /// Address to listen on; 127.0.0.1:8080 by default
        #[arg(long, env = "SEATWRIGHT_LISTEN")]
        listen: Option<String>,
        #[command(flatten)]
        public: Public,
        /// Leave the work to other processes
        #[arg(long)]
        no_workers: bool,
        #[command(flatten)]
        filing: Filing,
    },
    /// Workers only
    Work {
        #[command(flatten)]
        database: Database,
        #[command(flatten)]
        filing: Filing,
    },
    /// Bring the database up to date
    Migrate {
        #[command(flatten)]
        database: Database,
    },
    /// Write the database, while it is in use, into one file
    Backup {
        #[command(flatten)]
        database: Database,
        /// A file that is not there yet
        file: std::path::PathBuf,
    },
    /// Put a backup into an empty database of either kind; it calls no vendor until `take-over`
    Restore {
        #[command(flatten)]
        database: Database,
        /// What `backup` wrote
        file: std::path::PathBuf,
    },
    /// Look through the whole database for what can't be true
    Verify {
        #[command(flatten)]
        database: Database,
    },
    /// Compare what customers have at vendors with our records; differences wait for people
    Reconcile {
        #[command(flatten)]
        database: Database,
        /// Show what is otherwise and write nothing down
        #[arg(long)]
        dry_run: bool,
        /// For programs
        #[arg(long)]
        json: bool,
        /// One vendor alone, by its name in commands
        #[arg(long)]
        vendor: Option<String>,
    },
    /// Let a restored or copied database call vendors; no other copy may be running
    TakeOver {
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
    /// People
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Connections to vendors
    Vendor {
        #[command(subcommand)]
        command: VendorCommand,
    },
    /// Take over what others made
    Import {
        #[command(subcommand)]
        command: ImportCommand,
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
pub enum UserCommand {
    /// Add a person; the password is read from standard input
    Add {
        #[command(flatten)]
        database: Database,
        /// What they sign in with
        #[arg(long)]
        email: String,
        /// What people call them
        #[arg(long)]
        name: String,
        /// Slug of the organization
        #[arg(long)]
        organization: String,
        /// Such as seller_admin
        #[arg(long)]
        role: String,
    },
}

#[derive(Subcommand)]
pub enum VendorCommand {
    /// Add a connection, or replace the one of that slug; its settings are JSON on standard input
    ///
    /// {"connector": "partner_center", "tenant": "…", …}; docs/vendors.md has the settings of each kind
    Add {
        #[command(flatten)]
        database: Database,
        /// Slug of the distributor or seller that owns it
        #[arg(long)]
        organization: String,
        /// Its name in addresses and commands
        #[arg(long)]
        slug: String,
        /// Its name for people
        #[arg(long)]
        name: String,
    },
    /// Make one harmless call and say what came back
    Check {
        #[command(flatten)]
        database: Database,
        /// Slug of an organization that may use it
        #[arg(long)]
        organization: String,
        /// Its name in commands
        slug: String,
    },
    /// Let the vendor send its events here: register this installation's address at Partner Center
    ///
    /// Looks at what is registered, and does nothing where it is so. Another host's registration is left alone.
    Events {
        #[command(flatten)]
        database: Database,
        #[command(flatten)]
        public: Public,
        /// Slug of the distributor or seller that owns the connection
        #[arg(long)]
        organization: String,
        /// Its name in commands
        slug: String,
        /// Say what would be done and do nothing
        #[arg(long, conflicts_with = "test")]
        dry_run: bool,
        /// Take over a registration that points at another host
        #[arg(long)]
        replace: bool,
        /// Then let the vendor send a test event, and say how it was answered
        #[arg(long)]
        test: bool,
    },
    /// Take over what the vendor sells: new offers, new prices, withdrawn ones
    Import {
        #[command(flatten)]
        database: Database,
        /// Slug of the distributor or seller that owns the connection
        #[arg(long)]
        organization: String,
        /// Its name in commands
        slug: String,
    },
    /// List the connections that an organization may use
    List {
        #[command(flatten)]
        database: Database,
        /// Slug of the organization
        #[arg(long)]
        organization: String,
    },
}

#[derive(Subcommand)]
pub enum ImportCommand {
    /// A vendor's price sheet: Microsoft's license-based CSV, its columns in any order
    Prices {
        #[command(flatten)]
        database: Database,
        /// The file
        file: std::path::PathBuf,
        /// The vendor's name in commands
        #[arg(long)]
        vendor: String,
        /// Slug of the distributor or seller that owns the connection; the one that there is by default
        #[arg(long)]
        organization: Option<String>,
        /// Show what would change and change nothing
        #[arg(long)]
        dry_run: bool,
        /// The sheet is a part of the vendor's: what it does not list goes on
        #[arg(long)]
        partial: bool,
    },
}

#[derive(Subcommand)]
pub enum TokenCommand {
    /// List a person's tokens, without their secrets
    List {
        #[command(flatten)]
        database: Database,
        /// Whose
        #[arg(long)]
        email: String,
    },
    /// End a token
    Revoke {
        #[command(flatten)]
        database: Database,
        /// Whose
        #[arg(long)]
        email: String,
        /// Its id, as `token list` prints it
        id: String,
    },
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
