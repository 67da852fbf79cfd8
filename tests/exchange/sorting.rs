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

#[tokio::test]
async fn a_search_over_all_types_finds_users_and_groups() {
    for upstream in ["scim", "omni", "descope"] {
        let bench = Bench::new("scim", upstream);
        for name in ["ann", "bo"] {
            let user = json!({"userName": format!("{name}@corp.example"), "displayName": name});
            bench.send(Method::POST, "/Users", Some(&user)).await;
        }
        let group = json!({"displayName": "bo"});
        let made = bench.send(Method::POST, "/Groups", Some(&group)).await;
        assert_eq!(made.response.status, 201, "{upstream} {:?}", made.record.fault);
        let cases = [
            (json!({}), 3, 3),
            (json!({"filter": "displayName eq \"bo\""}), 2, 2),
            (json!({"filter": "userName sw \"ann\""}), 1, 1),
            (json!({"startIndex": 3, "count": 5}), 3, 1),
            (json!({"startIndex": 2, "count": 1}), 3, 1),
        ];
        for (search, total, shown) in cases {
            let answer = bench.send(Method::POST, "/.search", Some(&search)).await;
            assert_eq!(answer.response.status, 200, "{upstream} {:?}", answer.record.fault);
            let list = body(&answer);
            assert_eq!(list["totalResults"], total, "{upstream} {search}");
            let resources = list["Resources"].as_array().map_or(0, Vec::len);
            assert_eq!(resources, shown, "{upstream} {search}");
        }
    }
}
