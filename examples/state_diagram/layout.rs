//! The layout of states and arrows.
//!
//! The longest path through the machine is the spine, with one row per state. Of the other states, the one
//! with the most incoming arrows is the hub: it is on the left, at a common line into which its arrows flow.
//! Every other state is on the right, in the row that leads to it. Arrows between distant states of the spine
//! run in lanes on the right, nested, so that none cross.

use baitech::booking::{BookingStatus, Transition};

pub(crate) const BOX: (f64, f64) = (160.0, 44.0);
const ROW: f64 = 88.0;
const TOP: f64 = 120.0;
const MARGIN: f64 = 16.0;
const LANE: f64 = 26.0;
/// The height of a crossing line, as a share of the gap between two rows: the upper part is for the spine's
/// labels.
const CROSSING: f64 = 0.68;

const CHARACTER: f64 = 6.3;
const LINE: f64 = 13.0;
/// The distance between a line and its text.
const CLEARANCE: f64 = 5.0;

/// The whole picture.
#[derive(Debug)]
pub(crate) struct Diagram {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) nodes: Vec<Node>,
    pub(crate) ways: Vec<Way>,
}

/// A state and the centre of its box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Node {
    pub(crate) status: BookingStatus,
    pub(crate) centre: Point,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Spine,
    Side,
    Hub,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// A line with corners, which ends in an arrowhead or flows into another line.
#[derive(Debug)]
pub(crate) struct Way {
    pub(crate) kind: Kind,
    pub(crate) points: Vec<Point>,
    pub(crate) has_head: bool,
    pub(crate) label: Option<Label>,
}

/// The label of an arrow: the parties that may take it. The text starts or ends at a point of its baseline.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Label {
    pub(crate) text: String,
    pub(crate) at: Point,
    pub(crate) ends_there: bool,
}

impl Node {
    fn left(&self) -> f64 {
        self.centre.x - BOX.0 / 2.0
    }

    fn right(&self) -> f64 {
        self.centre.x + BOX.0 / 2.0
    }

    pub(crate) fn top(&self) -> f64 {
        self.centre.y - BOX.1 / 2.0
    }

    fn bottom(&self) -> f64 {
        self.centre.y + BOX.1 / 2.0
    }

    /// The height at which lines cross the spine in the gap below a row.
    fn crossing(&self) -> f64 {
        self.bottom() + (ROW - BOX.1) * CROSSING
    }
}

impl Label {
    pub(crate) fn width(text: &str) -> f64 {
        text.chars().count() as f64 * CHARACTER
    }
}

impl Diagram {
    /// The picture of a machine whose first arrow begins at its first state.
    pub(crate) fn of(table: &[Transition]) -> Self {
        let Some(first) = table.first() else {
            return Self { width: 0.0, height: 0.0, nodes: Vec::new(), ways: Vec::new() };
        };
        let spine = longest_way(table, vec![first.from]);
        let columns = Columns::of(table, &spine);
        let mut diagram =
            Self { width: 0.0, height: 0.0, nodes: columns.nodes(table, &spine), ways: Vec::new() };
        diagram.add_spine(table);
        diagram.add_side(table);
        diagram.add_lanes(table, columns.lanes_from);
        diagram.add_hub(table, columns.bus);
        let right = |node: &Node| node.right();
        diagram.width = diagram.nodes.iter().map(right).fold(0.0, f64::max) + MARGIN;
        diagram.height = diagram.nodes.iter().map(Node::bottom).fold(0.0, f64::max) + 2.0 * MARGIN;
        diagram
    }

    fn node(&self, status: BookingStatus) -> Option<Node> {
        self.nodes.iter().copied().find(|node| node.status == status)
    }

    /// The arrows between states of these kinds, with both states.
    fn arrows(&self, table: &[Transition], kinds: (Kind, Kind)) -> Vec<(Transition, Node, Node)> {
        let ends = |arrow: &Transition| Some((*arrow, self.node(arrow.from)?, self.node(arrow.to)?));
        table.iter().filter_map(ends).filter(|(_, from, to)| (from.kind, to.kind) == kinds).collect()
    }

    /// Straight down, from one row of the spine to the next.
    fn add_spine(&mut self, table: &[Transition]) {
        for (arrow, from, to) in self.arrows(table, (Kind::Spine, Kind::Spine)) {
            if !is_next_row(from, to) {
                continue;
            }
            let (start, end) =
                (Point { y: from.bottom(), ..from.centre }, Point { y: to.top(), ..to.centre });
            let at = Point { x: start.x + 8.0, y: start.y + LINE + 3.0 };
            self.add(Kind::Spine, vec![start, end], Some(label(&arrow, at, false)));
        }
    }

