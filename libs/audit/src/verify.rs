//! Computing the chain anew.

use crate::{
    chain,
    store::{self, Link},
};
use gongdan_errors::Error;
use gongdan_proto::{
    common::v1::{AuditBreakKind, AuditChainBreak, ChainedAuditEntry, VerifyAuditChainResponse},
    from_timestamp,
};
use sqlx::PgPool;

/// Entries read at once, and between two answers.
const PIECE: i64 = 1_000;

/// A walk along the chain: a piece in memory, no transaction open between pieces.
pub(crate) struct Walk {
    pool: PgPool,
    /// The last good entry.
    last: Link,
    until: i64,
    /// The end of the chain, when the walk goes there.
    end: Option<Link>,
    checked: i64,
    over: bool,
}

impl Walk {
    /// From an entry to another; zero is the oldest that is kept, and the newest.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the entry before the first is not there; UNAVAILABLE, INTERNAL.
    pub(crate) async fn begin(pool: &PgPool, from: i64, to: i64) -> Result<Self, Error> {
        let start = match from {
            0 => oldest(pool).await?,
            1 => GENESIS,
            _ => before(pool, from - 1).await?,
        };
        let end = store::head(pool).await.map_err(gongdan_pg::error)?;
        let whole = to == 0 || to >= end.number;
        Ok(Self {
            pool: pool.clone(),
            last: start,
            until: if to == 0 { end.number } else { to },
            end: whole.then_some(end),
            checked: 0,
            over: false,
        })
    }

    /// The next answer; none after the last.
    ///
    /// # Errors
    /// UNAVAILABLE, INTERNAL.
    pub(crate) async fn next(&mut self) -> Result<Option<VerifyAuditChainResponse>, Error> {
        if self.over {
            return Ok(None);
        }
        // From the last good one on, so that a second one with its number shows.
        let (last, until) = (self.last.number, self.until);
        let piece = store::piece(&self.pool, last - 1, until, PIECE + 1).await.map_err(gongdan_pg::error)?;
        let full = i64::try_from(piece.len()).is_ok_and(|found| found > PIECE);
        let mut piece = piece.into_iter().peekable();
        piece.next_if(|found| found.number == last && found.hash == self.last.hash);
        for found in piece {
            if found.number > self.last.number + 1 && self.was_dropped().await? {
                // Months were dropped behind us: the rest of the piece is read again from where the log begins now.
                return Ok(Some(self.answer(None)));
            }
            if let Some(kind) = self.judge(&found) {
                return Ok(Some(self.broken(kind, found)));
            }
        }
        if full {
            return Ok(Some(self.answer(None)));
        }
        let missing = self.until.min(self.end.map_or(self.until, |end| end.number)) > self.last.number;
        if missing {
            let number = self.last.number + 1;
            return Ok(Some(self.end_with(AuditChainBreak {
                number,
                kind: AuditBreakKind::Missing.into(),
                found: None,
            })));
        }
        if self.end.is_some()
            && let Some(found) = store::beyond(&self.pool).await.map_err(gongdan_pg::error)?
        {
            return Ok(Some(self.broken(AuditBreakKind::BeyondEnd, found)));
        }
        if let Some(end) = self.end.filter(|end| *end != self.last) {
            let found =
                store::piece(&self.pool, end.number - 1, end.number, 1).await.map_err(gongdan_pg::error)?;
            return Ok(Some(match found.into_iter().next() {
                Some(found) => self.broken(AuditBreakKind::Changed, found),
                None => self.end_with(AuditChainBreak {
                    number: end.number,
                    kind: AuditBreakKind::Missing.into(),
                    found: None,
                }),
            }));
        }
        self.over = true;
        Ok(Some(self.answer(None)))
    }

    /// What is wrong with the entry that comes after the last good one; nothing: it is the last good one now.
    fn judge(&mut self, found: &ChainedAuditEntry) -> Option<AuditBreakKind> {
        if found.number == self.last.number {
            return Some(AuditBreakKind::Doubled);
        }
        if found.number != self.last.number + 1 {
            return Some(AuditBreakKind::Missing);
        }
        let hash = computed(&self.last, found);
        if hash.is_none_or(|hash| found.hash != hash) {
            return Some(AuditBreakKind::Changed);
        }
        self.last = Link { number: found.number, hash: hash.unwrap_or_default() };
        self.checked += 1;
        None
    }

    /// Whether what comes next was dropped by age since; the walk goes on behind it then.
    async fn was_dropped(&mut self) -> Result<bool, Error> {
        let checkpoint = store::checkpoint(&self.pool).await.map_err(gongdan_pg::error)?;
        match checkpoint {
            Some(checkpoint) if checkpoint.number > self.last.number => {
                self.last = checkpoint;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn broken(&mut self, kind: AuditBreakKind, found: ChainedAuditEntry) -> VerifyAuditChainResponse {
        let (number, found) = match kind {
            AuditBreakKind::Missing => (self.last.number + 1, None),
            _ => (found.number, Some(found)),
        };
        self.end_with(AuditChainBreak { number, kind: kind.into(), found })
    }

    fn end_with(&mut self, broken: AuditChainBreak) -> VerifyAuditChainResponse {
        self.over = true;
        self.answer(Some(broken))
    }

    fn answer(&self, broken: Option<AuditChainBreak>) -> VerifyAuditChainResponse {
        VerifyAuditChainResponse {
            checked: self.checked,
            number: self.last.number,
            hash: self.last.hash.to_vec(),
            broken,
            done: self.over,
        }
    }
}

const GENESIS: Link = Link { number: 0, hash: chain::GENESIS };

/// What stands before the oldest entry that is kept.
async fn oldest(pool: &PgPool) -> Result<Link, Error> {
    Ok(store::checkpoint(pool).await.map_err(gongdan_pg::error)?.unwrap_or(GENESIS))
}

async fn before(pool: &PgPool, number: i64) -> Result<Link, Error> {
    let begin = oldest(pool).await?;
    if begin.number == number {
        return Ok(begin);
    }
    let found = store::at(pool, number).await.map_err(gongdan_pg::error)?;
    found.ok_or_else(|| {
        Error::invalid_field("from", format!("entry {number}, which comes before it, is not there"))
    })
}

/// The hash an entry has to have after another; none when it cannot be computed.
fn computed(last: &Link, found: &ChainedAuditEntry) -> Option<[u8; 32]> {
    let recorded_at = from_timestamp(found.recorded_at.as_ref()?).ok()?;
    let digest = chain::digest(found.entry.as_ref()?);
    Some(chain::link(&last.hash, found.number, recorded_at, &digest))
}
