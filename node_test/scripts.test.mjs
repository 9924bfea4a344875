// Unit tests of js/src/scripts.ts: how functions of design documents are run.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { importSource } from "./source.mjs";

const { lend, lentScripts, runScripts, takeBack } = await importSource("scripts.ts");

const run = (...request) => JSON.parse(runScripts(JSON.stringify(request)));
const map = (source, ...docs) => run("map", [source], docs).map(([rows]) => rows);

test("map functions emit rows, as canonical JSON", () => {
  assert.deepEqual(run("map", ["function (doc) { emit(doc.n, doc.n * 2); emit(null); }", "(doc) => { emit([doc._id], { a: 1 }) }"], [{ _id: "a", n: 1 }, { _id: "b", n: 2 }]), [
    [[1, 2, null, null], [["a"], { a: 1 }]],
    [[2, 4, null, null], [["b"], { a: 1 }]],
  ]);
  const [rows] = map(
    `function () {
      emit(undefined, undefined); emit(); emit(NaN, Infinity); emit(new Date(0), function () {}); emit([undefined, 1], { a: undefined, b: 1 });
      emit(1.0, 1e21); emit("s", [,1]); emit(-0, "\\ud800x\\\\ud800");
    };`,
    {},
  );
  assert.deepEqual(rows, [null, null, null, null, null, null, "1970-01-01T00:00:00.000Z", null, [null, 1], { b: 1 }, 1, 1e21, "s", [null, 1], 0, "\ufffdx\\ud800"]);
});

test("a map function that throws loses its rows of that document, and no others", () => {
  const [first, second] = map("function (doc) { emit(1); if (doc.bad) throw new Error('boom'); }", { bad: true }, {});
  assert.match(first, /boom/);
  assert.deepEqual(second, [1, null]);
  assert.match(map("function () { emit(1n) }", {})[0], /BigInt/);
  assert.match(map("function () { const a = []; a.push(a); emit(a) }", {})[0], /circular/i);
  assert.match(map("function () { throw undefined }", {})[0], /undefined/);
  const unshowable = "const o = { toString() { throw o; } }; throw o;";
  const [textless, fine] = map(`function (doc) { emit(1); if (doc.bad) { ${unshowable} } }`, { bad: true }, {});
  assert.equal(textless, "an object without text");
  assert.deepEqual(fine, [1, null]);
  assert.deepEqual(run("filter", [`function () { ${unshowable} }`], [{}], {}), { status: 500, name: "script_error", reason: "an object without text" });
  assert.equal(run("map", [`(() => { ${unshowable} })()`], [{}]).name, "compilation_error");
});

test("functions have CouchDB's helpers, and nothing of each other's documents", () => {
  assert.deepEqual(map("function () { emit([isArray([]), toJSON({ a: 1 }), sum([1, 2]), typeof require, typeof log]) }", {}), [[[true, '{"a":1}', 3, "undefined", "function"], null]]);
  const change = "function (doc) { emit(doc.n); doc.n = 5; delete doc._id; }";
  assert.deepEqual(run("map", [change, change], [{ _id: "a", n: 1 }]), [[[1, null], [1, null]]]);
});

test("reduce functions", () => {
  const source = "function (keys, values, rereduce) { return rereduce ? sum(values) : keys.length; }";
  assert.deepEqual(run("reduce", [source], [[[[1, "a"], [2, "b"]], [0, 0], false], [null, [2, 3], true]]), [[2], [5]]);
  assert.deepEqual(run("reduce", ["function () {}"], [[null, [], true]]), [[null]]);
  assert.match(run("reduce", ["function (k, v) { return v.x.y }"], [[null, [], true]])[0], /TypeError/);
});

test("filters", () => {
  assert.deepEqual(run("filter", ["function (doc, req) { return doc.n > req.query.least }"], [{ n: 1 }, { n: 3 }, {}], { query: { least: 2 } }), [false, true, false]);
  assert.deepEqual(run("filter", ["function () { throw new Error('boom') }"], [{}], {}), { status: 500, name: "script_error", reason: "Error: boom" });
});

test("a source that is no function is a compilation error, also without documents", () => {
  for (const source of ["function (", "1+1", "", "nothing()", "function (a) {} function (b) {}", "throw 1"]) {
    for (const kind of ["map", "reduce", "filter"]) {
      const { status, name } = run(kind, [source], []);
      assert.deepEqual({ status, name }, { status: 400, name: "compilation_error" }, source);
    }
  }
  assert.deepEqual(run("map", ["function () {};; \n", "function () {} // done", "  (d) => {}\n"], []), []);
});

test("a request that cannot be read is a failure", () => {
  for (const request of ["", "{}", "[]", '["map"]', '["reduce",["function () {}"]]']) {
    assert.equal(JSON.parse(runScripts(request)).status, 500, request);
  }
});

test("a lent function keeps what it knows, and finds its helpers", () => {
  let calls = 0;
  globalThis.sum = "mine";
  const name = lend((doc, give) => {
    calls++;
    emit(doc.n, sum([calls, 1]));
    give("given", isArray([]));
  });
  assert.equal(lentScripts(), 1);
  assert.deepEqual(map(name, { n: 7 }, { n: 8 }), [
    [7, 2, "given", true],
    [8, 3, "given", true],
  ]);
  assert.equal(globalThis.sum, "mine");
  assert.equal("emit" in globalThis, false);
  takeBack(name);
  assert.equal(lentScripts(), 0);
  assert.equal(run("map", [name], []).name, "compilation_error");
  delete globalThis.sum;
});

test("hundreds of sources can be compiled, whatever is remembered of them", () => {
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 500; i++) {
      assert.deepEqual(map(`function () { emit(${i}) }`, {}), [[i, null]]);
    }
  }
});

// What a page's Content Security Policy forbids, a flag forbids in Node.
test("where text may not become code, the error says what forbids it, and functions work", () => {
  const script = `
    const { importSource } = await import(${JSON.stringify(new URL("./source.mjs", import.meta.url))});
    const { lend, runScripts } = await importSource("scripts.ts");
    console.log(runScripts(JSON.stringify(["map", ["function (doc) {}"], []])));
    console.log(runScripts(JSON.stringify(["map", [lend((doc) => emit(doc.n))], [{ n: 1 }]])));
  `;
  const [refused, answered] = execFileSync(process.execPath, ["--disallow-code-generation-from-strings", "--input-type=module", "-e", script], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(refused.status, 501);
  assert.match(refused.reason, /Content Security Policy.*unsafe-eval/);
  assert.deepEqual(answered, [[[1, null]]]);
});
