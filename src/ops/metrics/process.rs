//! The metrics of the process, which the library makes; the table names them.

use super::metric::{Kind, Metric};

pub(super) const PROCESS_CPU: Metric = process(
    "process_cpu_seconds_total",
    Kind::Counter,
    "Total user and system CPU time spent in seconds.",
);

pub(super) const PROCESS_MAX_FDS: Metric =
    process("process_max_fds", Kind::Gauge, "Maximum number of open file descriptors.");

pub(super) const PROCESS_OPEN_FDS: Metric =
    process("process_open_fds", Kind::Gauge, "Number of open file descriptors.");

pub(super) const PROCESS_MEMORY: Metric =
    process("process_resident_memory_bytes", Kind::Gauge, "Resident memory size in bytes.");

pub(super) const PROCESS_START: Metric = process(
    "process_start_time_seconds",
    Kind::Gauge,
    "Start time of the process since unix epoch in seconds.",
);

pub(super) const PROCESS_THREADS: Metric =
    process("process_threads", Kind::Gauge, "Number of OS threads in the process.");

pub(super) const PROCESS_VIRTUAL: Metric =
    process("process_virtual_memory_bytes", Kind::Gauge, "Virtual memory size in bytes.");

/// One that the library makes, under the name and help that it gives; on Linux alone.
const fn process(name: &'static str, kind: Kind, help: &'static str) -> Metric {
    Metric { name, kind, help, labels: &[] }
}
