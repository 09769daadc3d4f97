/** What stands at the end of a start: where everything is, and which service is routed where. */
import type { StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { DocumentView } from '#schema/http';
import type { ApiClient } from '../cli/client.ts';
import { paint } from '../cli/output.ts';

async function sandboxLines(client: ApiClient, name: string): Promise<string[]> {
  const found = await client.get<DocumentView>(`/sandboxes/${name}`).catch((error: unknown) => {
    if (error instanceof SdpError && error.code === 'not_found') return undefined;
    throw error;
  });
  const status = (found?.document as StoredDocument<'Sandbox'> | undefined)?.status;
  if (status === undefined) return [`  Sandbox   ${name} is not there (any more).`];
  const lines = [`  Gateway   ${paint('bold', status.gateway?.url ?? 'none yet')}  (${name}, ${status.health})`];
  for (const [service, state] of Object.entries(status.services)) {
    const from = state.commit === undefined ? '' : `  ${state.branch ?? ''}@${state.commit.slice(0, 8)}`;
    lines.push(`            ${service.padEnd(10)} -> ${state.route?.target ?? 'unknown'}${from}`);
  }
  return lines;
}

/** @param elapsedMs since the start began */
export async function summary(
  client: ApiClient,
  url: string,
  sandbox: string,
  login: { username: string; password: string },
  elapsedMs: number,
): Promise<string> {
  return [
    '',
    paint('bold', `SDP is ready after ${(elapsedMs / 1000).toFixed(1)} s.`),
    '',
    `  UI        ${paint('bold', url)}  login ${login.username} / ${login.password}`,
    ...(await sandboxLines(client, sandbox)),
    `  Try       curl GATEWAY/account; npx sdp login -u ${login.username}; npx sdp get sandboxes`,
    '',
    'Ctrl-C ends it; containers stay.',
  ].join('\n');
}
