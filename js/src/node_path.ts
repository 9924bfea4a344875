import * as path from "node:path";

/** Where the file of a database is. One database, one path: however it is called, it is the same one. */
export function pathOf(name: string): string {
  return path.resolve(name.endsWith(".gouch") ? name : `${name}.gouch`);
}
