//! Staff answer for assets, in as many rows as one import may have. Source: R5.

use crate::suite::Suite;
use gongdan_clock::{Clock as _, SystemClock, new_id};
use gongdan_proto::routing::v1::{ImportResponsibilitiesRequest, Responsibility};
use std::time::{Duration, Instant};

/// Rows of a part.
const PART: u32 = 5_000;

/// How long it took.
pub(super) struct Responsible {
    pub first: Duration,
    pub again: Duration,
}

/// Imports `rows` responsibilities of `people`, and the same again.
pub(super) async fn import(suite: &Suite, people: u32, rows: u32) -> anyhow::Result<Responsible> {
    let mut took = [Duration::ZERO; 2];
    if rows == 0 || people == 0 {
        return Ok(Responsible { first: took[0], again: took[1] });
    }
    let mut client = suite.responsibilities().await?;
    for (run, took) in took.iter_mut().enumerate() {
        let request_id = new_id(SystemClock.now()).to_string();
        let parts = (0..rows.div_ceil(PART)).map(move |part| ImportResponsibilitiesRequest {
            request_id: request_id.clone(),
            rows: (part * PART..rows.min((part + 1) * PART)).map(|n| row(n, people)).collect(),
            replace: false,
        });
        let began = Instant::now();
        let came = client.import_responsibilities(tokio_stream::iter(parts)).await?.into_inner();
        *took = began.elapsed();
        let all = i32::try_from(rows)?;
        let known = if run == 0 { came.begun + came.unchanged } else { came.unchanged };
        anyhow::ensure!(known == all, "import {run} of {all} rows came to {came:?}");
    }
    Ok(Responsible { first: took[0], again: took[1] })
}

fn row(n: u32, people: u32) -> Responsibility {
    Responsibility {
        asset: format!("LAMP-{n}"),
        person_id: format!("load.staff.{}", n % people),
        ..Responsibility::default()
    }
}
