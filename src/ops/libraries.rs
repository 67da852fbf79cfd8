//! What the HTTP library itself would log. Its lines hold addresses and paths, so that none of them is
//! written: they are counted, by the part that speaks.

use prometheus::IntCounterVec;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use crate::serve::library_part;

/// Lets nothing of the library's through, and counts its warnings and errors.
pub(super) struct Libraries {
    /// By part and level.
    messages: IntCounterVec,
}

impl Libraries {
    pub fn new(messages: IntCounterVec) -> Self {
        Self { messages }
    }
}

impl<S: Subscriber> Layer<S> for Libraries {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // What comes by the `log` crate has one callsite for all its targets.
        let many = metadata.target() == "log" || library_part(metadata.target()).is_some();
        if many { Interest::sometimes() } else { Interest::always() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let Some(part) = library_part(metadata.target()) else { return true };
        if *metadata.level() <= Level::WARN {
            let level = if *metadata.level() == Level::ERROR { "error" } else { "warning" };
            self.messages.with_label_values(&[part, level]).inc();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::ops::Metrics;
    use crate::serve::LIBRARY;

    #[derive(Clone, Default)]
    struct Text(Arc<Mutex<Vec<u8>>>);

    impl Write for Text {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_the_library_says_is_counted_and_not_written() {
        let (metrics, text) = (Metrics::new().unwrap(), Text::default());
        let own = text.clone();
        let layer = tracing_subscriber::fmt::layer().with_writer(move || own.clone());
        let libraries = Libraries::new(metrics.library_messages());
        let subscriber = tracing_subscriber::registry().with(libraries).with(layer);
        tracing::subscriber::with_default(subscriber, || {
            (0..2).for_each(|_| tracing::error!(target: LIBRARY, "from 10.1.2.3"));
            tracing::info!(target: LIBRARY, "10.1.2.3");
            tracing::warn!(target: "somebody", "else");
        });
        let written = String::from_utf8(text.0.lock().unwrap().clone()).unwrap();
        assert!(written.contains("else") && !written.contains("10.1.2.3"), "{written}");
        let counted = metrics.text();
        assert!(counted.contains("level=\"error\",part=\"other\"} 2"), "{counted}");
        assert!(!counted.contains("level=\"warning\""), "{counted}");
    }
}
