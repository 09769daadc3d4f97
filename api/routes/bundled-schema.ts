/** A kind's JSON Schema as one file, for editors that cannot follow references between files. */
import type { Kind } from '#schema/documents';
import { COMMON_SCHEMA, SCHEMAS } from '#schema/parse/validator';

const COMMON = 'common.schema.json#';

function local(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(local);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === '$ref' && typeof item === 'string' && item.startsWith(COMMON) ? item.slice(COMMON.length - 1) : local(item),
    ]),
  );
}

export function bundledSchema(kind: Kind): Record<string, unknown> {
  const { $id: _id, ...schema } = local(SCHEMAS[kind]) as Record<string, unknown>;
  const { definitions } = local(COMMON_SCHEMA) as { definitions?: Record<string, unknown> };
  return { ...schema, definitions: { ...definitions, ...(schema['definitions'] as object | undefined) } };
}
