/** One compiled Ajv validator per kind, made at first use. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import common from '../documents/common.schema.json' with { type: 'json' };
import environment from '../documents/environment.schema.json' with { type: 'json' };
import route from '../documents/route.schema.json' with { type: 'json' };
import sandbox from '../documents/sandbox.schema.json' with { type: 'json' };
import service from '../documents/service.schema.json' with { type: 'json' };
import snapshot from '../documents/snapshot.schema.json' with { type: 'json' };
import template from '../documents/template.schema.json' with { type: 'json' };
import type { Kind } from '../documents.ts';

export type SchemaError = ErrorObject;

/** The JSON Schemas as written: for editors, `/schemas/{kind}.json` and the forms of the UI. */
export const SCHEMAS: Record<Kind, object> = {
  Service: service,
  Environment: environment,
  Template: template,
  Sandbox: sandbox,
  Route: route,
  Snapshot: snapshot,
};

/** What the schemas refer to. */
export const COMMON_SCHEMA: object = common;

let ajv: Ajv | undefined;
const compiled = new Map<Kind, ValidateFunction>();

function validatorOf(kind: Kind): ValidateFunction {
  let validate = compiled.get(kind);
  if (validate === undefined) {
    // strictTypes and strictRequired complain of `not: {required}` branches, which are meant as they are.
    ajv ??= new Ajv({ allErrors: true, verbose: true, strictTypes: false, strictRequired: false }).addSchema(common);
    validate = ajv.compile(SCHEMAS[kind]);
    compiled.set(kind, validate);
  }
  return validate;
}

/** What the schema of its kind finds wrong with a value; an empty list when nothing. */
export function schemaErrors(kind: Kind, value: unknown): readonly SchemaError[] {
  const validate = validatorOf(kind);
  return validate(value) ? [] : [...(validate.errors ?? [])];
}
