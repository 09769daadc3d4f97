/** nginx as people run it beside their services: an upstream in its configuration, and a reload for each change. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { packagesFolder } from '../../../api/main/provision/nginx.mjs';

const run = promisify(execFile);
const ROOT = path.resolve(import.meta.dirname, '../../..');

/** The program, installed or unpacked; undefined when the rival cannot be had. */
export function nginxProgram(): string | undefined {
  return [path.join(packagesFolder(ROOT), 'nginx'), '/usr/sbin/nginx'].find((file) => existsSync(file));
}

export interface Nginx {
  /** Leads to another upstream; resolves when the reload was ordered. */
  flip(upstream: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startNginx(options: { program: string; netns: string; folder: string; port: number; upstream: string }): Promise<Nginx> {
  const { program, netns, folder, port } = options;
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, 'nginx.conf');
  const write = (upstream: string): Promise<void> => writeFile(file, configuration(folder, port, upstream));
  const argv = [`--net=${netns}`, program, '-c', file, '-p', folder, '-e', path.join(folder, 'error.log')];
  await write(options.upstream);
  const child: ChildProcess = spawn('nsenter', argv, { stdio: 'inherit' });
  for (let tries = 0; !existsSync(path.join(folder, 'nginx.pid')); tries += 1) {
    if (tries > 100 || child.exitCode !== null) throw new Error('nginx did not start');
    await sleep(50);
  }
  return {
    flip: async (upstream) => {
      await write(upstream);
      await run('nsenter', [...argv, '-s', 'reload']);
    },
    stop: async () => {
      const gone = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      await gone;
    },
  };
}

const configuration = (folder: string, port: number, upstream: string): string => `
daemon off;
pid ${folder}/nginx.pid;
worker_processes 2;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  upstream target { server ${upstream}; keepalive 32; }
  server {
    listen ${port};
    location / {
      proxy_pass http://target;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_read_timeout 1h;
    }
  }
}
`;
