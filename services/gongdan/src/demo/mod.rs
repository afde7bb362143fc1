//! `gongdan up --demo`: a small sample of our own, driven through the whole loop at visible speed with the public RPCs of
//! the services, each act by whoever would do it at a desk.

mod desks;
mod sample;
mod setup;
mod story;
mod totals;

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};

use self::{desks::Desks, sample::Sample, story::Plan};
use crate::cli::Context;

/// Tickets that are on their way at once.
const AT_ONCE: usize = 6;

/// Loads the sample, drives every request to its end, and prints the report.
///
/// # Errors
/// When a service refuses what the sample asks, or does not go on within a minute.
pub async fn run(context: &Context) -> Result<()> {
    let sample = Sample::read()?;
    setup::load(context, &sample).await?;
    let desks = Desks::new(context, &sample)?;
    desks.wait_until_known(&sample).await?;
    let before = totals::now(context).await?;

    let stories = sample.requests.iter().enumerate().map(|(index, request)| {
        let desks = &desks;
        async move { Box::pin(story::tell(desks, request, Plan::of(index))).await }
    });
    let ends: Vec<story::End> = stream::iter(stories).buffer_unordered(AT_ONCE).try_collect().await?;

    context.say(context.text("waiting until reporting has counted all of it", "等待统计完成"))?;
    totals::wait(context, before, &ends).await?;
    for words in [["report", "--by", "month"], ["report", "--by", "unit"]] {
        crate::cli::run_words(context, &words).await?;
    }
    Ok(())
}
