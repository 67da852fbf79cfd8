#!/usr/bin/env python3
"""The archive of `make dist`, as whoever downloads it meets it: unpacked elsewhere, and run.

    python3 tests/dist/run.py ARCHIVE
"""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path


def run(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}")
    return done.stdout


def followed(archive, sums, place):
    digest, name = sums.read_text(encoding="utf-8").split()
    assert name == archive.name and digest == hashlib.sha256(archive.read_bytes()).hexdigest(), "the checksum is another"
    with tarfile.open(archive) as tar:
        names = tar.getnames()
        assert all(name.startswith(archive.name.removesuffix(".tar.gz") + "/") for name in names), "not one folder"
        tar.extractall(place, filter="data")
    folder = place / archive.name.removesuffix(".tar.gz")
    program = folder / "bin/scim-gateway"
    # Nothing of where it was built is asked for.
    clean = {"cwd": folder, "env": {"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "HOME": str(place)}}
    version = run(program, "--version", **clean).split()[1]
    build = (folder / "BUILD").read_text(encoding="utf-8")
    assert f"scim-gateway {version}\n" in build and "glibc" in build, build
    assert f"-{version}-" in archive.name, archive.name
    assert "no mistakes" in run(program, "check", "--deny-warnings", **clean)
    # It ends with 1 where the answer is not the one that README prints.
    assert "200 OK" in run(program, "demo", **clean)
    verbs = run(program, "--help", **clean)
    for page in sorted((folder / "share/man/man1").iterdir()):
        verb = page.stem.removeprefix("scim-gateway").strip("-").split("-")[0]
        assert verb in verbs, page
    for shell in ["bash-completion/completions/scim-gateway", "zsh/site-functions/_scim-gateway",
                  "fish/vendor_completions.d/scim-gateway.fish", "powershell/scim-gateway.ps1"]:
        assert "deny-warnings" in (folder / "share" / shell).read_text(encoding="utf-8"), shell
    bill = json.loads((folder / "scim-gateway.cdx.json").read_text(encoding="utf-8"))
    parts = {part["name"] for part in bill["components"]}
    assert bill["bomFormat"] == "CycloneDX" and {"pingora", "tokio", "serde_json"} <= parts, sorted(parts)[:9]
    own = [os.path.expanduser("~/").encode(), str(archive.parent.parent.parent).encode() + b"/"]
    here = [path.relative_to(folder).as_posix() for path in folder.rglob("*")
            if path.is_file() and any(place in path.read_bytes() for place in own)]
    assert not here, f"they name folders of the machine that built it: {here}"
    notices = (folder / "NOTICES").read_text(encoding="utf-8")
    missing = sorted(part for part in parts if f"\n{part} " not in notices)
    assert not missing, f"NOTICES lacks parts of the bill: {missing}"
    return version, len(names), len(parts)


def main():
    archive = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as place:
        version, files, parts = followed(archive, archive.with_name("SHA256SUMS"), Path(place))
    print(f"dist: {archive.name}: {files} entries, {parts} parts in its bill; version {version} runs where it was unpacked")


main()
