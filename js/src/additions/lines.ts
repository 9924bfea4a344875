/** Where a dump comes from: a stream, in Node also one of its own, a file, an answer, or text. */
export type DumpSource = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array | string> | Blob | Response | string;

// How long a line may be: a document that is larger no database takes.
const LONGEST = 64 << 20;

/** The lines of a dump that hold anything. */
export async function* linesOf(source: DumpSource, fail: (reason: string) => Error): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let parts: string[] = []; // of a line that has not ended
  let length = 0;
  for await (const chunk of chunksOf(source)) {
    const pieces = (typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true })).split("\n");
    const rest = pieces.pop() ?? "";
    for (const piece of pieces) {
      const line = parts.join("") + piece;
      parts = [];
      length = 0;
      if (line.trim() !== "") {
        yield line;
      }
    }
    parts.push(rest);
    length += rest.length;
    if (length > LONGEST) {
      throw fail(`is longer than ${LONGEST} characters`);
    }
  }
  const last = parts.join("") + decoder.decode();
  if (last.trim() !== "") {
    yield last;
  }
}

function chunksOf(source: DumpSource): AsyncIterable<Uint8Array | string> | Iterable<string> {
  if (typeof source === "string") {
    return [source];
  }
  if (typeof Response !== "undefined" && source instanceof Response) {
    return source.body ? read(source.body) : [];
  }
  if (typeof Blob !== "undefined" && source instanceof Blob) {
    return read(source.stream());
  }
  // Not every browser can loop over a stream.
  return "getReader" in source ? read(source) : (source as AsyncIterable<Uint8Array | string>);
}

async function* read(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader();
  let whole = false;
  try {
    while (!whole) {
      const { done, value } = await reader.read();
      if (value) {
        yield value;
      }
      whole = done;
    }
  } finally {
    if (!whole) {
      await reader.cancel();
    }
    reader.releaseLock();
  }
}
