// The npm package as its users get it: packed, and installed into an empty project.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const js = fileURLToPath(new URL("../js/", import.meta.url));

// npm finds nothing to ask a registry for: the package has no dependencies.
const npm = (cwd, ...args) => execFileSync("npm", [...args, "--offline", "--silent", "--no-audit", "--no-fund"], { cwd, encoding: "utf8" });

export const project = mkdtempSync(join(tmpdir(), "gouchdb-package-"));
process.on("exit", () => rmSync(project, { recursive: true, force: true }));

writeFileSync(join(project, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }));
npm(js, "pack", "--pack-destination", project);
export const tarball = join(project, readdirSync(project).find((name) => name.endsWith(".tgz")));
npm(project, "install", tarball);

export const packageRoot = join(project, "node_modules/gouchdb");

// Imports the package by its name, as a file of the project would.
export async function importPackage() {
  const entry = join(project, "entry.mjs");
  writeFileSync(entry, 'export { default } from "gouchdb"; export * from "gouchdb";');
  return import(pathToFileURL(entry));
}

// Runs a script of the project and resolves to what it printed. It must end by itself.
export function run(source, { timeout = 30_000 } = {}) {
  const file = join(project, `script-${Math.random().toString(36).slice(2)}.mjs`);
  writeFileSync(file, source);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file], { cwd: project, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    const timer = setTimeout(() => child.kill("SIGKILL"), timeout);
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      if (signal) {
        reject(new Error(`the process did not end by itself; it printed: ${output}`));
      } else {
        resolve({ code, output });
      }
    });
  });
}
