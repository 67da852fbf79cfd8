// SCIMMY behind Express 4, over a store that does no more than keep what SCIMMY hands it: what is
// wrong in an answer is SCIMMY's own. Takes a port (0 for a free one) and prints its address.
"use strict";
const { randomUUID } = require("node:crypto");
const express = require("express");
const { SCIMMY, SCIMMYRouters } = require("scimmy-routers");

const clone = (value) => JSON.parse(JSON.stringify(value));
const fail = (status, type, text) => new SCIMMY.Types.Error(status, type, text);

function declare(Resource, unique) {
    const stored = new Map();
    const shown = ({ value, created, modified }) => ({ ...clone(value), meta: { created, lastModified: modified } });
    const same = (a, b) => String(a[unique]).toLowerCase() === String(b[unique]).toLowerCase();
    Resource.ingress((resource, given) => {
        const value = clone(given);
        const now = new Date();
        const old = stored.get(resource.id);
        if (resource.id && !old) throw fail(404, null, `Resource ${resource.id} not found`);
        for (const [id, other] of stored) {
            if (id !== resource.id && unique && same(other.value, value)) throw fail(409, "uniqueness", `${unique} is taken`);
        }
        value.id = resource.id || randomUUID();
        const entry = { value, created: old?.created ?? now, modified: now };
        stored.set(value.id, entry);
        return shown(entry);
    }).egress((resource) => {
        if (resource.id) {
            if (!stored.has(resource.id)) throw fail(404, null, `Resource ${resource.id} not found`);
            return shown(stored.get(resource.id));
        }
        const all = [...stored.values()].map(shown);
        return resource.filter ? resource.filter.match(all) : all;
    }).degress((resource) => {
        if (!stored.delete(resource.id)) throw fail(404, null, `Resource ${resource.id} not found`);
    });
    SCIMMY.Resources.declare(Resource);
}

SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false);
declare(SCIMMY.Resources.User, "userName");
declare(SCIMMY.Resources.Group, null);

const app = express();
const handler = (request) => {
    if (!request.header("Authorization")?.startsWith("Bearer ")) throw new Error("A bearer token is missing");
    return "conformance";
};
app.use("/scim/v2", new SCIMMYRouters({ type: "bearer", handler }));
const server = app.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
    console.log(`http://127.0.0.1:${server.address().port}`);
});
