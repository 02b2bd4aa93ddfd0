//! No file of the crate imports one that imports it, over however many others.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The files under a folder, by their module path, with their text.
fn modules(folder: &Path, name: &str, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let module = if name.is_empty() { stem.to_owned() } else { format!("{name}::{stem}") };
        match path.is_dir() {
            // what the crate hands out is imported by nobody in it, and tests by nobody at all
            _ if ["lib", "tests"].contains(&stem) => {}
            true => modules(&path, &module, found),
            false => {
                let module = if stem == "mod" { name.to_owned() } else { module };
                found.insert(module, fs::read_to_string(&path).unwrap());
            }
        }
    }
}

/// The paths that a tree of imports names: `a::{b, c::{d}}` is `a::b` and `a::c::d`.
fn paths(tree: &str, before: &str, found: &mut BTreeSet<String>) {
    let Some((head, rest)) = tree.split_once('{') else {
        found.insert(format!("{before}{}", tree.trim()));
        return;
    };
    let (head, mut depth, mut from) = (format!("{before}{}", head.trim()), 0, 0);
    let rest = &rest[..rest.rfind('}').unwrap()];
    for (at, character) in rest.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                paths(&rest[from..at], &head, found);
                from = at + 1;
            }
            _ => {}
        }
    }
    if !rest[from..].trim().is_empty() {
        paths(&rest[from..], &head, found);
    }
}

/// Which of the modules a text imports.
fn imports(module: &str, text: &str, all: &BTreeSet<String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, keyword) in text.match_indices("use ") {
        let starts = text[..at].rsplit('\n').next().unwrap();
        let tree = text[at + keyword.len()..].split(';').next().unwrap();
        if ["", "pub ", "pub(crate) "].contains(&starts) {
            paths(tree, "", &mut found);
        }
    }
    let module_of = |path: &String| {
        let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
        let path = match path.split_once("::") {
            Some(("crate", path)) => path.to_owned(),
            Some(("super", path)) => format!("{parent}::{path}"),
            // a file may name what is in its own folder
            _ => format!("{module}::{path}"),
        };
        let mut path = path.as_str();
        while !all.contains(path) {
            path = path.rsplit_once("::")?.0;
        }
        (path != module).then(|| path.to_owned())
    };
    found.iter().filter_map(module_of).collect()
}

#[test]
fn no_file_imports_itself_over_others() {
    let mut texts = BTreeMap::new();
    modules(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut texts);
    let all: BTreeSet<_> = texts.keys().cloned().collect();
    let mut graph: BTreeMap<_, _> =
        texts.iter().map(|(module, text)| (module.clone(), imports(module, text, &all))).collect();
    // that it reads imports at all, and these two
    assert!(graph["walk"].contains("texts") && graph["walk"].contains("line"), "{graph:?}");
    // what imports nothing that is left is taken away, until nothing can be
    while let Some(leaf) = graph.iter().find(|(_, others)| others.is_empty()).map(|(name, _)| name)
    {
        let leaf = leaf.clone();
        graph.remove(&leaf);
        for others in graph.values_mut() {
            others.remove(&leaf);
        }
    }
    assert!(graph.is_empty(), "these import one another: {graph:#?}");
    for (module, text) in &texts {
        let lines = text.lines().count();
        assert!(lines < 300, "{module} has {lines} lines");
    }
}
