/** Tests that need nothing but Node: `test/unit`. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['test/unit/**/*.test.ts'],
    environment: 'node',
    // Bounds of what hangs, not of what is slow: other work may go on on the machine.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 15_000 } },
  },
});
