//! Manners of the command line: the demonstration, what `run` prints, hints, standard input.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};

use crate::program::{Running, wait_for};
use crate::verbs::run;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a verb in a folder with these bytes on standard input.
fn fed(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scim-gateway"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

// What README prints is what a stranger gets.
#[test]
fn the_demonstration_ends_in_the_answer_that_the_readme_prints() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_scim-gateway"))
        .arg("demo")
        .current_dir(folder.path())
        .output()
        .unwrap();
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{shown}{}", text(&output.stderr));
    for part in ["curl -i -X PUT", "\n200 OK\n", "\nscim-gateway-loss: displayName, "] {
        assert!(shown.to_lowercase().contains(&part.to_lowercase()), "{part}: {shown}");
    }
    assert!(shown.ends_with("# the answer is the one that README.md prints\n"), "{shown}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it leaves nothing behind");
}

/// A curl line as `run` prints it: method, path, headers, body.
fn read_curl(line: &str, client: &str) -> (String, String, String, String) {
    let body = line.split_once("-d '").and_then(|(_, rest)| rest.split_once('\''));
    let body = body.map(|(body, _)| body.to_owned()).unwrap_or_default();
    let head = line.replace(&format!("-d '{body}'"), "");
    let headers =
        head.split("-H ").skip(1).filter_map(|rest| rest.get(1..)?.split(['\'', '"']).next());
    let headers: String = headers.map(|header| format!("{header}\r\n")).collect();
    let path = line.rsplit(' ').next().unwrap().split_once(client).unwrap().1.to_owned();
    let method = if body.is_empty() { "GET" } else { "POST" };
    (method.to_owned(), path, headers, body)
}

// What each route is, a read that shows someone, and a write that is taken.
#[test]
fn what_run_prints_of_each_route_works_when_it_is_pasted() {
    let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (client, admin) = (free(), free());
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config.toml"))
        .unwrap()
        .replace("127.0.0.1:8080", &client.to_string())
        .replace("127.0.0.1:9090", &admin.to_string());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_scim-gateway"));
    command.arg("run").arg(&file).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let _running = Running::of(child);
    let lines: Vec<String> = lines.map_while(Result::ok).take(31).collect();
    wait_for(&client.to_string());
    let (admins, routes) = lines.split_first().unwrap();
    assert!(admins.starts_with("# admin"), "{admins}");
    let first = "# /okta/omni: clients speak SCIM 2.0, the upstream `omni` is Omni, simulated";
    assert_eq!(routes[0], first);
    for route in routes.chunks(3) {
        let [words, read, write] = route else { panic!("{route:?}") };
        assert!(words.starts_with("# /"), "{words}");
        for (line, status) in [(read, 200), (write, 201)] {
            assert!(line.starts_with("curl "), "{line}");
            let (method, path, headers, body) = read_curl(line, &client.to_string());
            let answer =
                crate::running::call_with(client, &method, &path, &headers, &body).unwrap();
            assert_eq!(answer.status, status, "{line}\n{answer:?}");
            if status == 200 {
                assert!(answer.body.contains("bo.diaz@corp.example"), "{line}\n{answer:?}");
            }
        }
    }
}

// A route's name that is nearly right.
#[test]
fn a_route_or_dialect_that_is_not_there_is_told_with_the_one_that_was_meant() {
    for (wanted, meant) in [
        ("okta/omni", "/okta/omni"),
        ("/okta/omni/", "/okta/omni"),
        ("/okta/onmi", "/okta/omni"),
        ("entra/pingon", "/entra/pingone"),
    ] {
        for verb in ["losses", "explain", "translate"] {
            let output = run(&[verb, "--route", wanted]);
            assert_eq!(output.status.code(), Some(2), "{wanted}");
            let shown = text(&output.stderr);
            let hint = format!("there is no route `{wanted}`: did you mean `{meant}`?");
            assert!(shown.contains(&hint), "{shown}");
        }
    }
    let shown = text(&run(&["losses", "--route", "x"]).stderr);
    assert!(shown.contains("there are: /okta/omni, /entra/pingone"), "{shown}");
    let shown = text(&run(&["losses", "--from", "scim", "--to", "pingon"]).stderr);
    assert!(shown.contains("there is no dialect `pingon`: did you mean `pingone`?"), "{shown}");
}

// In a terminal, silence looks as if it hung.
#[test]
fn who_waits_for_a_terminal_says_so_and_who_reads_a_pipe_does_not() {
    const IN_A_TERMINAL: &str = "
import pty, subprocess, sys
outer, inner = pty.openpty()
child = subprocess.Popen(sys.argv[1:], stdin=inner, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
line = child.stderr.readline().decode()
child.kill()
child.wait()
print(line, end='')
";
    for verb in ["explain", "translate"] {
        let arguments = [verb, "--route", "/okta/omni"];
        let output = Command::new("python3")
            .args(["-c", IN_A_TERMINAL, env!("CARGO_BIN_EXE_scim-gateway")])
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let shown = text(&output.stdout);
        assert!(
            shown.starts_with("reading from standard input"),
            "{shown}{}",
            text(&output.stderr)
        );
        let piped =
            fed(&arguments, "{\"userName\": \"ann@corp.example\", \"displayName\": \"Ann\"}");
        assert!(piped.status.success(), "{}", text(&piped.stderr));
        assert!(!text(&piped.stderr).contains("standard input"), "{}", text(&piped.stderr));
    }
}

// `translate -` reads standard input, and so does `check -`.
#[test]
fn check_reads_standard_input() {
    let good =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config.toml")).unwrap();
    let output = fed(&["check", "-"], &good);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("10 routes, no mistakes"), "{}", text(&output.stdout));
    let output = fed(&["check", "-"], &good.replace("upstream = \"omni\"", "upstream = \"omi\""));
    let shown = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(shown.contains("C016") && shown.contains("standard input:"), "{shown}");
}

