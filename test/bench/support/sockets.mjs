/**
 * Holds WebSockets open and sends over each of them every 100 ms until standard input ends; prints how many lived through
 * and what went wrong as JSON: `sockets.mjs URL COUNT`.
 */
import { WebSocket } from 'ws';

const [url = '', count = '10'] = process.argv.slice(2);
const troubles = [];
let echoed = 0;
let over = false;

const sockets = await Promise.all(
  Array.from({ length: Number(count) }, async () => {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.on('message', () => (echoed += 1));
    socket.on('error', (error) => troubles.push(error.message));
    socket.on('close', (code) => over || troubles.push(`closed with ${code}`));
    return socket;
  }),
);
console.error('open');
const timer = setInterval(() => sockets.forEach((socket) => socket.readyState === WebSocket.OPEN && socket.send('x')), 100);
process.stdin.resume().on('end', () => {
  over = true;
  clearInterval(timer);
  const alive = sockets.filter((socket) => socket.readyState === WebSocket.OPEN).length;
  process.stdout.write(JSON.stringify({ alive, echoed, troubles: troubles.slice(0, 5) }), () => process.exit(0));
});
