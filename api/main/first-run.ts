/** Shows a sandbox coming up, from what its status says. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { DocumentView } from '#schema/http';
import type { ApiClient } from '../cli/client.ts';
import { speaksOf } from '../cli/wait.ts';

/** @throws SdpError deadline_exceeded, or what the sandbox failed with */
export async function followSandbox(
  client: ApiClient,
  name: string,
  withinMs: number,
  say: (detail: string) => void,
  stopped: Promise<unknown>,
): Promise<void> {
  let asked = false;
  void stopped.then(() => (asked = true));
  const end = Date.now() + withinMs;
  while (!asked) {
    const { document } = await client.get<DocumentView>(`/sandboxes/${name}`);
    const { metadata, status } = document as StoredDocument<'Sandbox'>;
    if (speaksOf(status, metadata.generation, metadata.resourceVersion)) {
      const failed = status.conditions.find((condition) => condition.type === 'Failed' && condition.status === 'True');
      if (failed !== undefined) throw new SdpError('build_failed', `${name}: ${failed.message}`, { hint: `See \`npx sdp logs ${name}\`.` });
      const parts = { gateway: status.gateway, ...status.services };
      const states = Object.entries(parts).flatMap(([service, part]) => (part?.state === undefined ? [] : [`${service} ${part.state}`]));
      say(states.join(', '));
      if (status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True')) return;
    }
    if (Date.now() > end) throw new SdpError('deadline_exceeded', `${name} did not become ready: ${status?.nextAction ?? 'no reason is known'}.`);
    await sleep(100);
  }
}
