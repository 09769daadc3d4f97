/**
 * Everything that a test run makes is below one folder, its TMPDIR: so that what it leaves behind can be found,
 * named and removed, also by the next run when this one was killed.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandOf, descendantsOf, identityOf, processesOf, signal } from './processes.mjs';

const PREFIX = 'sdp-test-';
const OWNER = '.owner';
/** What the run itself puts there; anything else was to be removed by the test that made it. */
const EXPECTED = new Set([OWNER, 'running', 'reports', 'go-build', 'node-compile-cache']);
/** Processes that were told to end do so within this (milliseconds). */
const ENDS_WITHIN = 3_000;

/** Distinguishes namespaces of runs that go on at the same time. As in test/world/support/docker.ts. */
export const suffixOf = (folder) => createHash('sha256').update(folder).digest('hex').slice(0, 6);

/** @returns {string} absolute path of this run's own folder */
export function makeRunFolder() {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), PREFIX));
  writeFileSync(join(folder, OWNER), identityOf(process.pid) ?? '');
  return folder;
}

const lines = (text) => text.split('\n').filter((line) => line !== '');
const ip = (...args) => spawnSync('ip', args, { encoding: 'utf8' }).stdout ?? '';

function namespacesOf(folder) {
  const ending = `-${suffixOf(folder)}`;
  return lines(ip('netns', 'list')).map((line) => line.split(' ')[0] ?? '').filter((name) => name.startsWith('sdp-') && name.endsWith(ending));
}

function linksOf(folder) {
  const links = JSON.parse(ip('-j', '-d', 'link', 'show') || '[]');
  return links.filter((link) => link.ifalias?.startsWith('sdp-') && link.ifalias.endsWith(`-${suffixOf(folder)}`)).map((link) => link.ifname);
}

const mountsOf = (folder) =>
  lines(readFileSync('/proc/self/mounts', 'utf8')).map((line) => line.split(' ')[1] ?? '').filter((path) => path.startsWith(`${folder}/`));

function filesOf(folder) {
  return readdirSync(folder).filter((name) => !EXPECTED.has(name));
}

/**
 * What a run left behind, in words; empty when it left nothing.
 * @param {string} folder
 * @returns {string[]}
 */
export function leftoversOf(folder) {
  return [
    ...processesOf(folder).map((pid) => `process ${pid}: ${commandOf(pid).slice(0, 160)}`),
    ...namespacesOf(folder).map((name) => `network namespace ${name}`),
    ...linksOf(folder).map((name) => `link ${name}`),
    ...mountsOf(folder).map((path) => `mount ${path}`),
    ...filesOf(folder).map((name) => `file ${join(folder, name)}`),
  ];
}

/** As `leftoversOf`, after a moment in which what is ending already may end. */
export async function settledLeftoversOf(folder) {
  for (const end = Date.now() + ENDS_WITHIN; ; await sleep(100)) {
    const left = leftoversOf(folder);
    if (left.length === 0 || Date.now() > end) return left;
  }
}

/** Ends and removes what a run left behind; its folder stays. */
export async function removeLeftovers(folder) {
  signal(processesOf(folder), 'SIGTERM');
  for (const end = Date.now() + ENDS_WITHIN; processesOf(folder).length > 0 && Date.now() < end; ) await sleep(50);
  for (let round = 0; round < 20 && processesOf(folder).length > 0; round += 1) {
    // What runs in a container names this folder in no way, and outlives its shim.
    const list = processesOf(folder);
    signal([...list.flatMap(descendantsOf), ...list], 'SIGKILL');
    await sleep(100);
  }
  for (const path of mountsOf(folder).reverse()) spawnSync('umount', ['--lazy', path]);
  for (const name of linksOf(folder)) ip('link', 'del', name);
  for (const name of namespacesOf(folder)) ip('netns', 'del', name);
  for (const name of filesOf(folder)) rmSync(join(folder, name), { recursive: true, force: true, maxRetries: 5 });
}

/** As `removeLeftovers`, and then the folder. */
export async function removeRun(folder) {
  await removeLeftovers(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Removes what killed runs left behind. @returns {Promise<string[]>} their folders */
export async function removeDeadRuns() {
  const base = realpathSync(tmpdir());
  const dead = readdirSync(base).filter((name) => name.startsWith(PREFIX)).map((name) => join(base, name)).filter((folder) => {
    try {
      const owner = readFileSync(join(folder, OWNER), 'utf8');
      return identityOf(Number(owner.split(' ')[0])) !== owner;
    } catch {
      return false; // Not a folder of ours.
    }
  });
  for (const folder of dead) await removeRun(folder);
  return dead;
}
