/** The usual forms of a file of upstreams. Slugs are `[a-z0-9-]`; what a person may write is quoted all the same. */
import type { UpstreamsFile } from '#schema/documents';
import type { Peer } from './peers.ts';

export type Format = NonNullable<UpstreamsFile['format']>;

const NOTE = 'Written by SDP when the container was made.';

export function inFormat(format: Format, peers: readonly Peer[]): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(Object.fromEntries(peers.map((peer) => [peer.slug, peer.url])), undefined, 2)}\n`;
    case 'yaml':
      return yaml(peers);
    case 'env':
      return lines(`# ${NOTE}`, ...peers.map((peer) => `${peer.variable}=${peer.url}`));
    case 'php':
      return lines('<?php', `// ${NOTE}`, 'return [', ...peers.map((peer) => `    ${php(peer.slug)} => ${php(peer.url)},`), '];');
    case 'nginx':
      return lines(
        `# ${NOTE}`,
        '# The edge decides by the Host header: proxy_set_header Host {service}.sdp;',
        ...peers.flatMap((peer) => [`upstream ${peer.slug} {`, `    server ${peer.host}:${peer.port};`, '}']),
      );
  }
}

/** Double quotes around everything: `on`, `y` and `123` are names of services too, and JSON's strings are YAML's. */
function yaml(peers: readonly Peer[]): string {
  if (peers.length === 0) return lines(`# ${NOTE}`, '{}');
  return lines(`# ${NOTE}`, ...peers.map((peer) => `${JSON.stringify(peer.slug)}: ${JSON.stringify(peer.url)}`));
}

/** A single-quoted PHP string, in which only the quote and the backslash mean something. */
function php(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
