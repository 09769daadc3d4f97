/**
 * Carries TCP connections between two network namespaces over a unix socket, which knows no namespaces:
 * `relay.mjs FROM TO`, each a port of 127.0.0.1 or a socket's path. Prints a line when it listens; ends with its stdin.
 */
import { connect, createServer } from 'node:net';

const [from = '', to = ''] = process.argv.slice(2);
const addressOf = (text) => (/^\d+$/.test(text) ? { host: '127.0.0.1', port: Number(text) } : { path: text });

const server = createServer({ allowHalfOpen: true }, (near) => {
  const far = connect({ ...addressOf(to), allowHalfOpen: true });
  near.setNoDelay(true);
  far.setNoDelay(true);
  near.pipe(far).pipe(near);
  for (const [one, other] of [[near, far], [far, near]]) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroySoon());
  }
});

server.listen(addressOf(from), () => console.log('listening'));
process.stdin.on('end', () => process.exit(0)).resume();
