// The JavaScript of the package: one bundle for each place that it is used in.
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { bundle } from "./build-js.mjs";

// Files of this build as texts in a script: gouchdb:worker is worker.js, gouchdb:engine the wasm as gzip in base64.
function inlined(directory, wasm) {
  const contents = {
    worker: () => readFileSync(join(directory, "worker.js"), "utf8"),
    engine: () => gzipSync(readFileSync(join(directory, wasm)), { level: 9 }).toString("base64"),
  };
  return {
    name: "inlined",
    setup(build) {
      build.onResolve({ filter: /^gouchdb:(worker|engine)$/ }, ({ path }) => ({ path: path.slice("gouchdb:".length), namespace: "inlined" }));
      build.onLoad({ filter: /.*/, namespace: "inlined" }, ({ path }) => ({ contents: contents[path](), loader: "text" }));
    },
  };
}

// What few pages need is in a file of its own, and loaded when it is asked for.
const splitOff = {
  name: "split off",
  setup(build) {
    const split = (filter, path) => build.onResolve({ filter }, ({ kind }) => (kind === "dynamic-import" ? { path, external: true } : undefined));
    split(/\/pouchdb\/import\.js$/, "./import-pouchdb.js");
    split(/\/additions\/index\.js$/, "./additions.js");
  },
};

// require("gouchdb") is the class, as with PouchDB, and everything else is on it.
const commonJS = {
  platform: "node",
  format: "cjs",
  define: { "import.meta.url": "moduleURL" },
  banner: { js: 'const moduleURL = require("node:url").pathToFileURL(__filename).href;' },
  footer: { js: "module.exports = Object.assign(module.exports.default, { ...module.exports });\nmodule.exports.default = module.exports;" },
};

/** Bundles everything into `directory`, where the engines are already. */
export async function bundleAll(entrypoints, directory, id) {
  const build = (name, output, options) => bundle(join(entrypoints, `${name}.ts`), join(directory, output), id, options);
  await build("worker", "worker.js", { format: "iife" });
  await build("../pouchdb/import", "import-pouchdb.js");
  await build("../additions/index", "additions.js", { plugins: [splitOff] });
  await build("browser", "browser.js", { plugins: [splitOff] });
  await build("service_worker", "service-worker.js");
  await build("script", "gouchdb.js", { format: "iife" });
  await build("inline", "inline.js", { plugins: [inlined(directory, "gouchdb.wasm")] });
  await build("workerd", "workerd.js", { external: ["./gouchdb.wasm"], plugins: [splitOff] });
  await build("node", "node.cjs", commonJS);
  await build("inline_node", "inline.cjs", { ...commonJS, plugins: [inlined(directory, "gouchdb-node.wasm")] });
  await build("../react", "react.js", { external: ["react"] });
  await build("../react", "react.cjs", { external: ["react"], platform: "node", format: "cjs" });
  const { metafile } = await build("node", "node.js", { platform: "node", metafile: true });
  const [{ exports }] = Object.values(metafile.outputs);
  writeFileSync(join(directory, "inline-node.js"), asESModule("inline.cjs", exports));
}

// An ES module over a CommonJS one. It is not bundled a second time: the engine in it is large.
function asESModule(file, names) {
  const rest = names.filter((name) => name !== "default" && name !== "GouchDB");
  return `import GouchDB from "./${basename(file)}";\nexport default GouchDB;\nexport { GouchDB };\nexport const { ${rest.join(", ")} } = GouchDB;\n`;
}
