#!/bin/sh
# Software: scimmy 1.3.5 (npm), its own SCIM filter, on Node.js 20.
#
# Guess, written down before the run: a path with its schema's URN in front names the attribute
# (RFC 7644 section 3.10), so `urn:…:core:2.0:User:userName eq "ann"` finds whom `userName eq "ann"`
# finds, and `urn:…:enterprise:2.0:User:department eq "R"` finds who is in that department.
#
# What happens: both are taken without an error and find nobody. The whole of "urn:…:userName" becomes one
# attribute's name, also where it is an extension's, whose attributes can be asked for in no other way.
#
# For the gateway: nothing with a URN is sent to a `scimmy` upstream; it is answered by a scan.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --no-fund --no-audit --silent scimmy@1.3.5 >/dev/null
cat >ask.cjs <<'JS'
const { default: SCIMMY } = require("scimmy");
const core = "urn:ietf:params:scim:schemas:core:2.0:User";
const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const ann = { userName: "ann", [enterprise]: { department: "R" } };
for (const text of ['userName eq "ann"', `${core}:userName eq "ann"`, `${enterprise}:department eq "R"`]) {
    console.log(`${text} | ${new SCIMMY.Types.Filter(text).match([ann]).length}`);
}
JS
cat >seen <<'TEXT'
userName eq "ann" | 1
urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ann" | 0
urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "R" | 0
TEXT
node ask.cjs | tee now
diff seen now
