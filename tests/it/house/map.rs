//! `docs/ARCHITECTURE.md` shows the floors as they are planned and built.

use super::{plan, root};

/// Rows of the floors table: floor, room, whether it is marked as planned.
fn rows(text: &str) -> Vec<(usize, String, bool)> {
    let mut rows = Vec::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, floor, rooms, what, ..] = cells.as_slice() else { continue };
        let Ok(floor) = floor.parse::<usize>() else { continue };
        for room in rooms.split('`').skip(1).step_by(2) {
            rows.push((floor, room.to_owned(), what.starts_with("*planned*")));
        }
    }
    rows
}

/// What the map gets wrong.
fn differences(rows: &[(usize, String, bool)], built: impl Fn(&str) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for (floor, rooms) in plan::FLOORS.iter().enumerate() {
        for room in *rooms {
            match rows.iter().find(|(_, name, _)| name == room) {
                None => wrong.push(format!("`{room}` (floor {floor}) is missing; add a row")),
                Some((shown, ..)) if *shown != floor => {
                    wrong.push(format!("`{room}` is on floor {floor}, not {shown}"));
                }
                Some((.., planned)) if *planned == built(room) => {
                    let now = if *planned {
                        "is built; take *planned* away"
                    } else {
                        "is not built; mark it *planned*"
                    };
                    wrong.push(format!("`{room}` {now}"));
                }
                Some(_) => {}
            }
        }
    }
    let strangers = rows.iter().filter(|(_, room, _)| plan::floor(room).is_none());
    wrong.extend(strangers.map(|(_, room, _)| format!("`{room}` is no room")));
    wrong
}

#[test]
fn the_map_shows_the_house() {
    let text = std::fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let wrong = differences(&rows(&text), |room| root().join("src").join(room).is_dir());
    assert!(wrong.is_empty(), "\ndocs/ARCHITECTURE.md, table of floors:\n{}\n", wrong.join("\n"));
}

#[test]
fn a_wrong_map_is_noticed() {
    let right: Vec<(usize, String, bool)> = plan::FLOORS
        .iter()
        .enumerate()
        .flat_map(|(floor, rooms)| rooms.iter().map(move |room| (floor, (*room).to_owned(), false)))
        .collect();
    let count = |rows: &[_]| differences(rows, |_| true).len();
    assert_eq!(count(&right), 0);
    assert_eq!(count(&right[1..]), 1);
    let mut moved = right.clone();
    moved[0].0 = 7;
    moved[1].2 = true;
    moved.push((3, "attic".to_owned(), false));
    assert_eq!(count(&moved), 3);
    assert_eq!(rows("| 3 | `a` · `b` | *planned* Does. |"), [(3, "a".into(), true), (3, "b".into(), true)]);
}
