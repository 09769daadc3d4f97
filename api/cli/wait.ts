/** Waiting for a sandbox: the status must speak of what was saved before it counts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SdpError } from '#schema/errors';
import type { StoredDocument } from '#schema/documents';
import type { DocumentView } from '#schema/http';
import type { Condition, ConditionStatus, SandboxStatus } from '#schema/status';
import type { ApiClient } from './client.ts';
import { print } from './output.ts';

const POLL_MS = 200;

async function find(client: ApiClient, kind: 'sandboxes' | 'routes', name: string): Promise<StoredDocument | undefined> {
  try {
    return (await client.get<DocumentView>(`/${kind}/${encodeURIComponent(name)}`)).document;
  } catch (error) {
    if (error instanceof SdpError && error.code === 'not_found') return undefined;
    throw error;
  }
}

/** Whether a status speaks of a generation and of everything saved up to a resourceVersion. */
export function speaksOf(status: SandboxStatus | undefined, generation: number, resourceVersion: number): status is SandboxStatus {
  return status !== undefined && status.observedGeneration >= generation && status.observedResourceVersion >= resourceVersion;
}

function conditionOf(status: SandboxStatus | undefined, type: string): Condition | undefined {
  return status?.conditions.find((condition) => condition.type.toLowerCase() === type.toLowerCase());
}

/**
 * @param after resourceVersion that the status must have seen; the newest of sandbox and route when not given
 * @throws SdpError deadline_exceeded with the newest reason, not_found
 */
export async function waitForSandbox(
  client: ApiClient,
  name: string,
  wanted: { condition: string; status: ConditionStatus },
  timeoutMs: number,
  after?: number,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  const route = await find(client, 'routes', name);
  let told = '';
  let last: Condition | undefined;
  for (;;) {
    const document = await find(client, 'sandboxes', name);
    if (document === undefined) throw new SdpError('not_found', `There is no sandbox ${name}.`);
    const { generation, resourceVersion } = document.metadata;
    const needed = after ?? Math.max(resourceVersion, route?.metadata.resourceVersion ?? 0);
    const status = document.status as SandboxStatus | undefined;
    last = conditionOf(status, wanted.condition);
    if (speaksOf(status, generation, needed) && last?.status === wanted.status) {
      print(`sandbox/${document.metadata.name} ${wanted.condition}: ${last.message}`);
      return;
    }
    const now = status === undefined ? '' : `${status.operation}${status.nextAction === undefined ? '' : `: ${status.nextAction}`}`;
    if (now !== told) process.stderr.write(`${now}\n`);
    told = now;
    if (Date.now() > end) {
      const why = last === undefined ? 'Nothing is known of it yet.' : `${last.reason}: ${last.message}`;
      throw new SdpError('deadline_exceeded', `sandbox/${document.metadata.name} is not ${wanted.condition} after ${Math.round(timeoutMs / 1000)} s. ${why}`);
    }
    await sleep(POLL_MS);
  }
}

/** Until the document is gone for good. @throws SdpError deadline_exceeded with what still stands in the way */
export async function waitForDeletion(client: ApiClient, name: string, timeoutMs: number): Promise<void> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const document = await find(client, 'sandboxes', name);
    if (document === undefined) return;
    if (Date.now() > end) {
      const status = document.status as SandboxStatus | undefined;
      throw new SdpError('deadline_exceeded', `sandbox/${document.metadata.name} is not gone after ${Math.round(timeoutMs / 1000)} s. ${status?.nextAction ?? ''}`.trim());
    }
    await sleep(POLL_MS);
  }
}
