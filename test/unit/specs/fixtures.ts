/** Drafts and a database to test with. */
import { randomBytes } from 'node:crypto';
import type { Draft, EnvironmentSpec, SandboxSpec, SnapshotSpec } from '#schema/documents';
import type { Deployment, Resolution } from '#schema/records';
import type { SandboxStatus } from '#schema/status';
import { MasterKeys } from '#specs/master-key';
import type { StoreOptions } from '#specs/open-store';
import type { Author, Store, Write } from '#specs/store';

/** A database of one kind, empty at first. The contract holds for each kind. */
export interface TestDatabase {
  open(options?: Partial<Omit<StoreOptions, 'url'>>): Promise<Store>;
  /** Everything that the database keeps on disk. */
  bytes(): Promise<Buffer>;
  remove(): Promise<void>;
}

export const ana: Author = { user: 'ana', message: 'because' };
export const ben: Author = { user: 'ben' };

export const testKeys = new MasterKeys([randomBytes(32)]);

interface Meta {
  resourceVersion?: number;
  labels?: Record<string, string>;
}

export function sandbox(name: string, spec: SandboxSpec = {}, meta: Meta = {}): Write {
  return { draft: { apiVersion: 'sdp/v1', kind: 'Sandbox', metadata: { name, ...meta }, spec } };
}

export function onBranch(...services: string[]): SandboxSpec {
  return { services: Object.fromEntries(services.map((service) => [service, { branch: 'develop' }])) };
}

export function snapshot(name: string, message: string, more: Partial<SnapshotSpec> = {}): Write {
  const spec: SnapshotSpec = {
    message,
    takenAt: '2026-01-01T00:00:00Z',
    takenBy: 'ana',
    installation: 'test',
    storeVersion: 1,
    sandbox: { name: 'QA', uid: 'u', revision: 1, generation: 1, spec: {} },
    environments: [],
    services: [],
    commits: [],
    images: [],
    unpinned: [],
    ...more,
  };
  return { draft: { apiVersion: 'sdp/v1', kind: 'Snapshot', metadata: { name }, spec } };
}

export function environment(name: string, spec: EnvironmentSpec): Write {
  return { draft: { apiVersion: 'sdp/v1', kind: 'Environment', metadata: { name }, spec } };
}

export function service(name: string, environments: string[] = []): Write {
  const draft: Draft = {
    apiVersion: 'sdp/v1',
    kind: 'Service',
    metadata: { name },
    spec: { baseline: `https://${name}.example`, environments },
  };
  return { draft };
}

export function route(name: string, to: 'sandbox' | 'ocp' = 'ocp'): Write {
  return {
    draft: { apiVersion: 'sdp/v1', kind: 'Route', metadata: { name }, spec: { routes: { account: { target: to } } } },
  };
}

/** Applies one and answers its result. */
export async function applyOne(store: Store, write: Write, author: Author = ana) {
  const [result] = await store.apply([write], author);
  if (result === undefined) throw new Error('apply answered nothing');
  return result;
}

/** Deletes a sandbox to the end, as the reconciler does. */
export async function removeSandbox(store: Store, name: string): Promise<void> {
  const marked = await store.delete('Sandbox', name, ana);
  await store.finishFinalizer(marked.metadata.uid, 'sdp/cleanup');
}

export function status(observedGeneration: number, more: Partial<SandboxStatus> = {}): SandboxStatus {
  return {
    observedGeneration,
    observedResourceVersion: observedGeneration,
    sync: 'Synced',
    health: 'Healthy',
    operation: 'RUNNING',
    conditions: [],
    services: {},
    ...more,
  };
}

export function resolution(sandboxUid: string, generation: number, commit: string): Resolution {
  return {
    sandboxUid,
    generation,
    service: 'account',
    repository: 'account',
    branch: 'develop',
    commit,
    subject: 'Fix it',
    author: 'ana',
    authoredAt: '2026-01-01T00:00:00.000Z',
    resolvedAt: '2026-01-02T00:00:00.000Z',
    resolvedBy: 'ana',
  };
}

export function deployment(id: string, more: Partial<Deployment> = {}): Deployment {
  return {
    id,
    sandboxUid: 'uid-1',
    sandbox: 'QA-1',
    service: 'account',
    repository: 'account',
    branch: 'develop',
    user: 'ana',
    generation: 1,
    state: 'QUEUED',
    startedAt: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}

/** Names of documents as a watch from the beginning tells them. */
export function watchNames(store: Store): { seen: readonly string[]; stop: () => Promise<void> } {
  const seen: string[] = [];
  const abort = new AbortController();
  const watching = (async () => {
    for await (const { name } of store.watch(0, abort.signal)) seen.push(name);
  })();
  return {
    seen,
    stop: async () => {
      abort.abort();
      await watching;
    },
  };
}
