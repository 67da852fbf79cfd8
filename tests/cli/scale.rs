//! Ten thousand routes: the program starts, and says in how much time and memory.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::running::{Place, call};

/// In an optimised build it is below 2 s on a machine of its own (`cargo bench --bench routes`); this
/// is for an unoptimised one beside other tests.
const BOUND: Duration = Duration::from_secs(60);
/// Of resident memory, in KiB, beyond that of one route.
const EACH: u64 = 12;

#[test]
fn ten_thousand_routes_start_and_take_little_memory_each() {
    let place = Place::new();
    let start = |routes: usize| {
        let mut text = place.text("watch = false", "");
        for n in 0..routes {
            let _ = write!(
                text,
                "[[route]]\nprefix = \"/tenant-{n}\"\nclient = \"scim\"\nupstream = \"a\"\n\
                 auth = \"none\"\n"
            );
        }
        place.write("config.toml", &text);
        let begin = Instant::now();
        let gateway = place.start(&[]);
        let took = begin.elapsed();
        let last = routes.saturating_sub(1);
        let path = format!("/tenant-{last}/scim/v2/Users");
        if routes > 0 {
            assert_eq!(call(place.client, "GET", &path, "").unwrap().status, 200);
        }
        let resident = place.metric("process_resident_memory_bytes") as u64 / 1024;
        gateway.signal("INT");
        assert_eq!(gateway.end(), Some(0));
        (took, resident)
    };
    let ((_, one), (took, all)) = (start(0), start(10_000));
    assert!(took < BOUND, "{took:?}");
    let each = all.saturating_sub(one) / 10_000;
    assert!(each < EACH, "{each} KiB for each route: {one} KiB with 1, {all} KiB with 10,001");
}
