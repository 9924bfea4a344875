// The worker of `worker: true`: it runs the engine, and passes on what the page and the engine say to each other.
import { Boundary, mismatch, type Transport } from "../boundary.js";
import { buildID } from "../build_id.js";
import { asGouchError } from "../error.js";
import type { Delivery, FromWorker, ToWorker } from "../worker_engine.js";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<ToWorker>) => void;
  postMessage: (message: FromWorker, transfer?: Transferable[]) => void;
};

let boundary: Transport | undefined;
let deliveries: Delivery[] = [];

function stopped(thrown: unknown): void {
  const { status, name, reason } = asGouchError(thrown);
  scope.postMessage({ stopped: { status, name, reason } });
}

async function start(module: WebAssembly.Module, build: string): Promise<void> {
  try {
    if (build !== buildID) {
      throw mismatch("worker.js", `the page's is ${build}`);
    }
    boundary = await Boundary.start(module, {}, {
      deliver: (call, kind, answer) => {
        // What Go delivers in one turn goes together.
        if (deliveries.push([call, kind, answer.slice()]) === 1) {
          queueMicrotask(flush);
        }
      },
      stopped,
    });
    scope.postMessage({ ready: true });
  } catch (error) {
    stopped(error);
  }
}

function flush(): void {
  const gathered = deliveries;
  deliveries = [];
  scope.postMessage(
    { deliveries: gathered },
    gathered.map(([, , answer]) => answer.buffer),
  );
}

scope.onmessage = ({ data }) => {
  if ("module" in data) {
    void start(data.module, data.build);
  } else {
    for (const request of data.requests) {
      boundary?.submit(request);
    }
    for (const call of data.cancelled) {
      boundary?.cancel(call);
    }
  }
};
