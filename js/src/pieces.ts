import type { Connection } from "./connection.js";
import { asGouchError } from "./error.js";

// Long contents cross piece by piece: a Blob need not be in memory, while a request is.

const PIECE = 4 * 2 ** 20;

/** Whether a content is a Blob that is not to be held. */
export function isLong(data: unknown): data is Blob {
  return typeof Blob !== "undefined" && data instanceof Blob && data.size > PIECE;
}

interface Question {
  type: string;
  number: number;
  from: number;
  to: number;
}

/** Writes an attachment whose pieces the engine asks for. */
export function putPieces(connection: Connection, request: object, blob: Blob): Promise<unknown> {
  const answer = async ({ number, from, to }: Question): Promise<void> => {
    try {
      const piece = new Uint8Array(await blob.slice(from, to).arrayBuffer());
      await connection.callEngine("reply", { question: number }, { data: "null", raw: [piece] });
    } catch (error) {
      const { status, name, reason } = asGouchError(error);
      await connection.callEngine("reply", { question: number, failure: { status, name, reason } });
    }
  };
  return connection.call("putAttachment", { ...request, size: blob.size }, {
    onEvent: (event) => {
      const question = event as Question;
      if (question.type === "question") {
        // The engine must not be called while it tells.
        queueMicrotask(() => {
          answer(question).catch(() => {
            // An engine that has ended has told so already.
          });
        });
      }
    },
  });
}

interface Piece {
  digest: string;
  size: number;
  _attachments: { piece: { data: Blob | Uint8Array<ArrayBuffer>; content_type: string } };
}

/** Reads an attachment: a Blob made of pieces, or in Node a Buffer. One that is replaced meanwhile is read anew. */
export async function getPieces(connection: Connection, request: object, signal: AbortSignal | undefined): Promise<Blob | Uint8Array> {
  let pieces: Piece["_attachments"]["piece"][] = [];
  for (let from = 0, digest: string | undefined; ; ) {
    const part = (await connection.call("getAttachment", { ...request, from, limit: PIECE }, { signal })) as Piece;
    if (digest !== undefined && part.digest !== digest) {
      [from, digest, pieces] = [0, undefined, []];
      continue;
    }
    digest = part.digest;
    const { piece } = part._attachments;
    pieces.push(piece);
    from += piece.data instanceof Blob ? piece.data.size : piece.data.length;
    if (from >= part.size) {
      return joined(pieces);
    }
  }
}

function joined(pieces: Piece["_attachments"]["piece"][]): Blob | Uint8Array {
  const [first] = pieces;
  if (first && pieces.length === 1) {
    return first.data;
  }
  const parts = pieces.map(({ data }) => data);
  const node = (globalThis as { Buffer?: { concat: (parts: Uint8Array[]) => Uint8Array } }).Buffer;
  const bytes = parts.filter((part) => part instanceof Uint8Array);
  return node && bytes.length === parts.length ? node.concat(bytes) : new Blob(parts, { type: first?.content_type ?? "" });
}
