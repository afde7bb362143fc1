//! Names on the bus. Source: DESIGN rule 9.

use gongdan_region::RegionCode;
use uuid::Uuid;

const BUCKETS: u8 = 64;

/// `<service>.v1.<event>.<province>.<city>.<county>.<bucket>`, for example `tickets.v1.submitted.44.01.06.17`. The
/// bus puts its root in front. `key` decides the bucket; for events about a ticket it is the ticket's id.
#[must_use]
pub fn subject(service: &str, event: &str, region: RegionCode, key: Uuid) -> String {
    let [province, city, county] = region.subject_tokens();
    format!("{service}.v1.{event}.{province}.{city}.{county}.{}", bucket(key))
}

/// 0 to 63, evenly and for ever the same for the same id.
#[must_use]
pub fn bucket(key: Uuid) -> u8 {
    // FNV-1a, so that time-ordered ids spread.
    let hash = key.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    u8::try_from((hash ^ (hash >> 32)) % u64::from(BUCKETS)).unwrap_or(0)
}

/// CloudEvents `type`: `gongdan.tickets.v1.submitted`. It names the contract, so the bus's root is not part of it.
#[must_use]
pub fn event_type(service: &str, kind: &str) -> String {
    format!("gongdan.{service}.v1.{kind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_leads_from_the_service_to_the_bucket() {
        let ticket = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001);
        let region = RegionCode::parse("440106").unwrap();
        let text = subject("tickets", "submitted", region, ticket);
        assert_eq!(text, format!("tickets.v1.submitted.44.01.06.{}", bucket(ticket)));
        let province = RegionCode::parse("44").unwrap();
        assert!(
            subject("tickets", "submitted", province, ticket).starts_with("tickets.v1.submitted.44.00.00.")
        );
    }

    #[test]
    fn ids_of_one_second_spread_over_the_buckets() {
        let mut count = [0_u32; BUCKETS as usize];
        for n in 0..6_400_u128 {
            let id = Uuid::from_u128((0x0192_aaaa_bbbb_7000_u128 << 64) + (n << 70) + n * 7919);
            count[usize::from(bucket(id))] += 1;
        }
        assert!(count.iter().all(|n| (50..=150).contains(n)), "{count:?}");
    }
}
