#!/bin/sh
# Software: scimmy 1.3.5 (npm), its own PATCH, on Node.js 20.
#
# Guess, written down before the run: a `replace` without a path replaces each attribute that its value
# names (RFC 7644 section 3.5.2.3), so a user's one e-mail address becomes the one in the value, just as
# with `"path": "emails"`; and an `add` of an address that is there changes nothing (section 3.5.2.1).
#
# What happens: without a path the new address is put beside the old one, which stays; with the path it takes
# its place. An address that is added again is there twice. Providers that send their changes without a
# path (Entra does) so leave every old address behind.
#
# For the gateway: it writes paths, and sends no element that it has seen to be there.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --no-fund --no-audit --silent scimmy@1.3.5 >/dev/null
cat >patch.cjs <<'JS'
const { default: SCIMMY } = require("scimmy");
const old = { value: "a@corp.example", type: "work" };
const other = { value: "b@corp.example", type: "home" };
const patch = async (name, operation) => {
    const user = new SCIMMY.Schemas.User({ id: "1", userName: "ann", emails: [old], meta: {} }, "out");
    const schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
    const message = new SCIMMY.Messages.PatchOp({ schemas, Operations: [operation] });
    const after = await message.apply(user, (changed) => changed);
    console.log(`${name} | ${after.emails.map((mail) => mail.value).join(" ")}`);
};
(async () => {
    await patch("replace, with a path", { op: "replace", path: "emails", value: [other] });
    await patch("replace, without one", { op: "replace", value: { emails: [other] } });
    await patch("add what is there", { op: "add", path: "emails", value: [old] });
})();
JS
cat >seen <<'TEXT'
replace, with a path | b@corp.example
replace, without one | a@corp.example b@corp.example
add what is there | a@corp.example a@corp.example
TEXT
node patch.cjs | tee now
diff seen now
