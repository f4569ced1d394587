//! The tour in `docs/tour.md`: its commands run, and what they print is what stands there.

use std::fs;
use std::path::Path;

use regex::Regex;

use super::Visit;

/// A command, and what it prints.
struct Step {
    command: String,
    printed: String,
}

/// What stands between ```` ```console ```` and ```` ``` ````: commands behind `$`, and below each what it prints.
fn steps(tour: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut is_inside = false;
    for line in tour.lines() {
        match line.strip_prefix("```") {
            Some(language) => is_inside = !is_inside && language == "console",
            None if !is_inside => {}
            None => match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => {
                    steps.push(Step { command: command.to_owned(), printed: String::new() });
                }
                (None, Some(step)) => step.printed.push_str(&format!("{line}\n")),
                (None, None) => panic!("what prints this? {line}"),
            },
        }
    }
    steps
}

/// `…` stands for whatever a line has there, and may have none of.
fn matches(expected: &str, printed: &str) -> bool {
    let pattern = regex::escape(expected).replace('…', ".*");
    Regex::new(&format!("^{pattern}$")).unwrap().is_match(printed)
}

#[test]
fn the_tour_is_as_it_stands_in_the_documents() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tour.md");
    let steps = steps(&fs::read_to_string(path).unwrap());
    assert!(steps.len() > 20, "only {} steps", steps.len());
    let visit = Visit::new();
    for Step { command, printed } in steps {
        let output = visit.shell(&format!("exec 2>&1; {command}")).output().unwrap();
        let found = String::from_utf8(output.stdout).unwrap();
        let is_as_told = printed.lines().count() == found.lines().count()
            && printed.lines().zip(found.lines()).all(|(expected, line)| matches(expected, line));
        assert!(is_as_told, "$ {command}\n--- the tour\n{printed}--- now\n{found}");
    }
}
