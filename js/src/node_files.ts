import * as fs from "node:fs/promises";
import * as path from "node:path";

const ENDING = ".gouch";

// What the file of a database begins with, as the Go package file has it.
const MAGIC = "GouchDB log\n";

/** Where the file of a database is. One database, one path: however it is called, it is the same one. */
export function pathOf(name: string): string {
  return path.resolve(name.endsWith(ENDING) ? name : name + ENDING);
}

/** Databases as files: those whose names begin with a prefix, which may end in a directory. */
export const storage = {
  async list(prefix: string): Promise<string[]> {
    const { files } = await find(prefix);
    return files.map(({ name }) => name);
  },

  async estimate(prefix: string): Promise<{ usage: number; quota: number }> {
    const { files, directory } = await find(prefix);
    const usage = files.reduce((sum, { size }) => sum + size, 0);
    const { bavail, bsize } = await fs.statfs(directory);
    return { usage, quota: usage + bavail * bsize };
  },
};

async function find(prefix: string): Promise<{ directory: string; files: { name: string; size: number }[] }> {
  const any = path.resolve(`${prefix}x`);
  const [directory, start] = [path.dirname(any), path.basename(any).slice(0, -1)];
  const files: { name: string; size: number }[] = [];
  for (const entry of await fs.readdir(directory)) {
    const name = entry.slice(start.length, -ENDING.length);
    if (entry.startsWith(start) && entry.endsWith(ENDING) && name !== "") {
      const size = await sizeOf(path.join(directory, entry));
      if (size > 0) {
        files.push({ name, size });
      }
    }
  }
  return { directory, files };
}

// Zero for what is no database.
async function sizeOf(file: string): Promise<number> {
  const handle = await fs.open(file).catch(() => undefined); // gone, or not for us
  try {
    const { buffer, bytesRead } = (await handle?.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0).catch(() => undefined)) ?? {};
    return buffer?.toString("latin1", 0, bytesRead) === MAGIC ? ((await handle?.stat())?.size ?? 0) : 0;
  } finally {
    await handle?.close();
  }
}
