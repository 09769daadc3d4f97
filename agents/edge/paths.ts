/** Where the edge's files are, outside and inside of its container. */
import { join } from 'node:path';

/** As HAProxy sees them. */
export const INSIDE = {
  config: '/etc/sdp-edge',
  configFile: '/etc/sdp-edge/haproxy.cfg',
  /** Stands for the folder of the configuration's own edition; see edge-files.ts. */
  side: '/etc/sdp-edge/side/',
  ca: '/etc/sdp-edge/side/ca.pem',
  lua: '/etc/sdp-edge/side/delay.lua',
  run: '/run/sdp-edge',
  socket: '/run/sdp-edge/admin.sock',
  masterSocket: '/run/sdp-edge/master.sock',
  checkSocket: '/run/sdp-edge/check.sock',
  /** HAProxy's own: stands in for a target that ended a connection without an answer. */
  closedSocket: '/run/sdp-edge/closed.sock',
} as const;

/** Maps by name; the file path inside the container is also the map's name on the runtime socket. */
export const MAP_NAMES = ['faults', 'sandboxes', 'inside', 'subnets', 'shared', 'outside'] as const;
export type MapName = (typeof MAP_NAMES)[number];

export const mapPath = (name: MapName): string => `${INSIDE.config}/maps/${name}.map`;
export const pagePath = (name: string, format: 'html' | 'json'): string => `${INSIDE.side}${name}.${format}`;

export interface EdgePaths {
  root: string;
  /** Mounted read-only. */
  config: string;
  maps: string;
  /** Mounted writable: holds the runtime socket. */
  run: string;
  socket: string;
  /** Of the master process: takes `reload`. */
  masterSocket: string;
  /** Where this agent's checks come in: nobody else can open it. */
  checkSocket: string;
  routes: string;
  resolved: string;
  /** Which requests of HAProxy's memory were handed out already. */
  noted: string;
}

export function edgePaths(dataDir: string): EdgePaths {
  const root = join(dataDir, 'edge');
  const config = join(root, 'config');
  const run = join(root, 'run');
  return {
    root,
    config,
    maps: join(config, 'maps'),
    run,
    socket: join(run, 'admin.sock'),
    masterSocket: join(run, 'master.sock'),
    checkSocket: join(run, 'check.sock'),
    routes: join(root, 'routes'),
    resolved: join(root, 'resolved.json'),
    noted: join(root, 'noted.json'),
  };
}
