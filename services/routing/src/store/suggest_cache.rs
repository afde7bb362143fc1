//! What is in use, in memory: read again when another replica has trained or learnt.

use super::suggest;
use gongdan_errors::Error;
use gongdan_routing_domain::Suggester;
use sqlx::PgConnection;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The suggester as last read.
#[derive(Debug, Default)]
pub struct SuggesterCache {
    last: Mutex<Option<Seen>>,
}

#[derive(Debug)]
struct Seen {
    /// Number and revision.
    at: (i64, i64),
    /// None: weights that this version cannot read.
    suggester: Option<Arc<Suggester>>,
}

/// A suggester at one moment.
#[derive(Debug, Clone)]
pub struct LoadedSuggester {
    /// The number of its training.
    pub id: i64,
    /// Of its weights.
    pub revision: i64,
    /// What was learnt.
    pub suggester: Arc<Suggester>,
}

impl SuggesterCache {
    /// The suggester now; none when nothing was trained by this version. One small query when nothing has changed.
    ///
    /// # Errors
    /// UNAVAILABLE, INTERNAL.
    pub async fn get(&self, connection: &mut PgConnection) -> Result<Option<LoadedSuggester>, Error> {
        let Some(now) = suggest::in_use(connection).await.map_err(gongdan_pg::error)? else {
            return Ok(None);
        };
        let mut last = self.last.lock().await;
        if last.as_ref().is_none_or(|seen| seen.at != now) {
            let loaded = suggest::load(connection).await?;
            *last = loaded.map(|(id, revision, suggester)| Seen {
                at: (id, revision),
                suggester: suggester.map(Arc::new),
            });
        }
        Ok(last.as_ref().and_then(|seen| {
            let (id, revision) = seen.at;
            Some(LoadedSuggester { id, revision, suggester: seen.suggester.clone()? })
        }))
    }

    /// What this process has just written.
    pub async fn put(&self, loaded: LoadedSuggester) {
        let LoadedSuggester { id, revision, suggester } = loaded;
        *self.last.lock().await = Some(Seen { at: (id, revision), suggester: Some(suggester) });
    }
}
