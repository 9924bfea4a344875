import type { Attachments } from "./attachments.js";
import type { DocumentMeta } from "./types.js";

/** The types of values, as `$type` names them. */
export type TypeName = "null" | "boolean" | "number" | "string" | "array" | "object";

/** What can be asked of any value. */
export interface ValueOperators<Value> {
  /** Is equal. */
  $eq?: Value | null;
  /** Is not equal. */
  $ne?: Value | null;
  /** Comes before, in the order of JSON values. */
  $lt?: Value | null;
  /** Comes before, or is equal. */
  $lte?: Value | null;
  /** Comes after. */
  $gt?: Value | null;
  /** Comes after, or is equal. */
  $gte?: Value | null;
  /** Is one of these. */
  $in?: readonly (Value | null)[];
  /** Is none of these. */
  $nin?: readonly (Value | null)[];
  /** Is there, or is not. */
  $exists?: boolean;
  /** Is of this type. */
  $type?: TypeName;
  /** Does not fulfil this. */
  $not?: Condition<Value>;
  /** Fulfils all of these. */
  $and?: readonly Condition<Value>[];
  /** Fulfils one of these. */
  $or?: readonly Condition<Value>[];
  /** Fulfils none of these. */
  $nor?: readonly Condition<Value>[];
}

/** What can be asked of a number. */
export interface NumberOperators {
  /** Is a whole number that leaves this remainder. */
  $mod?: readonly [divisor: number, remainder: number];
}

/** What can be asked of a string. */
export interface StringOperators {
  /** A pattern, or its text: JavaScript's and CouchDB's syntax have much in common. */
  $regex?: string | RegExp;
  /** Begins with this. */
  $beginsWith?: string;
}

/** What can be asked of an array. */
export interface ArrayOperators<Element> {
  /** Has this many elements. */
  $size?: number;
  /** Has all of these among its elements. */
  $all?: readonly Element[];
  /** Has an element that fulfils this. */
  $elemMatch?: Condition<Element>;
  /** Has elements, and all of them fulfil this. */
  $allMatch?: Condition<Element>;
}

/** What can be asked of an object. */
export interface ObjectOperators {
  /** Has a member whose name fulfils this. */
  $keyMapMatch?: Condition<string>;
}

// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- it has none, and takes no others from its neighbours in a union
interface NoOperators {}

// Each type in a union brings its operators.
type OwnOperators<Value> = Value extends string
  ? StringOperators
  : Value extends number
    ? NumberOperators
    : Value extends readonly (infer Element)[]
      ? ArrayOperators<Element>
      : Value extends object
        ? ObjectOperators
        : NoOperators;

/** What can be asked of a value of that type. Of one of an unknown type, anything. */
export type Operators<Value> = ValueOperators<Value> &
  (unknown extends Value ? NumberOperators & StringOperators & ArrayOperators<unknown> & ObjectOperators : OwnOperators<Value>);

/** A value that must be equal, a pattern that must match, operators that must hold, or conditions of the members of an object. */
export type Condition<Value> = Value | (Value extends string ? RegExp : never) | Operators<Value> | MemberConditions<Value>;

type MemberConditions<Value> = Value extends readonly unknown[] ? never : Value extends object ? Selector<Value> : never;

/** Which documents are meant: conditions of fields, all of which must hold. A field inside of others is named by its path, `"address.city"`. */
export type Selector<Content extends object> = { [Name in NamedField<Content>]?: Condition<Exclude<ValueAt<Content, Name>, undefined>> } & {
  [Path in FieldPath<Content>]?: Condition<Exclude<ValueAt<Content, Path>, undefined>>;
} & Partial<Record<`${string}\\.${string}`, unknown>> & {
  _id?: Condition<string>;
  _rev?: Condition<string>;
  _attachments?: Condition<Attachments>;
  /** Feeds see deletions, too. */
  _deleted?: Condition<boolean>;
  /** All of these hold. */
  $and?: readonly Selector<Content>[];
  /** One of these holds. */
  $or?: readonly Selector<Content>[];
  /** None of these holds. */
  $nor?: readonly Selector<Content>[];
  /** This does not hold. */
  $not?: Selector<Content>;
};

// The fields that are known by their names, also beside others of which nothing is known.
type NamedField<Content> = Content extends unknown ? keyof { [Name in keyof Content as string extends Name ? never : number extends Name ? never : Name]: never } & string : never;

// So many names of a path are known; what follows is not.
type Longest = 5;

/** The path to a field: its name, with the names of the fields that it is in, and indexes of arrays, before it. A dot in a name is `"\\."`. */
export type FieldPath<Content, Before extends unknown[] = []> = Before["length"] extends Longest
  ? string
  : unknown extends Content
    ? string
    : Content extends readonly (infer Element)[]
      ? PathFrom<`${number}`, Element, Before>
      : Content extends object
        ? { [Name in keyof Content & string]: PathFrom<Name, Content[Name], Before> }[keyof Content & string]
        : never;

type PathFrom<Name extends string, Value, Before extends unknown[]> =
  | Name
  | (unknown extends Value
      ? `${Name}.${string}`
      : Exclude<Value, undefined | null> extends object
        ? `${Name}.${FieldPath<Exclude<Value, undefined | null>, [...Before, unknown]>}`
        : never);

/** The type of the value at a path. */
export type ValueAt<Content, Path extends string> = string extends Path
  ? unknown
  : Content extends readonly (infer Element)[]
    ? Path extends `${number}.${infer Rest}`
      ? ValueAt<Exclude<Element, undefined | null>, Rest>
      : Element
    : Path extends keyof Content
      ? Content[Path]
      : Path extends `${infer Name}.${infer Rest}`
        ? Name extends keyof Content
          ? ValueAt<Exclude<Content[Name], undefined | null>, Rest>
          : never
        : never;

/** The name of a field, or the path to one. */
export type FieldName<Content extends object> = FieldPath<Content> | "_id" | "_rev" | keyof DocumentMeta | `${string}\\.${string}`;

/** The part of a document that these fields make up. */
export type Projection<Doc, Names> = All<Names extends string ? (part: Part<Doc, Names>) => void : never>;

// The intersection of what functions take.
type All<Functions> = [Functions] extends [(part: infer Parts) => void] ? { [Name in keyof Parts]: Parts[Name] } : never;

type Part<Doc, Path extends string> = Path extends keyof Doc
  ? Pick<Doc, Path>
  : Path extends `${infer Name}.${infer Rest}`
    ? Name extends keyof Doc
      ? { [Member in keyof Pick<Doc, Name>]: Inner<Exclude<Doc[Name], undefined | null>, Rest> }
      : unknown
    : unknown;

type Inner<Value, Path extends string> = Value extends readonly unknown[] ? unknown : Value extends object ? Projection<Value, Path> : unknown;
