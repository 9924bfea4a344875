import { failure, type EngineFailure } from "./engine.js";
import { askEngines } from "./host.js";
import type { ActiveTask } from "./types.js";

/** A task as PouchDB lists it. */
export interface PouchTask {
  id: string;
  /** What it is about, in words. */
  name: string;
  total_items?: number | undefined;
  completed_items?: number | undefined;
  created_at: string;
  updated_at?: string;
}

/** PouchDB's list of what is going on; plugins add to it. */
export interface TaskRegistry {
  list(): PouchTask[];
  /** Adds a task, and returns its id. */
  add(task: { name: string; total_items?: number }): string;
  get(id: string): PouchTask | undefined;
  update(id: string, change: { total_items?: number; completed_items?: number }): void;
  remove(id: string, reason?: unknown): void;
}

/** Lists replications, and indexes that are being built, when it is called; its methods are PouchDB's. */
export interface ActiveTasks extends TaskRegistry {
  (): Promise<ActiveTask[]>;
}

const tasks = new Map<string, PouchTask>();
let lastTask = 0;

export const registry: TaskRegistry = {
  list: () => [...tasks.values()],
  add: ({ name, total_items }) => {
    const id = String(++lastTask);
    tasks.set(id, { id, name, total_items, created_at: new Date().toISOString() });
    return id;
  },
  get: (id) => tasks.get(id),
  update: (id, change) => {
    const task = tasks.get(id);
    if (task) {
      tasks.set(id, { ...task, ...change, updated_at: new Date().toISOString() });
    }
  },
  remove: (id) => {
    tasks.delete(id);
  },
};

/** What is going on, or what concerns one database: as replications name it, and as the engine does. */
export async function tasksOf(shown?: string, name?: string): Promise<ActiveTask[]> {
  const all = (await askEngines("activeTasks")) as (ActiveTask & { failure?: EngineFailure })[][];
  return all
    .flat()
    .filter((task) => shown === undefined || (task.type === "indexer" ? task.database === name : task.source === shown || task.target === shown))
    .map(({ failure: reason, ...task }) => (reason ? { ...task, error: failure(reason) } : task));
}
