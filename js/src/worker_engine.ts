import type { Receiver, Request, Transport } from "./boundary.js";
import { buildID } from "./build_id.js";
import { GouchError, type Failure } from "./error.js";

/** What the page says to the worker: first the engine, and then requests. Texts are handed over, not copied. */
export type ToWorker = { module: WebAssembly.Module; build: string } | { requests: readonly Request[]; cancelled: readonly number[] };

/** What the worker says: that it takes requests, what the engine delivers, or that it has ended. */
export type FromWorker = { ready: true } | { deliveries: readonly Delivery[] } | { stopped: Failure };

/** What the engine delivers of a call: its number, the kind, and the text. */
export type Delivery = readonly [call: number, kind: number, answer: Uint8Array<ArrayBuffer>];

/** Starts the engine in a worker, which must be running worker.js of the same build. */
export async function startInWorker(worker: Worker, module: Promise<WebAssembly.Module>, receiver: Receiver): Promise<Transport> {
  try {
    const ready = connect(worker, receiver);
    ready.catch(() => {
      // It may fail while the engine is still being loaded; then it is told below.
    });
    // The worker's script is loaded meanwhile.
    worker.postMessage({ module: await module, build: buildID } satisfies ToWorker);
    await ready;
  } catch (error) {
    worker.terminate();
    throw error;
  }
  const encoder = new TextEncoder();
  let requests: (Request & { text: Uint8Array })[] = [];
  let cancelled: number[] = [];
  const flush = () => {
    // Contents of attachments are the caller's own: those are copied.
    const texts = requests.map(({ text }) => text.buffer as ArrayBuffer);
    worker.postMessage({ requests, cancelled } satisfies ToWorker, texts);
    requests = [];
    cancelled = [];
  };
  const schedule = () => {
    if (requests.length + cancelled.length === 1) {
      queueMicrotask(flush);
    }
  };
  return {
    submit({ call, text, raw }) {
      requests.push({ call, text: typeof text === "string" ? encoder.encode(text) : text, raw });
      schedule();
    },
    cancel(call) {
      cancelled.push(call);
      schedule();
    },
  };
}

// Listens to the worker. Resolves when it takes requests.
function connect(worker: Worker, receiver: Receiver): Promise<void> {
  return new Promise((resolve, reject) => {
    let started = false;
    const end = (failure: Failure) => {
      worker.terminate();
      const error = new GouchError(failure);
      receiver.stopped(error);
      reject(error);
    };
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if ("deliveries" in data) {
        for (const [call, kind, answer] of data.deliveries) {
          receiver.deliver(call, kind, answer);
        }
      } else if ("stopped" in data) {
        end(data.stopped);
      } else {
        started = true;
        resolve();
      }
    };
    worker.onerror = (event) => {
      event.preventDefault();
      const { message } = event as { message?: string }; // a script that cannot be loaded has none
      const { name, reason } = started
        ? { name: "engine_stopped", reason: "the worker has failed" }
        : { name: "engine_unavailable", reason: "the worker cannot be loaded (GouchDB.init({ workerURL }) says where worker.js is)" };
      end({ status: 500, name, reason: message ? `${reason}: ${message}` : reason });
    };
  });
}
