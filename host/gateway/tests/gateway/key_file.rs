//! The file of keys: what is taken for one, how it is written, and that a change is seen.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use sigmapol_gateway::{Edit, FileStore, Key, KeyDigest, Status, Store};

const NEW: &str = r#"{"version": 1, "consumers": []}"#;

fn add(key: &str) -> Edit {
    Edit::Add { key: Key::new(KeyDigest::of(key), SystemTime::now(), None), allowed: None }
}

fn write(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    set_mode(path, mode);
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;

    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

fn opened(path: &Path) -> String {
    FileStore::open(path).map_or_else(|error| error.to_string(), |_| "opened".to_owned())
}

/// Whether a key is known.
async fn knows(store: &FileStore, key: &str) -> bool {
    store.find(&KeyDigest::of(key)).await.unwrap().is_some()
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| PathBuf::from(entry.unwrap().file_name()))
        .collect();
    names.sort();
    names
}

#[cfg(unix)]
#[test]
fn what_is_no_file_of_keys() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let shown = path.display();
    assert_eq!(opened(&path), format!("{shown}: No such file or directory (os error 2)"));
    write(&path, NEW, 0o644);
    let expected = "expected a file for its owner alone (chmod 600), got mode 0644";
    assert_eq!(opened(&path), format!("{shown}: {expected}"));
    set_mode(&path, 0o600);
    assert_eq!(opened(&path), "opened");
    write(&path, r#"{"version": 1, "consumers": [{"nam": "x"}]}"#, 0o600);
    let expected =
        "$.consumers[0].nam: unknown key, expected one of name, status, allowed_routes, keys";
    assert_eq!(opened(&path), format!("{shown}: {expected}"));
    write(&path, &" ".repeat((16 << 20) + 1), 0o600);
    assert_eq!(opened(&path), format!("{shown}: expected at most 16777216 bytes, got more"));
    write(&path, NEW, 0o600);
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let shown = link.display();
    assert_eq!(opened(&link), format!("{shown}: expected a regular file, got a link"));
    let shown = folder.path().display();
    assert_eq!(opened(folder.path()), format!("{shown}: expected a regular file, got a folder"));
}

#[tokio::test]
async fn it_is_written_whole_and_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let store = FileStore::open_or_new(&path).unwrap();
    store.edit("app", add("sk-a")).await.unwrap();
    assert!(knows(&store, "sk-a").await);
    assert_eq!(names(folder.path()), ["keys.json", "keys.json.lock"].map(PathBuf::from));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    }
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(KeyDigest::of("sk-a").as_str()) && !text.contains("sk-a"), "{text}");
    // an edit that is refused leaves it as it is
    for (name, edit, expected) in [
        ("a b", add("x"), "consumer: expected a name of 1 to 64 letters, digits and -._@"),
        (
            "other",
            add("sk-a"),
            "$.consumers[1].keys[0].sha256: another key begins with the same 12 digits",
        ),
    ] {
        assert_eq!(store.edit(name, edit).await.unwrap_err().to_string(), expected);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    // and so does one that finds something else in its place
    fs::write(&path, "{").unwrap();
    let error = store.edit("app", add("x")).await.unwrap_err().to_string();
    assert!(error.contains("$: expected JSON: EOF"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "{");
}

/// Another process, such as the command.
#[tokio::test]
async fn a_change_of_another_one_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    write(&path, NEW, 0o600);
    let here = FileStore::open(&path).unwrap().look_every(Duration::ZERO);
    let seldom = FileStore::open(&path).unwrap().look_every(Duration::from_secs(3600));
    let there = FileStore::open(&path).unwrap();
    there.edit("app", add("sk-a")).await.unwrap();
    assert!(knows(&here, "sk-a").await);
    assert!(!knows(&seldom, "sk-a").await);
    // in place, too
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"active\"", "\"inactive\"")).unwrap();
    let found = here.find(&KeyDigest::of("sk-a")).await.unwrap().unwrap();
    assert_eq!(found.consumer.status, Status::Inactive);
    // what cannot be read changes nothing, and is read once it can be
    for wrong in ["{", r#"{"version": 2}"#] {
        fs::write(&path, wrong).unwrap();
        assert!(knows(&here, "sk-a").await);
    }
    fs::remove_file(&path).unwrap();
    assert!(knows(&here, "sk-a").await);
    // it is not made anew without the keys that it had
    let error = here.edit("new", add("sk-n")).await.unwrap_err();
    assert!(error.to_string().contains("No such file"), "{error}");
    assert!(!path.exists() && knows(&here, "sk-a").await);
    write(&path, NEW, 0o600);
    assert!(!knows(&here, "sk-a").await);
    // an edit knows what is there, whatever was seen before
    there.edit("other", add("sk-b")).await.unwrap();
    seldom.edit("third", add("sk-c")).await.unwrap();
    assert!(knows(&seldom, "sk-b").await && !knows(&seldom, "sk-a").await);
}

/// No edit is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn edits_at_a_time_come_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let stores: Vec<_> = (0..4).map(|_| Arc::new(FileStore::open_or_new(&path).unwrap())).collect();
    let edits = (0..40).map(|number| {
        let store = Arc::clone(&stores[number % stores.len()]);
        tokio::spawn(async move {
            let edit = add(&format!("sk-{number}"));
            store.edit(&format!("c{}", number % 3), edit).await.unwrap();
        })
    });
    for edit in edits.collect::<Vec<_>>() {
        edit.await.unwrap();
    }
    let store = FileStore::open(&path).unwrap();
    for number in 0..40 {
        assert!(knows(&store, &format!("sk-{number}")).await, "{number}");
    }
    let keys: usize = store.list().await.unwrap().iter().map(|consumer| consumer.keys.len()).sum();
    assert_eq!(keys, 40);
}
