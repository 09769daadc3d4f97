/** The one way in which people's writes reach the store: checked, planned, written, answered. */
import type { Draft, Kind, StoredDocument } from '#schema/documents';
import { SdpError, type Finding, type SourcePosition } from '#schema/errors';
import type { ApplyResponse, ApplyResult, PlanView } from '#schema/http';
import { slugOf } from '#schema/names';
import { unusedParameters } from '#schema/template/check';
import { dotted } from '#schema/parse/explain';
import { suggestion } from '#schema/parse/near';
import { formatPosition } from '#schema/parse/validate-draft';
import type { Clock, Fleet, Reconciler } from '#reconciler/contract';
import type { CarriedResolution, Removal, Store, Write, WriteResult } from '#specs/store';
import { describeError, type Logger } from '../http/logger.ts';
import { affectedSandboxes, isShared, usersOf } from './affected.ts';
import { fieldChanges } from './field-changes.ts';
import { exportText } from './export-text.ts';
import { assertNotHeld, withHoldOf, type Changer } from './hold.ts';
import type { Locate } from './locate.ts';
import { managedWarnings } from './managed.ts';
import { patchText } from './patch-text.ts';
import type { ReferenceMistake } from './reference-mistake.ts';
import { referenceMistakes } from './references.ts';
import { withStaleWrites } from './stale-write.ts';
import { worldAfter } from './world.ts';

export interface ApplyOptions extends Changer {
  message?: string | undefined;
  dryRun?: boolean;
  /** Where paths stand in the text that the writes came from; `index` is the place in `writes`. */
  locate?: Locate;
  /** Documents that go in the same transaction. */
  removals?: readonly Removal[];
  /** The hold of these sandboxes ends where the writes do not say one. */
  endsHold?: boolean;
}

export interface DocumentServiceOptions {
  store: Store;
  fleet: Pick<Fleet, 'nodes'>;
  reconciler: Pick<Reconciler, 'preview'>;
  /** Addresses of the control plane itself. */
  ownUrls: () => readonly string[];
  clock: Clock;
  log: Logger;
}

/** Sandboxes planned for at most when one document changes that many use. */
const PLANNED_USERS = 20;

/** What a change of an environment or of a catalogue entry does to the sandboxes that use it. */
type Affects = Required<Pick<ApplyResult, 'affects' | 'unplanned'>>;

export class DocumentService {
  readonly #options: DocumentServiceOptions;

  constructor(options: DocumentServiceOptions) {
    this.#options = options;
  }

  /** @throws SdpError not_found, with a near name or what exists */
  async require<K extends Kind>(kind: K, name: string): Promise<StoredDocument<K>> {
    const document = await this.#find(kind, name);
    if (document !== undefined) return document;
    const names = (await this.#options.store.list(kind)).map((other) => other.metadata.name);
    throw new SdpError('not_found', `There is no ${kind.toLowerCase()} "${name}".${suggestion(name, names)}`);
  }

  async #find<K extends Kind>(kind: K, name: string): Promise<StoredDocument<K> | undefined> {
    try {
      slugOf(name);
    } catch {
      return undefined;
    }
    return this.#options.store.get(kind, name);
  }

