//! Metrics by their labels.
//!
//! Two sets of labels are one where every value is the same. The library's own vectors know a set by a
//! hash of its values put together, by which `/a` and `b` are `/ab` and nothing.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{PoisonError, RwLock};

use prometheus::core::Metric as Countable;
use prometheus::proto::{Gauge, LabelPair, Metric as Sample, MetricFamily, MetricType};
use prometheus::{Histogram, HistogramOpts, IntCounter};

use super::metric::{Kind, Metric};

/// One metric of the table: a counter or histogram for each set of label values.
pub(super) struct Family<T> {
    metric: Metric,
    make: fn(&Metric) -> Result<T, prometheus::Error>,
    hash: RandomState,
    /// By a hash of the values, which several sets may share.
    children: RwLock<HashMap<u64, Vec<Child<T>>>>,
}

struct Child<T> {
    values: Box<[Box<str>]>,
    counted: T,
}

pub(super) fn counters(metric: Metric) -> Family<IntCounter> {
    Family::new(metric, |metric| IntCounter::new(metric.name, metric.help))
}

/// A histogram with the buckets that the table says.
pub(super) fn histograms(metric: Metric) -> Family<Histogram> {
    Family::new(metric, |metric| {
        let options = HistogramOpts::new(metric.name, metric.help);
        Histogram::with_opts(options.buckets(metric.buckets().to_vec()))
    })
}

impl<T: Countable> Family<T> {
    fn new(metric: Metric, make: fn(&Metric) -> Result<T, prometheus::Error>) -> Self {
        Self { metric, make, hash: RandomState::new(), children: RwLock::default() }
    }

    /// Counts under these values, in the order of the table's labels.
    pub fn with(&self, values: &[&str], count: impl FnOnce(&T)) {
        let key = self.hash.hash_one(values);
        let same = |child: &&Child<T>| child.values.iter().map(|v| &**v).eq(values.iter().copied());
        {
            let children = self.children.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(child) = children.get(&key).and_then(|all| all.iter().find(same)) {
                return count(&child.counted);
            }
        }
        let mut children = self.children.write().unwrap_or_else(PoisonError::into_inner);
        let all = children.entry(key).or_default();
        if !all.iter().any(|child| same(&child)) {
            // The table has no name that the library refuses: a test makes all of them.
            let Ok(counted) = (self.make)(&self.metric) else { return };
            let values = values.iter().map(|value| Box::from(*value)).collect();
            all.push(Child { values, counted });
        }
        if let Some(child) = all.iter().find(same) {
            count(&child.counted);
        }
    }

    /// As it stands; `None` where nothing was counted yet.
    pub fn gather(&self) -> Option<MetricFamily> {
        let children = self.children.read().unwrap_or_else(PoisonError::into_inner);
        let samples = children.values().flatten().map(|child| {
            let mut sample = child.counted.metric();
            sample.set_label(labels(&self.metric, child.values.iter().map(|v| &**v)));
            sample
        });
        family(&self.metric, samples.collect())
    }
}

/// A gauge that is read now: its values by those of its labels. `None` where there is nothing.
pub(super) fn gauges<'v>(
    metric: Metric,
    values: impl IntoIterator<Item = (Vec<&'v str>, usize)>,
) -> Option<MetricFamily> {
    let samples = values.into_iter().map(|(values, value)| {
        let mut gauge = Gauge::default();
        gauge.set_value(f64::from(u32::try_from(value).unwrap_or(u32::MAX)));
        let mut sample = Sample::from_gauge(gauge);
        sample.set_label(labels(&metric, values.into_iter()));
        sample
    });
    family(&metric, samples.collect())
}

fn labels<'v>(metric: &Metric, values: impl Iterator<Item = &'v str>) -> Vec<LabelPair> {
    let pair = |(name, value): (&&str, &str)| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value(value.to_owned());
        pair
    };
    let mut pairs: Vec<_> = metric.labels.iter().zip(values).map(pair).collect();
    pairs.sort_by(|one, other| one.name().cmp(other.name()));
    pairs
}

fn family(metric: &Metric, mut samples: Vec<Sample>) -> Option<MetricFamily> {
    let values = |sample: &Sample| {
        sample.get_label().iter().map(|pair| pair.value().to_owned()).collect::<Vec<_>>()
    };
    samples.sort_by_cached_key(values);
    let mut family = MetricFamily::default();
    family.set_name(metric.name.to_owned());
    family.set_help(metric.help.to_owned());
    family.set_field_type(match metric.kind {
        Kind::Counter => MetricType::COUNTER,
        Kind::Gauge => MetricType::GAUGE,
        Kind::Histogram => MetricType::HISTOGRAM,
    });
    family.set_metric(samples);
    (!family.get_metric().is_empty()).then_some(family)
}

impl<T> fmt::Debug for Family<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.metric.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::metrics::table::AUTHENTICATED;

    #[test]
    fn labels_that_read_alike_put_together_are_counted_apart() {
        let family = counters(AUTHENTICATED);
        for values in [["/a", "b"], ["/ab", ""], ["", "/ab"], ["/a", "b"]] {
            family.with(&values, IntCounter::inc);
        }
        let gathered = family.gather().unwrap();
        let counted: Vec<_> = gathered
            .get_metric()
            .iter()
            .map(|one| {
                (
                    one.get_label()[0].value(),
                    one.get_label()[1].value(),
                    one.get_counter().get_value(),
                )
            })
            .collect();
        // By name: credential, route.
        assert_eq!(counted, [("", "/ab", 1.0), ("/ab", "", 1.0), ("b", "/a", 2.0)]);
    }
}
