// What the types of this package are called in those for PouchDB at DefinitelyTyped, so that code that has those names compiles with another import:
// `PouchDB.Core.ExistingDocument<Task>` goes on to work after `import PouchDB from "gouchdb"`.

/* eslint-disable @typescript-eslint/no-namespace, @typescript-eslint/no-unused-vars, @typescript-eslint/no-explicit-any --
   the names are in namespaces there, take arguments that mean nothing here, and know nothing of documents: options in a variable of such a type suit all databases */
import type * as attachments from "./attachments.js";
import type * as callback from "./callback.js";
import type * as changes from "./changes.js";
import type * as error from "./error.js";
import type * as gouchdb from "./gouchdb.js";
import type * as name from "./name.js";
import type * as query from "./query_types.js";
import type * as replication from "./replication.js";
import type * as selector from "./selector_types.js";
import type * as sync from "./sync.js";
import type * as t from "./types.js";

declare module "./gouchdb.js" {
  namespace GouchDB {
    /** A database. */
    type Database<Content extends object = t.AnyContent> = gouchdb.GouchDB<Content>;
    /** The class. */
    type Static = gouchdb.GouchDBConstructor;
    type Plugin = gouchdb.Plugin;
    /** Functions of views. */
    type Map<Content extends object, _Result = unknown> = query.MapFunction<Content>;
    type Reducer<_Content extends object = t.AnyContent, _Reduction = unknown> = query.ReduceFunction;
    type BuiltInReducers = "_sum" | "_count" | "_stats";
    type Filter<Content extends object, _Reduction = unknown> = query.ViewFunctions<Content>;

    /** PouchDB's names of what documents, and calls that read and write them, are made of. */
    namespace Core {
      type Error = Partial<Pick<error.GouchError, "status" | "name" | "message" | "reason" | "error" | "id">>;
      type Callback<Result> = callback.Callback<Result>;
      type DocumentId = string;
      type DocumentKey = string;
      type AttachmentId = string;
      type RevisionId = string;
      type AttachmentData = attachments.AttachmentContent;
      type Attachment = attachments.Attachment;
      type StubAttachment = Required<Pick<attachments.Attachment, "content_type" | "digest" | "length" | "stub">> & attachments.Attachment;
      type FullAttachment = Required<Pick<attachments.Attachment, "content_type" | "data">> & attachments.Attachment;
      type Attachments = attachments.Attachments;
      type Options = t.Abortable;
      type BasicResponse = { ok: boolean };
      type Response = t.WriteResult;
      type RemoveAttachmentResponse = t.WriteResult;
      type DatabaseInfo = t.DatabaseInfo;
      type IdMeta = { _id: string };
      type RevisionIdMeta = { _rev: string };
      type GetMeta = t.DocumentMeta & RevisionIdMeta;
      type AllDocsMeta = Pick<t.DocumentMeta, "_conflicts" | "_attachments">;
      type ChangesMeta = Pick<t.DocumentMeta, "_conflicts" | "_deleted" | "_attachments">;
      type NewDocument<Content extends object> = Content;
      type Document<Content extends object> = Content & IdMeta;
      type ExistingDocument<Content extends object> = t.StoredDocument<Content>;
      type RemoveDocument = IdMeta & RevisionIdMeta;
      type PostDocument<Content extends object> = t.PostDocument<Content>;
      type PutDocument<Content extends object> = t.NewDocument<Content>;
      type PutOptions = t.PutOptions;
      type GetOptions = t.GetOptions;
      type GetOpenRevisions = t.OpenRevsOptions;
      type RevisionInfo = { rev: string; status: Availability };
      type Availability = NonNullable<t.DocumentMeta["_revs_info"]>[number]["status"];
      type Revision<Content extends object> = t.FoundRev<Content>;
      type RevisionDiff = t.RevsDiffResult[string];
      type CompactOptions = t.CompactOptions;
      type AllDocsOptions = t.AllDocsOptions;
      type AllDocsWithKeyOptions = t.AllDocsOptions & { key: string };
      type AllDocsWithKeysOptions = t.AllDocsOptions & { keys: string[] };
      type AllDocsWithinRangeOptions = t.AllDocsOptions;
      type AllDocsResponse<Content extends object> = t.AllDocsResult<Content>;
      type AllDocsWithKeysResponse<Content extends object> = t.AllDocsResult<Content, t.AllDocsRow<Content> | t.MissingRow>;
      type BulkDocsOptions = t.BulkDocsOptions;
      type BulkGetOptions = t.BulkGetOptions;
      type BulkGetResponse<Content extends object> = t.BulkGetResult<Content>;
      type RevisionDiffOptions = t.RevsByID;
      type RevisionDiffResponse = t.RevsDiffResult;
      type ChangesOptions<Content extends object = any> = t.ChangesOptions<Content>;
      type ChangesResponseChange<Content extends object> = t.Change<Content>;
      type ChangesResponse<Content extends object> = t.ChangesResult<Content>;
      type Changes<Content extends object> = changes.Changes<Content>;
    }

    /** PouchDB's names of what replications are made of. */
    namespace Replication {
      type ReplicateOptions<Content extends object = any> = t.ReplicateOptions<Content>;
      type ReplicationResult<Content extends object> = t.ReplicationChange<Content>;
      type ReplicationResultComplete<_Content extends object> = t.ReplicationResult;
      type Replication<Content extends object> = replication.Replication<Content>;
      type SyncOptions<Content extends object = any> = t.SyncOptions<Content>;
      type SyncResult<Content extends object> = t.SyncChange<Content>;
      type SyncResultComplete<_Content extends object> = t.SyncResult;
      type Sync<Content extends object> = sync.Sync<Content>;
    }

    /** PouchDB's names of what finds are made of. */
    namespace Find {
      type Selector<Content extends object = any> = selector.Selector<Content>;
      type ConditionOperators = selector.Operators<unknown>;
      type FindRequest<Content extends object> = query.FindRequest<Content>;
      type FindResponse<Content extends object> = query.FindResult<t.StoredDocument<Content>>;
      type CreateIndexOptions<Content extends object = any> = query.CreateIndexRequest<Content>;
      type CreateIndexResponse<_Content extends object> = query.CreateIndexResult;
      type Index = query.IndexDescription;
      type GetIndexesResponse<_Content extends object> = query.GetIndexesResult;
      type CombinationOperators<Content extends object = any> = Pick<selector.Selector<Content>, "$and" | "$or" | "$not" | "$nor">;
      type DeleteIndexResponse<_Content extends object> = { ok: true };
      type DeleteIndexOptions = { ddoc: string; name: string; type?: string };
    }

    /** PouchDB's names of what views are queried with. */
    namespace Query {
      type Options<_Content extends object = t.AnyContent, _Reduction = unknown> = query.QueryOptions;
      type Response<Content extends object, Value = unknown> = query.QueryResult<Content, Value>;
    }

    /** PouchDB's names of options of databases. */
    namespace Configuration {
      type DatabaseConfiguration = name.DatabaseOptions;
      type CommonDatabaseConfiguration = name.DatabaseOptions;
      type LocalDatabaseConfiguration = name.DatabaseOptions;
      type RemoteDatabaseConfiguration = name.DatabaseOptions;
    }
  }
}
