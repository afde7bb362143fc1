//! Workflows as pictures: Mermaid for what renders it, SVG for everything else. Source: T31.
//!
//! The SVG has a step a layer, in the order of the definition, on the bands of the fixed phases. What leads to the next
//! step goes straight down; what leads further down goes by a lane on the right, what leads back by one on the left. Ways
//! of one act to one step share a lane, and a lane is free again above and below it: so nothing runs through a step or
//! over a name.

use super::{
    checked::{Transition, Workflow},
    definition::Words,
    moves::phase_words,
};
use std::{collections::BTreeMap, fmt::Write as _};

/// Which of the two languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// 中文
    Zh,
    /// English.
    En,
}

impl Language {
    fn of(self, words: &Words) -> &str {
        match self {
            Self::Zh => &words.zh,
            Self::En => &words.en,
        }
    }

    const fn pick(self, (zh, en): (&'static str, &'static str)) -> &'static str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

impl Transition {
    fn label(&self, language: Language) -> String {
        let guarded = if self.guard.is_some() { " ◇" } else { "" };
        format!("{}{guarded}", language.pick(self.action.words()))
    }
}

/// A state diagram in Mermaid; `◇` marks what has a guard.
#[must_use]
pub fn mermaid(workflow: &Workflow, language: Language) -> String {
    let id = |place: Option<usize>| {
        place.map_or_else(|| "[*]".to_owned(), |place| workflow.steps[place].key.replace('-', "_"))
    };
    let clean = |text: &str| text.replace([':', ';', '"', '#', '\n'], " ");
    let mut text = String::from("stateDiagram-v2\n    direction TB\n");
    for (place, step) in workflow.steps.iter().enumerate() {
        let _ = writeln!(text, "    state \"{}\" as {}", clean(language.of(&step.name)), id(Some(place)));
    }
    let mut ways: BTreeMap<(Option<usize>, usize), Vec<String>> = BTreeMap::new();
    for transition in &workflow.transitions {
        for from in &transition.from {
            let labels = ways.entry((*from, transition.to)).or_default();
            let label = transition.label(language);
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
    }
    for ((from, to), labels) in ways {
        let _ = writeln!(text, "    {} --> {}: {}", id(from), id(Some(to)), clean(&labels.join(" / ")));
    }
    for (place, step) in workflow.steps.iter().enumerate() {
        if step.phase.is_over() {
            let _ = writeln!(text, "    {} --> [*]", id(Some(place)));
        }
    }
    text
}

const NODE_WIDTH: f64 = 220.0;
const NODE_GAP: f64 = 38.0;
const PORT: f64 = 17.0;
const NODE_LEAST: f64 = 46.0;
const LANE: f64 = 16.0;
const BAND_NAME: f64 = 96.0;
const MARGIN: f64 = 24.0;
const TITLE: f64 = 56.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Left,
    Right,
}

/// Ways of one act to one step on one side: they share a lane.
struct Bundle {
    label: String,
    /// Rows; the start is row 0, a step the row after its place.
    from: Vec<usize>,
    to: usize,
    side: Side,
    lane: usize,
}

impl Bundle {
    fn span(&self) -> (usize, usize) {
        let first = self.from.iter().copied().min().unwrap_or(self.to).min(self.to);
        let last = self.from.iter().copied().max().unwrap_or(self.to).max(self.to);
        (first, last)
    }
}

struct Layout {
    bundles: Vec<Bundle>,
    /// What leads straight down to the row of this number.
    straight: BTreeMap<usize, Vec<String>>,
    tops: Vec<f64>,
    heights: Vec<f64>,
    lanes: [usize; 2],
    label_width: [f64; 2],
}

/// About how wide a text of 12 px is.
fn width(text: &str) -> f64 {
    text.chars().map(|c| if c.is_ascii() { 6.8 } else { 12.5 }).sum()
}

fn layout(workflow: &Workflow, language: Language) -> Layout {
    let mut straight: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut bundles: Vec<Bundle> = Vec::new();
    for transition in &workflow.transitions {
        let (to, label) = (transition.to + 1, transition.label(language));
        for from in transition.from.iter().map(|from| from.map_or(0, |place| place + 1)) {
            if from + 1 == to {
                let labels = straight.entry(to).or_default();
                if !labels.contains(&label) {
                    labels.push(label.clone());
                }
                continue;
            }
            let side = if from < to { Side::Right } else { Side::Left };
            match bundles.iter_mut().find(|b| b.to == to && b.side == side && b.label == label) {
                Some(bundle) if bundle.from.contains(&from) => {}
                Some(bundle) => bundle.from.push(from),
                None => bundles.push(Bundle { label: label.clone(), from: vec![from], to, side, lane: 0 }),
            }
        }
    }
    let mut lanes = [0, 0];
    let mut order: Vec<usize> = (0..bundles.len()).collect();
    order.sort_by_key(|at| {
        let (first, last) = bundles[*at].span();
        (last - first, first)
    });
    let mut taken: Vec<(Side, usize, usize, usize)> = Vec::new();
    for at in order {
        let (side, (first, last)) = (bundles[at].side, bundles[at].span());
        let busy = |lane: usize| {
            taken.iter().any(|(s, l, a, b)| *s == side && *l == lane && *a <= last && first <= *b)
        };
        let lane = (0..).find(|lane| !busy(*lane)).unwrap_or_default();
        bundles[at].lane = lane;
        taken.push((side, lane, first, last));
        let count = &mut lanes[side as usize];
        *count = (*count).max(lane + 1);
    }
    let mut label_width = [0.0_f64, 0.0];
    for bundle in &bundles {
        let most = &mut label_width[bundle.side as usize];
        *most = most.max(width(&bundle.label) + 14.0);
    }
    let (mut tops, mut heights, mut y) = (Vec::new(), Vec::new(), TITLE + MARGIN);
    for row in 0..=workflow.steps.len() {
        let most = [Side::Left, Side::Right].map(|side| ports(&bundles, row, side).len()).into_iter().max();
        let height = if row == 0 { 22.0 } else { NODE_LEAST.max(count(most.unwrap_or(0)) * PORT + 8.0) };
        tops.push(y);
        heights.push(height);
        y += height + NODE_GAP;
    }
    Layout { bundles, straight, tops, heights, lanes, label_width }
}

/// What leaves or enters a row on a side, in the order from above: the bundle, and whether it leaves.
fn ports(bundles: &[Bundle], row: usize, side: Side) -> Vec<(usize, bool)> {
    let mut ports: Vec<(usize, bool)> = Vec::new();
    for (at, bundle) in bundles.iter().enumerate().filter(|(_, bundle)| bundle.side == side) {
        if bundle.to == row {
            ports.push((at, false));
        }
        if bundle.from.contains(&row) {
            ports.push((at, true));
        }
    }
    ports
}

#[expect(clippy::cast_precision_loss, reason = "a picture has few rows and lanes")]
const fn count(number: usize) -> f64 {
    number as f64
}

impl Layout {
    fn port(&self, row: usize, side: Side, bundle: usize, leaves: bool) -> f64 {
        let ports = ports(&self.bundles, row, side);
        let at = ports.iter().position(|port| *port == (bundle, leaves)).unwrap_or(0);
        self.tops[row] + self.heights[row] * (count(at) + 1.0) / (count(ports.len()) + 1.0)
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The picture as SVG; `◇` marks what has a guard.
#[must_use]
pub fn svg(workflow: &Workflow, language: Language) -> String {
    let layout = layout(workflow, language);
    let reach =
        |side: Side| layout.label_width[side as usize] + count(layout.lanes[side as usize]) * LANE + 10.0;
    let left = MARGIN + BAND_NAME + reach(Side::Left);
    let total_width = left + NODE_WIDTH + reach(Side::Right) + MARGIN;
    let last = layout.tops.len() - 1;
    let total_height = layout.tops[last] + layout.heights[last] + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {total_width:.0} {total_height:.0}\" \
         width=\"{total_width:.0}\" height=\"{total_height:.0}\" font-size=\"12\" \
         font-family=\"'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC',sans-serif\">\n\
         <defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><path d=\"M0 0 8 4 0 8z\" fill=\"#445\"/></marker></defs>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    let title = language.of(&workflow.definition.name);
    let legend = language.pick(("◇ 有条件", "◇ under a condition"));
    let _ = writeln!(
        svg,
        "<text x=\"{MARGIN}\" y=\"34\" font-size=\"18\" font-weight=\"bold\">{} · {} v{}</text>\n\
         <text x=\"{MARGIN}\" y=\"54\" fill=\"#667\">{legend}</text>",
        escape(title),
        escape(workflow.key()),
        workflow.version()
    );
    bands(&mut svg, workflow, language, &layout, total_width);
    ways(&mut svg, &layout, left);
    nodes(&mut svg, workflow, language, &layout, left);
    svg.push_str("</svg>\n");
    svg
}

/// A band for each run of steps of one phase.
fn bands(svg: &mut String, workflow: &Workflow, language: Language, layout: &Layout, total_width: f64) {
    let mut row = 1;
    let mut dark = false;
    while row <= workflow.steps.len() {
        let phase = workflow.steps[row - 1].phase;
        let mut end = row;
        while end < workflow.steps.len() && workflow.steps[end].phase == phase {
            end += 1;
        }
        let top = layout.tops[row] - NODE_GAP / 2.0;
        let height = layout.tops[end] + layout.heights[end] + NODE_GAP / 2.0 - top;
        let fill = if dark { "#eef2f8" } else { "#f7f9fc" };
        let _ = writeln!(
            svg,
            "<rect x=\"8\" y=\"{top:.0}\" width=\"{:.0}\" height=\"{height:.0}\" rx=\"6\" fill=\"{fill}\"/>\n\
             <text x=\"{:.0}\" y=\"{:.0}\" fill=\"#567\">{}</text>",
            total_width - 16.0,
            MARGIN - 6.0,
            top + 16.0,
            escape(language.pick(phase_words(phase)))
        );
        dark = !dark;
        row = end + 1;
    }
}

fn ways(svg: &mut String, layout: &Layout, left: f64) {
    let middle = left + NODE_WIDTH / 2.0;
    for (to, labels) in &layout.straight {
        let (from_y, to_y) = (layout.tops[to - 1] + layout.heights[to - 1], layout.tops[*to]);
        let _ = writeln!(
            svg,
            "<path d=\"M{middle:.0} {from_y:.0}V{to_y:.0}\" fill=\"none\" stroke=\"#445\" marker-end=\"url(#a)\"/>\n\
             <text x=\"{:.0}\" y=\"{:.0}\">{}</text>",
            middle + 8.0,
            f64::midpoint(from_y, to_y) + 4.0,
            escape(&labels.join(" / "))
        );
    }
    for (at, bundle) in layout.bundles.iter().enumerate() {
        let (edge, sign) = match bundle.side {
            Side::Left => (left, -1.0),
            Side::Right => (left + NODE_WIDTH, 1.0),
        };
        let lane = edge + sign * (layout.label_width[bundle.side as usize] + count(bundle.lane) * LANE);
        let to_y = layout.port(bundle.to, bundle.side, at, false);
        for from in &bundle.from {
            let from_y = layout.port(*from, bundle.side, at, true);
            // The start is narrower than a step.
            let from_x = if *from == 0 { left + NODE_WIDTH / 2.0 + sign * 11.0 } else { edge };
            let _ = writeln!(
                svg,
                "<path d=\"M{from_x:.0} {from_y:.0}H{lane:.0}V{to_y:.0}H{edge:.0}\" fill=\"none\" stroke=\"#89a\" \
                 marker-end=\"url(#a)\"/>"
            );
            let (x, anchor) = if sign > 0.0 { (edge + 6.0, "start") } else { (edge - 6.0, "end") };
            let _ = writeln!(
                svg,
                "<text x=\"{x:.0}\" y=\"{:.0}\" text-anchor=\"{anchor}\" stroke=\"#fff\" stroke-width=\"3\" \
                 paint-order=\"stroke\">{}</text>",
                from_y - 3.0,
                escape(&bundle.label)
            );
        }
    }
}

fn nodes(svg: &mut String, workflow: &Workflow, language: Language, layout: &Layout, left: f64) {
    let start_y = layout.tops[0] + layout.heights[0] / 2.0;
    let _ = writeln!(
        svg,
        "<circle cx=\"{:.0}\" cy=\"{start_y:.0}\" r=\"10\" fill=\"#345\"/>",
        left + NODE_WIDTH / 2.0
    );
    for (place, step) in workflow.steps.iter().enumerate() {
        let (top, height) = (layout.tops[place + 1], layout.heights[place + 1]);
        let stroke = if step.review.is_some() { "#b60" } else { "#357" };
        let weight = if step.phase.is_over() { 3 } else { 1 };
        let middle = top + height / 2.0;
        let signers = step.review.as_ref().map(|review| {
            let names: Vec<String> = review
                .signers
                .iter()
                .map(|signer| match language.of(&signer.name) {
                    "" => signer.to_string(),
                    name => name.to_owned(),
                })
                .collect();
            names.join(if review.all { " + " } else { " / " })
        });
        let _ = writeln!(
            svg,
            "<rect x=\"{left:.0}\" y=\"{top:.0}\" width=\"{NODE_WIDTH}\" height=\"{height:.0}\" rx=\"8\" fill=\"#fff\" \
             stroke=\"{stroke}\" stroke-width=\"{weight}\"/>\n\
             <text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\" font-weight=\"bold\">{}</text>\n\
             <text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\" fill=\"#678\" font-size=\"10\">{}</text>",
            left + NODE_WIDTH / 2.0,
            middle - 1.0,
            escape(language.of(&step.name)),
            left + NODE_WIDTH / 2.0,
            middle + 14.0,
            escape(&signers.unwrap_or_else(|| step.key.clone()))
        );
    }
}
