/** The day-one walk in a real browser, on the whole platform. In order; each step builds on the last. */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Platform } from './support/platform.ts';
import { Walk } from './support/browser.ts';

const SANDBOX = 'QA-LOGIN-ERROR';
const SECRET = `s3cret-${randomBytes(12).toString('hex')}`;
/** Milliseconds for a build on a busy machine with two cores. */
const BUILD = 90_000;

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

/** Whatever step comes last: an error in the console or a request to another host fails it. */
afterEach(() => {
  // Each step answers for its own.
  expect(walk.troubles.splice(0, Infinity)).toEqual([]);
});

const heading = (name: string): Locator => walk.page.getByRole('heading', { level: 1, name, exact: true });
const button = (name: string | RegExp): Locator => walk.page.getByRole('button', { name, exact: typeof name === 'string' });
const card = (name: string): Locator => walk.page.getByRole('article').filter({ has: walk.page.getByRole('heading', { name, exact: true }) });
/** The deployment of payment among those under way or just finished. */
const live = (): Locator => walk.page.getByRole('article', { name: 'Deployment of payment' }).first();
const route = (service: string, target: 'Sandbox' | 'OCP'): Locator =>
  walk.page.getByRole('group', { name: `Route of ${service}` }).getByRole('button', { name: target });
const health = (word: string, timeout = BUILD): Promise<void> => walk.page.getByText(`Health: ${word}`, { exact: true }).waitFor({ timeout });
/** The one that scripts make of the form's textarea, which stays in the page behind it. */
const editor = (): Locator => walk.page.locator('.cm-content[role=textbox]');

/** A mark that a load of the page would wipe out. */
const mark = (): Promise<void> => walk.page.evaluate(() => void Object.assign(globalThis, { notLoadedAnew: true }));
const isMarked = (): Promise<boolean> => walk.page.evaluate(() => 'notLoadedAnew' in globalThis);

/** Replaces all that stands in the editor, as a person who selects everything and types. */
async function write(text: string): Promise<void> {
  await editor().click();
  await walk.page.keyboard.press('Control+a');
  await walk.page.keyboard.insertText(text);
}

/** The document as people wrote it, with their comments. */
const saved = (): Promise<string> =>
  walk.page.evaluate(async (path) => ((await (await fetch(path)).json()) as { text: string }).text, `/api/v1/sandboxes/${SANDBOX}`);

