/** Flags of `npm start`. */
import { parseArgs } from 'node:util';

export const HELP = `npm start -- [flags]

Runs SDP on this machine: control plane, two agents, and at the first start a demo world.

  --port N     port of the UI and the API on 127.0.0.1 (default 7070)
  --fresh      first remove everything that a former start made, then start over
  --root DIR   where everything is kept (default .sdp in this folder)
  --help       this text

Variables: DOCKER_HOST=unix://... names the Docker Engine to use. NO_COLOR turns colours off.
SDP_DEMO_PULL=1 pulls the demo's base images before making them from packages.
`;

/**
 * @param {string[]} argv
 * @returns {{ help: boolean, fresh: boolean, port: string | undefined, root: string | undefined }}
 * @throws {Error} with a message for people
 */
export function parseFlags(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      fresh: { type: 'boolean', default: false },
      port: { type: 'string' },
      root: { type: 'string' },
    },
  });
  const port = Number(values.port ?? 7070);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Error(`--port is "${values.port}", but has to be a number from 1 to 65535.`);
  }
  return { help: values.help, fresh: values.fresh, port: values.port, root: values.root };
}
