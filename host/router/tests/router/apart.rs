//! Steps beside the executor.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use sigmapol_core::{Admission, Decision, Engine, Error, Metered, Native, Turn};

use super::{Reply, World, config};

/// The native engine, whose steps wait for somebody else once they are told to.
struct Waits {
    waiting: AtomicUsize,
    gate: Mutex<Option<Receiver<()>>>,
    most: AtomicUsize,
    /// Steps that ever began.
    begun: AtomicUsize,
}

impl Waits {
    /// An engine that does not wait yet.
    fn new() -> Arc<Self> {
        let none = Mutex::new(None);
        let zero = || AtomicUsize::new(0);
        Arc::new(Self { waiting: zero(), gate: none, most: zero(), begun: zero() })
    }

    /// From now on each step needs a word.
    fn wait(&self) -> Sender<()> {
        let (word, gate) = channel();
        *self.gate.lock().unwrap_or_else(PoisonError::into_inner) = Some(gate);
        word
    }
}

impl Engine for Waits {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Metered<Admission>, Error> {
        Native.admit(term, vocabulary)
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Metered<String>, Error> {
        Native.hash(term, vocabulary)
    }

    fn decide(&self, policy: &str, ctx: &str) -> Result<Metered<Decision>, Error> {
        Native.decide(policy, ctx)
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        let now = self.waiting.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        self.begun.fetch_add(1, Ordering::SeqCst);
        if let Some(gate) = &*self.gate.lock().unwrap_or_else(PoisonError::into_inner) {
            // on the thread of the executor nobody could give the word
            let word = gate.recv_timeout(Duration::from_secs(10));
            assert!(word.is_ok(), "the executor stands still");
        }
        let turn = Native.step(run, event);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        turn
    }
}

/// One thread: it gives the word to steps that wait for it, or there would be no end.
#[tokio::test]
async fn the_executor_goes_on_during_a_step() {
    let engine = Waits::new();
    let own = Arc::clone(&engine);
    let script = [("a", &[Reply::Text(&["hello"])][..])];
    let world = World::of(&config(), &script, |builder| builder.engine(own).steps_apart(true));
    let before = engine.begun.load(Ordering::SeqCst);
    let word = engine.wait();
    let running = async {
        let run = world.router.begin(r#"{"prompt": "hi"}"#.to_owned()).await.unwrap();
        run.answer().await.unwrap()
    };
    let words = async {
        for step in 1..=2 {
            // the step has begun, and this task goes on
            while engine.begun.load(Ordering::SeqCst) < before + step {
                tokio::task::yield_now().await;
            }
            word.send(()).unwrap();
        }
    };
    let (outcome, ()) = tokio::join!(running, words);
    assert_eq!(outcome.text(), "hello");
}

/// An instance of a sandbox belongs to each step: there are never more of them than there are places.
#[tokio::test]
async fn steps_are_a_few_at_a_time() {
    let engine = Waits::new();
    let own = Arc::clone(&engine);
    let world = World::of(&config(), &[], |builder| builder.engine(own).steps_apart(true));
    engine.most.store(0, Ordering::SeqCst);
    let word = engine.wait();
    let runs: Vec<_> = (0..200)
        .map(|_| {
            let router = world.router.clone();
            tokio::spawn(async move { router.begin(r#"{"prompt": "hi"}"#.to_owned()).await })
        })
        .collect();
    let words = thread::spawn(move || (0..200).for_each(|_| word.send(()).unwrap()));
    for run in runs {
        run.await.unwrap().unwrap();
    }
    words.join().unwrap();
    let most = engine.most.load(Ordering::SeqCst);
    assert!((1..=64).contains(&most), "{most}");
}
