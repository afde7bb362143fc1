//! 服务目录: the tree of what can be asked, made from rows of leaves. Source: T5.

use crate::{
    UNCLASSIFIED,
    text::Line,
    vocabulary::{Impact, TicketType, Urgency},
};
use gongdan_region::{RegionCode, Regions};
use std::collections::{BTreeMap, HashMap};

/// A leaf as it is imported: its names from the root, and what it binds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Names from the root, 1 to 6 of 1 to 64 characters without `/`.
    pub path: Vec<String>,
    /// What it binds.
    pub binds: Binds,
}

/// What an item binds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Binds {
    /// Ticket type; none: the caller says.
    pub kind: Option<TicketType>,
    /// Default urgency.
    pub urgency: Option<Urgency>,
    /// Default impact.
    pub impact: Option<Impact>,
    /// SLA policy key; empty: the default of the type.
    pub sla_policy: String,
    /// Words for routing.
    pub routing_hints: Vec<String>,
    /// Where it is offered, each code with its subtree; empty: everywhere.
    pub regions: Vec<RegionCode>,
    /// The form it asks for, by its key; empty: none.
    pub form: String,
    /// The type of the house's own; empty: `kind`.
    pub type_key: String,
}

impl Binds {
    /// Whether it is offered in a region.
    #[must_use]
    pub fn offered_in(&self, region: RegionCode) -> bool {
        self.regions.is_empty()
            || self.regions.iter().any(|code| Regions::national().range(*code).contains(region))
    }
}

/// A node of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The path of names joined by `/`.
    pub key: String,
    /// The last name.
    pub name: String,
    /// The parent's key; empty for a root.
    pub parent: String,
    /// 1 for a root.
    pub level: i32,
    /// Whether it can be chosen.
    pub leaf: bool,
    /// What a leaf binds.
    pub binds: Binds,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// Index of the row, from 0.
    pub row: usize,
    /// Field of the row, for example `path[2]`.
    pub field: String,
    /// The rule it breaks.
    pub rule: String,
}

/// How deep the tree may be.
pub const MAX_LEVELS: usize = 6;

/// Makes the tree, in tree order; `unclassified` is always a root of its own.
///
/// # Errors
/// Every broken rule of every row: a path of no or too many names, a name that is none, a leaf given twice or that has
/// leaves below it.
pub fn tree(rows: Vec<Row>) -> Result<Vec<Node>, Vec<RowError>> {
    let mut errors = Vec::new();
    let mut leaves: HashMap<String, usize> = HashMap::new();
    let mut nodes: BTreeMap<Vec<String>, Node> = BTreeMap::new();
    for (index, row) in rows.into_iter().enumerate() {
        let Some(path) = names(index, &row.path, &mut errors) else { continue };
        let key = path.join("/");
        if key == UNCLASSIFIED || leaves.contains_key(&key) {
            let rule = match leaves.get(&key) {
                Some(first) => format!("the same leaf as row {first}"),
                None => format!("{UNCLASSIFIED} is there by itself"),
            };
            errors.push(RowError { row: index, field: "path".to_owned(), rule });
            continue;
        }
        leaves.insert(key, index);
        for level in 1..path.len() {
            nodes
                .entry(path[..level].to_vec())
                .or_insert_with(|| node(&path[..level], false, Binds::default()));
        }
        // A node may be there because an earlier row is below it: judged after all rows are known.
        nodes.insert(path.clone(), node(&path, true, row.binds));
    }
    let mut parents: Vec<&str> = nodes.values().map(|node| node.parent.as_str()).collect();
    parents.sort_unstable();
    parents.dedup();
    for (key, row) in &leaves {
        if parents.binary_search(&key.as_str()).is_ok() {
            let rule = "it has leaves below it, so it cannot be one".to_owned();
            errors.push(RowError { row: *row, field: "path".to_owned(), rule });
        }
    }
    if !errors.is_empty() {
        errors.sort_by_key(|error| error.row);
        return Err(errors);
    }
    let mut tree: Vec<Node> = nodes.into_values().collect();
    tree.push(node(&[UNCLASSIFIED.to_owned()], true, Binds::default()));
    Ok(tree)
}

/// Keys of the first and second level of an item, root first.
#[must_use]
pub fn item_path(key: &str) -> Vec<String> {
    key.match_indices('/').map(|(at, _)| key[..at].to_owned()).chain([key.to_owned()]).take(2).collect()
}

fn names(row: usize, path: &[String], errors: &mut Vec<RowError>) -> Option<Vec<String>> {
    if !(1..=MAX_LEVELS).contains(&path.len()) {
        errors.push(RowError { row, field: "path".to_owned(), rule: format!("1 to {MAX_LEVELS} names") });
        return None;
    }
    let before = errors.len();
    let names = path
        .iter()
        .enumerate()
        .filter_map(|(at, name)| match Line::<1, 64>::parse(name) {
            Ok(name) if !name.as_str().contains('/') => Some(name.into()),
            _ => {
                let rule = "1 to 64 characters without '/', one line".to_owned();
                errors.push(RowError { row, field: format!("path[{at}]"), rule });
                None
            }
        })
        .collect();
    (errors.len() == before).then_some(names)
}

fn node(path: &[String], leaf: bool, binds: Binds) -> Node {
    let (parents, name) = path.split_at(path.len() - 1);
    Node {
        key: path.join("/"),
        name: name.concat(),
        parent: parents.join("/"),
        level: i32::try_from(path.len()).unwrap_or(i32::MAX),
        leaf,
        binds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(path: &str) -> Row {
        Row { path: path.split('>').map(str::to_owned).collect(), binds: Binds::default() }
    }

    #[test]
    fn rows_become_a_tree_in_order() {
        let tree = tree(vec![
            row("城乡建设>安全生产>事故处理"),
            row("城乡建设>安全生产>安全生产管理"),
            row("环境保护>噪声"),
        ])
        .unwrap();
        let shape: Vec<_> =
            tree.iter().map(|n| (n.key.as_str(), n.parent.as_str(), n.level, n.leaf)).collect();
        assert_eq!(
            shape,
            [
                ("城乡建设", "", 1, false),
                ("城乡建设/安全生产", "城乡建设", 2, false),
                ("城乡建设/安全生产/事故处理", "城乡建设/安全生产", 3, true),
                ("城乡建设/安全生产/安全生产管理", "城乡建设/安全生产", 3, true),
                ("环境保护", "", 1, false),
                ("环境保护/噪声", "环境保护", 2, true),
                ("unclassified", "", 1, true),
            ]
        );
    }

    #[test]
    fn every_bad_row_is_named() {
        let bad = tree(vec![
            row("a>b"),
            row("a>b"),
            row("a>b>c"),
            Row::default(),
            row("a> >d"),
            row("a/b"),
            row("1>2>3>4>5>6>7"),
            row("unclassified"),
        ])
        .unwrap_err();
        let rows: Vec<_> = bad.iter().map(|e| (e.row, e.field.as_str())).collect();
        assert_eq!(
            rows,
            [(0, "path"), (1, "path"), (3, "path"), (4, "path[1]"), (5, "path[0]"), (6, "path"), (7, "path")]
        );
    }

    #[test]
    fn a_path_has_the_first_two_levels() {
        assert_eq!(item_path("a/b/c"), ["a", "a/b"]);
        assert_eq!(item_path("a/b"), ["a", "a/b"]);
        assert_eq!(item_path("unclassified"), ["unclassified"]);
    }
}
