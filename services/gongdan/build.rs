//! How the program is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let on = |name: &str| std::env::var(name).unwrap_or_default();
    if on("CARGO_CFG_TARGET_OS") == "linux" {
        // Six processes run the program: its table of relocations, packed, is a fiftieth in each one's memory.
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
        // Functions that came out the same are kept once; rustc links with lld on this target.
        if on("CARGO_CFG_TARGET_ARCH") == "x86_64"
            && on("CARGO_CFG_TARGET_ENV") == "gnu"
            && on("DEBUG") == "false"
        {
            println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
        }
    }
}
