/** HAProxy with one fixed target and no rule: the floor of what an edge made of it can reach. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export async function startBareHaproxy(netns: string, port: number, target: string): Promise<{ stop(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sdp-bench-haproxy-'));
  const file = path.join(folder, 'haproxy.cfg');
  await writeFile(file, configuration(port, target));
  const child = spawn('nsenter', [`--net=${netns}`, 'haproxy', '-f', file], { stdio: ['ignore', 'ignore', 'inherit'] });
  const gone = new Promise((resolve) => child.once('close', resolve));
  return {
    stop: async () => {
      child.kill('SIGTERM');
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const configuration = (port: number, target: string): string => `
defaults
  mode http
  timeout connect 3s
  timeout client 1m
  timeout server 1m
listen bare
  bind 127.0.0.1:${port}
  server target ${target}
`;
