import * as fs from "node:fs";
import process from "node:process";
import type { Connection } from "./connection.js";

// The lock files of the databases that are open, and what is in them.
const held = new Map<Connection, { file: string; owner: string }>();

type Run = (...args: unknown[]) => void;

// How many changes of files the engine is waiting for.
let writing = 0;

function counted(run: Run): Run {
  return (...args) => {
    const callback = args.pop() as Run;
    writing++;
    run(...args, (...answer: unknown[]) => {
      writing--;
      callback(...answer);
    });
  };
}

/** Node's file system for the engine, of which it is known whether anything is being written. */
export const systemFiles: object = { ...fs, write: counted(fs.write as Run), ftruncate: counted(fs.ftruncate as Run), rename: counted(fs.rename as Run) };

/**
 * Removes the lock file beside an open database when the process, or the thread, ends by itself, by `process.exit()` or by an error. Returns what ends that. One that is killed, also by
 * Ctrl-C when nobody listens to that, leaves its lock files behind, and so does one that ends in the middle of a write: who opens the database next takes them over.
 */
export function unlockWhenLeaving(connection: Connection): () => void {
  const { adapter, name } = connection.address;
  const file = `${name}.lock`;
  const owner = adapter === "file" ? contentOf(file) : undefined;
  if (owner !== undefined) {
    if (held.size === 0) {
      process.on("exit", unlock);
    }
    held.set(connection, { file, owner });
  }
  return () => {
    if (held.delete(connection) && held.size === 0) {
      process.off("exit", unlock);
    }
  };
}

function unlock(): void {
  if (writing > 0) {
    return; // it may reach the file after this
  }
  for (const [connection, { file, owner }] of held) {
    // A database that is being closed has perhaps been opened by somebody else already.
    if (connection.isOpen && contentOf(file) === owner) {
      void connection.close(); // whoever is told of the end after this cannot write any more
      try {
        fs.unlinkSync(file);
      } catch {
        // It has just gone, or may not: who opens the database next takes it over. The process ends as it would have.
      }
    }
  }
}

function contentOf(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return undefined; // it is gone
  }
}
