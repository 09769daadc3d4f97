/** Chromium at a desk of its own beside the platform, and everything that went wrong in it. */
import { readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { Desk } from './desk.ts';
import type { Platform } from './platform.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const LAPTOP = { width: 1280, height: 800 };
const PHONE = { width: 375, height: 812 };

/** A folder for screenshots; none are made where it is not set. */
const SHOTS = process.env['SDP_SHOTS'];

export class Walk {
  /** Console errors, page errors, failed requests, requests to other hosts: each would be a bug. */
  readonly troubles: string[] = [];
  /** Everything that the server sent to the pages: documents, loader data, frames of sockets. */
  readonly received: string[] = [];
  frames = 0;
  private readonly reading: Promise<unknown>[] = [];

  private constructor(
    private readonly platform: Platform,
    private readonly desk: Desk,
    private readonly browser: Browser,
    readonly context: BrowserContext,
    readonly page: Page,
  ) {}

  static async open(platform: Platform): Promise<Walk> {
    const desk = await Desk.create('desk', platform);
    const executablePath = path.join(desk.directory, 'chromium');
    await writeFile(executablePath, `#!/bin/sh\nexec nsenter --net=${desk.netns} /usr/bin/chromium "$@"\n`);
    await chmod(executablePath, 0o755);
    const browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
      env: { PATH: process.env['PATH'] ?? '', HOME: desk.directory },
    });
    const context = await browser.newContext({ viewport: LAPTOP, colorScheme: 'light', baseURL: platform.url });
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    const walk = new Walk(platform, desk, browser, context, page);
    await walk.watch();
    return walk;
  }

  private async watch(): Promise<void> {
    const { context, page, troubles } = this;
    await context.route((url) => url.origin !== this.platform.url, async (route) => {
      troubles.push(`a request to another host: ${route.request().url()}`);
      await route.abort();
    });
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') troubles.push(`console: ${message.text()} ${message.location().url}`);
    });
    page.on('pageerror', (error) => troubles.push(`page: ${error.stack ?? error.message}`));
    page.on('requestfailed', (request) => {
      // A page that is left gives up what it was loading.
      const why = request.failure()?.errorText ?? '';
      if (why !== 'net::ERR_ABORTED') troubles.push(`${request.method()} ${request.url()}: ${why}`);
    });
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => {
        this.frames += 1;
        this.received.push(payload.toString());
      });
      socket.on('socketerror', (error) => troubles.push(`socket: ${error}`));
    });
    page.on('response', (response) => {
      const type = response.request().resourceType();
      if (!['document', 'fetch', 'xhr'].includes(type) || response.status() >= 300) return;
      this.reading.push(response.text().then((text) => this.received.push(text), () => undefined));
    });
  }

  /** Everything received so far, when all of it has been read. */
  async everythingReceived(): Promise<string> {
    await Promise.all(this.reading);
    return this.received.join('\n');
  }

  /** Takes out troubles that the walk caused on purpose; answers how many there were. */
  expectTrouble(pattern: RegExp): number {
    const kept = this.troubles.filter((one) => !pattern.test(one));
    const count = this.troubles.length - kept.length;
    this.troubles.splice(0, Infinity, ...kept);
    return count;
  }

  async theme(theme: 'light' | 'dark'): Promise<void> {
    await this.page.emulateMedia({ colorScheme: theme });
    await this.calm();
  }

  /** Until animations that end have ended: colours half-way are nobody's. */
  private async calm(): Promise<void> {
    await this.page.evaluate(() => {
      const ending = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
      // A hidden element's animation never ends.
      return Promise.race([
        Promise.all(ending.map((one) => one.finished.catch(() => undefined))),
        new Promise((resolve) => setTimeout(resolve, 500)),
      ]).then(() => undefined);
    });
  }

  /** Violations of WCAG 2.2 A and AA in the page as it is. */
  async violations(): Promise<string[]> {
    // Through the debugger, so that the page's own policy on scripts stays in force.
    await this.page.evaluate(AXE);
    return this.page.evaluate(async () => {
      type Axe = { run(root: Document, options: object): Promise<{ violations: { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }[] }> };
      const { axe } = globalThis as unknown as { axe: Axe };
      const { violations } = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
      return violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}\n${node.html}\n${node.failureSummary ?? ''}`));
    });
  }

  /**
   * What is wrong with the page as it stands: accessibility in light and dark, sideways scrolling at 375 px, content
   * under the fixed bar. Leaves the page as it was.
   */
  async faults(name: string): Promise<string[]> {
    const found: string[] = [];
    const note = (where: string, faults: string[]): void => void found.push(...faults.map((fault) => `${name}, ${where}: ${fault}`));
    for (const theme of ['dark', 'light'] as const) {
      await this.theme(theme);
      note(theme, await this.violations());
      await this.shot(`${name}-${theme}`);
    }
    await this.page.setViewportSize(PHONE);
    await this.calm();
    note('375 px', await this.page.evaluate(() => {
      const wide = document.documentElement.scrollWidth;
      return wide > innerWidth ? [`is ${wide} px wide`] : [];
    }));
    note('375 px', await this.violations());
    await this.shot(`${name}-375`);
    await this.page.setViewportSize(LAPTOP);
    return found;
  }

  /** Only where SDP_SHOTS names a folder. */
  async shot(name: string): Promise<void> {
    if (SHOTS === undefined) return;
    await mkdir(SHOTS, { recursive: true });
    await this.page.screenshot({ path: path.join(SHOTS, `${name}.png`) });
    await this.page.screenshot({ path: path.join(SHOTS, `${name}-full.png`), fullPage: true });
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.desk.remove();
  }
}
