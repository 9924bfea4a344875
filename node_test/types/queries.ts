// What the compiler knows of selectors, fields and views.
import { expectTypeOf } from "expect-type";
import GouchDB, { type FieldName, type Selector, type StoredDocument } from "gouchdb";

interface Person {
  type: "person";
  name: string;
  age: number;
  email?: string;
  nickname: string | null;
  tags: string[];
  phones: { kind: "home" | "work"; number: string }[];
  address: { city: string; geo?: { lat: number; lon: number } };
  extra: Record<string, unknown>;
  score: number | string;
}

const people = new GouchDB<Person>("people");
const anything = new GouchDB("anything");

// What can be asked.
export const selectors: Selector<Person>[] = [
  { type: "person", name: "Ada", age: 36 },
  { name: { $gt: null, $regex: "^A" }, age: { $gte: 18, $lt: 99, $mod: [2, 0] } },
  { name: /^a/i },
  { name: { $regex: /^a/, $beginsWith: "A" }, email: { $exists: true }, nickname: null },
  { age: { $in: [1, 2], $nin: [3], $not: { $gt: 5 }, $type: "number" } },
  { tags: { $all: ["a"], $size: 2, $elemMatch: { $beginsWith: "x" } } },
  { phones: { $elemMatch: { kind: "home", number: { $regex: "^0" } }, $allMatch: { kind: { $ne: "work" } } } },
  { address: { city: "Ulm", geo: { lat: { $gt: 48 } } } },
  { "address.city": "Ulm", "address.geo.lat": { $gt: 48, $lt: 49 }, "phones.0.kind": "home", "tags.1": "x" },
  { "extra.anything.at.all": { $gt: 1, $regex: "x" }, extra: { $keyMapMatch: { $eq: "x" } } },
  { score: { $mod: [2, 1] } },
  { score: { $beginsWith: "x" } },
  { $or: [{ name: "Ada" }, { "address.city": { $in: ["Ulm"] } }], $nor: [{ age: 5 }], $not: { name: "x" } },
  { _id: { $gt: "a" }, "a\\.b": 1, _attachments: { $exists: true } },
];

// @ts-expect-error there is no such field
export const unknownField: Selector<Person> = { nane: "Ada" };
// @ts-expect-error there is no such path
export const unknownPath: Selector<Person> = { "address.town": "Ulm" };
// @ts-expect-error there is no such path in a combination
export const unknownInOr: Selector<Person> = { $or: [{ "adress.city": "Ulm" }] };
// @ts-expect-error a name is no number
export const wrongValue: Selector<Person> = { name: 5 };
// @ts-expect-error nor is a city
export const wrongInPath: Selector<Person> = { "address.city": { $gt: 5 } };
// @ts-expect-error an age is compared with numbers
export const wrongOperand: Selector<Person> = { age: { $gt: "18" } };
// @ts-expect-error an age matches no pattern
export const wrongOperator: Selector<Person> = { age: { $regex: "1" } };
// @ts-expect-error a name has no elements
export const noElements: Selector<Person> = { name: { $size: 2 } };
// @ts-expect-error there is no such operator
export const misspelt: Selector<Person> = { age: { $gte: 1, $it: 5 } };
// @ts-expect-error there is no such kind
export const wrongElement: Selector<Person> = { phones: { $elemMatch: { kind: "mobile" } } };
// @ts-expect-error nothing else is a person
export const wrongLiteral: Selector<Person> = { type: "company" };

expectTypeOf<"address.geo.lat">().toMatchTypeOf<FieldName<Person>>();
expectTypeOf<"address.geo.alt">().not.toMatchTypeOf<FieldName<Person>>();

