//! Urgency × impact gives priority. Source: T8.

use crate::vocabulary::{Impact, Priority, Urgency};

/// Sixteen cells, one per urgency and impact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matrix([[Priority; 4]; 4]);

/// What is wrong with the cells of a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MatrixError {
    /// A cell is given twice.
    #[error("{0} × {1} is given twice")]
    Twice(Urgency, Impact),
    /// A cell is not given.
    #[error("{0} × {1} is missing")]
    Missing(Urgency, Impact),
}

impl Matrix {
    /// From its sixteen cells in any order.
    ///
    /// # Errors
    /// When a cell is given twice or not at all.
    pub fn new(cells: impl IntoIterator<Item = (Urgency, Impact, Priority)>) -> Result<Self, MatrixError> {
        let mut found = [[None; 4]; 4];
        for (urgency, impact, priority) in cells {
            let cell = &mut found[index(urgency.number())][index(impact.number())];
            if cell.replace(priority).is_some() {
                return Err(MatrixError::Twice(urgency, impact));
            }
        }
        let mut matrix = Self([[Priority::P5; 4]; 4]);
        for &urgency in Urgency::ALL {
            for &impact in Impact::ALL {
                matrix.0[index(urgency.number())][index(impact.number())] = found[index(urgency.number())]
                    [index(impact.number())]
                .ok_or(MatrixError::Missing(urgency, impact))?;
            }
        }
        Ok(matrix)
    }

    /// The priority of a cell.
    #[must_use]
    pub fn priority(&self, urgency: Urgency, impact: Impact) -> Priority {
        self.0[index(urgency.number())][index(impact.number())]
    }

    /// All cells, row by row.
    pub fn cells(&self) -> impl Iterator<Item = (Urgency, Impact, Priority)> + '_ {
        Urgency::ALL.iter().flat_map(move |&urgency| {
            Impact::ALL.iter().map(move |&impact| (urgency, impact, self.priority(urgency, impact)))
        })
    }
}

/// The matrix that ships: the sum of both decides, 7 and 8 give P1, 6 P2, 4 and 5 P3, 3 P4, 2 P5.
impl Default for Matrix {
    fn default() -> Self {
        let mut matrix = Self([[Priority::P5; 4]; 4]);
        for (row, cells) in matrix.0.iter_mut().enumerate() {
            for (column, cell) in cells.iter_mut().enumerate() {
                *cell = match row + column + 2 {
                    7.. => Priority::P1,
                    6 => Priority::P2,
                    4..=5 => Priority::P3,
                    3 => Priority::P4,
                    _ => Priority::P5,
                };
            }
        }
        matrix
    }
}

fn index(number: i32) -> usize {
    usize::try_from(number - 1).unwrap_or(0).min(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_that_ships_rises_with_both() {
        let matrix = Matrix::default();
        assert_eq!(matrix.priority(Urgency::Critical, Impact::Critical), Priority::P1);
        assert_eq!(matrix.priority(Urgency::Medium, Impact::Low), Priority::P4);
        assert_eq!(matrix.priority(Urgency::Medium, Impact::Medium), Priority::P3);
        assert_eq!(matrix.priority(Urgency::Low, Impact::Low), Priority::P5);
        assert_eq!(Matrix::new(matrix.cells()), Ok(matrix));
    }

    #[test]
    fn a_matrix_needs_each_cell_once() {
        let cells: Vec<_> = Matrix::default().cells().collect();
        assert_eq!(
            Matrix::new(cells[1..].iter().copied()),
            Err(MatrixError::Missing(Urgency::Low, Impact::Low))
        );
        assert_eq!(
            Matrix::new(cells.iter().copied().chain([cells[0]])),
            Err(MatrixError::Twice(Urgency::Low, Impact::Low))
        );
    }
}
