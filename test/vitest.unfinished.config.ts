/**
 * Tests that do not hold yet, kept in sight: `npm run test:unfinished`. Each moves back to `*.test.ts` with its cure.
 *  - e2e/browser: Chromium shares a namespace with the engine and drops its requests whenever a bridge appears there
 *    (ERR_NETWORK_CHANGED); it needs a way in from a namespace of its own.
 *  - faults/isolation: forty sandboxes come up apart from each other; the last two steps do not hold.
 */
import { defineConfig } from 'vitest/config';
import world from './vitest.world.config.ts';

export default defineConfig({ ...world, test: { ...world.test, include: ['test/**/*.unfinished.ts'] } });