  /** @throws SdpError not_found, held: asked before an action that is no write */
  async requireUnheld(name: string, changer: Changer): Promise<StoredDocument<'Sandbox'>> {
    const sandbox = await this.require('Sandbox', name);
    assertNotHeld({ name: sandbox.metadata.name, spec: sandbox.spec }, changer, this.#options.clock.now());
    return sandbox;
  }

  /**
   * Writes all or nothing, in one transaction; with `dryRun` answers what it would do.
   * @throws SdpError unknown_service, unknown_environment, unknown_repository, route_without_branch (with findings),
   * held, conflict, name_taken
   */
  async apply(given: readonly Write[], options: ApplyOptions): Promise<ApplyResponse> {
    const { store } = this.#options;
    const { removals = [] } = options;
    const dryRun = options.dryRun === true;
    const author = { user: options.user, ...(options.message === undefined ? {} : { message: options.message }) };
    const kept = options.endsHold === true ? given : await this.#withHolds(given);
    await this.#checkReferences(kept.map((write) => write.draft), removals, options.locate);
    const rehearse = (writes: readonly Write[]): Promise<WriteResult[]> => this.#overtaken(writes, () => store.dryRun(writes, author, removals));
    // A dry run first: what cannot be written needs no plan.
    let expected = await rehearse(kept);
    const writes = await this.#withoutEchoes(kept, expected);
    if (writes.some((write, index) => write !== kept[index])) expected = await rehearse(writes);
    const drafts = writes.map((write) => write.draft);
    assertAuthored(drafts.filter((_, index) => expected[index]?.outcome === 'created'));
    const changing = drafts.filter((_, index) => expected[index]?.outcome !== 'unchanged');
    await this.#assertUnheld([...affectedSandboxes(changing), ...affectedByRemoval(removals)], options);
    const plans = await this.#plans(writes, options.user, dryRun);
    const affects = await this.#affects(drafts, changing, options.user);
    const results = dryRun ? expected : await this.#overtaken(writes, () => store.apply(writes, author, removals));
    // A plan is shown once: with the sandbox, where both it and its routes are written.
    const sandboxes = new Set(results.filter(({ document }) => document.kind === 'Sandbox').map(({ document }) => document.metadata.slug));
    return {
      dryRun,
      results: results.map((result, index) => {
        const { kind, metadata } = result.document;
        const shows = kind === 'Sandbox' || (kind === 'Route' && !sandboxes.has(metadata.slug));
        return { ...toResult(result, writes[index], shows ? plans.get(metadata.slug) : undefined), ...affects.get(drafts[index]) };
      }),
    };
  }

  /** Like `apply`, for writes that do not come from a text: the author's YAML follows the change. */
  async applyDrafts(writes: readonly Write[], options: ApplyOptions): Promise<ApplyResponse> {
    const withText: Write[] = [];
    for (const write of writes) {
      const text = patchText(await this.#textOf(write.draft), write.draft);
      withText.push(text === undefined ? write : { ...write, text });
    }
    return this.apply(withText, options);
  }

  async #textOf(draft: Draft): Promise<string | undefined> {
    const { name } = draft.metadata;
    return (await this.#options.store.get(draft.kind, name)) === undefined ? undefined : this.#options.store.text(draft.kind, name);
  }

  async #assertUnheld(slugs: readonly string[], changer: Changer): Promise<void> {
    for (const slug of new Set(slugs)) {
      const sandbox = await this.#options.store.get('Sandbox', slug);
      if (sandbox === undefined) continue;
      assertNotHeld({ name: sandbox.metadata.name, spec: sandbox.spec }, changer, this.#options.clock.now());
    }
  }

  /** A conflict says what each side changed. */
  async #overtaken<T>(writes: readonly Write[], work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      throw await withStaleWrites(this.#options.store, writes, thrown);
    }
  }

  /** Sandboxes keep the hold that they have, and so does their text. */
  async #withHolds(writes: readonly Write[]): Promise<Write[]> {
    return Promise.all(
      writes.map(async (write) => {
        const { draft } = write;
        if (draft.kind !== 'Sandbox') return write;
        const stored = await this.#options.store.get('Sandbox', draft.metadata.name);
        const spec = withHoldOf(draft.spec, stored?.spec, this.#options.clock.now());
        if (spec === draft.spec) return write;
        const { text, ...rest } = write;
        const held = { ...draft, spec };
        const patched = patchText(text, held);
        return { ...rest, draft: held, ...(patched === undefined ? {} : { text: patched }) };
      }),
    );
  }