// Ten lines a route are too many for a script that asks whether there is a mistake.
#[test]
fn a_quiet_check_prints_mistakes_and_warnings_alone() {
    for quiet in ["--quiet", "-q"] {
        let output = run(&["check", quiet]);
        assert!(output.status.success());
        assert_eq!((text(&output.stdout), text(&output.stderr)), (String::new(), String::new()));
    }
    let good =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config.toml")).unwrap();
    let unused = format!("{good}\n[upstream.spare]\ndialect = \"scim\"\nurl = \"sandbox:scim\"\n");
    let output = fed(&["check", "--quiet", "-"], &unused);
    assert!(output.status.success() && output.stdout.is_empty(), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("C047"), "{}", text(&output.stderr));
    let output = fed(&["check", "--quiet", "-"], "[");
    assert_eq!(output.status.code(), Some(1));
    assert!(!output.stderr.is_empty());
}

// An upstream that nobody reaches, and one that a mistyped route may mean.
#[test]
fn an_upstream_that_no_route_uses_is_a_warning() {
    let config = |upstream: &str| {
        format!(
            "[server]\nlisten = [\"127.0.0.1:0\"]\n\
             [upstream.a]\ndialect = \"scim\"\nurl = \"sandbox:scim\"\n\
             [upstream.spare]\ndialect = \"scim\"\nurl = \"sandbox:scim\"\n\
             [[route]]\nprefix = \"/a\"\nclient = \"scim\"\n{upstream}\nauth = \"none\"\n"
        )
    };
    let told = |upstream: &str| {
        let output = fed(&["--format", "json", "check", "-"], &config(upstream));
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let found = told["diagnostics"].as_array().unwrap().clone();
        let codes: Vec<_> = found.iter().map(|d| d["code"].as_str().unwrap().to_owned()).collect();
        (output.status.code(), codes, told.to_string())
    };
    let (code, codes, shown) = told("upstream = \"a\"");
    assert_eq!((code, codes), (Some(0), vec!["C047".to_owned()]), "{shown}");
    assert!(shown.contains("no route goes to the upstream `spare`"), "{shown}");
    // Also of a route that has another mistake.
    let (code, codes, shown) = told("upstream = \"a\"\nmode = \"x\"");
    assert_eq!(code, Some(1), "{shown}");
    assert!(codes.contains(&"C047".to_owned()) && !shown.contains("upstream `a`"), "{shown}");
    for mistyped in ["upstream = \"b\"", "upstream = 1", ""] {
        let (code, codes, shown) = told(mistyped);
        assert_eq!(code, Some(1), "{shown}");
        assert!(!codes.contains(&"C047".to_owned()), "{shown}");
    }
}

// A dialect of one's own without examples passes as if it were tried.
#[test]
fn a_dialect_without_a_page_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let acme = folder.path().join("acme");
    std::fs::create_dir(&acme).unwrap();
    for file in ["dialect.toml", "schema.toml", "user.toml"] {
        let of = format!("{}/rules/descope/{file}", env!("CARGO_MANIFEST_DIR"));
        std::fs::copy(of, acme.join(file)).unwrap();
    }
    let group = format!("{}/rules/descope/group.toml", env!("CARGO_MANIFEST_DIR"));
    if std::path::Path::new(&group).exists() {
        std::fs::copy(group, acme.join("group.toml")).unwrap();
    }
    let directory = folder.path().to_str().unwrap();
    let output = run(&["test", directory]);
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{shown}{}", text(&output.stderr));
    let page = acme.join("cases.md");
    let line = format!("{}: no such page: nothing of this dialect was tried", page.display());
    assert_eq!(shown.matches("no such page").count(), 1, "{shown}");
    assert!(shown.contains(&line), "{shown}");
    let output = run(&["--format", "json", "test", directory]);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let absent: Vec<_> = told.as_array().unwrap().iter().filter(|p| p["there"] == false).collect();
    assert_eq!(absent.len(), 1, "{told}");
    std::fs::write(page, "# Acme\n").unwrap();
    assert!(!text(&run(&["test", directory]).stdout).contains("no such page"));
}

#[test]
fn each_verbs_help_has_examples() {
    for verb in [
        &["run"][..],
        &["demo"],
        &["check"],
        &["translate"],
        &["explain"],
        &["losses"],
        &["test"],
        &["sandbox"],
        &["schema"],
        &["audit", "verify"],
    ] {
        let shown = text(&run(&[verb, &["--help"]].concat()).stdout);
        let start = format!("\nExamples:\n  scim-gateway {}", verb.join(" "));
        assert!(shown.contains(&start), "{shown}");
    }
}
