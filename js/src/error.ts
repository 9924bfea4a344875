/** What a {@link GouchError} says. */
export interface Failure {
  /** As CouchDB would answer over HTTP. */
  status: number;
  /** CouchDB's and PouchDB's name of the error, such as `conflict` or `not_found`. */
  name: string;
  /** For people: what went wrong. */
  reason: string;
  /** PouchDB's text, where it is not the reason. */
  message?: string;
  /** The document concerned, when there is one. */
  docId?: string | undefined;
}

/**
 * Every failure of the database, with PouchDB's fields.
 *
 * @example
 * ```ts
 * try {
 *   await db.put({ _id: "milk", title: "Milk" });
 * } catch (error) {
 *   if (error instanceof GouchError && error.status === 409) console.log("somebody was faster");
 * }
 * ```
 */
export class GouchError extends Error {
  /** As CouchDB would answer over HTTP: 404, 409, 412 … */
  readonly status: number;
  /** For people: what went wrong. Tells `missing` and `deleted` documents apart. */
  readonly reason: string;
  /** Always true: tells failures from results in what `bulkDocs` returns. */
  readonly error = true as const;
  /** The document concerned, when there is one. */
  declare readonly docId?: string;
  /** The same: PouchDB has it in what `bulkDocs` returns. */
  declare readonly id?: string;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(messageOf(failure), options);
    this.name = failure.name;
    this.status = failure.status;
    this.reason = failure.reason;
    if (failure.docId !== undefined) {
      this.id = this.docId = failure.docId;
    }
  }

  /** What `JSON.stringify` prints: the fields, without the stack. */
  toJSON(): Record<string, unknown> {
    const { status, name, message, reason, error, docId } = this;
    return { status, name, message, reason, error, ...(docId === undefined ? {} : { id: docId, docId }) };
  }
}

// PouchDB's texts, where its users may compare them.
function messageOf({ status, name, reason, message }: Failure): string {
  if (message !== undefined) {
    return message;
  }
  if (status === 404 && name === "not_found" && /^(deleted$|missing |Document is missing att)/.test(reason)) {
    return "missing";
  }
  if (name === "conflict") {
    return "Document update conflict";
  }
  return name === "missing_stub" ? "A pre-existing attachment stub wasn't found" : reason || name;
}

/** The error of an argument or option that cannot be. */
export function badRequest(reason: string, docId?: string): GouchError {
  return new GouchError({ status: 400, name: "bad_request", reason, docId });
}

/** The error of an id that is no text. */
export function badID(): GouchError {
  return badRequest("_id field must contain a string");
}

/** The error of something that later versions will do. */
export function notImplemented(reason: string): GouchError {
  return new GouchError({ status: 501, name: "not_implemented", reason });
}

/** The error of an engine that cannot be started or has stopped. */
export function engineError(name: string, reason: string, cause?: unknown): GouchError {
  return new GouchError({ status: 500, name, reason }, cause === undefined ? undefined : { cause });
}

/** Anything that was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  if (typeof thrown === "object" && thrown !== null && "message" in thrown) {
    return thrown as Error; // PouchDB's errors are Errors by their prototype alone
  }
  return new Error(String(thrown));
}

/** Anything that was thrown, as a GouchError: PouchDB's errors keep what they say. */
export function asGouchError(thrown: unknown): GouchError {
  if (thrown instanceof GouchError) {
    return thrown;
  }
  const { status, name, reason, message } = asError(thrown) as Error & { status?: unknown; reason?: unknown };
  if (typeof status === "number") {
    return new GouchError({ status, name, reason: typeof reason === "string" ? reason : message }, { cause: thrown });
  }
  return engineError("internal_error", message, thrown);
}
