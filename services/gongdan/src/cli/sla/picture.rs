//! A clock's life as a small SVG: its stretches along time, what fired, and where due was.

use super::{Context, explain::what};
use gongdan_proto::{
    from_timestamp,
    sla::v1::{ClockStretch, ExplainClockResponse},
};
use jiff::Timestamp;
use std::fmt::Write as _;

const WIDTH: f64 = 960.0;
const MARGIN: f64 = 24.0;
const BAR_TOP: f64 = 64.0;
const BAR_HEIGHT: f64 = 30.0;
const LINE: f64 = 20.0;
const INK: &str = "#1f2937";
const QUIET: &str = "#6b7280";

/// Where instants lie on the picture.
struct Scale {
    from: Timestamp,
    seconds: f64,
}

impl Scale {
    fn x(&self, at: Timestamp) -> f64 {
        let gone = at.duration_since(self.from).as_secs_f64();
        MARGIN + (WIDTH - 2.0 * MARGIN) * (gone / self.seconds).clamp(0.0, 1.0)
    }
}

fn instant(at: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    at.and_then(|at| from_timestamp(at).ok())
}

/// The picture; empty of stretches when the answer is.
pub fn picture(context: &Context, answer: &ExplainClockResponse) -> String {
    let clock = answer.clock.clone().unwrap_or_default();
    let until = instant(answer.counted_until.as_ref());
    let due = instant(clock.due_at.as_ref());
    let begin = instant(clock.started_at.as_ref()).unwrap_or_default();
    let ends = answer.steps.iter().filter_map(|step| instant(step.due_at.as_ref()));
    let end = ends.chain(until).chain(due).max().unwrap_or(begin);
    let scale = Scale { from: begin, seconds: end.duration_since(begin).as_secs_f64().max(1.0) };
    let below = BAR_TOP + BAR_HEIGHT + 44.0;
    let height = below + LINE * (answer.steps.len() as f64 + 1.0);

    let mut svg = String::new();
    let _ = writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, 'Noto Sans CJK SC', sans-serif" font-size="13">"#
    );
    let _ = writeln!(svg, r##"<rect width="100%" height="100%" fill="#ffffff"/>"##);
    let title = format!(
        "{} · {} · {} · {}",
        clock.ticket_number,
        context.name(clock.kind().as_str_name()),
        context.name(clock.state().as_str_name()),
        clock.amount
    );
    text(&mut svg, (MARGIN, 28.0), "start", INK, &title);
    // the whole time up to due, run or not
    let whole = WIDTH - 2.0 * MARGIN;
    let _ = writeln!(
        svg,
        r##"<rect x="{MARGIN}" y="{BAR_TOP}" width="{whole}" height="{BAR_HEIGHT}" fill="#f3f4f6"/>"##
    );
    for stretch in &answer.stretches {
        bar(&mut svg, &scale, stretch, until.unwrap_or(end));
    }
    for firing in &answer.firings {
        if let Some(at) = instant(firing.planned_at.as_ref()) {
            let (x, colour) = (scale.x(at), if firing.percent == 100 { "#b91c1c" } else { "#d97706" });
            let words = if firing.percent == 100 {
                context.text("breach", "超时").to_owned()
            } else {
                format!("{}%", firing.percent)
            };
            line(&mut svg, x, (BAR_TOP - 8.0, BAR_TOP + BAR_HEIGHT), colour, false);
            text(&mut svg, (x, BAR_TOP - 12.0), "middle", colour, &words);
        }
    }
    if let Some(due) = due {
        line(&mut svg, scale.x(due), (BAR_TOP - 4.0, BAR_TOP + BAR_HEIGHT + 10.0), INK, true);
        let words = format!("{} {}", context.text("due", "到期"), context.time(clock.due_at.as_ref()));
        text(&mut svg, (WIDTH - MARGIN, BAR_TOP + BAR_HEIGHT + 26.0), "end", INK, &words);
    }
    text(
        &mut svg,
        (MARGIN, BAR_TOP + BAR_HEIGHT + 26.0),
        "start",
        QUIET,
        &context.time(clock.started_at.as_ref()),
    );
    for (index, step) in answer.steps.iter().enumerate() {
        let y = below + LINE * (index as f64 + 0.5);
        if let Some(at) = instant(step.at.as_ref()) {
            let number = index + 1;
            text(
                &mut svg,
                (scale.x(at), BAR_TOP + BAR_HEIGHT / 2.0 + 5.0),
                "middle",
                INK,
                &number.to_string(),
            );
            let words = format!(
                "{number}  {}  {}  → {}",
                context.time(step.at.as_ref()),
                what(context, step),
                context.time(step.due_at.as_ref())
            );
            text(&mut svg, (MARGIN, y), "start", INK, &words);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn bar(svg: &mut String, scale: &Scale, stretch: &ClockStretch, until: Timestamp) {
    let Some(from) = instant(stretch.from.as_ref()) else { return };
    let (left, right) = (scale.x(from), scale.x(instant(stretch.to.as_ref()).unwrap_or(until)));
    let fill = match (stretch.ran, stretch.suspended) {
        (true, false) => "#86efac",
        (true, true) => "#bbf7d0",
        (false, _) => "#d1d5db",
    };
    let width = (right - left).max(3.0);
    let _ = writeln!(
        svg,
        r##"<rect x="{left:.1}" y="{BAR_TOP}" width="{width:.1}" height="{BAR_HEIGHT}" fill="{fill}"/>"##
    );
}

fn line(svg: &mut String, x: f64, (top, bottom): (f64, f64), colour: &str, dashed: bool) {
    let dash = if dashed { r#" stroke-dasharray="4 3""# } else { "" };
    let _ = writeln!(
        svg,
        r#"<line x1="{x:.1}" y1="{top}" x2="{x:.1}" y2="{bottom}" stroke="{colour}" stroke-width="2"{dash}/>"#
    );
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, colour: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ =
        writeln!(svg, r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" fill="{colour}">{words}</text>"#);
}
