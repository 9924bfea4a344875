import type { Address } from "./name.js";

// Of all tabs and workers of an origin that keep the same two databases in step, one does it: the one that holds a Web Lock. It tells the others, which
// wait for the lock, what happens. When it goes, however it goes, the browser gives the lock to the next.

/** What the one that replicates says to the others, and the others to it. */
type Message = { event: object; to?: string } | { ended: unknown } | { arrived: string };

/**
 * The name under which contexts share a live replication, undefined when it is not shared: a place without locks, or a database that others do not have.
 * What flows, and how, is part of it.
 */
export function sharedName(source: Address, target: Address, request: object): string | undefined {
  const adapters = [source.adapter, target.adapter].sort().join();
  if (typeof BroadcastChannel === "undefined" || typeof navigator === "undefined" || !("locks" in navigator) || adapters !== "http,indexeddb") {
    return undefined;
  }
  if (source.fetch !== undefined || target.fetch !== undefined) {
    return undefined; // a function of this page alone
  }
  const identity = ({ name, username, headers }: Address): unknown => [name, username, headers];
  return `gouchdb-live ${JSON.stringify([identity(source), identity(target), request])}`;
}

type Tell = (event: object) => void;

/**
 * Replicates, or follows who does: `lead` or `follow` gets the events. `run` begins when this context's turn has come, and is given what to tell events to. The
 * answer is that of the replication, wherever it ran. It fails when the signal aborts.
 */
export async function shareLive(name: string, signal: AbortSignal, tell: { lead: Tell; follow: Tell }, run: (tell: Tell) => Promise<unknown>): Promise<unknown> {
  const channel = new BroadcastChannel(name);
  const self = crypto.randomUUID();
  const leaving = new AbortController(); // ends the wait for the lock
  const leave = (): void => {
    leaving.abort(signal.reason);
  };
  signal.addEventListener("abort", leave);
  let ended: { answer: unknown } | undefined;
  const send = (message: Message): void => {
    channel.postMessage(message);
  };
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if ("event" in data && (data.to === undefined || data.to === self)) {
      tell.follow(data.event);
    } else if ("ended" in data) {
      ended = { answer: data.ended };
      leaving.abort();
    }
  };
  try {
    signal.throwIfAborted();
    send({ arrived: self });
    return await navigator.locks.request(name, { signal: leaving.signal }, () => lead(channel, send, tell.lead, run));
  } catch (error) {
    if (ended) {
      return ended.answer;
    }
    throw error;
  } finally {
    signal.removeEventListener("abort", leave);
    channel.close();
  }
}

async function lead(channel: BroadcastChannel, send: (message: Message) => void, tell: Tell, run: (tell: Tell) => Promise<unknown>): Promise<unknown> {
  let state: object | undefined; // the event that tells how things stand
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if ("arrived" in data && state) {
      send({ event: state, to: data.arrived });
    }
  };
  const answer = await run((event) => {
    const { type } = event as { type: string };
    if (type !== "question") { // these are for who runs it
      if (type === "active" || type === "paused") {
        state = event;
      }
      send({ event });
    }
    tell(event);
  });
  // It has ended by itself, and for good: whoever began anew would meet the same.
  send({ ended: answer });
  return answer;
}
