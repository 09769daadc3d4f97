/**
 * A process of its own for fault tests: opens a store, takes the lease, writes with 200 writers at a time without end, and
 * prints `name resourceVersion` of each write that was acknowledged. Arguments: URL, key file, prefix of names.
 */
import { openStore } from '#specs/open-store';

const WRITERS = 200;
const [url = '', file = '', prefix = ''] = process.argv.slice(2);

const store = await openStore({ url, masterKeys: { file } });
await store.takeLeadership();
process.stdout.write('ready\n');
await Promise.all(
  Array.from({ length: WRITERS }, async (_, writer) => {
    for (let index = 0; ; index += 1) {
      const name = `${prefix}-${writer}-${index}`;
      const [result] = await store.apply([{ draft: { apiVersion: 'sdp/v1', kind: 'Sandbox', metadata: { name }, spec: {} } }], { user: 'ana' });
      process.stdout.write(`${name} ${result?.document.metadata.resourceVersion}\n`);
    }
  }),
);
