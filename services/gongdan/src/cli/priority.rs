//! The priority matrix (优先级矩阵): urgency × impact, looked at and changed cell by cell. Source: T8.

use std::str::FromStr;

use anyhow::{Result, bail};
use clap::Subcommand;
use gongdan_proto::tickets::v1::{
    self as pb, GetPriorityMatrixRequest, PriorityCell, PriorityMatrix, SetPriorityMatrixRequest,
    priority_service_client::PriorityServiceClient,
};

use super::{
    Context, Table,
    ticket::words::{Impact, Kind, Priority, Urgency, number},
};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The matrix of a ticket type; without one, that of all types that have none of their own
    Show {
        /// The ticket type
        #[arg(long = "type", value_enum)]
        kind: Option<Kind>,
    },
    /// Makes a new version with other values in some cells
    Set {
        /// URGENCY/IMPACT=PRIORITY, for example high/low=P2; cells that are not named stay as they are
        #[arg(required = true, value_name = "CELL")]
        cells: Vec<Cell>,
        /// The ticket type; the first time it begins with what it had until now
        #[arg(long = "type", value_enum)]
        kind: Option<Kind>,
    },
}

/// A cell as it is written: `high/low=P2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    urgency: Urgency,
    impact: Impact,
    priority: Priority,
}

impl FromStr for Cell {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').and_then(|(at, priority)| Some((at.split_once('/')?, priority)));
        let Some(((urgency, impact), priority)) = parts else {
            return Err("a cell is written URGENCY/IMPACT=PRIORITY, for example high/low=P2".to_owned());
        };
        Ok(Self {
            urgency: word("urgency", urgency)?,
            impact: word("impact", impact)?,
            priority: word("priority", priority)?,
        })
    }
}

fn word<W: clap::ValueEnum>(name: &str, text: &str) -> Result<W, String> {
    W::from_str(text.trim(), true).map_err(|_| {
        let known: Vec<_> = W::value_variants().iter().filter_map(W::to_possible_value).collect();
        let known: Vec<&str> = known.iter().map(clap::builder::PossibleValue::get_name).collect();
        format!("{name}: `{text}` is none of {}", known.join(", "))
    })
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let mut client = PriorityServiceClient::new(context.channel("tickets")?);
    let matrix = match command {
        Command::Show { kind } => get(&mut client, kind).await?,
        Command::Set { cells, kind } => {
            let mut matrix = get(&mut client, kind).await?;
            change(&mut matrix.cells, &cells)?;
            let request = SetPriorityMatrixRequest {
                request_id: context.request_id(),
                r#type: number(kind),
                cells: matrix.cells,
            };
            client.set_priority_matrix(request).await?.into_inner()
        }
    };
    context.print(|| context.json("gongdan.tickets.v1.PriorityMatrix", &matrix), || table(context, &matrix))
}

async fn get(
    client: &mut PriorityServiceClient<super::Channel>,
    kind: Option<Kind>,
) -> Result<PriorityMatrix> {
    Ok(client.get_priority_matrix(GetPriorityMatrixRequest { r#type: number(kind) }).await?.into_inner())
}

/// Puts each named value in its place; a cell that is named twice would have to be two things.
fn change(matrix: &mut [PriorityCell], cells: &[Cell]) -> Result<()> {
    for (at, cell) in cells.iter().enumerate() {
        let same = |other: &Cell| other.urgency == cell.urgency && other.impact == cell.impact;
        if cells[..at].iter().any(same) {
            bail!("a cell is named twice");
        }
        let (urgency, impact) = (i32::from(cell.urgency), i32::from(cell.impact));
        for known in matrix.iter_mut().filter(|known| known.urgency == urgency && known.impact == impact) {
            known.priority = cell.priority.into();
        }
    }
    Ok(())
}

/// A row for each urgency, highest first, and a column for each impact.
fn table(context: &Context, matrix: &PriorityMatrix) -> Table {
    let impacts = [pb::Impact::Low, pb::Impact::Medium, pb::Impact::High, pb::Impact::Critical];
    let urgencies = [pb::Urgency::Critical, pb::Urgency::High, pb::Urgency::Medium, pb::Urgency::Low];
    let corner = context.text("urgency \\ impact", "紧急程度 \\ 影响程度");
    let names = impacts.map(|impact| context.name(impact.as_str_name()));
    let mut table = Table::new(std::iter::once(corner).chain(names.iter().map(String::as_str)));
    for urgency in urgencies {
        let priority = |impact: pb::Impact| {
            let cell = matrix.cells.iter().find(|cell| cell.urgency() == urgency && cell.impact() == impact);
            cell.map_or_else(String::new, |cell| context.name(cell.priority().as_str_name()))
        };
        table.row(std::iter::once(context.name(urgency.as_str_name())).chain(impacts.map(priority)));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_read_and_a_bad_one_says_what_is_known() {
        let cell: Cell = "high/low=p2".parse().unwrap();
        assert_eq!(cell, Cell { urgency: Urgency::High, impact: Impact::Low, priority: Priority::P2 });
        let error = "high/huge=P2".parse::<Cell>().unwrap_err();
        assert!(error.contains("impact: `huge`") && error.contains("critical"), "{error}");
        for bad in ["", "high=P2", "high/low", "high/low=P6"] {
            assert!(bad.parse::<Cell>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_what_is_named_changes() {
        let cell = |impact: Impact| PriorityCell {
            urgency: Urgency::High.into(),
            impact: impact.into(),
            priority: Priority::P4.into(),
        };
        let mut matrix = vec![cell(Impact::Low), cell(Impact::High)];
        change(&mut matrix, &["high/low=P1".parse().unwrap()]).unwrap();
        assert_eq!(matrix[0].priority(), pb::Priority::P1);
        assert_eq!(matrix[1], cell(Impact::High));
        let twice = ["high/low=P1".parse().unwrap(), "high/low=P2".parse().unwrap()];
        assert!(change(&mut matrix, &twice).is_err());
    }
}
