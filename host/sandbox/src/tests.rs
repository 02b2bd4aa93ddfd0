//! The limits of a call, on the embedded component and on its core module.

use std::{sync::LazyLock, time::Duration};

use crate::{Cache, CoreSandbox, Engine, Error, Exhausted, Limits, RefusalCode, Sandbox, artifact};

/// Compiled once, since that is what takes the time.
static COMPONENT: LazyLock<Sandbox> =
    LazyLock::new(|| Sandbox::load(artifact::COMPONENT, &Cache::disabled()).unwrap());
static CORE: LazyLock<CoreSandbox> =
    LazyLock::new(|| CoreSandbox::load(artifact::CORE_MODULE, &Cache::disabled()).unwrap());

/// Both engines under the same limits.
fn both(limits: Limits) -> [Box<dyn Engine>; 2] {
    [Box::new(COMPONENT.with_limits(limits).unwrap()), Box::new(CORE.with_limits(limits).unwrap())]
}

fn exhausted(limits: Limits, term: &str) -> [Exhausted; 2] {
    both(limits).map(|engine| match engine.admit(term, "{}").unwrap_err() {
        Error::Exhausted(what) => what,
        error => panic!("{error}"),
    })
}

#[test]
fn fuel() {
    for fuel in [0, 1, 100] {
        let limits = Limits { fuel, ..Limits::default() };
        assert_eq!(exhausted(limits, r#"["top"]"#), [Exhausted::Fuel; 2]);
    }
}

#[test]
fn memory_at_the_start() {
    let limits = Limits { memory_bytes: 0, ..Limits::default() };
    assert_eq!(exhausted(limits, r#"["top"]"#), [Exhausted::Memory; 2]);
}

#[test]
fn memory_for_an_argument() {
    let limits = Limits { memory_bytes: 2 << 20, ..Limits::default() };
    assert_eq!(exhausted(limits, &" ".repeat(8 << 20)), [Exhausted::Memory; 2]);
}

#[test]
fn memory_is_that_of_the_component() {
    let report = defloat::inspect(artifact::COMPONENT).unwrap();
    let pages = report.memories[0].max_pages.unwrap();
    assert_eq!(usize::try_from(pages).unwrap() * 65_536, crate::limits::MEMORY_BYTES);
}

#[test]
fn deadline() {
    let limits = Limits { deadline: Some(Duration::ZERO), ..Limits::default() };
    let long = format!("[{}", r#"["top"],"#.repeat(1 << 20));
    assert_eq!(exhausted(limits, &long), [Exhausted::Deadline; 2]);
}

#[test]
fn a_deadline_that_is_met() {
    let limits = Limits { deadline: Some(Duration::from_secs(60)), ..Limits::default() };
    for engine in both(limits) {
        assert!(engine.admit(r#"["top"]"#, "{}").is_ok());
    }
}

#[test]
fn result() {
    let limits = Limits { result_bytes: 10, ..Limits::default() };
    assert_eq!(exhausted(limits, r#"["top"]"#), [Exhausted::Result; 2]);
}

#[test]
fn input_is_measured_before_it_is_copied() {
    let limits = Limits { input_bytes: 7, fuel: 0, ..Limits::default() };
    for engine in both(limits) {
        let error = engine.admit(r#"["zero"]"#, "{}").unwrap_err();
        let Error::Refused(refusal) = error else { panic!("{error}") };
        assert_eq!(refusal.code, RefusalCode::InputSize);
        assert_eq!(refusal.message, "term: expected at most 7 bytes, got 8");
    }
}

#[test]
fn spent_is_the_same_for_the_same_call() {
    for engine in both(Limits::default()) {
        let [first, second] =
            [(), ()].map(|()| engine.hash(r#"["and", ["top"], ["bot"]]"#, "{}").unwrap());
        assert_eq!(first.value, second.value);
        assert_eq!(first.spent.fuel, second.spent.fuel);
        assert!(first.spent.fuel > 0);
        assert!(first.spent.memory_bytes >= 65_536);
    }
}

#[test]
fn not_a_component() {
    for bytes in [&b""[..], b"text", artifact::CORE_MODULE] {
        let error = Sandbox::load(bytes, &Cache::disabled()).unwrap_err();
        assert_eq!(error.code(), "load", "{error}");
    }
    for bytes in [artifact::COMPONENT, b"\0asm\x01\0\0\0"] {
        let error = CoreSandbox::load(bytes, &Cache::disabled()).unwrap_err();
        assert_eq!(error.code(), "load", "{error}");
    }
}

#[test]
fn compiled_code_comes_from_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path());
    Sandbox::load(artifact::COMPONENT, &cache).unwrap();
    let [file] = std::fs::read_dir(folder.path()).unwrap().collect::<Vec<_>>().try_into().unwrap();
    let path = file.unwrap().path();
    let written = std::fs::read(&path).unwrap();

    // whole, but of another engine: not run, and not an error
    cache.write(path.file_name().unwrap().to_str().unwrap(), b"not machine code");
    let sandbox = Sandbox::load(artifact::COMPONENT, &cache).unwrap();
    assert!(sandbox.hash(r#"["top"]"#, "{}").is_ok());
    assert_eq!(std::fs::read(&path).unwrap(), written);
}
