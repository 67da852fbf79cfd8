//! The image and the Kubernetes manifests: what they name is what the program and its configuration have.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::deploy::file;

const FOLDER: &str = "deploy/kubernetes";
const NAME: &str = "scim-gateway";

fn manifest(name: &str) -> Value {
    let read: Result<Value, _> = serde_saphyr::from_str(&file(&format!("{FOLDER}/{name}.yaml")));
    read.map_err(|error| format!("{name}: {error}")).unwrap()
}

/// The value at a JSON pointer.
fn at<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value.pointer(pointer).ok_or_else(|| format!("{pointer} of {value:#}")).unwrap()
}

fn strings(value: &Value) -> Vec<String> {
    let strings = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    strings.map(str::to_owned).collect()
}

#[test]
fn the_kustomization_has_every_manifest() {
    let kustomization = manifest("kustomization");
    let listed: BTreeSet<_> = strings(at(&kustomization, "/resources")).into_iter().collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    let there: BTreeSet<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".yaml") && name != "kustomization.yaml")
        .collect();
    assert_eq!(listed, there);
    for name in there {
        let manifest = manifest(name.trim_end_matches(".yaml"));
        assert_eq!(at(&manifest, "/metadata/name"), NAME, "{name}");
        let kind = at(&manifest, "/kind").as_str().unwrap().to_lowercase();
        assert_eq!(format!("{kind}.yaml"), name);
    }
    let version = at(&kustomization, "/images/0/newTag");
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
}

#[test]
fn ports_and_paths_are_those_of_the_configuration() {
    let deployment = manifest("deployment");
    let container = at(&deployment, "/spec/template/spec/containers/0");
    let config: toml::Table = file(&format!("{FOLDER}/config.toml")).parse().unwrap();
    let address =
        |value: &toml::Value| value.as_str().unwrap().rsplit(':').next().unwrap().to_owned();
    let server = config.get("server").and_then(|server| server.get("listen")?.get(0)).unwrap();
    let admin = config.get("admin").and_then(|admin| admin.get("listen")).unwrap();
    let wanted = [("http", address(server)), ("admin", address(admin))];
    let ports: Vec<_> = at(container, "/ports").as_array().unwrap().iter().collect();
    for ((name, number), port) in wanted.iter().zip(&ports) {
        assert_eq!(
            (at(port, "/name"), &at(port, "/containerPort").to_string()),
            (&(*name).into(), number)
        );
    }
    assert_eq!(ports.len(), wanted.len());
    for (probe, path) in
        [("startup", "/readyz"), ("readiness", "/readyz"), ("liveness", "/healthz")]
    {
        let get = at(container, &format!("/{probe}Probe/httpGet"));
        assert_eq!((at(get, "/path"), at(get, "/port")), (&path.into(), &"admin".into()));
    }
    let names = |ports: &Value, key: &str| -> BTreeSet<String> {
        let ports = ports.as_array().unwrap().iter();
        ports.filter_map(|port| port.get(key)?.as_str().map(str::to_owned)).collect()
    };
    let both: BTreeSet<String> = ["http", "admin"].map(str::to_owned).into();
    assert_eq!(names(at(&manifest("service"), "/spec/ports"), "targetPort"), both);
    let policy = manifest("networkpolicy");
    let inward = at(&policy, "/spec/ingress").as_array().unwrap();
    let inward: BTreeSet<_> =
        inward.iter().flat_map(|rule| names(at(rule, "/ports"), "port")).collect();
    assert_eq!(inward, both);
    let monitor = manifest("servicemonitor");
    let endpoint = at(&monitor, "/spec/endpoints/0");
    assert_eq!(
        (at(endpoint, "/port"), at(endpoint, "/path")),
        (&"admin".into(), &"/metrics".into())
    );
}

#[test]
fn selectors_and_targets_name_the_deployment() {
    let label = serde_json::json!({"app.kubernetes.io/name": NAME});
    let deployment = manifest("deployment");
    for (manifest, pointer) in [
        (&deployment, "/spec/selector/matchLabels"),
        (&deployment, "/spec/template/metadata/labels"),
        (&manifest("service"), "/spec/selector"),
        (&manifest("service"), "/metadata/labels"),
        (&manifest("poddisruptionbudget"), "/spec/selector/matchLabels"),
        (&manifest("networkpolicy"), "/spec/podSelector/matchLabels"),
        (&manifest("servicemonitor"), "/spec/selector/matchLabels"),
    ] {
        assert_eq!(at(manifest, pointer), &label, "{pointer}");
    }
}

// Until replicas share what they know.
#[test]
fn there_is_one_replica_and_never_a_second_beside_it() {
    let deployment = manifest("deployment");
    assert_eq!(at(&deployment, "/spec/replicas"), 1);
    assert_eq!(at(&deployment, "/spec/strategy/type"), "Recreate");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains("HorizontalPodAutoscaler"), "{text}");
    }
    let spared = at(&manifest("poddisruptionbudget"), "/spec/maxUnavailable").as_u64();
    assert_eq!(spared, Some(1), "a drain could never go on");
}

