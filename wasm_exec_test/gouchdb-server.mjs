// Starts build/gouchdb serve for a test.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const binary = new URL("../build/gouchdb", import.meta.url).pathname;

/**
 * Starts a server on a free port and waits until it listens.
 * @param {string[]} flags further flags of gouchdb serve
 * @param {number} port 0 for a free one
 * @returns {Promise<{url: string, port: number, stop: () => Promise<void>}>}
 */
export async function startServer(flags, port = 0) {
  const child = spawn(binary, ["serve", "--addr", `127.0.0.1:${port}`, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let errors = "";
  child.stderr.on("data", (data) => { errors += data; });
  for await (const line of createInterface({ input: child.stdout })) {
    const match = /listens on (http:\/\/127\.0\.0\.1:(\d+))\//.exec(line);
    if (match) {
      child.stdout.resume();
      return {
        url: match[1],
        port: Number(match[2]),
        async stop() {
          child.kill("SIGTERM");
          await ended;
        },
      };
    }
  }
  throw new Error(`gouchdb serve did not start: ${errors}`);
}
