//! Lines under lines.

/// A line with the lines below it.
#[derive(Debug, Default)]
pub struct Tree {
    line: String,
    below: Vec<Tree>,
}

impl Tree {
    /// A line.
    pub fn new(line: impl Into<String>) -> Tree {
        Tree { line: line.into(), below: Vec::new() }
    }

    /// Adds a line below.
    pub fn add(&mut self, tree: Tree) {
        self.below.push(tree);
    }

    fn write(&self, text: &mut String, indent: &str) {
        for (n, tree) in self.below.iter().enumerate() {
            let (branch, further) =
                if n + 1 == self.below.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            text.push_str(indent);
            text.push_str(branch);
            text.push_str(&tree.line);
            text.push('\n');
            tree.write(text, &format!("{indent}{further}"));
        }
    }
}

impl std::fmt::Display for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = format!("{}\n", self.line);
        self.write(&mut text, "");
        f.write_str(text.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_drawn() {
        let mut tree = Tree::new("a");
        let mut b = Tree::new("b");
        b.add(Tree::new("c"));
        tree.add(b);
        tree.add(Tree::new("d"));
        assert_eq!(tree.to_string(), "a\n├─ b\n│  └─ c\n└─ d");
    }
}
