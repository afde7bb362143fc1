//! `gongdan`: the suite on one machine, one of its services, and the client of all.

mod cli;
mod demo;
mod services;
mod up;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main()
}
