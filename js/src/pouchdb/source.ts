/** A revision tree as PouchDB stores it: roots, each with the generation that it begins at. */
export type PouchTree = readonly { pos: number; ids: PouchNode }[];
type PouchNode = readonly [id: string, options: { status?: string; deleted?: boolean }, children: readonly PouchNode[]];

/** A revision whose content is there. */
export interface PouchRevision {
  rev: string;
  deleted: boolean;
  /** The document without `_id` and `_rev`. */
  body: Record<string, unknown>;
}

/** What is known of an attachment. */
export interface PouchAttachment {
  digest?: string;
  content_type?: string;
  revpos?: number;
  data?: unknown;
}

/** A document with all that PouchDB remembers of it. */
export interface PouchDocument {
  id: string;
  /** The sequence of its last change. */
  seq: number;
  tree: PouchTree;
  revisions: PouchRevision[];
  /** Finds the content of an attachment: a Blob, or base64. */
  content: (digest: string) => unknown;
}

/** A database of PouchDB's, read only. */
export interface PouchSource {
  /** What replications know it by. */
  readonly uuid: string;
  readonly updateSeq: number;
  /** How many documents there are, deleted ones too. */
  readonly total: number;
  /** All documents, in the order of their last changes. */
  documents: () => AsyncIterable<PouchDocument[]>;
  /** All `_local/` documents. */
  locals: () => Promise<Record<string, unknown>[]>;
}

/** How many documents are read at a time. */
export const BATCH = 100;

/** The outcome of a request to IndexedDB. */
export function outcome<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      resolve(request.result);
    };
    request.onerror = () => {
      reject(request.error ?? new Error("IndexedDB failed"));
    };
  });
}

/** The paths of a tree: each revision with its ancestors, as `_revisions` has them, and whether it is a leaf. */
export function pathsOf(tree: PouchTree): Map<string, { start: number; ids: string[]; isLeaf: boolean }> {
  const paths = new Map<string, { start: number; ids: string[]; isLeaf: boolean }>();
  // Trees are deeper than the stack.
  const open = tree.map(({ pos, ids }) => ({ start: pos, node: ids, ancestors: undefined as Ancestors | undefined }));
  for (let next = open.pop(); next; next = open.pop()) {
    const { start, node, ancestors } = next;
    const [id, , children] = node;
    const own: Ancestors = { id, older: ancestors };
    paths.set(`${start}-${id}`, { start, get ids() { return listed(own); }, isLeaf: children.length === 0 });
    for (const child of children) {
      open.push({ start: start + 1, node: child, ancestors: own });
    }
  }
  return paths;
}

interface Ancestors {
  id: string;
  older: Ancestors | undefined;
}

function listed(own: Ancestors): string[] {
  const ids: string[] = [];
  for (let next: Ancestors | undefined = own; next; next = next.older) {
    ids.push(next.id);
  }
  return ids;
}
