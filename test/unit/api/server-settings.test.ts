import { describe, expect, it } from 'vitest';
import { serverSettings } from '#api/main/server-settings';

describe('settings of the server', () => {
  it('takes flags over variables, and both over defaults', async () => {
    const settings = await serverSettings({ listen: '127.0.0.1:1' }, { SDP_LISTEN: '127.0.0.1:2', SDP_GATEWAY_BRANCH: 'main' });
    expect(settings.listen.port).toBe(1);
    expect(settings.gateway).toEqual({ repository: 'api-gateway', branch: 'main' });
  });

  it('reports every mistake at once', async () => {
    await expect(serverSettings({ listen: 'x:y', store: 'mysql:db' }, {})).rejects.toThrow(/listen.*and 1 more/);
  });

  it('listens beyond loopback without TLS only when told to', async () => {
    await expect(serverSettings({ listen: '0.0.0.0:7070' }, {})).rejects.toThrow('--insecure-listen');
    await expect(serverSettings({ listen: '0.0.0.0:7070', insecureListen: true }, {})).resolves.toMatchObject({ listen: { host: '0.0.0.0' } });
  });
});
