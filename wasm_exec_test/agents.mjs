// Contexts of one origin that a test drives and kills: tabs, dedicated workers, shared workers and service workers, all with the npm package's browser build.
//
// Each runs agent/agent.js, which connects to the test by a WebSocket. So all kinds are driven alike, what a context reports is here before it is killed,
// and its end is noticed whatever it died of.
import { execFile } from "node:child_process";
import { EventEmitter } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { startMortalChromium } from "./chromium.mjs";
import { serve } from "./serve.mjs";
import { acceptWebSockets } from "./websocket.mjs";

const run = promisify(execFile);
const root = new URL("../", import.meta.url);
const PATIENCE = 30_000;

/** Rejects when a promise takes too long: a test that hangs does not tell what it waited for. */
export async function inTime(promise, what, patience = PATIENCE) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing for ${patience} ms`)), patience);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A context. Emits "report" with what it reports, and "gone" once. */
class Agent extends EventEmitter {
  alive = true;
  #connection;
  #calls = new Map();
  #last = 0;

  constructor(name, kind, connection, killers) {
    super();
    this.setMaxListeners(0);
    Object.assign(this, { name, kind, killers });
    this.#connection = connection;
    connection.on("message", (text) => this.#hear(JSON.parse(text)));
    this.gone = new Promise((resolve) => {
      connection.once("close", () => {
        this.alive = false;
        for (const { reject } of this.#calls.values()) {
          reject(Object.assign(new Error(`${name} is gone`), { name: "gone" }));
        }
        resolve();
      });
    });
  }

  #hear({ report, call, value, error }) {
    if (report !== undefined) {
      this.emit("report", report);
      return;
    }
    const { resolve, reject } = this.#calls.get(call);
    this.#calls.delete(call);
    if (error) {
      reject(Object.assign(new Error(`${this.name}: ${error.name}: ${error.message}`), error, { stack: error.stack }));
    } else {
      resolve(value);
    }
  }

  /** Calls a function there, with an argument (JSON) and the tools of agent.js, and returns what it returns. */
  run(code, argument) {
    if (!this.alive) {
      return Promise.reject(Object.assign(new Error(`${this.name} is gone`), { name: "gone" }));
    }
    return new Promise((resolve, reject) => {
      this.#last++;
      this.#calls.set(this.#last, { resolve, reject });
      this.#connection.send(JSON.stringify({ call: this.#last, code: String(code), argument }));
    });
  }

  /** Ends it in one of the ways its kind can end, and waits until it is gone. */
  async kill(how) {
    void this.killers[how]().catch(() => {}); // what is killed does not answer
    await inTime(this.gone, `killing ${this.name} by ${how}`);
  }
}

let checker; // built once for all browsers of a test file

async function buildChecker() {
  const directory = await mkdtemp(join(tmpdir(), "gouchdb-checker-"));
  try {
    const file = join(directory, "checker.wasm");
    await run("go", ["build", "-o", file, "./wasm_exec_test/checker"], { cwd: fileURLToPath(root), env: { ...process.env, GOOS: "js", GOARCH: "wasm" } });
    return await readFile(file);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * Starts a browser and a server for contexts of one origin.
 * @param {{features?: string[], files?: Record<string, URL | string>}} options
 */
export async function startLab({ features = [], files = {} } = {}) {
  const waiting = new Map(); // name -> what takes the connection
  const problems = new EventEmitter();
  const html = (body) => `<!doctype html><title>agents</title>${body}`;
  const server = await serve({
    "/": html(""),
    "/favicon.ico": "",
    "/sandboxed": html("<iframe sandbox=allow-scripts src=/framed></iframe>"),
    "/framed": html(`<body><script type=module>
      import GouchDB from "/browser.js";
      const outcome = await new GouchDB("framed").put({ _id: "a" }).catch(({ name, status, reason }) => ({ name, status, reason }));
      document.body.dataset.outcome = JSON.stringify(outcome);
    </script>`),
    "/agent": html("<script type=module src=/agent.js></script>"),
    "/agent.js": new URL("agent/agent.js", import.meta.url),
    "/clock.js": new URL("agent/clock.js", import.meta.url),
    "/writer.js": new URL("agent/writer.js", import.meta.url),
    // Read now: somebody may build anew in the meantime.
    "/browser.js": await readFile(new URL("js/dist/browser.js", root), "utf8"),
    "/gouchdb.wasm": await readFile(new URL("js/dist/gouchdb.wasm", root)),
    "/checker.wasm": await (checker ??= buildChecker()),
    "/wasm_exec.js": new URL(`file://${(await run("go", ["env", "GOROOT"])).stdout.trim()}/lib/wasm/wasm_exec.js`),
    ...files,
  });
  acceptWebSockets(server.http, (connection, url) => {
    const name = url.searchParams.get("name");
    const accept = waiting.get(name);
    if (accept) {
      waiting.delete(name);
      accept(connection);
    }
  });
  const browser = await startMortalChromium({ features });

  // A new page may be given to a renderer that has just been killed, which the browser does not know yet: then it takes another.
  async function newPage() {
    for (let attempts = 3; ; attempts--) {
      try {
        return await browser.context.newPage();
      } catch (error) {
        if (attempts === 1 || !/crashed|closed/.test(error.message)) {
          throw error;
        }
      }
    }
  }

  async function page(path = "/") {
    const opened = await newPage();
    opened.on("pageerror", (error) => problems.emit("problem", error));
    opened.on("console", (message) => message.type() === "error" && problems.emit("problem", new Error(message.text())));
    if (path) {
      await opened.goto(server.url + path);
    }
    return opened;
  }

  // Waits for the context of a name to connect. start begins it.
  async function agent(name, kind, killers, start) {
    const connected = new Promise((resolve) => { waiting.set(name, resolve); });
    let explain;
    const failed = new Promise((_, reject) => {
      explain = (problem) => reject(new Error(`${name} (${kind}) does not start: ${problem.message}`));
      problems.once("problem", explain);
    });
    failed.catch(() => {});
    await start();
    const connection = await inTime(Promise.race([connected, failed]), `waiting for ${name} (${kind})`);
    problems.off("problem", explain);
    return new Agent(name, kind, connection, killers);
  }

  const lab = {
    browser,
    server,
    url: server.url,
    page,

    async tab(name) {
      const tab = await page("");
      const killers = {
        close: () => tab.close(),
        crash: async () => (await browser.context.newCDPSession(tab)).send("Page.crash"),
      };
      const made = await agent(name, "tab", killers, () => tab.goto(`${server.url}/agent?name=${name}`));
      return Object.assign(made, { page: tab });
    },

    async worker(name) {
      const owner = await page();
      const killers = {
        terminate: () => owner.evaluate(() => globalThis.agent.terminate()),
        closeOwner: () => owner.close(),
      };
      return agent(name, "worker", killers, () => owner.evaluate((url) => {
        globalThis.agent = new Worker(url, { type: "module" });
        globalThis.agent.onerror = (event) => console.error(`worker: ${event.message}`);
      }, `/agent.js?name=${name}`));
    },

    async sharedWorker(name) {
      const owner = await page();
      const url = `/agent.js?name=${name}`;
      const killers = {
        closeTarget: () => closeTargets(browser, "shared_worker", url),
        closeOwner: () => owner.close(),
      };
      return agent(name, "sharedWorker", killers, () => owner.evaluate((address) => {
        globalThis.agent = new SharedWorker(address, { type: "module" });
        globalThis.agent.onerror = (event) => console.error(`shared worker: ${event.message}`);
      }, url));
    },

    async serviceWorker(name) {
      const owner = await page();
      const session = await browser.context.newCDPSession(owner);
      const killers = {
        async stop() {
          await session.send("ServiceWorker.enable");
          await session.send("ServiceWorker.stopAllWorkers");
        },
      };
      return agent(name, "serviceWorker", killers, () => owner.evaluate(async (label) => {
        const registration = await navigator.serviceWorker.register(`/agent.js?name=${label}`, { type: "module", scope: `/scope-${label}/` });
        const worker = registration.installing ?? registration.waiting ?? registration.active;
        worker.postMessage("stay");
      }, name));
    },

    /** Checks databases with db.Check in Go; returns its reports. */
    async check(...names) {
      const checker = await page();
      await checker.addScriptTag({ url: "/wasm_exec.js" });
      const lines = await checker.evaluate(async (args) => {
        const said = [];
        console.log = (...values) => said.push(values.join(" "));
        const go = new globalThis.Go();
        go.argv = ["checker", ...args];
        go.exit = () => {};
        const { instance } = await WebAssembly.instantiateStreaming(fetch("/checker.wasm"), go.importObject);
        await go.run(instance);
        return said;
      }, names);
      await checker.close();
      return lines.map((line) => JSON.parse(line));
    },

    async close() {
      await browser.close();
      await server.close();
    },
  };
  return lab;
}

async function closeTargets(browser, type, path) {
  const session = await browser.browser.newBrowserCDPSession();
  const { targetInfos } = await session.send("Target.getTargets");
  for (const target of targetInfos.filter((info) => info.type === type && info.url.endsWith(path))) {
    await session.send("Target.closeTarget", { targetId: target.targetId });
  }
  await session.detach();
}

/** Kills one of the processes that pages run in, and tells which. */
export async function killRenderer(browser, random) {
  const session = await browser.browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  process.kill(renderers[Math.floor(random() * renderers.length)].id, "SIGKILL");
}
