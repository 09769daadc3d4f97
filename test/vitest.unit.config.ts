/** Tests that need nothing but Node: `*.test.ts` outside of `test/world`, `test/e2e`, `test/faults`. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['test/unit/**/*.test.ts'],
    environment: 'node',
    testTimeout: 20_000,
  },
});
