//! Tests that nothing overlaps in the picture.

use baitech::booking::{BookingStatus, Transition};

use crate::layout::{BOX, Diagram, Label, Node, Point, Way};

#[derive(Debug, Clone, Copy)]
struct Area {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Area {
    fn of_node(node: &Node) -> Self {
        let (Point { x, y }, (width, height)) = (node.centre, BOX);
        Self {
            left: x - width / 2.0,
            right: x + width / 2.0,
            top: y - height / 2.0,
            bottom: y + height / 2.0,
        }
    }

    fn of_label(label: &Label) -> Self {
        let width = Label::width(&label.text);
        let left = if label.ends_there { label.at.x - width } else { label.at.x };
        Self { left, right: left + width, top: label.at.y - 10.0, bottom: label.at.y + 3.0 }
    }

    /// The straight segments of a line, each as a thin area.
    fn of_way(way: &Way) -> impl Iterator<Item = Self> {
        way.points.windows(2).map(|ends| Self {
            left: ends[0].x.min(ends[1].x),
            right: ends[0].x.max(ends[1].x),
            top: ends[0].y.min(ends[1].y),
            bottom: ends[0].y.max(ends[1].y),
        })
    }

    fn meets(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

fn diagram() -> Diagram {
    Diagram::of(&Transition::TABLE)
}

fn labels(diagram: &Diagram) -> Vec<&Label> {
    diagram.ways.iter().filter_map(|way| way.label.as_ref()).collect()
}

#[test]
fn every_state_has_a_box_and_every_arrow_a_label() {
    let diagram = diagram();
    let states: Vec<_> = diagram.nodes.iter().map(|node| node.status).collect();
    assert_eq!(states, BookingStatus::ALL);
    assert_eq!(labels(&diagram).len(), Transition::TABLE.len());
    for (index, node) in diagram.nodes.iter().enumerate() {
        for other in &diagram.nodes[index + 1..] {
            assert!(
                !Area::of_node(node).meets(&Area::of_node(other)),
                "{} and {}",
                node.status,
                other.status
            );
        }
    }
}

#[test]
fn labels_overlap_nothing() {
    let diagram = diagram();
    let labels = labels(&diagram);
    for (index, label) in labels.iter().enumerate() {
        let area = Area::of_label(label);
        for other in &labels[index + 1..] {
            assert!(!area.meets(&Area::of_label(other)), "{label:?} and {other:?}");
        }
        for node in &diagram.nodes {
            assert!(!area.meets(&Area::of_node(node)), "{label:?} and {}", node.status);
        }
        for piece in diagram.ways.iter().flat_map(Area::of_way) {
            assert!(!area.meets(&piece), "{label:?} and {piece:?}");
        }
    }
}

#[test]
fn lines_cross_no_box() {
    let diagram = diagram();
    for piece in diagram.ways.iter().flat_map(Area::of_way) {
        for node in &diagram.nodes {
            assert!(!piece.meets(&Area::of_node(node)), "{piece:?} and {}", node.status);
        }
    }
}
