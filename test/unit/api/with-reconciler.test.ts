/** The API with the real store and the real reconciler; the agent is scripted. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Command } from '#schema/wire/commands';
import { createReconciler } from '#reconciler/create-reconciler';
import { emptyState, type Answer, type ScriptedAgent } from './support/scripted-agent.ts';
import { CATALOGUE, gitScript, SANDBOX, World } from './support/world.ts';

const COMMIT = 'a'.repeat(40);
let world: World;
let agent: ScriptedAgent;

function script(command: Command): Answer {
  if (command.type === 'fetch') {
    return { value: { commit: COMMIT, subject: 's', author: 'a', authoredAt: '2026-01-01T00:00:00Z', branch: command.branch } };
  }
  return gitScript(command);
}

beforeEach(async () => {
  world = new World();
  await world.start({
    makeReconciler: (deps) =>
      createReconciler({
        ...deps,
        store: world.store,
        epoch: 1,
        installation: 'test',
        defaults: { gateway: { repository: 'api-gateway', branch: 'develop' }, startSeconds: 5, drainSeconds: 1, retentionDays: 30 },
        onError: () => undefined,
      }),
  });
  const state = emptyState();
  state.repositories.push({ name: 'api-gateway', path: '/src/gw', kind: 'dockerfile', buildHash: 'b2' });
  agent = await (await world.agent(script)).online(state);
  await agent.until(() => world.server.fleet.nodes().some((node) => node.online));
});
afterEach(() => world.remove());

describe('from apply to agents', () => {
  it('fetches with the caller\'s login, records deployment and events, and shows a plan before', async () => {
    const token = await world.login();
    await world.call('POST', '/apply', { token, yaml: CATALOGUE });
    const plan = await world.call('POST', '/apply?dryRun=true', { token, yaml: SANDBOX });
    expect(plan.body).toMatchObject({ results: [{ plan: { steps: expect.arrayContaining([expect.objectContaining({ action: 'fetch', service: 'account' })]) } }] });
    expect((await world.call('POST', '/apply', { token, yaml: SANDBOX })).status).toBe(200);

    await agent.until(() => agent.commands.some((command) => command.type === 'build'));
    const fetched = agent.commands.find((command) => command.type === 'fetch' && command.service === 'account');
    expect(fetched).toMatchObject({ branch: 'feature/login-error', credentials: { username: 'achmad' } });
    if (fetched?.type !== 'fetch') return;
    agent.journal([{ seq: 1, at: new Date().toISOString(), deploymentId: fetched.deploymentId, kind: 'event', event: 'FETCH_STARTED' }]);
    await agent.until(() => agent.acked() === 1);
    expect((await world.call('GET', `/deployments/${fetched.deploymentId}`, { token })).body).toMatchObject({
      deployment: { sandbox: expect.stringMatching(/qa-login-error/i), user: 'achmad' },
      events: [{ event: 'DEPLOY_QUEUED' }, { event: 'FETCH_STARTED', node: 'micro-1' }],
    });
    const routes = await world.call('GET', '/sandboxes/QA-LOGIN-ERROR/routes', { token });
    expect(routes.body['items']).toEqual(expect.arrayContaining([expect.objectContaining({ service: 'payment', target: 'ocp' })]));
  });

  it('waits as NeedsLogin once the login is gone, and goes on with the next one', async () => {
    const token = await world.login();
    await world.call('POST', '/apply', { token, yaml: CATALOGUE });
    await world.call('POST', '/logout', { token });
    const second = await world.login('eva');
    await world.store.apply([{ draft: { apiVersion: 'sdp/v1', kind: 'Sandbox', metadata: { name: 'LATE' }, spec: { gateway: { branch: 'develop' } } } }], { user: 'achmad' });
    const needsLogin = async (): Promise<string | undefined> => {
      const { status } = (await world.store.get('Sandbox', 'LATE')) ?? {};
      return status?.conditions.find((condition) => condition.type === 'NeedsLogin')?.status;
    };
    let seen: string | undefined;
    void (async () => {
      while (seen !== 'True') {
        seen = await needsLogin();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    await agent.until(() => seen === 'True');
    expect(agent.commands.filter((command) => command.type === 'fetch')).toEqual([]);
    expect((await world.call('POST', '/sandboxes/LATE/deploy', { token: second })).status).toBe(200);
    await agent.until(() => agent.commands.some((command) => command.type === 'fetch' && command.credentials.username === 'eva'));
  });
});
