/**
 * `npm test`: provisions what the tests need, checks types and generated code, runs every test, and ends with
 * one line that counts them. Needs Linux and root, and says so.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);

if (process.platform !== 'linux' || process.getuid?.() !== 0) {
  console.error('npm test starts a private Docker Engine, network namespaces and a browser: it needs Linux and root.');
  console.error('`npm run test:unit` needs nothing but Node.');
  process.exit(1);
}

const { provisionForTests } = await import('../api/main/provision/for-tests.mjs');
await provisionForTests(root);

const reports = mkdtempSync(path.join(tmpdir(), 'sdp-test-'));
const totals = { passed: 0, failed: 0, skipped: 0 };
const problems = [];

function run(title, argv) {
  console.log(`\n== ${title}`);
  const started = Date.now();
  const { status, signal } = spawnSync(argv[0], argv.slice(1), { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, NO_COLOR: '1' } });
  console.log(`== ${title}: ${status === 0 ? 'ok' : `failed (${signal ?? `exit ${status}`})`} after ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return status === 0;
}

function check(title, argv) {
  if (run(title, argv)) totals.passed += 1;
  else {
    totals.failed += 1;
    problems.push(title);
  }
}

function suite(title, config) {
  const report = path.join(reports, `${title}.json`);
  const ok = run(title, ['node_modules/.bin/vitest', 'run', '-c', config, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]);
  try {
    const result = JSON.parse(readFileSync(report, 'utf8'));
    totals.passed += result.numPassedTests;
    totals.failed += result.numFailedTests;
    totals.skipped += result.numPendingTests + result.numTodoTests;
    if (!ok && result.numFailedTests === 0) totals.failed += 1;
  } catch (error) {
    console.error(`The report of ${title} cannot be read: ${error.message}`);
    totals.failed += 1;
  }
  if (!ok) problems.push(title);
}

check('generated code is current', ['node', 'schema/generate/generate.mjs', '--check']);
check('types', ['node_modules/.bin/tsc', '--noEmit', '-p', '.']);
suite('unit', 'test/vitest.unit.config.ts');
suite('world', 'test/vitest.world.config.ts');
rmSync(reports, { recursive: true, force: true });

if (problems.length > 0) console.log(`\nFailed: ${problems.join(', ')}`);
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed === 0 && totals.passed > 0 ? 0 : 1);
