/** Tests on real parts: a Docker Engine, git over HTTP, Go, HAProxy, a browser. Two files at a time: each has its world. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['test/world/**/*.test.ts', 'test/e2e/**/*.test.ts', 'test/faults/**/*.test.ts'],
    environment: 'node',
    // Bounds of what hangs, not of what is slow: other work may go on on the machine.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 15_000 } },
    maxWorkers: 2,
  },
});
