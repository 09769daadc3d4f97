/** Asks a Docker Engine on a unix socket, with Node's own modules. */
import { request } from 'node:http';
import { connect } from 'node:net';

/**
 * @param {string} socketPath
 * @param {string} path such as /_ping
 * @param {string} [method]
 * @returns {Promise<{ status: number, body: string }>} rejects when nobody answers within 5 s
 */
export function askEngine(socketPath, path, method = 'GET') {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, method, timeout: 5_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    call.on('timeout', () => call.destroy(new Error('no answer within 5 s')));
    call.on('error', reject);
    call.end();
  });
}

/**
 * @param {string} socket
 * @returns {Promise<'answers' | 'denied' | 'silent'>}
 */
export async function pingEngine(socket) {
  try {
    return (await askEngine(socket, '/_ping')).status === 200 ? 'answers' : 'silent';
  } catch (error) {
    return error.code === 'EACCES' ? 'denied' : 'silent';
  }
}

/** @param {string} socket @param {string} ref */
export async function hasImage(socket, ref) {
  return (await askEngine(socket, `/images/${encodeURIComponent(ref)}/json`)).status === 200;
}

/** @param {string} path of a unix socket. @returns {Promise<boolean>} whether somebody listens */
export function isListening(path) {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
}
