// The declarations of the package: as tsc makes them, and once more for require().
import { execFileSync } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** Writes types/ and types-cjs/ into a directory. */
export function declare(js, directory) {
  const require = createRequire(join(js, "package.json"));
  execFileSync(process.execPath, [require.resolve("typescript/bin/tsc"), "-p", js, "--emitDeclarationOnly", "--stripInternal", "--outDir", join(directory, "types")], { stdio: "inherit" });
  // What is true of an ES module is not believed of the other kind.
  const commonJS = join(directory, "types-cjs");
  cpSync(join(directory, "types"), commonJS, { recursive: true });
  writeFileSync(join(commonJS, "package.json"), '{ "type": "commonjs" }\n');
  writeFileSync(join(commonJS, "require.d.ts"), classWithEverything(require("typescript"), join(commonJS, "index.d.ts")));
}

// What require() gives, the class with everything else on it, is to TypeScript a class, a function and a namespace of one name. In the namespace are the exports of
// the ES module, and the names that PouchDB's types have.
function classWithEverything(ts, index) {
  const program = ts.createProgram([index], { strict: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, types: [] });
  const checker = program.getTypeChecker();
  const exported = new Map(checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(index))).map((symbol) => [symbol.name, symbol]));
  const named = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  const theirs = named(exported.get("GouchDB")).exports;
  const isClass = (name) => (named(exported.get(name)).flags & ts.SymbolFlags.Class) !== 0;
  const classes = [...theirs.keys()].filter((name) => exported.has(name) && isClass(name)); // which PouchDB has a namespace for
  const ours = [...exported.keys()].filter((name) => name !== "default" && name !== "GouchDB" && !classes.includes(name));
  const namespaces = [...theirs.keys()].filter((name) => !exported.has(name));
  return `import { ${ours.join(", ")}, ${classes.map((name) => `${name} as ${name}Class`).join(", ")}, GouchDB as Class } from "./index.js";
import Names = Class;

declare const Base: GouchDBConstructor;

/** A database: local in this browser or process, or a remote CouchDB. It can be used at once; calls wait until the engine has been loaded and the database is open. */
declare class GouchDB<Content extends object = AnyContent> extends Base<Content> {}
/** As with \`new\`. */
declare function GouchDB<Content extends object = AnyContent>(nameOrOptions: string | DatabaseOptions, options?: DatabaseOptions): Class<Content>;
declare namespace GouchDB {
  export { ${ours.join(", ")}, Class as GouchDB, Class as default };
${namespaces.map((name) => `  export import ${name} = Names.${name};`).join("\n")}
${classes.map((name) => `  /** See {@link ${name}Class}. */
  export class ${name}<Content extends object = AnyContent> extends ${name}Class<Content> {}
  export namespace ${name} {
${[...theirs.get(name).exports.keys()].map((inner) => `    export import ${inner} = Names.${name}.${inner};`).join("\n")}
  }`).join("\n")}
}
export = GouchDB;
`;
}