describe('the day-one walk in a browser', () => {
  it('refuses a wrong login without saying which part was wrong', async () => {
    const { page } = walk;
    await page.goto('/');
    await page.waitForURL(/\/login/);
    expect(await walk.faults('login')).toEqual([]);
    const messages: string[] = [];
    for (const [user, password] of [['demo', 'wrong'], ['nobody', 'demo']] as const) {
      await page.getByLabel('User name').fill(user);
      await page.getByLabel('Password').fill(password);
      await button('Log in').click();
      await button('Log in').and(page.locator(':not([aria-busy])')).waitFor();
      messages.push(await page.getByRole('alert').innerText());
      expect(await page.getByLabel('User name').inputValue()).toBe(user);
    }
    expect(messages[0]).toBe(messages[1]);
    expect(messages[0]).not.toMatch(/nobody|demo/);
    // Chromium reports each refused login as a failed resource.
    expect(walk.expectTrouble(/status of 401/)).toBe(2);
  });

  it('logs in and lists sandboxes whose badges follow what happens', async () => {
    const { page } = walk;
    await page.goto('/login?to=%2Fsandboxes');
    await page.getByLabel('User name').fill('demo');
    await page.getByLabel('Password').fill('demo');
    await button('Log in').click();
    await heading('Sandboxes').waitFor();
    await card(SANDBOX).getByText('Health: Healthy').waitFor({ timeout: BUILD });
    await mark();
    await platform.ok(['login', '-u', 'demo', '--password-stdin'], { input: 'demo\n' });
    await platform.ok(['suspend', SANDBOX]);
    await card(SANDBOX).getByText('Health: Suspended').waitFor({ timeout: 30_000 });
    await platform.ok(['resume', SANDBOX]);
    await card(SANDBOX).getByText('Health: Healthy').waitFor({ timeout: 30_000 });
    expect(await isMarked()).toBe(true);
    expect(await walk.faults('sandboxes')).toEqual([]);
  }, 180_000);

  it('shows the address of the gateway, and asks for a branch before it routes a service here', async () => {
    const { page } = walk;
    await page.getByRole('link', { name: SANDBOX, exact: true }).click();
    await heading(SANDBOX).waitFor();
    gateway = (await page.getByRole('link', { name: /^http:/ }).getAttribute('href')) ?? '';
    expect(await platform.curl(`${gateway}/account`)).toMatchObject({ status: 200, body: { servedBy: 'sandbox' } });
    expect(await platform.curl(`${gateway}/payment`)).toMatchObject({ status: 200, body: { servedBy: 'baseline' } });
    await route('payment', 'Sandbox').click();
    await page.getByLabel('Which branch of payment should run here?').fill('develop');
    await mark();
  });

  it('shows steps and log lines of the deployment as they happen, and the moved route when it is ready', async () => {
    const { page } = walk;
    await button('Run it here').click();
    await live().getByRole('list', { name: 'Steps' }).waitFor();
    await live().getByRole('listitem').filter({ hasText: 'Fetch: done' }).waitFor();
    await live().getByRole('log').getByText('[BUILD]').first().waitFor({ timeout: BUILD });
    const docs = process.env['SDP_SHOTS'];
    if (docs !== undefined) {
      await mkdir(docs, { recursive: true });
      await page.screenshot({ path: path.join(docs, 'running.png') });
    }
    expect(await walk.faults('deploying')).toEqual([]);
    await page.getByText('Operation: Running', { exact: true }).waitFor({ timeout: BUILD });
    await health('Healthy');
    expect(await route('payment', 'Sandbox').getAttribute('aria-pressed')).toBe('true');
    expect(await isMarked(), 'the page was not loaded anew').toBe(true);
    expect((await platform.curl(`${gateway}/payment`)).body).toMatchObject({ servedBy: 'sandbox', branch: 'develop' });
    expect(await walk.faults('sandbox')).toEqual([]);
  }, 240_000);

  it('moves the route back with one press, and the gateway follows', async () => {
    await route('payment', 'OCP').click();
    await walk.page.getByText('Runs here, while requests go to OCP.').waitFor();
    await expect.poll(async () => (await platform.curl(`${gateway}/payment`)).body, { timeout: 5_000 }).toMatchObject({ servedBy: 'baseline' });
    expect(await isMarked()).toBe(true);
  });

  it('marks the line of a mistake in the editor', async () => {
    const { page } = walk;
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await editor().waitFor();
    const text = await saved();
    await write(text.replace('branch: feature/login-error', 'brunch: feature/login-error'));
    await button('Review changes').click();
    await page.getByRole('alert').getByText('brunch').or(page.getByRole('listitem').filter({ hasText: 'brunch' })).first().waitFor();
    await page.locator('.cm-lint-marker-error').first().waitFor();
    const marked = await page.locator('.cm-activeLine').innerText();
    expect(marked).toContain('brunch');
    expect(await button('Save').isDisabled()).toBe(true);
    // The answer to a review with mistakes is a refusal, which Chromium reports.
    walk.expectTrouble(/status of 4(00|22)/);
    await write(`# QA looks at develop this week\n${text.replace('branch: feature/login-error', 'branch: develop')}`);
  });

  it('shows the plan of a change before it is saved, and keeps comments', async () => {
    const { page } = walk;
    await button('Review changes').click();
    await page.getByRole('heading', { name: 'What will happen, in order' }).waitFor();
    await page.getByRole('heading', { name: /fields? changes?$/ }).waitFor();
    const plan = await page.getByRole('list').filter({ hasText: 'Build' }).last().innerText();
    expect(plan).toContain('account');
    expect(plan).not.toContain('user');
    expect(await walk.faults('editor')).toEqual([]);
    await button('Save').click();
    await heading(SANDBOX).waitFor();
    await expect.poll(async () => (await platform.curl(`${gateway}/account`)).body, { timeout: BUILD }).toMatchObject({ servedBy: 'sandbox', branch: 'develop' });
    await health('Healthy');
    expect(await saved()).toContain('# QA looks at develop this week');
  }, 180_000);

  it('leads from a template to a healthy sandbox in at most five interactions', async () => {
    const { page } = walk;
    await page.goto('/sandboxes');
    let interactions = 0;
    const did = async (action: Promise<unknown>): Promise<void> => {
      interactions += 1;
      await action;
    };
    await did(page.getByRole('link', { name: 'New from template' }).click());
    await did(page.getByRole('link', { name: 'ACCOUNT-BRANCH' }).click());
    await heading('New from ACCOUNT-BRANCH').waitFor();
    expect(await walk.faults('template')).toEqual([]);
    await did(page.getByLabel('Name of the sandbox').fill('MINE'));
    await did(button('Create sandbox').click());
    await heading('MINE').waitFor();
    await health('Healthy');
    expect(interactions).toBeLessThanOrEqual(5);
  }, 180_000);

  it('suspends and resumes', async () => {
    await button('Suspend').click();
    await health('Suspended', 30_000);
    await button('Resume').click();
    await health('Healthy', 30_000);
  });

  it('deletes a sandbox when its name is typed, and nothing else', async () => {
    const { page } = walk;
    await page.getByRole('link', { name: 'Delete', exact: true }).click();
    await page.getByLabel('Type MINE to confirm').fill('MINE');
    await button('Delete').click();
    await heading('Sandboxes').waitFor();
    await card('MINE').waitFor({ state: 'detached', timeout: 30_000 });
    await card(SANDBOX).waitFor();
    const names = (): Promise<string> => platform.dockerCli('ps', '-a', '--format', '{{.Names}}');
    await expect.poll(names, { timeout: 30_000 }).not.toContain('sandbox-mine');
    expect(await names()).toContain('sandbox-qa-login-error-account');
  });

  it('never has a secret in a page, in the data of a page or in a frame of the stream', async () => {
    const { page } = walk;
    await platform.ok(['apply', '-f', '-'], {
      input: `apiVersion: sdp/v1\nkind: Environment\nmetadata: {name: hidden}\nspec:\n  secrets: {API_TOKEN: ${SECRET}}\n`,
    });
    await page.goto(`/sandboxes/${SANDBOX.toLowerCase()}/edit`);
    const text = await saved();
    await write(text.replace(/\[ ?qa-defaults ?\]/, '[qa-defaults, hidden]'));
    expect(await editor().innerText()).toContain('hidden');
    await button('Review changes').click();
    await page.getByRole('heading', { name: 'What will happen, in order' }).waitFor();
    await button('Save').click();
    await heading(SANDBOX).waitFor();
    await platform.ok(['wait', `sandbox/${SANDBOX}`, '--for=condition=Ready', '--timeout', '60s']);
    expect(await platform.dockerCli('inspect', 'sandbox-qa-login-error-account'), 'the container has it').toContain(SECRET);
    for (const name of ['Deployments', 'Nodes', 'Templates', 'Sandboxes']) {
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).click();
      await heading(name).waitFor();
    }
    await page.goto(`/sandboxes/${SANDBOX.toLowerCase()}/history`);
    await page.goto(`/sandboxes/${SANDBOX.toLowerCase()}`);
    const everything = await walk.everythingReceived();
    expect(walk.frames).toBeGreaterThan(20);
    expect(everything).toContain('hidden');
    expect(everything).not.toContain(SECRET);
    expect(everything).not.toContain(Buffer.from(SECRET).toString('base64').slice(0, 24));
  }, 120_000);
});
