/** Build of the UI, from the top level: `npx remix vite:build -c web/vite.config.ts`. */
import { vitePlugin as remix } from '@remix-run/dev';
import tailwindcss from '@tailwindcss/vite';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

declare module '@remix-run/server-runtime' {
  interface Future {
    v3_singleFetch: true;
  }
}

export default defineConfig({
  publicDir: 'web/public',
  plugins: [
    remix({
      appDirectory: 'web/app',
      buildDirectory: 'web/build',
      future: {
        // Not v3_fetcherPersist: leaving a page while a fetcher's revalidation runs then ends in "Expected fetcher".
        v3_fetcherPersist: false,
        v3_relativeSplatPath: true,
        v3_throwAbortReason: true,
        v3_singleFetch: true,
        // Every page's route is small: one manifest is cheaper than asking for parts of it.
        v3_lazyRouteDiscovery: false,
      },
    }),
    tailwindcss(),
  ],
  resolve: {
    alias: [{ find: /^#schema\/(.*)$/, replacement: fileURLToPath(new URL('../schema/$1.ts', import.meta.url)) }],
  },
  // Fonts stay files: the content security policy allows no data: fonts.
  build: { assetsInlineLimit: 0, target: 'es2022' },
});
