// docs/pouchdb-parity.md tells the truth: the tests that it names are there, and nothing of PouchDB's is missing from it.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import PouchDB from "pouchdb";
import memoryAdapter from "pouchdb-adapter-memory";
import find from "pouchdb-find";
import { importPackage, packageRoot } from "./installed.mjs";

const ts = createRequire(new URL("../js/package.json", import.meta.url))("typescript");
const { default: GouchDB } = await importPackage();
PouchDB.plugin(memoryAdapter).plugin(find);

const sections = Object.fromEntries(
  readFileSync(new URL("../docs/pouchdb-parity.md", import.meta.url), "utf8").split(/^## /m).slice(1).map((section) => {
    const rows = [...section.matchAll(/^\| (?!name |---)(.*?) \| (\S+) \| (.*?) \|$/gm)].map(([, name, here, shown]) => ({ name, here, shown }));
    return [section.split("\n", 1)[0], rows];
  }),
);
// What is listed as a member; the names of options and events come after a colon, or are said to be such.
const named = (rows, here) =>
  new Set(
    rows
      .filter(({ name, here: answer }) => (!here || answer === here) && !/^(option|event)s? /.test(name))
      .flatMap(({ name }) => [...name.split(": ")[0].matchAll(/`([\w.]+)`/g)].map(([, word]) => word.split(".")[0])),
  );

test("each yes names a test that is there, and each no has a reason", () => {
  const rows = Object.values(sections).flat();
  assert.ok(rows.length > 60, String(rows.length));
  for (const { name, here, shown } of rows) {
    if (here === "yes") {
      const [file, title] = shown.split(/: (.*)/s);
      const paths = [`./${file}.test.mjs`, `./${file}.mjs`].map((path) => new URL(path, import.meta.url)).filter(existsSync); // stories may be beside their test
      assert.ok(paths.some((path) => readFileSync(path, "utf8").includes(title)), `${name}: ${shown}`);
    } else {
      assert.equal(here, "no", name);
      assert.ok(shown.length > 20, name);
    }
  }
});

// Members of an object and of what it inherits from, without PouchDB's insides.
function members(object) {
  const names = new Set();
  for (let part = object; part && part !== Object.prototype && part !== Function.prototype; part = Object.getPrototypeOf(part)) {
    Object.getOwnPropertyNames(part).filter((name) => !/^(_|constructor$|prototype$|length$|name$|super_$)/.test(name)).forEach((name) => names.add(name));
  }
  return names;
}

test("all that PouchDB has is listed, and all that is listed as here is here", async () => {
  const pouch = new PouchDB("parity", { adapter: "memory" });
  const gouch = new GouchDB("parity", { adapter: "memory" });
  for (const [section, theirs, ours] of [["The class", PouchDB, GouchDB], ["A database", pouch, gouch]]) {
    const [listed, here] = [named(sections[section]), named(sections[section], "yes")];
    for (const name of members(theirs)) {
      assert.ok(listed.has(name), `${section}: ${name} is not listed`);
      assert.equal(name in ours && ours[name] !== undefined, here.has(name) || (section === "The class" && name === "adapter"), `${section}: ${name}`);
    }
  }
  await pouch.destroy();
});

// Options and events as the compilers of PouchDB's users know them, by interface, and the method that they are listed with; those of the constructor are rows of
// their own.
const declared = {
  "Configuration.LocalDatabaseConfiguration": "", "Configuration.RemoteDatabaseConfiguration": "",
  "Core.PutOptions": "put", "Core.BulkDocsOptions": "bulkDocs", "Core.GetOptions": "get", "Core.GetOpenRevisions": "get", "Core.BulkGetOptions": "bulkGet",
  "Core.AllDocsOptions": "allDocs", "Core.AllDocsWithKeyOptions": "allDocs", "Core.AllDocsWithKeysOptions": "allDocs", "Core.AllDocsWithinRangeOptions": "allDocs",
  "Core.ChangesOptions": "changes", "Core.CompactOptions": "compact", "Core.Changes": "changes",
  "Replication.ReplicateOptions": "replicate", "Replication.SyncOptions": "sync", "Replication.ReplicationEventEmitter": "replicate",
  "Find.FindRequest": "find", "Find.CreateIndexOptions": "createIndex", "Find.DeleteIndexOptions": "deleteIndex", "Query.Options": "query",
};

// The members of each interface, with those of what it extends, and the events that an emitter has: PouchDB's, or this package's of the same name.
function declaredIn(files, root) {
  const program = ts.createProgram(files, { strict: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2022, moduleResolution: ts.ModuleResolutionKind.Bundler, module: ts.ModuleKind.ESNext });
  const checker = program.getTypeChecker();
  const found = {};
  const walk = (node, path) => {
    if (ts.isModuleDeclaration(node) && node.body && (ts.isIdentifier(node.name) || ts.isStringLiteral(node.name))) {
      ts.forEachChild(node.body, (child) => walk(child, ts.isIdentifier(node.name) ? [...path, node.name.text] : path));
    } else if ((ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) && path[0] === root) {
      const name = [...path.slice(1), node.name.text].join(".");
      const members = (found[name] ??= { options: new Set(), events: new Set() });
      const type = checker.getTypeAtLocation(node.name);
      if (!checker.getPropertyOfType(type, "on")) {
        checker.getPropertiesOfType(type).forEach((member) => members.options.add(member.name));
      }
      node.members?.filter((member) => member.name?.text === "on").forEach(({ parameters: [event] }) => {
        (event.type.types ?? [event.type]).forEach(({ literal }) => members.events.add(literal.text));
      });
    }
  };
  program.getSourceFiles().forEach((file) => ts.forEachChild(file, (node) => walk(node, [])));
  return found;
}

test("all options and events that PouchDB's types declare are listed, and those that are here have types", () => {
  const theirs = declaredIn(["pouchdb", "pouchdb-find"].map((name) => fileURLToPath(new URL(`node_modules/@types/${name}/index.d.ts`, import.meta.url))), "PouchDB");
  const ours = declaredIn([join(packageRoot, "dist/types/index.d.ts")], "GouchDB");
  // What is listed: by method, each option or event with its answer.
  const listed = { "": {} };
  for (const { name, here } of [...sections["The class"], ...sections["A database"]]) {
    const [methods, rest] = /^(option|event)/.test(name) ? ["", name] : name.split(": ");
    for (const method of ["", "every method"].includes(methods) ? [methods] : [...methods.matchAll(/`([\w.]+)`/g)].map(([, word]) => word.split(".")[0])) {
      for (const [, word] of (rest ?? "").matchAll(/`(\w+)`/g)) {
        (listed[method] ??= {})[word] = here;
      }
    }
  }
  listed.sync = { ...listed.replicate, ...listed.sync }; // as the page says
  let count = 0;
  for (const [name, method] of Object.entries(declared)) {
    assert.ok(theirs[name], name);
    for (const option of theirs[name].options) {
      const answer = listed[method]?.[option] ?? listed["every method"]?.[option];
      assert.ok(answer, `${name}: ${method} has ${option}, which is not listed`);
      if (answer === "yes") {
        assert.ok(ours[name].options.has(option), `${name}: ${option} has no type`);
      }
      count++;
    }
    for (const event of theirs[name].events) {
      assert.equal(listed[method]?.[event], "yes", `${name}: ${method} has the event ${event}`);
      count++;
    }
  }
  assert.ok(count > 150, String(count));
});
