/** The day-one walk in a real browser, on the whole platform. In order; each step builds on the last. */
import { randomBytes } from 'node:crypto';
import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxStatus } from '#schema/status';
import { Platform } from './support/platform.ts';
import { Walk } from './support/browser.ts';

const SANDBOX = 'QA-LOGIN-ERROR';
const SECRET = `s3cret-${randomBytes(12).toString('hex')}`;
const WORK = 90_000;

let platform: Platform;
let walk: Walk;
let gateway: string;

beforeAll(async () => {
  platform = await Platform.create('browser');
  await platform.start();
  walk = await Walk.open(platform);
}, 300_000);

afterAll(async () => {
  await walk?.close();
  await platform?.destroy();
}, 60_000);

afterEach(() => {
  expect(walk.troubles).toEqual([]);
});

const badge = (axis: string, word: string, within: { locator: Locator['locator'] } = walk.page): Locator =>
  within.locator('span', { hasText: `${axis}: ${word}` }).last();
const heading = (name: string): Locator => walk.page.getByRole('heading', { level: 1, name, exact: true });
const card = (name: string): Locator => walk.page.getByRole('article').filter({ has: walk.page.getByRole('heading', { name }) });
const routeOf = (service: string): Locator => walk.page.getByRole('group', { name: `Route of ${service}` });

/** A mark that a reload of the page would wipe out. */
const mark = (): Promise<void> => walk.page.evaluate(() => void Object.assign(globalThis, { notReloaded: true }));
const isMarked = (): Promise<boolean> => walk.page.evaluate(() => 'notReloaded' in globalThis);

async function status(name = SANDBOX): Promise<SandboxStatus> {
  return (JSON.parse(await platform.ok(['get', 'sandbox', name, '-o', 'json'])) as { status: SandboxStatus }).status;
}

describe('the day-one walk in a browser', () => {
  it('probe', async () => {
    const { page } = walk;
    await page.goto('/');
    await page.getByLabel('User name').fill('demo');
    await page.getByLabel('Password').fill('demo');
    await page.getByRole('button', { name: 'Log in' }).click();
    await heading('Sandboxes').waitFor();
    console.log(await card(SANDBOX).innerHTML());
    await page.goto('/sandboxes/qa-login-error');
    console.log(await walk.page.locator('main').ariaSnapshot());
    console.log(await walk.faults('sandbox'));
    void gateway; void SECRET; void WORK; void routeOf; void mark; void isMarked; void status; void badge;
  }, 120_000);
});
