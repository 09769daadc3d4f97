/** A service for benchmarks: says its name in X-Who, and echoes WebSocket messages. `upstream.mjs NAME PORT` */
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const [name = '', port = '0'] = process.argv.slice(2);
const server = createServer((_request, response) => response.setHeader('X-Who', name).end('{}'));
new WebSocketServer({ server }).on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
server.listen(Number(port), '0.0.0.0', () => console.log('listening'));
