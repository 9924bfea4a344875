// Runs functions of design documents, and those given to `db.query`, for the engine: a batch of documents comes as one text, what the functions make of
// it goes back as another. wasm/internal/scripts says how requests look.

type Script = (...args: unknown[]) => unknown;

/** What functions may use beside their arguments, as in CouchDB. */
interface Helpers {
  emit: (key?: unknown, value?: unknown) => void;
  sum: (values: number[]) => number;
  log: (...values: unknown[]) => void;
  isArray: (value: unknown) => boolean;
  toJSON: (value: unknown) => string;
}

let emitted: string[] = [];

const helpers: Helpers = {
  emit: (key, value) => {
    emitted.push(textOf(key), textOf(value));
  },
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  log: (...values) => {
    console.debug(...values); // eslint-disable-line no-console -- it is what functions log that is wanted here
  },
  isArray: Array.isArray,
  toJSON: JSON.stringify,
};

// Functions as they were given, with all they know of, by the names that stand for them in requests. No source looks like one.
const closures = new Map<string, Script>();

// Compiled sources, the one used last at the end.
const compiled = new Map<string, Script>();
const REMEMBERED = 200;

/** Lends a function to the engine, under the name that is returned. It is the caller's to take back. */
export function lend(script: Script): string {
  // No other tab must come to use the same: what is stored meanwhile is found by it.
  const name = `closure ${Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(36)).join("-")}`;
  closures.set(name, script);
  return name;
}

// Before the source of a function of the page's that goes to a worker.
const SENT = "/* sent */ ";

/** The text of a function, for an engine that is in a worker. What the function takes from around it stays behind. */
export function send(script: Script): string {
  return SENT + String(script);
}

/** Takes a function back. */
export function takeBack(name: string): void {
  closures.delete(name);
}

/** How many functions are lent. */
export function lentScripts(): number {
  return closures.size;
}

/** What the engine imports: one function that answers a request and says how long the answer is, and one that writes it where Go has made room. */
export function scriptImports(memory: () => ArrayBufferLike): Record<"run" | "take", (...args: number[]) => unknown> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let answer = new Uint8Array(0);
  return {
    run: (address = 0, size = 0) => {
      answer = encoder.encode(runScripts(decoder.decode(new Uint8Array(memory(), address >>> 0, size))));
      return answer.length;
    },
    take: (address = 0) => {
      new Uint8Array(memory()).set(answer, address >>> 0);
      answer = new Uint8Array(0);
    },
  };
}

/** Answers a request of the engine. It never throws. */
export function runScripts(request: string): string {
  try {
    const [kind, sources, batch, about] = JSON.parse(request) as [string, string[], unknown[], unknown];
    const scripts = sources.map(compile);
    const run = () => {
      switch (kind) {
        case "map":
          return mapAll(scripts, sources, request, batch);
        case "reduce":
          return batch.map((call) =>
            attempt(
              () => `[${textOf(scripts[0]?.(...(call as unknown[])))}]`,
              (error) => {
                checkSent(sources[0], error);
              },
            ),
          );
        default:
          return batch.map((doc) => (scripts[0]?.(doc, about) ? "true" : "false"));
      }
    };
    return `[${(sources.some((source) => closures.has(source)) ? withHelpers(run) : run()).join(",")}]`;
  } catch (error) {
    return JSON.stringify(error instanceof Refusal ? { status: error.status, name: error.name, reason: error.message } : { status: 500, name: "script_error", reason: shown(error) });
  }
}

// A function in a design document that names what is not there has thrown, as in CouchDB. One that was sent would be right at home.
function checkSent(source: string | undefined, error: unknown): void {
  if (source?.startsWith(SENT) && error instanceof ReferenceError) {
    throw new Refusal(400, "bad_request", `a function in a worker knows nothing of the page: ${error.message}`);
  }
}

class Refusal extends Error {
  readonly status: number;

  constructor(status: number, name: string, message: string) {
    super(message);
    this.status = status;
    this.name = name;
  }
}

// Each function gets documents of its own: what it does to them is nobody else's business.
function mapAll(scripts: Script[], sources: string[], request: string, first: unknown[]): string[] {
  const columns = scripts.map((script, i) => {
    const docs = i === 0 ? first : (JSON.parse(request) as [string, string[], unknown[]])[2];
    let failed = false;
    return docs.map((doc) =>
      attempt(
        () => {
          emitted = [];
          script(doc, helpers.emit);
          return `[${emitted.join(",")}]`;
        },
        (error) => {
          checkSent(sources[i], error);
          if (!failed) {
            failed = true;
            console.error(`a map function failed for document ${String((doc as { _id?: unknown })._id)}, which has no rows:`, error); // eslint-disable-line no-console
          }
        },
      ),
    );
  });
  return first.map((_, i) => `[${columns.map((column) => column[i]).join(",")}]`);
}

/** The text that `run` returns, or that of what it throws. */
function attempt(run: () => string, report?: (error: unknown) => void): string {
  try {
    return run();
  } catch (error) {
    report?.(error);
    return textOf(shown(error));
  }
}

/** What was thrown, as text; to make that of an object may throw, too. */
function shown(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "an object without text";
  }
}

/** JSON in canonical form. What JSON has no text for is null; half a character, which UTF-8 has no bytes for, is replaced. */
function textOf(value: unknown): string {
  const text = (JSON.stringify(value) as string | undefined) ?? "null";
  return text.includes("\\ud") ? text.replace(/(\\\\)|\\ud[89a-f][0-9a-f]{2}/g, (_, escaped?: string) => escaped ?? "\ufffd") : text;
}

function compile(source: string): Script {
  let script = closures.get(source) ?? compiled.get(source);
  if (!script) {
    script = build(source);
    if (compiled.size >= REMEMBERED) {
      compiled.delete(compiled.keys().next().value ?? "");
    }
  } else if (!compiled.delete(source)) {
    return script; // a closure
  }
  compiled.set(source, script);
  return script;
}

function build(source: string): Script {
  let expression: Script;
  try {
    // The one place where text becomes code: a page may forbid it, and is then told.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    expression = new Function(...Object.keys(helpers), `return (${source.trim().replace(/;+$/, "")}\n);`) as Script;
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new Refusal(400, "compilation_error", `${String(error)} (${source})`);
    }
    throw new Refusal(
      501,
      "not_implemented",
      `the page's Content Security Policy forbids JavaScript from design documents (no 'unsafe-eval'); give db.query a function: ${String(error)}`,
    );
  }
  let script: unknown;
  try {
    script = expression(...(Object.values(helpers) as unknown[]));
  } catch (error) {
    throw new Refusal(400, "compilation_error", `${shown(error)} (${source})`);
  }
  if (typeof script !== "function") {
    throw new Refusal(400, "compilation_error", `Expression does not eval to a function. (${source})`);
  }
  return script as Script;
}

/** Runs something while the helpers are global: functions that were given as such name them and have no other way to get at them. */
function withHelpers<T>(run: () => T): T {
  const before = Object.keys(helpers).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  try {
    for (const [name, was] of before) {
      if (was?.configurable !== false) {
        Object.defineProperty(globalThis, name, { value: helpers[name as keyof Helpers], configurable: true, writable: true });
      }
    }
    return run();
  } finally {
    for (const [name, was] of before) {
      if (!was) {
        Reflect.deleteProperty(globalThis, name);
      } else if (was.configurable) {
        Object.defineProperty(globalThis, name, was);
      }
    }
  }
}
