// The list of tasks on the page: what the database says, kept current by its changes feed, whoever made the change:
// this tab, another tab, or sync.

const isTask = (id) => id.startsWith("task:");

export class TaskList {
  constructor(db, { list, template, empty, count, act }) {
    Object.assign(this, { db, list, template, empty, count, act });
    this.tasks = new Map(); // id -> document, with _conflicts
    this.items = new Map(); // id -> list item
  }

  async start() {
    // The feed begins where the listing was made, so nothing falls in between.
    const { update_seq: since } = await this.db.info();
    const { rows } = await this.db.allDocs({ include_docs: true, conflicts: true, startkey: "task:", endkey: "task:\uffff" });
    for (const row of rows) {
      this.tasks.set(row.id, row.doc);
    }
    this.render();
    this.db
      .changes({ live: true, since, include_docs: true, conflicts: true })
      .on("change", (change) => this.take(change))
      .on("error", (error) => this.act(Promise.reject(error)));
  }

  take({ id, deleted, doc }) {
    if (!isTask(id)) {
      return;
    }
    if (deleted) {
      this.tasks.delete(id);
    } else {
      this.tasks.set(id, doc);
    }
    this.render();
  }

  add(text) {
    const now = new Date().toISOString();
    return this.db.put({ _id: `task:${now}:${crypto.randomUUID().slice(0, 8)}`, text, done: false, changed: now });
  }

  change(task, changes) {
    const { _conflicts, ...doc } = task;
    return this.db.put({ ...doc, ...changes, changed: new Date().toISOString() });
  }

  // All leaves go, so that no losing version comes up in the place of the deleted one.
  async remove(task) {
    const leaves = [task._rev, ...(task._conflicts ?? [])];
    await this.write(leaves.map((_rev) => ({ _id: task._id, _rev, _deleted: true })));
  }

  // The chosen version becomes the next edit of the winner; every other leaf is deleted.
  async resolve(task, chosen) {
    const { _id, _rev, _conflicts, ...fields } = chosen;
    const losers = (task._conflicts ?? []).map((rev) => ({ _id: task._id, _rev: rev, _deleted: true }));
    await this.write([{ ...fields, _id: task._id, _rev: task._rev }, ...losers]);
  }

  async write(docs) {
    const failed = (await this.db.bulkDocs(docs)).find((result) => result.error);
    if (failed) {
      throw failed;
    }
  }

  render() {
    const ids = [...this.tasks.keys()].sort();
    for (const [id, item] of this.items) {
      if (!this.tasks.has(id)) {
        item.remove();
        this.items.delete(id);
      }
    }
    ids.forEach((id, index) => {
      const task = this.tasks.get(id);
      const item = this.items.get(id) ?? this.create(id);
      if (this.list.children[index] !== item) {
        this.list.insertBefore(item, this.list.children[index] ?? null);
      }
      this.fill(item, task);
    });
    const open = ids.filter((id) => !this.tasks.get(id).done).length;
    this.empty.hidden = ids.length > 0;
    this.count.textContent = ids.length ? `${open} of ${ids.length} open` : "";
  }

  create(id) {
    const item = this.template.content.firstElementChild.cloneNode(true);
    const task = () => this.tasks.get(id);
    item.dataset.id = id;
    item.querySelector(".done").addEventListener("change", (event) => this.act(this.change(task(), { done: event.target.checked })));
    item.querySelector(".delete").addEventListener("click", () => this.act(this.remove(task())));
    const text = item.querySelector(".text");
    text.addEventListener("click", () => this.edit(item, task()));
    text.addEventListener("keydown", (event) => event.key === "Enter" && this.edit(item, task()));
    this.items.set(id, item);
    return item;
  }

  fill(item, task) {
    item.classList.toggle("finished", Boolean(task.done));
    item.classList.toggle("conflicted", Boolean(task._conflicts));
    item.querySelector(".done").checked = Boolean(task.done);
    item.querySelector(".text").textContent = task.text;
    const conflict = item.querySelector(".conflict");
    conflict.hidden = !task._conflicts;
    const shown = [task._rev, ...(task._conflicts ?? [])].join();
    if (task._conflicts && conflict.dataset.shown !== shown) {
      conflict.dataset.shown = shown;
      this.act(this.showVersions(conflict.querySelector(".versions"), task));
    }
  }

  async showVersions(container, task) {
    const others = await Promise.all(task._conflicts.map((rev) => this.db.get(task._id, { rev })));
    container.replaceChildren(
      ...[task, ...others].map((version) => {
        const box = document.createElement("div");
        box.className = "version";
        const text = document.createElement("span");
        text.textContent = version.text;
        const detail = document.createElement("small");
        detail.textContent = `${version.done ? "done" : "open"}, changed ${new Date(version.changed).toLocaleString()}`;
        const keep = document.createElement("button");
        keep.type = "button";
        keep.textContent = "Keep this one";
        keep.addEventListener("click", () => this.act(this.resolve(this.tasks.get(task._id) ?? task, version)));
        box.append(text, detail, keep);
        return box;
      }),
    );
  }

  edit(item, task) {
    const text = item.querySelector(".text");
    const input = document.createElement("input");
    input.type = "text";
    input.className = "edit";
    input.value = task.text;
    input.setAttribute("aria-label", "Edit the task");
    text.replaceWith(input);
    input.focus();
    let ended = false;
    const end = (save) => {
      if (ended) {
        return;
      }
      ended = true;
      input.replaceWith(text);
      const value = input.value.trim();
      if (save && value && value !== task.text) {
        // The revision is the one that was edited: if somebody else was faster, that is a conflict to be told, not to be overwritten.
        this.act(this.change(task, { text: value }));
      }
    };
    input.addEventListener("blur", () => end(true));
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        end(true);
      } else if (event.key === "Escape") {
        end(false);
      }
    });
  }
}