    /// Between the spine and the states on its right.
    fn add_side(&mut self, table: &[Transition]) {
        for (arrow, from, to) in self.arrows(table, (Kind::Spine, Kind::Side)) {
            let y = from.centre.y - if self.is_both_ways(table, &arrow) { 11.0 } else { 0.0 };
            let points = vec![Point { x: from.right(), y }, Point { x: to.left(), y }];
            let at = Point { x: from.right() + 10.0, y: y - CLEARANCE };
            self.add(Kind::Side, points, Some(label(&arrow, at, false)));
        }
        for (arrow, from, to) in self.arrows(table, (Kind::Side, Kind::Spine)) {
            if from.centre.y == to.centre.y {
                let y = from.centre.y + 11.0;
                let at = Point { x: to.right() + 10.0, y: y + LINE };
                let points = vec![Point { x: from.left(), y }, Point { x: to.right(), y }];
                self.add(Kind::Side, points, Some(label(&arrow, at, false)));
            } else {
                let corner = Point { x: from.centre.x, y: to.centre.y };
                let points = vec![
                    Point { y: from.top(), ..from.centre },
                    corner,
                    Point { x: to.right(), y: corner.y },
                ];
                let at = Point { x: to.right() + 10.0, y: corner.y - CLEARANCE };
                self.add(Kind::Side, points, Some(label(&arrow, at, false)));
            }
        }
    }

    fn is_both_ways(&self, table: &[Transition], arrow: &Transition) -> bool {
        table.iter().any(|back| (back.from, back.to) == (arrow.to, arrow.from))
    }

    /// Arrows between distant states of the spine: the shortest is innermost, and arrows going up are outside
    /// of those going down.
    fn add_lanes(&mut self, table: &[Transition], lanes_from: f64) {
        let mut arrows = self.arrows(table, (Kind::Spine, Kind::Spine));
        arrows.retain(|(_, from, to)| !is_next_row(*from, *to));
        arrows.sort_by(|(_, a, b), (_, c, d)| {
            let span = |from: &Node, to: &Node| (to.centre.y - from.centre.y).abs();
            span(a, b).total_cmp(&span(c, d)).then((a.centre.y > b.centre.y).cmp(&(c.centre.y > d.centre.y)))
        });
        for (lane, (arrow, from, to)) in arrows.iter().enumerate() {
            let x = lanes_from + LANE * lane as f64;
            let (start, end) = (port(&arrows, lane, *from), port(&arrows, lane, *to));
            let corners = vec![start, Point { x, ..start }, Point { x, ..end }, end];
            // The label of the lowest of several lines at a box is below it; all others are above.
            let is_lowest = arrows.iter().enumerate().all(|(other, (_, a, b))| {
                let elsewhere = a.status != from.status && b.status != from.status;
                elsewhere || port(&arrows, other, *from).y <= start.y
            });
            let is_alone = start.y == from.centre.y;
            let y = if is_lowest && !is_alone { start.y + LINE } else { start.y - CLEARANCE };
            self.add(Kind::Side, corners, Some(label(arrow, Point { x: x - 8.0, y }, true)));
        }
    }

    /// Arrows to the hub: all flow into one line, and that into the hub.
    fn add_hub(&mut self, table: &[Transition], bus: f64) {
        let mut ends = Vec::new();
        let mut hub = None;
        for (arrow, from, to) in self.arrows(table, (Kind::Spine, Kind::Hub)) {
            let end = Point { x: bus, y: from.centre.y };
            let at = Point { x: from.left() - 10.0, y: end.y - CLEARANCE };
            self.add_inflow(vec![Point { x: from.left(), ..end }, end], label(&arrow, at, true));
            ends.push(end);
            hub = Some(to);
        }
        for (arrow, from, to) in self.arrows(table, (Kind::Side, Kind::Hub)) {
            let y = from.crossing();
            let (start, corner) = (Point { y: from.bottom(), ..from.centre }, Point { y, ..from.centre });
            let at = Point { x: corner.x - 8.0, y: y - CLEARANCE };
            let end = Point { x: bus, y };
            self.add_inflow(vec![start, corner, end], label(&arrow, at, true));
            ends.push(end);
            hub = Some(to);
        }
        ends.sort_by(|a, b| a.y.total_cmp(&b.y));
        if let (Some(top), Some(bottom), Some(hub)) = (ends.first(), ends.last(), hub) {
            self.ways.push(Way {
                kind: Kind::Hub,
                points: vec![*top, *bottom],
                has_head: false,
                label: None,
            });
            let points = vec![Point { x: bus, ..hub.centre }, Point { x: hub.right(), ..hub.centre }];
            self.ways.push(Way { kind: Kind::Hub, points, has_head: true, label: None });
        }
    }

    fn add(&mut self, kind: Kind, points: Vec<Point>, label: Option<Label>) {
        self.ways.push(Way { kind, points, has_head: true, label });
    }

