/** A function that is called with what an event brings. */
export type Listener<Arguments extends unknown[]> = (...args: Arguments) => void;

interface Entry {
  listener: unknown;
  once: boolean;
}

/** Node's EventEmitter, as far as PouchDB's users call it, with typed events. */
export class Emitter<Events extends Record<keyof Events, unknown[]>> {
  #listeners = new Map<keyof Events, Entry[]>();
  #maximum = 10;

  /** Calls `listener` at every `event`. */
  on<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): this {
    return this.#add(event, { listener, once: false });
  }

  /** Same as {@link on}. */
  addListener<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): this {
    return this.#add(event, { listener, once: false });
  }

  /** Calls `listener` at the next `event` only. */
  once<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): this {
    return this.#add(event, { listener, once: true });
  }

  /** As {@link on}, before the listeners that are there. */
  prependListener<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): this {
    return this.#add(event, { listener, once: false }, true);
  }

  /** As {@link once}, before the listeners that are there. */
  prependOnceListener<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): this {
    return this.#add(event, { listener, once: true }, true);
  }

  /** Removes a listener. */
  off<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): this {
    const left = (this.#listeners.get(event) ?? []).slice();
    const index = left.findLastIndex((entry) => entry.listener === listener);
    if (index >= 0) {
      left.splice(index, 1);
      this.#set(event, left);
    }
    return this;
  }

  /** Same as {@link off}. */
  removeListener<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): this {
    return this.off(event, listener);
  }

  /** Removes all listeners of an event, or of all events. */
  removeAllListeners(event?: keyof Events): this {
    if (event === undefined) {
      this.#listeners.clear();
    } else {
      this.#listeners.delete(event);
    }
    return this;
  }

  /** The listeners of an event. */
  listeners<Name extends keyof Events>(event: Name): Listener<Events[Name]>[] {
    return (this.#listeners.get(event) ?? []).map(({ listener }) => listener as Listener<Events[Name]>);
  }

  /** As {@link listeners}: here those of `once` are not wrapped. */
  rawListeners<Name extends keyof Events>(event: Name): Listener<Events[Name]>[] {
    return this.listeners(event);
  }

  /** How many listeners an event has. */
  listenerCount(event: keyof Events): number {
    return this.#listeners.get(event)?.length ?? 0;
  }

  /** The events that have listeners. */
  eventNames(): (keyof Events)[] {
    return [...this.#listeners.keys()];
  }

  /** There is no limit here: Node's is a warning, which libraries written for it turn off by this. */
  setMaxListeners(maximum: number): this {
    this.#maximum = maximum;
    return this;
  }

  /** What {@link setMaxListeners} was told. */
  getMaxListeners(): number {
    return this.#maximum;
  }

  /**
   * Calls the listeners of an event; tells whether there are any. An error that a listener throws is reported on the console, as
   * PouchDB does, and does not keep the others from being called.
   */
  emit<Name extends keyof Events>(event: Name, ...args: Events[Name]): boolean {
    const entries = this.#listeners.get(event) ?? [];
    for (const { listener, once } of entries) {
      if (once) {
        this.off(event, listener as Listener<Events[Name]>);
      }
      try {
        (listener as Listener<Events[Name]>).apply(this, args);
      } catch (error) {
        // eslint-disable-next-line no-console -- there is nobody else to tell
        console.error(`a listener of "${String(event)}" failed:`, error);
      }
    }
    return entries.length > 0;
  }

  #add(event: keyof Events, entry: Entry, first = false): this {
    if (typeof entry.listener !== "function") {
      throw new TypeError("a listener must be a function");
    }
    // A new array each time: an emit that is under way goes on with the old one.
    const there = this.#listeners.get(event) ?? [];
    this.#set(event, first ? [entry, ...there] : [...there, entry]);
    return this;
  }

  #set(event: keyof Events, entries: Entry[]): void {
    if (entries.length > 0) {
      this.#listeners.set(event, entries);
    } else {
      this.#listeners.delete(event);
    }
  }
}
