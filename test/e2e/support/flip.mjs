/**
 * Flips one service of a sandbox between OCP and the sandbox: `flip.mjs API TOKEN SANDBOX SERVICE TIMES GATEWAY`. After
 * each flip it asks through the gateway until the other side answers. Prints how long that took, as JSON.
 */
const [api, token, sandbox, service, times, gateway] = process.argv.slice(2);
const took = [];
for (let flip = 0; flip < Number(times); flip += 1) {
  const target = flip % 2 === 0 ? 'ocp' : 'sandbox';
  const started = performance.now();
  const answer = await fetch(`${api}/api/v1/sandboxes/${sandbox}/routes/${service}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ target }),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  for (;;) {
    const { servedBy } = await (await fetch(`${gateway}/${service}`)).json();
    if (servedBy === (target === 'ocp' ? 'baseline' : 'sandbox')) break;
    if (performance.now() - started > 10_000) throw new Error(`flip ${flip} to ${target} is not in force after 10 s`);
  }
  took.push(performance.now() - started);
}
took.sort((a, b) => a - b);
process.stdout.write(JSON.stringify({ flips: took.length, medianMs: took[took.length >> 1], longestMs: took.at(-1) }));
