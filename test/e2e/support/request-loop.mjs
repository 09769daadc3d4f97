/**
 * Sends one request after the other to a URL until standard input ends, then prints what was answered as JSON. With the
 * name of a setting, its value is part of what answers are told apart by.
 */
const [url, pauseMs = '10', setting = ''] = process.argv.slice(2);
let asked = false;
process.stdin.on('end', () => (asked = true)).resume();

const answers = { sent: 0, failed: 0, failures: [], bodies: {}, longestMs: 0 };
while (!asked) {
  const started = performance.now();
  answers.sent += 1;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    const body = await response.text();
    if (response.status !== 200) throw new Error(`${response.status} ${body.slice(0, 200)}`);
    const { servedBy, branch, version, settings } = JSON.parse(body);
    const key = [servedBy, branch, version, settings?.[setting]].filter(Boolean).join(' ');
    answers.bodies[key] = (answers.bodies[key] ?? 0) + 1;
  } catch (error) {
    answers.failed += 1;
    if (answers.failures.length < 5) answers.failures.push(`${new Date().toISOString()} after ${Math.round(performance.now() - started)} ms: ${error.message} ${error.cause?.message ?? ''}`);
  }
  answers.longestMs = Math.max(answers.longestMs, performance.now() - started);
  await new Promise((resolve) => setTimeout(resolve, Number(pauseMs)));
}
process.stdout.write(JSON.stringify(answers));