    fn add_inflow(&mut self, points: Vec<Point>, label: Label) {
        self.ways.push(Way { kind: Kind::Hub, points, has_head: false, label: Some(label) });
    }
}

/// The horizontal positions, computed from the widths of the labels.
struct Columns {
    hub: BookingStatus,
    hub_x: f64,
    bus: f64,
    spine_x: f64,
    side_x: f64,
    lanes_from: f64,
}

impl Columns {
    fn of(table: &[Transition], spine: &[BookingStatus]) -> Self {
        let incoming = |status: BookingStatus| table.iter().filter(|arrow| arrow.to == status).count();
        let beside = BookingStatus::ALL.into_iter().filter(|status| !spine.contains(status));
        let hub = beside.max_by_key(|status| incoming(*status)).unwrap_or(BookingStatus::Cancelled);
        let widest = |fits: &dyn Fn(&Transition) -> bool| {
            let labels = table.iter().filter(|arrow| fits(arrow));
            labels.map(|arrow| Label::width(&arrow.who.to_string())).fold(0.0, f64::max)
        };
        let hub_x = MARGIN + BOX.0 / 2.0;
        let bus = hub_x + BOX.0 / 2.0 + 28.0;
        let spine_x = bus + widest(&|arrow| arrow.to == hub) + 24.0 + BOX.0 / 2.0;
        let right_of_spine = widest(&|arrow| arrow.to != hub && !is_first_step(spine, arrow)) + 24.0;
        let lanes_from = spine_x + BOX.0 / 2.0 + right_of_spine;
        Self { hub, hub_x, bus, spine_x, side_x: lanes_from + BOX.0 / 2.0 + 40.0, lanes_from }
    }

    fn nodes(&self, table: &[Transition], spine: &[BookingStatus]) -> Vec<Node> {
        let row = |status: BookingStatus| spine.iter().position(|other| *other == status);
        let y = |row: usize| TOP + ROW * row as f64;
        let node = |status| {
            if let Some(row) = row(status) {
                return Node { status, centre: Point { x: self.spine_x, y: y(row) }, kind: Kind::Spine };
            }
            let leading: Vec<usize> =
                table.iter().filter(|arrow| arrow.to == status).filter_map(|arrow| row(arrow.from)).collect();
            if status == self.hub {
                let middle = leading.iter().sum::<usize>() / leading.len().max(1);
                let centre = Point { x: self.hub_x, y: y(middle) };
                return Node { status, centre, kind: Kind::Hub };
            }
            let row = leading.first().copied().unwrap_or_default();
            Node { status, centre: Point { x: self.side_x, y: y(row) }, kind: Kind::Side }
        };
        BookingStatus::ALL.into_iter().map(node).collect()
    }
}

fn is_first_step(spine: &[BookingStatus], arrow: &Transition) -> bool {
    spine.windows(2).any(|pair| pair == [arrow.from, arrow.to])
}

fn is_next_row(from: Node, to: Node) -> bool {
    let step = to.centre.y - from.centre.y;
    step > 0.0 && step < 1.5 * ROW
}

/// The longest path from here without a repeated state; of several, the first in the table.
fn longest_way(table: &[Transition], way: Vec<BookingStatus>) -> Vec<BookingStatus> {
    let last = way.last().copied();
    let steps = table.iter().filter(|arrow| Some(arrow.from) == last && !way.contains(&arrow.to));
    let ways = steps.map(|arrow| longest_way(table, way.iter().copied().chain([arrow.to]).collect()));
    let longest = ways.reduce(|best, other| if other.len() > best.len() { other } else { best });
    longest.unwrap_or(way)
}

/// The point where a lane's arrow leaves or enters a box. Of all lanes at the box's right side, the outermost
/// is the farthest from the states that it passes, so that nested lanes do not cross.
fn port(arrows: &[(Transition, Node, Node)], lane: usize, node: Node) -> Point {
    let goes_up = |(_, from, to): &(Transition, Node, Node)| {
        let other = if from.status == node.status { to } else { from };
        other.centre.y < node.centre.y
    };
    let ends_here =
        |(_, from, to): &&(Transition, Node, Node)| from.status == node.status || to.status == node.status;
    let count = arrows.iter().filter(ends_here).count();
    let inner = arrows.iter().take(lane).filter(ends_here).count();
    let place = match arrows.get(lane) {
        Some(arrow) if goes_up(arrow) => inner,
        _ => count.saturating_sub(inner + 1),
    };
    let y = node.top() + BOX.1 * (place as f64 + 1.0) / (count as f64 + 1.0);
    Point { x: node.right(), y }
}

fn label(arrow: &Transition, at: Point, ends_there: bool) -> Label {
    Label { text: arrow.who.to_string(), at, ends_there }
}
