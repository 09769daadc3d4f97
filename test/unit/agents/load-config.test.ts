import { describe, expect, it } from 'vitest';
import { parseAgentConfig } from '#agents/config/load-config';
import { SdpError } from '#schema/errors';

const MINIMAL = `node: {name: micro-1, type: MICRO, address: 10.0.0.1}
controlPlane: {url: "ws://sdp.company.com:7070", tokenFile: token}
repositories:
  - name: account
    path: ./account
`;

describe('an agent\'s file', () => {
  it('needs two fields per repository and fills in the rest', () => {
    const config = parseAgentConfig(MINIMAL, '/etc/sdp/agent.yaml');
    expect(config.repositories).toEqual([
      { name: 'account', path: '/etc/sdp/account', build: { kind: 'go', package: '.', cgo: false, with: [] } },
    ]);
    expect(config.ports).toEqual({ gateway: { from: 8080, to: 8999 }, service: { from: 9001, to: 9999 }, allowFrom: [], shared: 7081 });
    expect(config.controlPlane.tokenFile).toBe('/etc/sdp/token');
  });

  it('builds Dockerfiles on GATEWAY nodes unless told otherwise', () => {
    const config = parseAgentConfig(MINIMAL.replace('MICRO', 'GATEWAY'), 'agent.yaml');
    expect(config.repositories[0]?.build).toEqual({ kind: 'dockerfile', file: 'Dockerfile' });
  });

  it('reports all mistakes at once, with lines', () => {
    const text = `${MINIMAL.replace('MICRO', 'MIRCO')}  - name: account\n    path: ./b\nports: {service: 9999-9001}\nnetwrok: {}\n`;
    const error = (() => {
      try {
        parseAgentConfig(text, 'agent.yaml');
      } catch (thrown) {
        return SdpError.from(thrown);
      }
      throw new Error('accepted');
    })();
    expect(error.findings.map((finding) => [finding.line, finding.path])).toEqual([
      [1, 'node.type'],
      [9, 'netwrok'],
    ]);
    expect(error.findings[1]?.message).toContain('Did you mean "network"?');
  });

  it('refuses a pool that would cut the node off from its neighbours', () => {
    expect(() => parseAgentConfig(`${MINIMAL}network: {pool: 172.18.0.0/20}\n`, 'agent.yaml')).toThrow('overlaps 172.18.0.0/16');
    expect(() => parseAgentConfig(`${MINIMAL}network: {pool: 10.0.0.0/16}\n`, 'agent.yaml')).toThrow('overlaps 10.0.0.1');
  });

  it('finds contradictions that a schema cannot', () => {
    const text = `${MINIMAL}  - name: account\n    path: ./b\nports: {service: 9999-9001}\nauth: {repository: nope}\n`;
    expect(() => parseAgentConfig(text, 'agent.yaml')).toThrow(/there twice.*and 2 more/);
  });
});
