/**
 * Sends requests over kept connections for a time and prints what came back as JSON:
 * `load.mjs URL CONNECTIONS SECONDS [HOST] [PAUSE_MS]`. Its own process, so that it can run in any network namespace.
 * With a pause, ends early when standard input ends.
 */
import { Agent, request } from 'node:http';

const [url = '', connections = '1', seconds = '5', host = '', pause = '0'] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });
const end = performance.now() + Number(seconds) * 1000;
let asked = false;
process.stdin.on('end', () => (asked = true)).resume();

/** Milliseconds by request. */
const times = [];
const answers = {};
const failures = [];

function once() {
  const began = performance.now();
  return new Promise((resolve) => {
    const failed = (why) => {
      failures.push(`${new Date().toISOString()} ${why}`);
      resolve();
    };
    const sent = request(url, { agent, timeout: 10_000, headers: host === '' ? {} : { host } }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (text += chunk));
      response.on('error', (error) => failed(error.message));
      response.on('end', () => {
        times.push(performance.now() - began);
        if (response.statusCode !== 200) return failed(`${response.statusCode} ${text.slice(0, 300)}`);
        const who = response.headers['x-who'] ?? /"name":\s*"([^"]*)"/.exec(text)?.[1] ?? /"servedBy":\s*"([^"]*)"/.exec(text)?.[1] ?? '?';
        answers[who] = (answers[who] ?? 0) + 1;
        resolve();
      });
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer within 10 s')));
    sent.on('error', (error) => failed(error.message));
    sent.end();
  });
}

await Promise.all(
  Array.from({ length: Number(connections) }, async () => {
    while (!asked && performance.now() < end) {
      await once();
      if (Number(pause) > 0) await new Promise((resolve) => setTimeout(resolve, Number(pause)));
    }
  }),
);
times.sort((a, b) => a - b);
const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
process.stdout.write(
  JSON.stringify({ requests: times.length, p50: at(0.5), p99: at(0.99), longest: times.at(-1) ?? 0, failed: failures.length, failures: failures.slice(0, 5), answers }),
);
process.exit(0);
