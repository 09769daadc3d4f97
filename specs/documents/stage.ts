/**
 * What writes that run together have read and not yet written: loaded in few statements, changed in memory, written in
 * few statements. A transaction that loads one keeps other writers out, so nothing moves meanwhile.
 */
import type { Draft, Kind } from '#schema/documents';
import { SdpError } from '#schema/errors';
import { slugOf } from '#schema/names';
import type { DocumentRow, RevisionRow, Tables, Tx } from '../tables.ts';
import { current } from '../counters.ts';
import { neededNames } from './container-names.ts';
import { insertRows } from './insert-rows.ts';
import { isAmong, liveUids } from './is-among.ts';
import { selectDocuments, type DocumentRowWithStatus } from './rows.ts';

/** With the author's text of its newest revision. */
export type StagedRow = DocumentRowWithStatus & { text: string | null };
type Claim = Tables['containerNames'];

export class Stage {
  readonly tx: Tx;
  readonly #rows = new Map<string, StagedRow>();
  readonly #loaded = new Set<string>();
  readonly #names = new Map<string, Claim>();
  readonly #storedNames = new Map<string, Claim>();
  readonly #changed = new Map<string, DocumentRow>();
  readonly #revisions: RevisionRow[] = [];
  #version = 0;
  #undo: (() => void)[] = [];

  private constructor(tx: Tx) {
    this.tx = tx;
  }

  /** Everything that writes of these drafts can ask for. Drafts whose names cannot be are passed over. */
  static async load(tx: Tx, drafts: readonly Draft[]): Promise<Stage> {
    const stage = new Stage(tx);
    await stage.#load(drafts);
    if (stage.#loaded.size > 0) stage.#version = await current(tx, 'resource_version');
    return stage;
  }

  async #load(drafts: readonly Draft[]): Promise<void> {
    const wanted = new Map<string, [Kind, string]>();
    const want = (kind: Kind, slug: string): void => {
      wanted.set(`${kind}/${slug}`, [kind, slug]);
      this.#loaded.add(`${kind}/${slug}`);
    };
    const names = new Set<string>();
    for (const draft of drafts) {
      const slug = quietly(() => slugOf(draft.metadata.name));
      if (slug === undefined) continue;
      want(draft.kind, slug);
      // A Route asks whether its sandbox stays.
      if (draft.kind === 'Route') want('Sandbox', slug);
      if (draft.kind === 'Sandbox') for (const name of quietly(() => [...neededNames({ name: draft.metadata.name, slug, spec: JSON.stringify(draft.spec) }).keys()]) ?? []) names.add(name);
    }
    if (wanted.size === 0) return;
    const rows = await selectDocuments(this.tx)
      .leftJoin('revisions', (join) => join.onRef('revisions.uid', '=', 'documents.uid').onRef('revisions.revision', '=', 'documents.revision'))
      .select('revisions.text')
      .where('documents.uid', 'in', liveUids(this.tx, [...wanted.values()]))
      .execute();
    for (const row of rows) this.#rows.set(`${row.kind}/${row.slug}`, row);
    const uids = rows.filter(({ kind }) => kind === 'Sandbox').map(({ uid }) => uid);
    if (names.size + uids.length > 0) await this.#loadNames([...names], uids);
  }

  async #loadNames(names: readonly string[], uids: readonly string[]): Promise<void> {
    const claims = await this.tx
      .selectFrom('containerNames')
      .selectAll()
      .where((row) => row.or([isAmong(this.tx, row.ref('name'), names), isAmong(this.tx, row.ref('sandboxUid'), uids)]))
      .execute();
    for (const claim of claims) {
      this.#names.set(claim.name, claim);
      this.#storedNames.set(claim.name, claim);
    }
  }

  /** The document that bears the slug, deleted ones left out. */
  live(kind: Kind, slug: string): StagedRow | undefined {
    if (!this.#loaded.has(`${kind}/${slug}`)) throw new SdpError('internal', `${kind}/${slug} was not loaded before it was asked for.`);
    return this.#rows.get(`${kind}/${slug}`);
  }

  nextVersion(): number {
    const before = this.#version;
    this.#undo.push(() => void (this.#version = before));
    this.#version += 1;
    return this.#version;
  }

  /** The row as it is to be, with the revision that is a copy of it; without one where no revision is made of the change. */
  put(row: StagedRow, revision?: RevisionRow): void {
    const key = `${row.kind}/${row.slug}`;
    const { status: _status, text: _text, ...columns } = row;
    this.#set(this.#rows, key, row);
    this.#set(this.#changed, row.uid, columns);
    if (revision === undefined) return;
    this.#undo.push(() => void this.#revisions.pop());
    this.#revisions.push(revision);
  }

  /** A revision, stored or staged. */
  async revision(uid: string, number: number): Promise<RevisionRow | undefined> {
    const staged = this.#revisions.find((one) => one.uid === uid && one.revision === number);
    return staged ?? (await this.tx.selectFrom('revisions').selectAll().where('uid', '=', uid).where('revision', '=', number).executeTakeFirst());
  }

  claimOf(name: string): Claim | undefined {
    return this.#names.get(name);
  }

  claimsOf(sandboxUid: string): Claim[] {
    return [...this.#names.values()].filter((claim) => claim.sandboxUid === sandboxUid);
  }

  claim(claim: Claim): void {
    this.#set(this.#names, claim.name, claim);
  }

  unclaim(name: string): void {
    this.#set(this.#names, name, undefined);
  }

  /** Runs what may fail, or what is only to be tried, and takes back what it staged. */
  async attempt<T>(keep: boolean, run: () => Promise<T>): Promise<T> {
    this.#undo = [];
    try {
      const value = await run();
      if (!keep) this.#takeBack();
      return value;
    } catch (error) {
      this.#takeBack();
      throw error;
    }
  }

  /** Writes what is staged. */
  async flush(): Promise<void> {
    const moved = [...this.#storedNames.values()].filter((stored) => this.#names.get(stored.name) !== stored).map(({ name }) => name);
    if (moved.length > 0) await this.tx.deleteFrom('containerNames').where((row) => isAmong(this.tx, row.ref('name'), moved)).execute();
    if (this.#changed.size === 0) return;
    const claimed = [...this.#names.values()].filter((claim) => this.#storedNames.get(claim.name) !== claim);
    await insertRows(this.tx, { documents: [...this.#changed.values()], revisions: this.#revisions, containerNames: claimed }, this.#version);
  }

  #set<T>(map: Map<string, T>, key: string, value: T | undefined): void {
    const before = map.get(key);
    this.#undo.push(() => void (before === undefined ? map.delete(key) : map.set(key, before)));
    if (value === undefined) map.delete(key);
    else map.set(key, value);
  }

  #takeBack(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo();
  }
}

/** Names that cannot be are refused later, with their reason, by who writes them. */
function quietly<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
