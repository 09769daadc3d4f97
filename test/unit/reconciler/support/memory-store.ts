/** A store in memory for tests of the reconciler: the same interface, the same rules where the loop depends on them. */
import { isDeepStrictEqual } from 'node:util';
import type { Draft, Kind, StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import { slugOf } from '#schema/names';
import type { Deployment, DeploymentEvent, Lifecycle, PersonalPort, PortAllocation, Resolution, SubnetAllocation } from '#schema/records';
import { isTerminal } from '#schema/states';
import type { SandboxStatus } from '#schema/status';
import type { Attempt, Change, NodeRecord, Write } from '#specs/store';
import type { ReconcilerStore } from '../../../../reconciler/loop/context.ts';

export class MemoryStore implements ReconcilerStore {
  readonly documents = new Map<string, StoredDocument>();
  readonly portRows: PortAllocation[] = [];
  personalRows: PersonalPort[] = [];
  readonly subnetRows: SubnetAllocation[] = [];
  readonly deploymentRows: Deployment[] = [];
  readonly events: DeploymentEvent[] = [];
  readonly resolutionRows: Resolution[] = [];
  attemptRows: Attempt[] = [];
  readonly lifecycleRows = new Map<string, Lifecycle>();
  readonly nodeRows = new Map<string, NodeRecord>();
  readonly secrets = new Map<string, Record<string, string>>();
  statusWrites = 0;
  #version = 0;
  #uid = 0;
  readonly #listeners = new Set<(change: Change) => void>();

  /** Writes one document as the API would. */
  put(draft: Draft, user = 'ada', more: Omit<Write, 'draft'> = {}): StoredDocument {
    const slug = slugOf(draft.metadata.name);
    const key = `${draft.kind}/${slug}`;
    const before = this.documents.get(key);
    const changed = !before || !isDeepStrictEqual(before.spec, draft.spec);
    if (before && !changed && more.bump !== true) return before;
    const now = new Date().toISOString();
    const old = before?.metadata;
    const document = {
      ...draft,
      metadata: {
        name: draft.metadata.name,
        slug,
        uid: old?.uid ?? `uid-${++this.#uid}`,
        generation: (old?.generation ?? 0) + 1,
        resourceVersion: ++this.#version,
        revision: (old?.revision ?? 0) + 1,
        createdAt: old?.createdAt ?? now,
        createdBy: old?.createdBy ?? user,
        updatedAt: now,
        updatedBy: user,
        finalizers: draft.kind === 'Sandbox' ? ['sandbox'] : [],
      },
      spec: structuredClone(draft.spec),
      ...(before?.status ? { status: before.status } : {}),
    } as StoredDocument;
    this.documents.set(key, document);
    for (const carried of more.resolutions ?? []) {
      this.#resolve({
        ...carried,
        sandboxUid: document.metadata.uid,
        generation: document.metadata.generation,
        resolvedAt: now,
        resolvedBy: user,
      });
    }
    this.#tell(document, false);
    return document;
  }

  markDeleted(name: string): void {
    const document = this.documents.get(`Sandbox/${slugOf(name)}`);
    if (!document) throw new SdpError('not_found', name);
    document.metadata = { ...document.metadata, deletedAt: new Date().toISOString(), resourceVersion: ++this.#version };
    this.#tell(document, false);
  }

  sandbox(name: string): StoredDocument<'Sandbox'> {
    const document = this.documents.get(`Sandbox/${slugOf(name)}`);
    if (document?.kind !== 'Sandbox') throw new SdpError('not_found', name);
    return document;
  }

  get<K extends Kind>(kind: K, name: string): Promise<StoredDocument<K> | undefined> {
    return answer(
      () => structuredClone(this.documents.get(`${kind}/${slugOf(name)}`)) as StoredDocument<K> | undefined,
    );
  }
  getByUid(uid: string): Promise<StoredDocument | undefined> {
    return answer(() => structuredClone([...this.documents.values()].find((item) => item.metadata.uid === uid)));
  }
  list<K extends Kind>(kind: K): Promise<StoredDocument<K>[]> {
    return answer(() => {
      const all = [...this.documents.values()].filter((item) => item.kind === kind) as unknown as StoredDocument<K>[];
      return structuredClone(all.sort((a, b) => (a.metadata.slug < b.metadata.slug ? -1 : 1)));
    });
  }
  finishFinalizer(uid: string): Promise<void> {
    return answer(() => {
      for (const [key, document] of this.documents) {
        if (document.metadata.uid !== uid) continue;
        this.documents.delete(key);
        this.documents.delete(`Route/${document.metadata.slug}`);
        this.#version += 1;
        this.#tell(document, true);
      }
    });
  }
  writeStatus(uid: string, status: SandboxStatus): Promise<boolean> {
    return answer(() => {
      const document = [...this.documents.values()].find((item) => item.metadata.uid === uid);
      if (document?.kind !== 'Sandbox' || isDeepStrictEqual(document.status, status)) return false;
      document.status = structuredClone(status);
      this.statusWrites += 1;
      return true;
    });
  }
  async *watch(since: number, signal: AbortSignal): AsyncIterable<Change> {
    const pending: Change[] = [];
    let wake = (): void => undefined;
    const listener = (change: Change): void => {
      pending.push(change);
      wake();
    };
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => wake());
    for (const document of this.documents.values())
      if (document.metadata.resourceVersion > since) listener(changeOf(document, false));
    try {
      while (!signal.aborted) {
        const change = pending.shift();
        if (change) yield change;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.#listeners.delete(listener);
    }
  }
  currentVersion(): Promise<number> {
    return answer(() => this.#version);
  }
  readSecrets(environmentUid: string): Promise<Record<string, string>> {
    return answer(() => ({ ...this.secrets.get(environmentUid) }));
  }

  addResolution(resolution: Resolution): Promise<void> {
    return answer(() => this.#resolve(resolution));
  }
  resolvedCommits(): Promise<{ repository: string; commit: string }[]> {
    return Promise.resolve(this.resolutionRows.filter(({ commit }) => commit !== '').map(({ repository, commit }) => ({ repository, commit })));
  }
  resolutions(sandboxUid: string): Promise<Resolution[]> {
    return answer(() =>
      this.resolutionRows.filter((row) => row.sandboxUid === sandboxUid).sort((a, b) => a.generation - b.generation),
    );
  }
  putDeployment(deployment: Deployment): Promise<void> {
    return answer(() => {
      const index = this.deploymentRows.findIndex((row) => row.id === deployment.id);
      if (index < 0) this.deploymentRows.push(structuredClone(deployment));
      else if (!isTerminal(this.deploymentRows[index]!.state)) this.deploymentRows[index] = structuredClone(deployment);
    });
  }
  deployment(id: string): Promise<Deployment | undefined> {
    return answer(() => structuredClone(this.deploymentRows.find((row) => row.id === id)));
  }
  deployments(filter: {
    sandboxUid?: string;
    service?: string;
    open?: boolean;
    limit?: number;
  }): Promise<Deployment[]> {
    return answer(() =>
      structuredClone(
        this.deploymentRows
          .filter((row) => filter.sandboxUid === undefined || row.sandboxUid === filter.sandboxUid)
          .filter((row) => filter.service === undefined || row.service === filter.service)
          .filter((row) => filter.open === undefined || filter.open !== isTerminal(row.state))
          .reverse()
          .slice(0, filter.limit ?? 100),
      ),
    );
  }
  addDeploymentEvents(events: readonly DeploymentEvent[]): Promise<void> {
    return answer(() => void this.events.push(...events));
  }
  attempts(sandboxUid: string): Promise<Attempt[]> {
    return answer(() => this.attemptRows.filter((row) => row.sandboxUid === sandboxUid));
  }
  putAttempt(attempt: Attempt): Promise<void> {
    return answer(() => {
      this.attemptRows = [...this.attemptRows.filter((row) => !sameStep(row, attempt)), { ...attempt }];
    });
  }
  clearAttempts(sandboxUid: string, service?: string, step?: string): Promise<void> {
    return answer(() => {
      this.attemptRows = this.attemptRows.filter(
        (row) =>
          row.sandboxUid !== sandboxUid ||
          (service !== undefined && row.service !== service) ||
          (step !== undefined && row.step !== step),
      );
    });
  }
  claimPort(
    claim: Omit<PortAllocation, 'port' | 'allocatedAt'>,
    range: { from: number; to: number },
    avoid: readonly number[],
  ): Promise<PortAllocation> {
    return answer(() => {
      const held = this.portRows.find(
        (row) => row.engine === claim.engine && row.sandboxUid === claim.sandboxUid && row.service === claim.service,
      );
      if (held && !avoid.includes(held.port)) return held;
      const taken = new Set(this.portRows.filter((row) => row.engine === claim.engine).map((row) => row.port));
      for (let port = range.from; port <= range.to; port += 1) {
        if (taken.has(port) || avoid.includes(port)) continue;
        if (held) this.portRows.splice(this.portRows.indexOf(held), 1);
        const row = { ...claim, port, allocatedAt: new Date().toISOString() };
        this.portRows.push(row);
        return row;
      }
      throw new SdpError(
        'port_pool_exhausted',
        `No port from ${range.from} to ${range.to} is free on ${claim.engine}.`,
      );
    });
  }
  claimSubnet(claim: Omit<SubnetAllocation, 'subnet' | 'allocatedAt'>): Promise<SubnetAllocation> {
    return answer(() => {
      const held = this.subnetRows.find((row) => row.engine === claim.engine && row.sandboxUid === claim.sandboxUid);
      if (held) return held;
      const used = new Set(this.subnetRows.filter((row) => row.engine === claim.engine).map((row) => row.subnet));
      for (let block = 0; block < 256; block += 1) {
        const subnet = `10.213.${block}.0/26`;
        if (used.has(subnet)) continue;
        const row = { ...claim, subnet, allocatedAt: new Date().toISOString() };
        this.subnetRows.push(row);
        return row;
      }
      throw new SdpError('subnet_pool_exhausted', 'No subnet is free.');
    });
  }
  ports(filter?: { sandboxUid?: string }): Promise<PortAllocation[]> {
    return answer(() =>
      this.portRows.filter((row) => filter?.sandboxUid === undefined || row.sandboxUid === filter.sandboxUid),
    );
  }
  personalPorts(filter?: { user?: string; sandboxUid?: string }): Promise<PersonalPort[]> {
    return answer(() =>
      this.personalRows.filter(
        (row) => filter?.sandboxUid === undefined || [row.sandboxUid, row.formerUid].includes(filter.sandboxUid),
      ),
    );
  }
  settlePersonalPort(user: string, sandboxUid: string): Promise<void> {
    return answer(() => {
      this.personalRows = this.personalRows.map(({ formerUid, ...row }) =>
        formerUid === undefined || (row.user === user && row.sandboxUid === sandboxUid) ? row : { ...row, formerUid },
      );
    });
  }
  /** As the API does when somebody uses a sandbox. */
  use(user: string, engine: string, port: number, sandboxUid: string): void {
    const held = this.personalRows.find((row) => row.user === user);
    const had = held?.engine === engine && held.port === port ? held.formerUid ?? held.sandboxUid : sandboxUid;
    this.personalRows = [
      ...this.personalRows.filter((row) => row !== held),
      { user, engine, port, sandboxUid, allocatedAt: '', ...(had === sandboxUid ? {} : { formerUid: had }) },
    ];
  }
  subnets(filter?: { sandboxUid?: string }): Promise<SubnetAllocation[]> {
    return answer(() =>
      this.subnetRows.filter((row) => filter?.sandboxUid === undefined || row.sandboxUid === filter.sandboxUid),
    );
  }
  releasePort(engine: string, port: number): Promise<void> {
    return answer(() => {
      const index = this.portRows.findIndex((row) => row.engine === engine && row.port === port);
      if (index >= 0) this.portRows.splice(index, 1);
    });
  }
  releaseSandbox(sandboxUid: string): Promise<void> {
    return answer(() => {
      for (const rows of [this.portRows, this.subnetRows]) {
        for (let index = rows.length - 1; index >= 0; index -= 1)
          if (rows[index]!.sandboxUid === sandboxUid) rows.splice(index, 1);
      }
    });
  }
  lifecycle(sandboxUid: string): Promise<Lifecycle | undefined> {
    return answer(() => this.lifecycleRows.get(sandboxUid));
  }
  nodes(): Promise<NodeRecord[]> {
    return answer(() => [...this.nodeRows.values()]);
  }
  #resolve(resolution: Resolution): void {
    const known = this.resolutionRows.some(
      (row) =>
        row.sandboxUid === resolution.sandboxUid &&
        row.generation === resolution.generation &&
        row.service === resolution.service,
    );
    if (!known) this.resolutionRows.push({ ...resolution });
  }

  #tell(document: StoredDocument, gone: boolean): void {
    for (const listener of this.#listeners) listener(changeOf(document, gone));
  }
}

function changeOf({ kind, metadata }: StoredDocument, gone: boolean): Change {
  const { resourceVersion, slug, name, uid } = metadata;
  return { kind, resourceVersion, slug, name, uid, gone };
}

function sameStep(a: Attempt, b: Attempt): boolean {
  return a.sandboxUid === b.sandboxUid && a.service === b.service && a.step === b.step;
}

/** In a later turn, as a database would. */
async function answer<T>(work: () => T): Promise<T> {
  await Promise.resolve();
  return work();
}
