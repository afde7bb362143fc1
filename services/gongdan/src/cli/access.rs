//! `gongdan access`: the policies, checked and shown without a suite.

use super::Context;
use anyhow::Context as _;
use clap::Subcommand;
use gongdan_access::{DEFAULT_POLICIES, Policies, SCHEMA, matrix};
use std::path::{Path, PathBuf};

/// What can be done with policies.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Checks a policy file as the services would
    Check {
        /// The Cedar file
        file: PathBuf,
    },
    /// Prints the policies that ship, to begin with
    Show {
        /// The Cedar schema instead: what policies may speak about
        #[arg(long)]
        schema: bool,
    },
    /// Prints who may do what: each RPC for each role and place, in Markdown
    Matrix {
        /// Of this Cedar file instead of the policies that ship
        #[arg(long, value_name = "FILE")]
        policies: Option<PathBuf>,
    },
}

/// Does it.
///
/// # Errors
/// When a file cannot be read, or is refused.
pub fn run(context: &Context, command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Check { file } => {
            let policies = read(file)?;
            let count = policies.actions().count();
            let good = context.text("good: every action can be decided about", "有效：每个操作都可判定");
            println!("{}: {good} ({count})", file.display());
        }
        Command::Show { schema } => print!("{}", if *schema { SCHEMA } else { DEFAULT_POLICIES }),
        Command::Matrix { policies } => {
            let policies = match policies {
                Some(file) => read(file)?,
                None => Policies::shipped()?,
            };
            print!("{}", matrix(&policies));
        }
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<Policies> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    Policies::parse(&text).with_context(|| format!("{} is refused", file.display()))
}
