#!/bin/sh
# Software: scimmy 1.3.5 (npm), its own SCIM filter, on Node.js 20.
#
# Guess, written down before the run: `emails[type eq "home"]` over two users, of whom one has no e-mail
# address, finds the one who has; a user without the attribute just does not match (RFC 7644 section
# 3.4.2.2). `emails pr` finds the same one.
#
# What happens: the first filter throws as soon as it meets the user without the attribute, and works
# where every user has the list; `emails pr` throws whatever the users have. Behind SCIMMY's routers
# (scimmy-routers 1.3.2) that is a 400 for a valid filter, because one user in the directory has no address.
#
# For the gateway: `rules/scimmy/dialect.toml` sends filters on id, externalId and userName alone.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --no-fund --no-audit --silent scimmy@1.3.5 >/dev/null
cat >ask.cjs <<'JS'
const { default: SCIMMY } = require("scimmy");
const ann = { userName: "ann", emails: [{ value: "a@corp.example", type: "home" }] };
const bob = { userName: "bob" };
const ask = (text, users) => {
    try {
        return new SCIMMY.Types.Filter(text).match(users).map((user) => user.userName).join(",");
    } catch (error) {
        return error.constructor.name;
    }
};
for (const text of ['emails[type eq "home"]', "emails pr"]) {
    console.log(`${text} | all have it | ${ask(text, [ann])}`);
    console.log(`${text} | one has not | ${ask(text, [ann, bob])}`);
}
JS
cat >seen <<'TEXT'
emails[type eq "home"] | all have it | ann
emails[type eq "home"] | one has not | TypeError
emails pr | all have it | TypeError
emails pr | one has not | TypeError
TEXT
node ask.cjs | tee now
diff seen now
