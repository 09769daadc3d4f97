import { describe, expect, it } from 'vitest';
import { Ajv } from 'ajv';
import { KINDS } from '#schema/documents';
import { buildApp } from '#api/http/app';
import { Metrics } from '#api/http/metrics';
import { bundledSchema } from '#api/routes/bundled-schema';
import type { ApiDeps } from '#api/routes/deps';
import { OPERATIONS } from '#api/routes/openapi';
import { jsonLogger } from '#api/http/logger';

describe('openapi.json', () => {
  it('names every route, and none that is not there', () => {
    // Routes are only looked at, never called: what they work with is not needed.
    const deps = { log: jsonLogger(() => undefined), metrics: new Metrics() } as ApiDeps;
    const { routers } = buildApp(deps, () => Promise.reject(new Error('not called')), undefined);
    const routes = routers.flatMap((router) =>
      router.stack.flatMap((layer) => layer.methods.filter((method) => method !== 'HEAD').map((method) => `${method.toLowerCase()} ${String(layer.path).replace(/:(\w+)/g, '{$1}')}`)),
    );
    expect(OPERATIONS.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(routes.sort());
  });
});

describe('schemas', () => {
  it.each(KINDS)('of %s stands alone in one file and validates its own examples', (kind) => {
    const schema = bundledSchema(kind);
    const validate = new Ajv({ strict: false }).compile(schema);
    for (const example of schema['examples'] as unknown[]) expect(validate(example), JSON.stringify(validate.errors)).toBe(true);
  });
});
