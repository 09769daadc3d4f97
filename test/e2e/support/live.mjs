/**
 * A connection that stays: `live.mjs echo|stream URL`. `echo` asks for an upgrade (as a WebSocket does) and says a line
 * every 200 ms; `stream` reads an answer that comes in pieces. Prints each line that comes in, and `ended` at the end.
 */
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';

const [kind, url] = process.argv.slice(2);
process.stdin.on('end', () => process.exit(0)).resume();

function follow(socket) {
  let rest = '';
  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) console.log(line);
  });
  const ended = () => {
    console.log('ended');
    process.exit(0);
  };
  socket.once('end', ended).once('close', ended).on('error', ended);
}

const key = randomBytes(16).toString('base64');
const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': key };
const headers = kind === 'echo' ? upgrade : {};
const call = request(url, { agent: false, headers });
call.on('upgrade', (_answer, socket) => {
  follow(socket);
  let count = 0;
  setInterval(() => socket.write(`${(count += 1)}\n`), 200);
});
call.on('response', (answer) => {
  if (kind === 'echo' || answer.statusCode !== 200) console.log(`refused ${answer.statusCode}`);
  follow(answer);
});
call.on('error', (error) => {
  console.log(`failed ${error.message}`);
  process.exit(0);
});
call.end();
