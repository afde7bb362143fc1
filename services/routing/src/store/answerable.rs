//! Who answers for the assets and customers of a batch of tickets, with how they stand to duty: read by keys, and nothing of
//! people and duty when nobody answers. Source: R5.

use super::{Store, leaves, principals, responsibilities, rosters, swaps};
use gongdan_access::Policies;
use gongdan_errors::Error;
use gongdan_proto::tickets::v1::Ticket;
use gongdan_routing_domain::{
    PersonEntry,
    duty::{DutyBook, Leave},
    responsible::{Answerable, Charge, Responsibility, answerable},
};
use jiff::{Timestamp, tz::Offset};
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// A ticket as responsibilities see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matter {
    asset: Option<String>,
    customer: Option<Uuid>,
    item: String,
}

impl Matter {
    /// Of a ticket; one whose reporter is confidential has neither asset nor customer here: who got it by them would know
    /// whose it is.
    pub fn of(ticket: &Ticket) -> Self {
        if ticket.confidential {
            return Self::default();
        }
        Self {
            asset: Some(ticket.asset.clone()).filter(|asset| !asset.is_empty()),
            customer: Uuid::try_parse(&ticket.customer_id).ok(),
            item: ticket.item.clone(),
        }
    }
}

impl Store {
    /// As [`read`].
    pub async fn answerable(
        &self,
        matters: &[Matter],
        policies: &Policies,
        at: Timestamp,
    ) -> Result<Vec<Vec<Answerable>>, Error> {
        let mut connection = self.pool.acquire().await.map_err(gongdan_pg::error)?;
        read(&mut connection, matters, policies, at).await
    }
}

/// Who answers for each, who comes first ahead; by policies who may see sensitive tickets.
pub async fn read(
    connection: &mut PgConnection,
    matters: &[Matter],
    policies: &Policies,
    at: Timestamp,
) -> Result<Vec<Vec<Answerable>>, Error> {
    let assets: BTreeSet<&String> = matters.iter().filter_map(|matter| matter.asset.as_ref()).collect();
    let customers: BTreeSet<Uuid> = matters.iter().filter_map(|matter| matter.customer).collect();
    let mut found: HashMap<Charge, Vec<Responsibility>> = HashMap::new();
    let mut all = Vec::new();
    if !assets.is_empty() {
        let assets: Vec<String> = assets.into_iter().cloned().collect();
        all.extend(responsibilities::of_assets(connection, &assets).await?);
    }
    if !customers.is_empty() {
        let customers = Vec::from_iter(customers);
        all.extend(responsibilities::of_customers(connection, &customers).await?);
    }
    all.retain(|one| one.in_force(at));
    if all.is_empty() {
        return Ok(vec![Vec::new(); matters.len()]);
    }
    let (people, duty) = attendance(connection, &all, at).await?;
    let named: Vec<String> = people.keys().cloned().collect();
    let cleared = principals::cleared(connection, &named, policies).await?;
    for one in all {
        found.entry(one.charge.clone()).or_default().push(one);
    }
    let of = |charge: Option<Charge>| charge.and_then(|charge| found.get(&charge)).into_iter().flatten();
    Ok(matters
        .iter()
        .map(|matter| {
            let its = of(matter.asset.clone().map(Charge::Asset));
            let theirs = of(matter.customer.map(Charge::Customer));
            answerable(its.chain(theirs), &matter.item, &people, &cleared, &duty, at)
        })
        .collect())
}

/// These people and who may stand in for them, with the duty of their units.
async fn attendance(
    connection: &mut PgConnection,
    all: &[Responsibility],
    at: Timestamp,
) -> Result<(HashMap<String, PersonEntry>, DutyBook), Error> {
    let units: BTreeSet<String> = all.iter().map(|one| one.unit_id.clone()).collect();
    let rosters = rosters::of_units(connection, &Vec::from_iter(units)).await?;
    let ids: Vec<String> = rosters.iter().map(|roster| roster.id.clone()).collect();
    let swaps = match ids.is_empty() {
        true => Vec::new(),
        false => swaps::of_rosters(connection, &ids, Offset::UTC.to_datetime(at).date()).await?,
    };
    let mut named: BTreeSet<String> = all.iter().map(|one| one.person_id.clone()).collect();
    // Whose shift somebody has depends on the leave of everybody on the roster.
    named.extend(rosters.iter().flat_map(|roster| roster.people().map(ToOwned::to_owned)));
    // So it does on those whom shifts were given to, on the roster or not.
    named.extend(swaps.iter().map(|swap| swap.stand_in_id.clone()));
    // Whoever stands in may be away too, and hand it on.
    let (mut leaves, mut asked) = (Vec::new(), Vec::from_iter(named.clone()));
    while !asked.is_empty() {
        let away: Vec<Leave> = leaves::at(connection, &asked, at).await?;
        let stand_ins: BTreeSet<String> = away.iter().filter_map(|leave| leave.stand_in_id.clone()).collect();
        asked = stand_ins.difference(&named).cloned().collect();
        named.extend(asked.iter().cloned());
        leaves.extend(away);
    }
    let people = principals::persons(connection, &Vec::from_iter(named)).await?;
    let duty = DutyBook::new(rosters, leaves, swaps).with_people(people.clone());
    Ok((people, duty))
}
