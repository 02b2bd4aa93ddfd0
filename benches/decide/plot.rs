//! The plot: the cost of a decision against candidates, both logarithmic, on its own background.

use std::fmt::Write as _;

use crate::{cases::CASES, measured::Measured, table::count};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 440.0;
/// Where the axes are.
const LEFT: f64 = 76.0;
const RIGHT: f64 = 530.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 384.0;

/// A policy in an engine: its colour (told apart by the colour-blind) and how its line is dashed.
struct Line {
    policy: &'static str,
    engine: &'static str,
    colour: &'static str,
    dashes: &'static str,
}

/// In the order in which they end, from above.
const LINES: [Line; 5] = [
    Line { policy: "support", engine: "rego", colour: "#d55e00", dashes: "none" },
    Line { policy: "sample", engine: "component", colour: "#a3457f", dashes: "none" },
    Line { policy: "two weights", engine: "component", colour: "#00795a", dashes: "none" },
    Line { policy: "support", engine: "component", colour: "#0059a6", dashes: "none" },
    Line { policy: "support", engine: "native", colour: "#0059a6", dashes: "6 4" },
];

/// A logarithmic axis of whole decades.
struct Axis {
    from: f64,
    to: f64,
    first: i32,
    last: i32,
}

impl Axis {
    fn new(values: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min).log10().floor();
        let most = values.fold(0.0, f64::max).log10().ceil();
        Self { from, to, first: least as i32, last: most as i32 }
    }

    fn place(&self, value: f64) -> f64 {
        let decades = f64::from(self.last - self.first);
        let share = (value.log10() - f64::from(self.first)) / decades;
        self.from + share * (self.to - self.from)
    }

    fn ticks(&self) -> impl Iterator<Item = (f64, String)> {
        let tick = |power: i32| {
            let value = 10_f64.powi(power);
            let name = if power < 0 { value.to_string() } else { count(value as usize) };
            (self.place(value), name)
        };
        (self.first..=self.last).map(tick)
    }
}

/// The plot as a file.
pub fn svg(measured: &Measured) -> String {
    let lines = LINES.each_ref().map(|line| (line, points(measured, line)));
    let all = || lines.iter().flat_map(|(_, points)| points.iter().copied());
    let across = Axis::new(all().map(|(size, _)| size), LEFT, RIGHT);
    let up = Axis::new(all().map(|(_, us)| us), BOTTOM, TOP);

    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="13" fill="#222">
<title>Microseconds of a decision against candidates</title>
<rect width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#fff"/>
<text x="{LEFT}" y="26" font-size="15">A decision over a catalog</text>
"##
    );
    for (x, name) in across.ticks() {
        writeln!(svg, r##"<path d="M{x:.1} {TOP}V{BOTTOM}" stroke="#ddd"/>"##).unwrap();
        let y = BOTTOM + 20.0;
        writeln!(svg, r#"<text x="{x:.1}" y="{y}" text-anchor="middle">{name}</text>"#).unwrap();
    }
    for (y, name) in up.ticks() {
        writeln!(svg, r##"<path d="M{LEFT} {y:.1}H{RIGHT}" stroke="#ddd"/>"##).unwrap();
        let (x, y) = (LEFT - 8.0, y + 4.5);
        writeln!(svg, r#"<text x="{x}" y="{y:.1}" text-anchor="end">{name}</text>"#).unwrap();
    }
    writeln!(svg, r##"<path d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}" fill="none" stroke="#222"/>"##)
        .unwrap();
    let (middle, below) = ((LEFT + RIGHT) / 2.0, BOTTOM + 42.0);
    writeln!(svg, r#"<text x="{middle}" y="{below}" text-anchor="middle">candidates</text>"#)
        .unwrap();
    let middle = (TOP + BOTTOM) / 2.0;
    writeln!(
        svg,
        r#"<text transform="translate(18 {middle}) rotate(-90)" text-anchor="middle">µs per decision</text>"#
    )
    .unwrap();

    for (number, (line, points)) in lines.iter().enumerate() {
        let Line { policy, engine, colour, dashes } = line;
        writeln!(svg, r#"<g stroke="{colour}" fill="{colour}" stroke-width="2">"#).unwrap();
        let places = points.iter().map(|(size, us)| (across.place(*size), up.place(*us)));
        let path: Vec<_> = places.clone().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        let path = path.join("L");
        writeln!(svg, r#"<path d="M{path}" fill="none" stroke-dasharray="{dashes}"/>"#).unwrap();
        for (x, y) in places {
            writeln!(svg, r#"<circle cx="{x:.1}" cy="{y:.1}" r="3" stroke="none"/>"#).unwrap();
        }
        let (x, y) = (RIGHT + 20.0, TOP + 20.0 + 26.0 * number as f64);
        let end = x + 30.0;
        writeln!(svg, r#"<path d="M{x} {y}H{end}" stroke-dasharray="{dashes}"/>"#).unwrap();
        let (x, y) = (end + 8.0, y + 4.5);
        writeln!(svg, r#"<text x="{x}" y="{y}" stroke="none">{policy}, {engine}</text>"#).unwrap();
        svg += "</g>\n";
    }
    svg + "</svg>\n"
}

/// Sizes and microseconds of a line.
fn points(measured: &Measured, line: &Line) -> Vec<(f64, f64)> {
    let case = CASES.iter().find(|case| case.name == line.policy).unwrap();
    let sizes = case.sizes().filter(|size| line.engine != "rego" || case.has_rego(*size));
    sizes.map(|size| (size as f64, measured.us(case.name, line.engine, size))).collect()
}
