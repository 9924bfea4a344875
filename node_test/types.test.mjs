// The package as TypeScript sees it: types/ is compiled against what was packed. A line there that must not compile says so.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { packageRoot, project } from "./installed.mjs";

const require = createRequire(new URL("../js/package.json", import.meta.url));
const ts = require("typescript");
const sources = join(project, "types");
const commonJS = ["commonjs.cts", "interop.cts"];
const theirs = ["app", "library"]; // written for PouchDB

before(() => {
  cpSync(new URL("types/", import.meta.url), sources, { recursive: true });
  // The same apps after their one change.
  for (const name of theirs) {
    const app = readFileSync(join(sources, `pouchdb-${name}.ts`), "utf8");
    const migrated = app.replace('import PouchDB from "pouchdb";', 'import PouchDB from "gouchdb";');
    assert.notEqual(migrated, app);
    writeFileSync(join(sources, `migrated-${name}.ts`), migrated);
    writeFileSync(join(sources, `required-${name}.cts`), app.replace('import PouchDB from "pouchdb";', 'import PouchDB = require("gouchdb");'));
  }
  for (const name of commonJS) {
    // Without conditions, react and inline are not found by their names.
    const text = readFileSync(join(sources, name), "utf8").replace(/"gouchdb\/react"/, '"gouchdb/dist/types-cjs/react"').replace(/"gouchdb\/inline"/, '"gouchdb"');
    writeFileSync(join(sources, name.replace(".cts", ".ts")), text);
  }
  mkdirSync(join(project, "node_modules/@types"), { recursive: true });
  symlinkSync(fileURLToPath(new URL("node_modules/expect-type", import.meta.url)), join(project, "node_modules/expect-type"));
});

async function compile(files, options) {
  const args = ["--strict", "--noUncheckedIndexedAccess", "--noEmit", "--target", "es2022", "--lib", "es2023,dom", ...options, ...files];
  await promisify(execFile)(process.execPath, [require.resolve("typescript/bin/tsc"), ...args], { cwd: sources }).catch(({ stdout }) => assert.fail(stdout));
}

const bundler = ["--module", "esnext", "--moduleResolution", "bundler"];
const node = ["--module", "nodenext", "--moduleResolution", "nodenext"];
const typed = ["consumer.ts", "documents.ts", "queries.ts", "events.ts", "callbacks.ts", ...theirs.map((name) => `migrated-${name}.ts`)];

describe("types", { concurrency: 2 }, () => {
  test("for bundlers", { timeout: 120_000 }, () => compile(typed, bundler));
  test("for Node, as an ES module and for require()", { timeout: 120_000 }, () => compile([...typed, ...commonJS, ...theirs.map((name) => `required-${name}.cts`)], node));

  // With TypeScript's older ways to find packages, which know no conditions.
  for (const [what, ...options] of [["as it comes"], ["with default imports", "--esModuleInterop"]]) {
    test(`for projects of the module kind CommonJS, ${what}`, { timeout: 120_000 }, () =>
      compile(["commonjs.ts", "interop.ts"], ["--module", "commonjs", "--moduleResolution", "node10", ...options]));
  }

  // What the migrated ones are compared with.
  test("an app and a library for PouchDB compile with PouchDB's types", { timeout: 120_000 }, () =>
    compile(theirs.map((name) => `pouchdb-${name}.ts`), [...bundler, "--skipLibCheck", "--typeRoots", fileURLToPath(new URL("node_modules/@types", import.meta.url)), "--types", "pouchdb,pouchdb-find"]));
});

const declarations = readdirSync(join(packageRoot, "dist/types")).filter((name) => name.endsWith(".d.ts"));

test("the public surface has no any, but where PouchDB's own types have it", () => {
  for (const file of declarations.filter((name) => name !== "pouchdb_names.d.ts")) {
    const text = readFileSync(join(packageRoot, "dist/types", file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
    assert.doesNotMatch(text, /\bany\b/, file);
  }
});

test("everything exported is documented, and so is every method and option", () => {
  const entries = ["index.d.ts", "react.d.ts"].map((file) => join(packageRoot, "dist/types", file));
  const program = ts.createProgram(entries, { strict: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext });
  const checker = program.getTypeChecker();
  const documented = (symbol) => symbol.getDocumentationComment(checker).length > 0;
  const missing = [];
  let count = 0;
  for (const entry of entries) {
    for (const exported of checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)))) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      count++;
      if (!documented(symbol)) {
        missing.push(symbol.name);
      }
      const isClass = (symbol.flags & ts.SymbolFlags.Class) !== 0;
      for (const [name, member] of symbol.members ?? []) {
        if (member.flags & ts.SymbolFlags.TypeParameter) {
          continue;
        }
        const isMethod = (member.flags & ts.SymbolFlags.Method) !== 0;
        if ((isClass && isMethod) || /(Options|Request)$/.test(symbol.name)) {
          count++;
          if (!documented(member) && !String(name).startsWith("__")) {
            missing.push(`${symbol.name}.${name}`);
          }
        }
      }
    }
  }
  assert.ok(count > 200, String(count));
  assert.deepEqual(missing, []);
});
