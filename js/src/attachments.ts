import { badRequest } from "./error.js";

/** What an attachment's content may be given as. A string is base64. */
export type AttachmentContent = string | Blob | Uint8Array | ArrayBuffer;

/** An attachment of a document, as it is written and as it is read. */
export interface Attachment {
  content_type?: string;
  /** The content. Reads have it with `attachments: true`: as base64, or with `binary: true` as a Blob, in Node as a Buffer. */
  data?: AttachmentContent;
  /** The content is that of the revision before. Reads have it without `attachments: true`. */
  stub?: true;
  digest?: string;
  length?: number;
  /** The generation in which it came into the document. */
  revpos?: number;
}

/** The attachments of a document, by their names. */
export type Attachments = Record<string, Attachment>;

/** What is written, and the contents that follow its text. */
export interface Prepared<Value> {
  value: Value;
  raw?: Uint8Array[] | undefined;
}

function isBinary(data: unknown): data is Blob | Uint8Array | ArrayBuffer {
  return data instanceof Uint8Array || data instanceof ArrayBuffer || (typeof Blob !== "undefined" && data instanceof Blob);
}

/** The bytes of a content. */
export async function bytesOf(content: unknown): Promise<Uint8Array> {
  if (content instanceof Uint8Array) {
    return content;
  }
  if (content instanceof ArrayBuffer) {
    return new Uint8Array(content);
  }
  if (typeof content === "string") {
    try {
      return Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
    } catch {
      throw badRequest("Attachment is not a valid base64 string");
    }
  }
  if (isBinary(content)) {
    return new Uint8Array(await (content as Blob).arrayBuffer());
  }
  throw badRequest("an attachment must be a Blob, a Buffer, a Uint8Array, an ArrayBuffer or a base64 string");
}

function hasBinary(doc: object): boolean {
  const attachments = (doc as { _attachments?: unknown })._attachments;
  return typeof attachments === "object" && attachments !== null && Object.values(attachments).some((attachment) => isBinary((attachment as Attachment | null)?.data));
}

/** Takes contents that are not text out of documents: they follow the text. Documents without such are returned as they are. */
export function prepare<Doc extends object>(docs: readonly Doc[]): Prepared<readonly Doc[]> | Promise<Prepared<readonly Doc[]>> {
  return docs.some(hasBinary) ? takeOut(docs) : { value: docs };
}

async function takeOut<Doc extends object>(docs: readonly Doc[]): Promise<Prepared<readonly Doc[]>> {
  const raw: Uint8Array[] = [];
  const value: Doc[] = [];
  for (const doc of docs) {
    if (!hasBinary(doc)) {
      value.push(doc);
      continue;
    }
    const attachments: Record<string, unknown> = {};
    for (const [name, attachment] of Object.entries((doc as { _attachments: Attachments })._attachments)) {
      const { data, ...rest } = attachment;
      if (!isBinary(data)) {
        attachments[name] = attachment;
        continue;
      }
      const bytes = await bytesOf(data);
      raw.push(bytes);
      const type = rest.content_type ?? (data instanceof Uint8Array || data instanceof ArrayBuffer ? "" : data.type);
      attachments[name] = { ...rest, ...(type === "" ? {} : { content_type: type }), stub: undefined, follows: true, length: bytes.length };
    }
    value.push({ ...doc, _attachments: attachments });
  }
  return { value, raw };
}

/** Puts contents that followed a text where they belong. The value is what the text says, and is changed. */
export function revive(value: unknown, raw: Uint8Array): unknown {
  let at = 0;
  const content = (attachment: { length: number; content_type: string }): unknown => {
    const bytes = raw.slice(at, (at += attachment.length));
    const nodeBuffer = (globalThis as { Buffer?: { from: (data: ArrayBuffer) => unknown } }).Buffer;
    return nodeBuffer && typeof process === "object" ? nodeBuffer.from(bytes.buffer) : new Blob([bytes], { type: attachment.content_type });
  };
  const walk = (part: unknown): void => {
    if (typeof part !== "object" || part === null) {
      return;
    }
    for (const [name, member] of Object.entries(part)) {
      if (name !== "_attachments") {
        walk(member);
        continue;
      }
      for (const attachment of Object.values(member as Record<string, { follows?: boolean; length: number; content_type: string; data?: unknown }>)) {
        if (attachment.follows) {
          attachment.data = content(attachment);
          // As in PouchDB: what is here needs no length.
          delete attachment.follows;
          delete (attachment as Attachment).length;
        }
      }
    }
  };
  if ((value as { follows?: boolean }).follows === true) {
    return content(value as { length: number; content_type: string });
  }
  walk(value);
  return value;
}
