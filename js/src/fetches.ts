import { asError } from "./error.js";
import type { Answer } from "./questions.js";

/** Sends a request, as the place's own `fetch` does. */
export type Fetch = (url: string, options: RequestInit & { headers: Headers }) => Promise<Response>;

export type FetchQuestion =
  | { about: "fetch"; fetch: number; url: string; method: string; headers: Record<string, string>; body?: { _attachments: { body: { data: Blob | Uint8Array } } } }
  | { about: "read" | "drop"; body: number };

const functions: Fetch[] = [];

interface Body {
  reader: ReadableStreamDefaultReader<Uint8Array>;
  controller: AbortController;
}

const bodies = new Map<number, Body>();
let lastBody = 0;

/** The number by which the engine knows a function. */
export function numberOf(fetch: Fetch): number {
  const known = functions.indexOf(fetch);
  return known >= 0 ? known : functions.push(fetch) - 1;
}

/** Sends a request for the engine, or reads on in the answer to one. */
export async function answerFetch(question: FetchQuestion, signal: AbortSignal): Promise<Answer> {
  if (question.about === "fetch") {
    return send(question, signal);
  }
  const body = bodies.get(question.body);
  if (!body) {
    return { value: { done: true } };
  }
  const end = () => {
    bodies.delete(question.body);
    body.controller.abort();
  };
  if (question.about === "drop") {
    end();
    return { value: {} };
  }
  signal.addEventListener("abort", end);
  try {
    const { done, value } = await body.reader.read();
    if (done) {
      bodies.delete(question.body);
    }
    return { value: { done }, raw: value ? [value] : undefined };
  } catch (error) {
    bodies.delete(question.body);
    throw asError(error);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

async function send({ fetch: number, url, method, headers, body }: FetchQuestion & { about: "fetch" }, signal: AbortSignal): Promise<Answer> {
  const controller = new AbortController();
  const abort = () => {
    controller.abort();
  };
  signal.addEventListener("abort", abort);
  try {
    const content = body?._attachments.body.data;
    const fetch = functions[number] ?? globalThis.fetch;
    const response = await fetch(url, {
      method,
      headers: new Headers(headers),
      credentials: "include",
      signal: controller.signal,
      ...(content ? { body: content as BodyInit } : {}),
    });
    const reader = response.body?.getReader();
    if (reader) {
      bodies.set(++lastBody, { reader, controller });
    }
    return { value: { status: response.status, headers: Object.fromEntries(response.headers), body: reader ? lastBody : 0 } };
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
