//! Log records: those of the engine, and the router's own in the same form.

use std::sync::Arc;

use sigmapol_core::json::{Object, quote};

type Sink = dyn Fn(&str) + Send + Sync;

/// Takes log records, one JSON object each: `{level, event, fields}`.
#[derive(Clone, Default)]
pub(super) struct Log(Option<Arc<Sink>>);

impl Log {
    pub(super) fn to(sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(sink)))
    }

    pub(super) fn record(&self, record: &str) {
        if let Some(sink) = &self.0 {
            sink(record);
        }
    }

    pub(super) fn warn(&self, event: &str, fields: &[(&str, &str)]) {
        let fields = fields
            .iter()
            .fold(Object::new(), |object, (name, value)| object.with(name, &quote(value)))
            .finish();
        let record = Object::new()
            .with("level", &quote("warn"))
            .with("event", &quote(event))
            .with("fields", &fields);
        self.record(&record.finish());
    }
}
