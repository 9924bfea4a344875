// docs/pouchdb-parity.md tells the truth: the tests that it names are there, and nothing of PouchDB's is missing from it.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import PouchDB from "pouchdb";
import memoryAdapter from "pouchdb-adapter-memory";
import find from "pouchdb-find";
import { importPackage } from "./installed.mjs";

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
