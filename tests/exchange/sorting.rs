//! Sorted lists, whatever the upstream can sort.

use http::Method;
use serde_json::json;

use crate::harness::{Bench, body};

#[tokio::test]
async fn lists_are_sorted_on_every_upstream() {
    for upstream in ["scim", "omni", "pingone", "descope"] {
        let bench = Bench::new("scim", upstream);
        for name in ["bo", "Ann", "cy"] {
            let address = format!("{name}@corp.example");
            let user = json!({"userName": address, "displayName": name});
            let made = bench.send(Method::POST, "/Users", Some(&user)).await;
            assert_eq!(made.response.status, 201, "{upstream} {:?}", made.record.fault);
        }
        for (order, wanted) in
            [("ascending", ["Ann", "bo", "cy"]), ("descending", ["cy", "bo", "Ann"])]
        {
            let at = format!("/Users?sortBy=userName&sortOrder={order}");
            let list = bench.send(Method::GET, &at, None).await;
            assert_eq!(list.response.status, 200, "{upstream} {:?}", list.record.fault);
            let list = body(&list);
            let names: Vec<&str> = list["Resources"]
                .as_array()
                .expect("a list")
                .iter()
                .filter_map(|user| user["userName"].as_str()?.split('@').next())
                .collect();
            assert_eq!(names, wanted, "{upstream}");
        }
        let page =
            bench.send(Method::GET, "/Users?sortBy=userName&startIndex=2&count=1", None).await;
        let page = body(&page);
        assert_eq!(page["totalResults"], 3, "{upstream}");
        assert_eq!(page["Resources"][0]["userName"], "bo@corp.example", "{upstream}");
        assert_eq!(bench.sandbox.foreign(), Vec::<String>::new(), "{upstream}");
    }
}
