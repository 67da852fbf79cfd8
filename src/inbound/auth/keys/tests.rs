//! When keys are read anew, and what becomes of tokens meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::observe::AccessRecord;

/// Counts readings that went well and that did not.
#[derive(Default)]
struct Counted([AtomicUsize; 2]);

impl Observer for Counted {
    fn answered(&self, _: &AccessRecord<'_>) {}

    fn happened(&self, event: &Event) {
        if let Event::Keys(read) = event {
            self.0[usize::from(read.is_err())].fetch_add(1, Ordering::SeqCst);
        }
    }
}

struct Trial {
    file: tempfile::NamedTempFile,
    counted: Arc<Counted>,
    set: Arc<KeySet>,
}

impl Trial {
    fn new() -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        publish(&file, "first");
        let minutes = |n: u64| Duration::from_secs(n * 60);
        let place = KeyPlace::File(file.path().to_owned());
        let source = KeySource { place, refresh: minutes(10), keep: minutes(60) };
        let set = Arc::new(KeySet::new(&source).unwrap());
        Self { file, counted: Arc::default(), set }
    }

    async fn find(&self, name: &str) -> Result<(), NoKey> {
        let observer: Arc<dyn Observer> = self.counted.clone();
        self.set.find(Some(name), Algorithm::EdDSA, &observer).await.map(drop)
    }

    fn read(&self) -> [usize; 2] {
        [0, 1].map(|index: usize| self.counted.0[index].load(Ordering::SeqCst))
    }

    /// Until nothing is under way.
    async fn settle(&self) {
        let read = self.set.flight.lock().unwrap().read.clone();
        if let Some(mut read) = read {
            let _ = read.wait_for(Option::is_some).await;
        }
    }
}

fn publish(file: &tempfile::NamedTempFile, name: &str) {
    let key = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let keys = [serde_json::json!({"kty": "OKP", "crv": "Ed25519", "kid": name, "x": key})];
    std::fs::write(file.path(), serde_json::json!({"keys": keys}).to_string()).unwrap();
}

async fn pass(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn an_unknown_name_reads_the_keys_once_and_finds_the_new_one() {
    let trial = Trial::new();
    assert_eq!(trial.find("first").await, Ok(()));
    assert_eq!(trial.read(), [0, 0]);
    assert_eq!(trial.find("second").await, Err(NoKey::Unknown));
    publish(&trial.file, "second");
    for _ in 0..20 {
        let told = trial.find("second").await;
        assert_eq!(told, Err(NoKey::Unavailable), "not read again at once, and not a guess");
    }
    assert_eq!(trial.read(), [1, 0]);
    pass(3).await;
    assert_eq!(trial.find("second").await, Ok(()));
    assert_eq!(trial.find("first").await, Err(NoKey::Unavailable));
    pass(3).await;
    assert_eq!(trial.find("first").await, Err(NoKey::Unknown), "the issuer took it back");
    assert_eq!(trial.read(), [3, 0]);
}

#[tokio::test(start_paused = true)]
async fn many_at_once_are_one_reading() {
    let trial = Arc::new(Trial::new());
    publish(&trial.file, "second");
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let trial = trial.clone();
        all.spawn(async move { trial.find("second").await });
    }
    assert!(all.join_all().await.iter().all(Result::is_ok));
    assert_eq!(trial.read(), [1, 0]);
}

#[tokio::test(start_paused = true)]
async fn old_keys_serve_while_they_are_read_anew_and_too_old_ones_do_not() {
    let trial = Trial::new();
    publish(&trial.file, "second");
    pass(601).await;
    assert_eq!(trial.find("first").await, Ok(()), "without a wait");
    trial.settle().await;
    assert_eq!((trial.find("second").await, trial.read()), (Ok(()), [1, 0]));

    std::fs::write(trial.file.path(), "gone").unwrap();
    for _ in 0..5 {
        pass(700).await;
        assert_eq!(trial.find("second").await, Ok(()), "the issuer fails");
        trial.settle().await;
    }
    assert_eq!(trial.read(), [1, 5]);
    pass(101).await;
    assert_eq!(trial.find("second").await, Err(NoKey::Unavailable));
    publish(&trial.file, "second");
    pass(11).await;
    assert_eq!(trial.find("second").await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn who_invents_names_keeps_a_new_key_from_nobody_for_long() {
    let trial = Trial::new();
    for round in 0..20 {
        // One of them is proven unknown; the others are not, and nobody is counted for it.
        assert_eq!(trial.find("invented").await, Err(NoKey::Unknown));
        assert_eq!(trial.find("invented, too").await, Err(NoKey::Unavailable));
        let name = format!("new {round}");
        publish(&trial.file, &name);
        assert_eq!(trial.find(&name).await, Err(NoKey::Unavailable));
        pass(2).await;
        assert_eq!(trial.find(&name).await, Ok(()));
        pass(2).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_fails_or_began_before_proves_nothing() {
    let trial = Arc::new(Trial::new());
    std::fs::write(trial.file.path(), "gone").unwrap();
    assert_eq!(trial.find("second").await, Err(NoKey::Unavailable));
    assert_eq!(trial.find("first").await, Ok(()));
    publish(&trial.file, "first");
    pass(3).await;
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let trial = trial.clone();
        all.spawn(async move { trial.find("second").await });
    }
    let told = all.join_all().await;
    let unknown = told.iter().filter(|told| **told == Err(NoKey::Unknown)).count();
    assert_eq!((unknown, trial.read()), (1, [1, 1]), "{told:?}");
}

#[tokio::test]
async fn a_key_that_its_file_withdraws_is_gone_without_a_token() {
    let trial = Trial::new();
    let observer: Arc<dyn Observer> = trial.counted.clone();
    trial.set.tend(&observer);
    publish(&trial.file, "second");
    let begin = std::time::Instant::now();
    while trial.read() != [1, 0] && begin.elapsed() < Duration::from_secs(20) {
        tokio::task::yield_now().await;
    }
    assert_eq!(trial.find("second").await, Ok(()));
    assert_eq!(trial.find("first").await, Err(NoKey::Unknown));
    publish(&trial.file, "third");
    assert_eq!(trial.set.look_now(), Ok(()));
    assert_eq!(trial.find("third").await, Ok(()));
    std::fs::write(trial.file.path(), "gone").unwrap();
    assert!(trial.set.look_now().unwrap_err().contains("no key"));
    assert_eq!(trial.find("third").await, Ok(()));
}
