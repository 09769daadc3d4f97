/** Where audit entries are sent as they happen. Pure. */
import { isIP } from 'node:net';

export type SyslogTarget = { kind: 'udp' | 'tcp'; host: string; port: number } | { kind: 'unix'; path: string };

/** Ports that are meant when none is given: RFC 5426 and RFC 6587. */
const PORTS = { udp: 514, tcp: 601 } as const;

/** `udp://host:514`, `tcp://host:601`, `unix:/dev/log`; undefined when it is none of these. */
export function parseSyslogTarget(text: string): SyslogTarget | undefined {
  const unix = /^unix:(\/.+)$/.exec(text);
  if (unix?.[1] !== undefined) return { kind: 'unix', path: unix[1].replace(/^\/\/(?=\/)/, '') };
  const net = /^(udp|tcp):\/\/(\[[0-9a-f:.]+\]|[^:/?#@[\]]+)(?::(\d{1,5}))?\/?$/i.exec(text);
  if (net?.[1] === undefined || net[2] === undefined) return undefined;
  const kind = net[1].toLowerCase() as 'udp' | 'tcp';
  const host = net[2].replace(/^\[|\]$/g, '');
  const port = net[3] === undefined ? PORTS[kind] : Number(net[3]);
  if (port < 1 || port > 65_535 || (net[2].startsWith('[') && isIP(host) !== 6)) return undefined;
  return { kind, host, port };
}
