//! A diagram as SVG.

use crate::layout::{BOX, Diagram, Kind, Label, Node, Point, Way};

const STYLE: &str = "\
text { font: 12px 'DejaVu Sans', Verdana, sans-serif; fill: #222 }
.title { font-size: 17px; font-weight: bold }
.state { font-size: 14px; font-weight: bold; text-anchor: middle }
.who { font-size: 11px; fill: #444; paint-order: stroke; stroke: #fff; stroke-width: 4px }
.end { text-anchor: end }
rect { fill: #eaf1fb; stroke: #34568b; stroke-width: 1.5px }
rect.paper { fill: #fff; stroke: none }
rect.terminal { fill: none; stroke-width: 1px }
.hub rect { fill: #fbeae8; stroke: #a33b32 }
.side rect { fill: #f7f2e6; stroke: #8a6d1f }
path { fill: none; stroke-width: 1.5px; stroke-linejoin: round }
path.spine { stroke: #34568b; stroke-width: 2px }
path.side { stroke: #8a6d1f }
path.hub { stroke: #a33b32 }";

pub(crate) fn draw(diagram: &Diagram) -> String {
    let (width, height) = (diagram.width, diagram.height);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\">\n<title>The states of a booking</title>\n\
         <style>\n{STYLE}\n</style>\n<defs>\n"
    );
    for (kind, colour) in [(Kind::Spine, "#34568b"), (Kind::Side, "#8a6d1f"), (Kind::Hub, "#a33b32")] {
        svg += &format!(
            "<marker id=\"{0}\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"9\" \
             markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">\
             <path d=\"M0 0 10 5 0 10z\" style=\"fill:{colour}\"/></marker>\n",
            class(kind)
        );
    }
    svg += "</defs>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n";
    let states = diagram.nodes.len();
    let transitions = diagram.ways.iter().filter(|way| way.label.is_some()).count();
    svg += "<text class=\"title\" x=\"16\" y=\"30\">The life of a booking</text>\n";
    svg += &format!(
        "<text x=\"16\" y=\"52\">{states} states, {transitions} transitions; at each arrow, \
         who may take it.</text>\n"
    );
    // Lines are drawn first, so that labels are above them.
    diagram.ways.iter().for_each(|way| svg += &line(way));
    diagram.nodes.iter().for_each(|node| svg += &state(node));
    diagram.nodes.first().into_iter().for_each(|first| svg += &beginning(first));
    diagram.ways.iter().filter_map(|way| way.label.as_ref()).for_each(|label| svg += &who(label));
    svg + "</svg>\n"
}

const fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Spine => "spine",
        Kind::Side => "side",
        Kind::Hub => "hub",
    }
}

fn line(way: &Way) -> String {
    let points: Vec<String> = way.points.iter().map(|Point { x, y }| format!("{x:.1} {y:.1}")).collect();
    let class = class(way.kind);
    let head = if way.has_head { format!(" marker-end=\"url(#{class})\"") } else { String::new() };
    format!("<path class=\"{class}\" d=\"M{}\"{head}/>\n", points.join(" L"))
}

fn state(node: &Node) -> String {
    let (x, y) = (node.centre.x - BOX.0 / 2.0, node.centre.y - BOX.1 / 2.0);
    let (width, height) = BOX;
    // A terminal state has a second frame.
    let frame = if node.status.is_terminal() {
        let (x, y, width, height) = (x + 4.0, y + 4.0, width - 8.0, height - 8.0);
        format!(
            "<rect class=\"terminal\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width}\" height=\"{height}\" \
             rx=\"7\"/>"
        )
    } else {
        String::new()
    };
    format!(
        "<g class=\"{}\"><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width}\" height=\"{height}\" rx=\"10\"/>\
         {frame}<text class=\"state\" x=\"{:.1}\" y=\"{:.1}\">{}</text></g>\n",
        class(node.kind),
        node.centre.x,
        node.centre.y + 5.0,
        node.status,
    )
}

/// A dot above the first state, and the arrow from it.
fn beginning(first: &Node) -> String {
    let (x, end) = (first.centre.x, first.centre.y - BOX.1 / 2.0);
    let start = end - 34.0;
    format!(
        "<circle cx=\"{x:.1}\" cy=\"{start:.1}\" r=\"6\" style=\"fill:#34568b\"/>\n\
         <path class=\"spine\" d=\"M{x:.1} {start:.1} L{x:.1} {end:.1}\" marker-end=\"url(#spine)\"/>\n"
    )
}

fn who(label: &Label) -> String {
    let (x, y) = (label.at.x, label.at.y);
    let class = if label.ends_there { "who end" } else { "who" };
    format!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>\n", label.text)
}
