/** Finds the Docker Engine of this machine, or gets one. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { pingEngine } from './engine-socket.mjs';
import { hasOwnEngine, startOwnEngine } from './own-engine.mjs';
import { StartError, step } from './progress.mjs';
import { run, which } from './run.mjs';
import { provide } from './tools.mjs';

const MACHINE_SOCKET = '/var/run/docker.sock';

/** @type {import('./tools.mjs').Tool[]} */
export const ENGINE_TOOLS = [
  {
    name: 'Docker Engine',
    isThere: () => which('dockerd') !== undefined,
    packages: ['docker.io'],
    hint: 'a Docker Engine that runs: https://docs.docker.com/engine/install',
  },
  { name: 'iptables', isThere: () => which('iptables') !== undefined, packages: ['iptables'], hint: 'iptables' },
];

/** The socket that DOCKER_HOST names, if it is set. */
function namedSocket() {
  const host = process.env.DOCKER_HOST;
  if (!host) return undefined;
  if (host.startsWith('unix://')) return host.slice('unix://'.length);
  throw new StartError(
    `DOCKER_HOST is ${host.replace(/\/\/[^@/]*@/, '//')}, but the agents need an engine on this machine: unix:///path.`,
  );
}

/** A distribution may start its engine when it is installed, or have it stopped. */
async function startMachineEngine() {
  if (existsSync('/run/systemd/system') && which('systemctl') !== undefined) {
    await run('systemctl', ['start', 'docker'], { timeout: 90_000 });
  }
  for (let tries = 0; tries < 20; tries += 1) {
    if ((await pingEngine(MACHINE_SOCKET)) === 'answers') return true;
    if (!existsSync('/run/systemd/system')) return false;
    await sleep(250);
  }
  return false;
}

/**
 * Why this user cannot have an engine here; undefined when one answers or can be started.
 * @returns {Promise<string | undefined>}
 */
export async function engineProblem() {
  const named = namedSocket();
  const socket = named ?? MACHINE_SOCKET;
  const found = await pingEngine(socket);
  if (found === 'answers') return undefined;
  if (found === 'denied') {
    return (
      `The Docker Engine at ${socket} does not let this user in.\n` +
      'Run npm start as root, or add the user to the group that owns the socket (usually docker) and log in anew.'
    );
  }
  if (named !== undefined) {
    return `No Docker Engine answers at ${named}, which DOCKER_HOST names. Start it, or unset DOCKER_HOST.`;
  }
  if (process.getuid?.() === 0) return undefined;
  return (
    `No Docker Engine answers at ${MACHINE_SOCKET}, and only root can start one.\n` +
    'Start it (systemctl start docker), install one (https://docs.docker.com/engine/install), or run npm start as root.'
  );
}

/**
 * @param {string} root absolute path of .sdp
 * @returns {Promise<string>} socket of an engine that answers
 */
export async function ensureEngine(root) {
  const problem = await engineProblem();
  if (problem !== undefined) throw new StartError(problem);
  const socket = namedSocket() ?? MACHINE_SOCKET;
  if ((await pingEngine(socket)) === 'answers') return socket;
  await provide(ENGINE_TOOLS);
  if (!hasOwnEngine(root) && (await startMachineEngine())) return MACHINE_SOCKET;
  return step('Start a Docker Engine of our own', async (say) => {
    const own = await startOwnEngine(root);
    say(own.started ? `data in ${root}/engine` : 'runs already');
    return own.socket;
  });
}