// Behind an ingress all clients have one address.
#[test]
fn no_stranger_behind_the_ingress_locks_the_provider_out() {
    let config: toml::Table = file(&format!("{FOLDER}/config.toml")).parse().unwrap();
    let attempts = config.get("server").and_then(|server| server.get("limits")?.get("attempts"));
    assert_eq!(attempts.and_then(toml::Value::as_integer), Some(0));
    let admin = config.get("admin").unwrap();
    assert!(admin.get("auth").is_some() || admin.get("socket").is_some(), "{admin}");
}

#[test]
fn the_deployment_is_hardened_and_mounts_what_the_configuration_names() {
    let deployment = manifest("deployment");
    let pod = at(&deployment, "/spec/template/spec");
    let container = at(pod, "/containers/0");
    for (pointer, wanted) in [
        ("/allowPrivilegeEscalation", Value::Bool(false)),
        ("/readOnlyRootFilesystem", Value::Bool(true)),
        ("/capabilities/drop", serde_json::json!(["ALL"])),
    ] {
        assert_eq!(at(at(container, "/securityContext"), pointer), &wanted);
    }
    assert_eq!(at(pod, "/securityContext/runAsNonRoot"), true);
    assert!(at(container, "/resources").get("limits").is_some());
    let user = at(pod, "/securityContext/runAsUser").to_string();
    assert!(file("Dockerfile").contains(&format!("\nUSER {user}:{user}\n")));
    let arguments = strings(at(container, "/args"));
    assert_eq!(arguments, ["run", "--config", "/etc/scim-gateway/config.toml"]);
    let mounts = at(container, "/volumeMounts").as_array().unwrap();
    let mounts: Vec<_> =
        mounts.iter().map(|mount| at(mount, "/mountPath").as_str().unwrap()).collect();
    assert_eq!(mounts, ["/etc/scim-gateway", "/run/secrets/scim-gateway", "/var/lib/scim-gateway"]);
    assert!(file(&format!("{FOLDER}/config.toml")).contains("\"/run/secrets/scim-gateway/omni\""));
}

// Edge, part 7: a pause outlives the pod, since its file lies in a volume that does.
#[test]
fn what_operators_decide_lies_in_a_volume_that_outlives_the_pod() {
    let config: toml::Table = file(&format!("{FOLDER}/config.toml")).parse().unwrap();
    let state = config.get("admin").and_then(|admin| admin.get("state")?.as_str()).unwrap();
    let folder = Path::new(state).parent().unwrap().to_str().unwrap();
    let deployment = manifest("deployment");
    let pod = at(&deployment, "/spec/template/spec");
    let named = |list: &Value, key: &str, wanted: &str| {
        let found = list.as_array().unwrap().iter().find(|one| at(one, key) == wanted);
        found.cloned().unwrap()
    };
    let mount = named(at(pod, "/containers/0/volumeMounts"), "/mountPath", folder);
    assert!(mount.get("readOnly").is_none(), "{mount}");
    let volume = named(at(pod, "/volumes"), "/name", at(&mount, "/name").as_str().unwrap());
    let claim = manifest("persistentvolumeclaim");
    assert_eq!(at(&volume, "/persistentVolumeClaim/claimName"), at(&claim, "/metadata/name"));
    assert_eq!(strings(at(&claim, "/spec/accessModes")), ["ReadWriteOnce"]);
    // The pod's own user may write there.
    assert_eq!(at(pod, "/securityContext/fsGroup"), at(pod, "/securityContext/runAsUser"));
}

#[test]
fn the_configuration_of_the_manifests_has_no_mistake() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("omni"), "a-token").unwrap();
    let secrets = folder.path().to_str().unwrap();
    let text = file(&format!("{FOLDER}/config.toml")).replace("/run/secrets/scim-gateway", secrets);
    let text = text.replace("/var/lib/scim-gateway", secrets);
    let path = folder.path().join("config.toml");
    std::fs::write(&path, text).unwrap();
    let check = Command::new(env!("CARGO_BIN_EXE_scim-gateway")).arg("check").arg(&path).output();
    let check = check.unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
}

#[test]
fn the_image_is_built_and_started_as_the_program_wants() {
    let text = file("Dockerfile");
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let line = |start: &str| lines.iter().rfind(|line| line.starts_with(start)).copied().unwrap();
    assert!(text.contains("cargo build --locked --profile dist"), "{text}");
    assert!(file("Cargo.toml").contains("[profile.dist]"));
    assert!(
        text.contains("install -D --mode=0755 target/dist/scim-gateway /out/usr/bin/scim-gateway")
    );
    assert_eq!(
        line("COPY --from=build"),
        "COPY --from=build /out/usr/bin/scim-gateway /usr/bin/scim-gateway"
    );
    assert_eq!(line("ENTRYPOINT"), r#"ENTRYPOINT ["/usr/bin/scim-gateway"]"#);
    assert_eq!(line("CMD [\"run"), r#"CMD ["run", "--config", "/etc/scim-gateway/config.toml"]"#);
    assert_eq!(line("EXPOSE"), "EXPOSE 8080 9090");
    let rust = file("Cargo.toml");
    let rust = rust.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap();
    assert!(text.contains(&format!("FROM rust:{}-", rust.trim_matches('"'))), "{rust}");
    // Whatever of the project the build embeds has to get into its context.
    let ignored = file(".dockerignore");
    let ignored: Vec<_> = ignored.lines().collect();
    assert_eq!(ignored, [".git", ".tools", "target"]);
}
