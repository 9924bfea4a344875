// The JavaScript in docs/queries.md does what it says. Its blocks are run one after the other; "expression; // → value" is compared.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { importPackage } from "./installed.mjs";

const { default: GouchDB } = await importPackage();

test("docs/queries.md", async () => {
  const text = readFileSync(new URL("../docs/queries.md", import.meta.url), "utf8");
  const blocks = [...text.matchAll(/^```js\n(.*?)^```$/gms)].map(([, block]) => block);
  assert.ok(blocks.length >= 8, `${blocks.length} blocks`);
  let compared = 0;
  const script = blocks.join("\n").replaceAll(/^(.*); \/\/ → (.*)$/gm, (_, expression, value) => {
    compared++;
    return `assert.deepEqual(${expression}, ${value});`;
  });
  assert.ok(compared >= 18, `${compared} values`);
  const run = new Function("GouchDB", "assert", `return (async () => {${script}\n})();`);
  await run(GouchDB, assert);
});
