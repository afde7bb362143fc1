//! The grams that requests have whatever they are about.

use crate::gram::{Gram, Grams};
use std::sync::LazyLock;

static COMMON: LazyLock<Grams> = LazyLock::new(|| {
    let phrases = include_str!("common.txt").lines().filter(|line| !line.starts_with('#'));
    let grams: Vec<Gram> = phrases.flat_map(|line| Grams::of(line).into_vec()).collect();
    Grams::from_unsorted(grams)
});

impl Grams {
    /// Those that tell something: without what is in requests of all kinds. Texts are compared by these.
    #[must_use]
    pub fn telling(&self) -> Self {
        self.without(&COMMON)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_requests_say_is_left_out() {
        let said = Grams::of("市民来电反映：夜间施工，请相关部门尽快核实处理并回复。");
        assert_eq!(said.telling(), Grams::of("夜间施工"));
        assert!(Grams::of("您好，请尽快处理，谢谢！").telling().is_empty());
    }

    #[test]
    fn two_requests_are_not_alike_because_both_are_polite() {
        let noise = Grams::of("市民来电反映，楼下夜间施工噪音扰民，请相关部门尽快核实处理并回复");
        let water = Grams::of("市民来电反映，小区停水三天，请相关部门尽快核实处理并回复");
        assert!(noise.alike(water.as_slice()) > 0.3);
        assert!(noise.telling().alike(water.telling().as_slice()) < 0.05);
    }
}
