/**
 * `@remix-run/node` without its global types: those declare `process.env.NODE_ENV` required, which no environment that
 * is handed to a child process has. tsconfig.json leads type checking here; at run time it is the package itself.
 */
export * from '@remix-run/server-runtime';
export type { ServerRuntimeMetaArgs as MetaArgs, ServerRuntimeMetaFunction as MetaFunction } from '@remix-run/server-runtime';
export * from '../node_modules/@remix-run/node/dist/implementations';
export * from '../node_modules/@remix-run/node/dist/stream';
