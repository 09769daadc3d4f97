/**
 * `npm test`: provisions what the tests need, checks types and generated code, runs every test, and ends with
 * one line that counts them. Needs Linux and root, and says so.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { provisionForTests } from '../api/main/provision/for-tests.mjs';
import { descendantsOf, signal } from './harness/processes.mjs';
import { makeRunFolder, removeDeadRuns, removeLeftovers, removeRun, settledLeftoversOf } from './harness/run-folder.mjs';

/** For checks and suites: one that hangs ends with a message instead of blocking CI. Provisioning has limits per step. */
const LIMIT_MINUTES = 45;

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);

if (process.platform !== 'linux' || process.getuid?.() !== 0) {
  console.error('npm test starts a private Docker Engine, network namespaces and a browser: it needs Linux and root.');
  console.error('`npm run test:unit` needs nothing but Node.');
  process.exit(1);
}

const started = Date.now();
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;
const totals = { passed: 0, failed: 0, skipped: 0 };
const problems = [];
const folder = makeRunFolder();
let overdue = false;
/** A person or CI ended the run: nothing goes on, the handler of the signal exits. */
let interrupted = false;

function fail(title, count = 1) {
  totals.failed += count;
  problems.push(title);
}

/** Resolves to whether the program ended well. */
function run(title, argv) {
  console.log(`\n== ${title}`);
  const since = Date.now();
  return new Promise((resolve) => {
    const child = spawn(argv[0], argv.slice(1), {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, NO_COLOR: '1', TMPDIR: folder },
    });
    const end = (why) => {
      if (interrupted) return;
      console.log(`== ${title}: ${why === undefined ? 'ok' : `failed (${why})`} after ${seconds(since)}`);
      resolve(why === undefined);
    };
    child.on('error', (error) => end(error.message));
    child.on('exit', (code, killedBy) => end(code === 0 ? undefined : (killedBy ?? `exit ${code}`)));
  });
}

async function check(title, argv) {
  if (overdue) return;
  if (await run(title, argv)) totals.passed += 1;
  else fail(title);
}

const nameOf = (file) => path.relative(root, file.name);

/** Adds what vitest reports to the totals, and names what was skipped. Answers the count of failures. */
function count(title, result) {
  totals.passed += result.numPassedTests;
  totals.skipped += result.numPendingTests + result.numTodoTests;
  // A file whose imports or hooks fail has no failed test of its own.
  const failures = result.testResults.map((file) => {
    const tests = file.assertionResults.filter((one) => one.status === 'failed').length;
    return file.status === 'failed' ? Math.max(1, tests) : tests;
  });
  const failed = failures.reduce((sum, one) => sum + one, 0);
  if (failed > 0) fail(title, failed);
  for (const file of result.testResults) {
    for (const one of file.assertionResults) {
      if (['pending', 'skipped', 'todo'].includes(one.status)) console.log(`skipped: ${nameOf(file)} > ${one.fullName}`);
    }
  }
  return failed;
}

async function suite(title, config) {
  if (overdue) return;
  const report = path.join(folder, 'reports', `${title}.json`);
  const reporters = ['default', 'json', path.join(root, 'test/harness/files-reporter.mjs')].map((name) => `--reporter=${name}`);
  const ok = await run(title, ['node_modules/.bin/vitest', 'run', '-c', config, ...reporters, `--outputFile.json=${report}`]);
  let failed = 0;
  try {
    failed = count(title, JSON.parse(readFileSync(report, 'utf8')));
  } catch (error) {
    console.error(`The report of ${title} cannot be read: ${error.message}`);
  }
  // An unhandled rejection, or an end without a report.
  if (!ok && failed === 0) fail(title);
  const left = await settledLeftoversOf(folder);
  if (left.length === 0) totals.passed += 1;
  else fail(`${title} leaves things behind`);
  for (const one of left) console.error(`left behind by ${title}: ${one}`);
  if (left.length > 0) await removeLeftovers(folder);
}

/** Ends everything that this run started, and whatever it left behind. */
async function end(name) {
  signal(descendantsOf(process.pid), name);
  await sleep(1_000);
  signal(descendantsOf(process.pid), 'SIGKILL');
}

function stopOverdue() {
  overdue = true;
  let running = 'no suite';
  try {
    running = readFileSync(path.join(folder, 'running'), 'utf8').trim() || running;
  } catch {
    // No suite has begun.
  }
  console.error(`\nThe tests have not ended within ${LIMIT_MINUTES} minutes and are stopped. What ran: ${running}`);
  fail(`no end within ${LIMIT_MINUTES} minutes`);
  // Nothing may keep it from ending.
  setTimeout(() => process.exit(1), 60_000).unref();
  void end('SIGKILL');
}

for (const [name, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]]) {
  process.once(name, async () => {
    interrupted = true;
    console.error(`\n${name}: the tests end, and what they made is removed.`);
    await end('SIGTERM');
    await removeRun(folder);
    process.exit(code);
  });
}

try {
  for (const dead of await removeDeadRuns()) console.log(`Removed what a killed run left in ${dead}.`);
  await provisionForTests(root);
  mkdirSync(path.join(folder, 'reports'));
  console.log(`\nProvisioned after ${seconds(started)}.`);
  setTimeout(stopOverdue, Number(process.env.SDP_TEST_LIMIT_MS ?? LIMIT_MINUTES * 60_000)).unref();
  await check('generated code is current', ['node', 'schema/generate/generate.mjs', '--check']);
  await check('types', ['node_modules/.bin/tsc', '--noEmit', '-p', '.']);
  await suite('unit', 'test/vitest.unit.config.ts');
  await suite('world', 'test/vitest.world.config.ts');
} catch (error) {
  console.error(`\n${error?.constructor?.name === 'StartError' ? error.message : (error?.stack ?? String(error))}`);
  fail('the run itself');
}

await removeRun(folder);
console.log(`\nEverything took ${seconds(started)}.`);
if (problems.length > 0) console.log(`Failed: ${problems.join(', ')}`);
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed === 0 && totals.passed > 0 ? 0 : 1);
