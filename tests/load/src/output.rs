//! What is printed at the end.

use crate::options::Output;
use serde::Serialize;

/// Prints a result as lines for people, or as the one JSON line.
pub(crate) fn print(output: Output, result: &impl Serialize) -> anyhow::Result<()> {
    let value = serde_json::to_value(result)?;
    match output {
        Output::Json => println!("{value}"),
        Output::Text => {
            for (key, value) in value.as_object().into_iter().flatten() {
                println!("{key:>24}  {value}");
            }
        }
    }
    Ok(())
}

/// Rounds to two decimals, which is more than a run on shared cores can promise.
pub(crate) fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