  /** A text that only repeats what `export` makes of a document is no news: it came from there. */
  async #withoutEchoes(writes: readonly Write[], expected: readonly WriteResult[]): Promise<Write[]> {
    return Promise.all(
      writes.map(async (write, index) => {
        const result = expected[index];
        if (write.text === undefined || write.bump === true || result?.outcome !== 'configured' || result.before === undefined) return write;
        if (fieldChanges(result.before, result.document).length > 0) return write;
        const stored = await this.#options.store.text(write.draft.kind, write.draft.metadata.name);
        const echo = exportText(result.before, stored);
        const given = exportText(result.before, write.text);
        if (given !== echo) return write;
        const { text: _echo, ...rest } = write;
        return rest;
      }),
    );
  }

  async #checkReferences(drafts: readonly Draft[], removals: readonly Removal[], locate: Locate | undefined): Promise<void> {
    const { store, fleet, ownUrls, clock } = this.#options;
    const world = await worldAfter(store, { fleet, ownUrls: ownUrls(), now: clock.now() }, drafts, removals);
    const found = drafts.flatMap((draft, index) =>
      referenceMistakes(draft, world, drafts).map((mistake) => ({ mistake, position: locate?.(index, mistake.path) ?? {} })),
    );
    const first = found[0];
    if (first === undefined) return;
    const findings = found.map(({ mistake, position }) => toFinding(mistake, position));
    const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
    const where = findings[0] === undefined ? '' : formatPosition(findings[0]);
    throw new SdpError(first.mistake.code, `${where}${first.mistake.message}${more}`, { hint: first.mistake.hint, findings });
  }

  /** By shared draft that changes; sandboxes that are written too have their own plan. */
  async #affects(drafts: readonly Draft[], changing: readonly Draft[], user: string): Promise<Map<Draft | undefined, Affects>> {
    const found = new Map<Draft | undefined, Affects>();
    const shared = changing.filter(isShared);
    if (shared.length === 0) return found;
    const { store } = this.#options;
    const [sandboxes, catalogue] = await Promise.all([store.list('Sandbox'), store.list('Service')]);
    const planned = new Set(affectedSandboxes(drafts));
    for (const draft of shared) {
      const users = usersOf(draft, sandboxes, catalogue).filter((slug) => !planned.has(slug));
      const affects: PlanView[] = [];
      for (const slug of users.slice(0, PLANNED_USERS)) {
        planned.add(slug);
        const plan = await this.#planOf(slug, drafts, user, [], false);
        if (plan !== undefined && plan.steps.length + plan.blocked.length > 0) affects.push(plan);
      }
      const unplanned = Math.max(0, users.length - PLANNED_USERS);
      if (affects.length + unplanned > 0) found.set(draft, { affects, unplanned });
    }
    return found;
  }

  async #plans(writes: readonly Write[], user: string, dryRun: boolean): Promise<Map<string, PlanView>> {
    const plans = new Map<string, PlanView>();
    const drafts = writes.map((write) => write.draft);
    for (const slug of affectedSandboxes(drafts)) {
      const plan = await this.#planOf(slug, drafts, user, carriedFor(writes, slug), dryRun);
      if (plan !== undefined) plans.set(slug, plan);
    }
    return plans;
  }

  /** A plan that cannot be made must not keep anybody from saving; where it is all that was asked for, it says why. */
  async #planOf(slug: string, drafts: readonly Draft[], user: string, carried: readonly CarriedResolution[], throws: boolean): Promise<PlanView | undefined> {
    try {
      return await this.#options.reconciler.preview(drafts, slug, user, carried);
    } catch (thrown) {
      if (throws) throw thrown;
      this.#options.log.warn('no plan', { sandbox: slug, error: describeError(thrown) });
      return undefined;
    }
  }
}

function affectedByRemoval(removals: readonly Removal[]): string[] {
  return removals.filter(({ kind }) => kind === 'Sandbox' || kind === 'Route').map(({ name }) => slugOf(name));
}

/** What the write of one sandbox carries beside its spec: commits of a rollback, the request of a deploy. */
function carriedFor(writes: readonly Write[], slug: string): CarriedResolution[] {
  const own = writes.filter(({ draft }) => draft.kind === 'Sandbox' && slugOf(draft.metadata.name) === slug);
  return own.flatMap((write) => write.resolutions ?? []);
}

/** A snapshot that somebody wrote would say what never was. @throws SdpError immutable */
function assertAuthored(created: readonly Draft[]): void {
  const snapshot = created.find(({ kind }) => kind === 'Snapshot');
  if (snapshot === undefined) return;
  throw new SdpError('immutable', `Snapshot "${snapshot.metadata.name}" cannot be written: a snapshot is taken of a sandbox, or imported.`, {
    hint: '`sdp snapshot SANDBOX` takes one, `sdp snapshot import FILE` brings one from a file.',
  });
}

function toFinding(mistake: ReferenceMistake, position: SourcePosition): Finding {
  return { ...position, path: dotted(mistake.path), message: mistake.message };
}

function toResult(result: WriteResult, write: Write | undefined, plan: PlanView | undefined): ApplyResult {
  const { document, before, outcome } = result;
  const { kind, metadata } = document;
  const changes = outcome === 'created' || outcome === 'configured' ? fieldChanges(before, document) : [];
  const warnings = [...(write === undefined ? [] : managedWarnings(write, result, changes)), ...unusedWarnings(document)];
  return {
    kind,
    name: metadata.name,
    outcome,
    changes,
    resourceVersion: metadata.resourceVersion,
    generation: metadata.generation,
    ...(plan === undefined ? {} : { plan }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

function unusedWarnings(document: StoredDocument): string[] {
  const unused = document.kind === 'Template' ? unusedParameters(document.spec) : [];
  return unused.map((name) => `No text uses the parameter "${name}".`);
}