export async function finding(): Promise<void> {
  const { docs } = await people.find({ selector: { name: "Ada" }, sort: ["name", { "address.city": "desc" }] });
  expectTypeOf(docs).toEqualTypeOf<StoredDocument<Person>[]>();

  const cut = await people.find({ selector: {}, fields: ["_id", "name", "address.geo.lat"] });
  const [doc] = cut.docs;
  if (doc) {
    expectTypeOf(doc._id).toBeString();
    expectTypeOf(doc.name).toBeString();
    expectTypeOf(doc.address.geo?.lat).toEqualTypeOf<number | undefined>();
    expectTypeOf(doc).not.toHaveProperty("age");
    expectTypeOf(doc.address).not.toHaveProperty("city");
  }
  // @ts-expect-error there is no such field
  await people.find({ selector: {}, fields: ["nane"] });
  // @ts-expect-error there is no such field
  await people.find({ selector: {}, sort: ["nane"] });
  // @ts-expect-error there is no such direction
  await people.find({ selector: {}, sort: [{ name: "up" }] });
  await people.createIndex({ index: { fields: ["name", { age: "desc" }, "address.city"], partial_filter_selector: { age: { $gt: 18 } } } });
  // @ts-expect-error there is no such field
  await people.createIndex({ index: { fields: ["nane"] } });

  // Of documents of which nothing is known, everything can be asked.
  const found = await anything.find({ selector: { a: { $gt: 1 }, "b.c": /x/, d: { $elemMatch: { e: 1 } } }, fields: ["a", "b.c"], sort: [{ a: "asc" }] });
  expectTypeOf(found.docs[0]?.a).toBeUnknown();

  const live = people.liveFind({ selector: { "address.city": "Ulm" }, fields: ["name"] }, ({ changes }) => {
    for (const change of changes) {
      if (change.type === "removed") {
        expectTypeOf(change).not.toHaveProperty("doc");
      } else {
        expectTypeOf(change.doc.name).toBeString();
      }
    }
  });
  expectTypeOf(live.result[0]?.name).toEqualTypeOf<string | undefined>();
}

interface Task {
  kind: "task";
  title: string;
}
interface Note {
  kind: "note";
  text: string;
}
const mixed = new GouchDB<Task | Note>("mixed");

// Documents of several kinds, told apart by a field.
export async function kinds(): Promise<void> {
  const doc = await mixed.get("x");
  if (doc.kind === "task") {
    expectTypeOf(doc.title).toBeString();
  } else {
    expectTypeOf(doc.text).toBeString();
  }
  await mixed.find({ selector: { kind: "task", title: { $gt: "a" } } });
  await mixed.find({ selector: { kind: { $in: ["task", "note"] } } });
  // @ts-expect-error there is no such kind
  await mixed.find({ selector: { kind: "letter" } });
  await mixed.put({ _id: "a", kind: "note", text: "" });
  // @ts-expect-error a task has a title
  await mixed.put({ _id: "a", kind: "task", text: "" });
  await mixed.bulkDocs([{ kind: "note", text: "" }, { _id: "a", kind: "task", title: "" }, { _id: "_design/d", views: {} }]);
  // @ts-expect-error a task has a title
  await mixed.bulkDocs([{ kind: "task", text: "" }]);
}

// A function for all kinds of documents.
export function newest<Content extends object>(db: GouchDB<Content>): Promise<StoredDocument<Content>[]> {
  return db.allDocs({ include_docs: true, descending: true, limit: 1 }).then(({ rows }) => rows.flatMap(({ doc }) => doc ?? []));
}

export async function touch<Content extends object>(db: GouchDB<Content>, id: string): Promise<void> {
  await db.put(await db.get(id));
  await db.bulkDocs([await db.get(id)]);
}

export async function viewing(): Promise<void> {
  const { rows } = await people.query<number>((person, emit) => {
    expectTypeOf(person).toEqualTypeOf<StoredDocument<Person>>();
    emit(person.name, person.age);
  }, { include_docs: true });
  expectTypeOf(rows[0]?.value).toEqualTypeOf<number | undefined>();
  expectTypeOf(rows[0]?.doc?.age).toEqualTypeOf<number | undefined>();
  expectTypeOf((await people.query("d/v")).rows[0]?.value).toBeUnknown();
  expectTypeOf((await people.query<string, Note>("d/v", { include_docs: true })).rows[0]?.doc).toEqualTypeOf<StoredDocument<Note> | null | undefined>();
  // @ts-expect-error there is no such option
  await people.query("d/v", { start: 1 });
}
