/** `POST /api/v1/environments/{name}/import`: from a .env file, or from ConfigMaps and Secrets. */
import { API_VERSION, type EnvironmentSpec, type StoredDocument } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { FieldChange, ImportedEntry, ImportEnvironmentView } from '#schema/http';
import { slugOf } from '#schema/names';
import { dotted } from '#schema/parse/explain';
import { validateDraft } from '#schema/parse/parse-documents';
import { parseDotenv } from '../environments/dotenv.ts';
import { importInto, type Imported, type ImportOptions, type Taken } from '../environments/import-into.ts';
import type { Found } from '../environments/item.ts';
import { parseOpenshift } from '../environments/openshift.ts';
import { withProvenance } from '../environments/provenance.ts';
import { audited, type AuditSubject } from '../http/audited.ts';
import { MAX_BODY_BYTES, readObject } from '../http/body.ts';
import { flag, param, type ApiRouter, type Context } from '../http/context.ts';
import { optionalString, optionalStrings, requiredString } from '../http/fields.ts';
import type { ApiDeps } from './deps.ts';

export function environmentRoutes(router: ApiRouter, deps: ApiDeps): void {
  router.post('/api/v1/environments/:name/import', async (ctx) => {
    const name = param(ctx, 'name');
    const subject: AuditSubject = { user: ctx.state.caller.username, action: 'environment.import', environment: name };
    await (flag(ctx, 'dryRun') ? run(ctx, deps, name, subject) : audited(deps, subject, () => run(ctx, deps, name, subject)));
  });
}

async function run(ctx: Context, deps: ApiDeps, name: string, subject: AuditSubject): Promise<void> {
  slugOf(name);
  const body = await readObject(ctx.req);
  const found = read(body);
  const stored = await deps.store.get('Environment', name);
  const before: EnvironmentSpec = stored?.spec ?? {};
  const imported = importInto(before, found, optionsOf(body));
  subject.message = summary(imported.taken);
  const draft = validateDraft(draftWith(stored, name, imported));
  const dryRun = flag(ctx, 'dryRun');
  const { results } = await deps.documents.apply([{ draft }], { user: ctx.state.caller.username, message: subject.message, dryRun });
  const [result] = results;
  if (result === undefined) throw new SdpError('internal', 'The import was not answered.');
  const view: ImportEnvironmentView = {
    environment: result.name,
    dryRun,
    outcome: result.outcome,
    entries: imported.taken.map((taken) => entryView(taken, before, imported.spec, result.changes)),
    notes: imported.notes,
    resourceVersion: result.resourceVersion,
  };
  ctx.body = view;
}

function read(body: Record<string, unknown>): Found {
  const text = requiredString(body, 'text', MAX_BODY_BYTES);
  const file = optionalString(body, 'file');
  const format = optionalString(body, 'format') ?? (looksLikeYaml(text, file) ? 'openshift' : 'env');
  if (format === 'env') return parseDotenv(text, file);
  if (format === 'openshift') return parseOpenshift(text, file, optionalStrings(body, 'only') ?? []);
  throw new SdpError('invalid_request', '"format" must be env or openshift.');
}

function looksLikeYaml(text: string, file: string | undefined): boolean {
  if (file !== undefined && /\.(?:ya?ml|json)$/i.test(file)) return true;
  return /^(?:\s*#.*\n|\s*\n)*(?:---|\{|(?:apiVersion|kind|items|metadata|data):)/.test(text);
}

function optionsOf(body: Record<string, unknown>): ImportOptions {
  const filesTo = optionalString(body, 'filesTo');
  if (filesTo !== undefined && !filesTo.startsWith('/')) throw new SdpError('invalid_request', '"filesTo" must be an absolute path of a folder, such as /app/config.');
  return {
    secrets: optionalStrings(body, 'secrets') ?? [],
    allSecrets: body['allSecrets'] === true,
    filesTo,
    rename: renames(body['rename']),
    skip: optionalStrings(body, 'skip') ?? [],
  };
}

function renames(value: unknown): Record<string, string> {
  if (value === undefined || value === null) return {};
  const entries = typeof value === 'object' && !Array.isArray(value) ? Object.entries(value as Record<string, unknown>) : undefined;
  if (entries?.every((entry): entry is [string, string] => typeof entry[1] === 'string') === true) return Object.fromEntries(entries);
  throw new SdpError('invalid_request', '"rename" must be a map of new names by key.');
}

/** Compare-and-set on what was read: an import never undoes what somebody saves meanwhile. */
function draftWith(stored: StoredDocument<'Environment'> | undefined, name: string, { spec, taken }: Imported): unknown {
  const present = new Set([spec.variables, spec.secrets, spec.files].flatMap((part) => Object.keys(part ?? {})));
  const annotations = withProvenance(stored?.metadata.annotations, taken, present);
  const labels = stored?.metadata.labels;
  return {
    apiVersion: API_VERSION,
    kind: 'Environment',
    metadata: {
      name: stored?.metadata.name ?? name,
      ...(labels === undefined ? {} : { labels }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      resourceVersion: stored?.metadata.resourceVersion ?? 0,
    },
    spec,
  };
}

const partOf = { variable: 'variables', secret: 'secrets', file: 'files' } as const;

/** What changed is asked of the write: only the store knows whether a secret's value is a new one. */
function entryView({ name, as, bytes, from }: Taken, before: EnvironmentSpec, after: EnvironmentSpec, changes: readonly FieldChange[]): ImportedEntry {
  const part = partOf[as];
  const at = dotted(['spec', part, name]);
  const changed = changes.some(({ path }) => path === at || path.startsWith(`${at}.`));
  const held = before[part] !== undefined && Object.hasOwn(before[part], name);
  const value = as === 'variable' ? { value: after.variables?.[name] ?? '' } : {};
  return { name, as, change: !held ? 'added' : changed ? 'changed' : 'unchanged', bytes, from, ...value };
}

function summary(taken: readonly Taken[]): string {
  const count = (as: Taken['as'], word: string): string[] => {
    const { length } = taken.filter((one) => one.as === as);
    return length === 0 ? [] : [`${length} ${word}${length === 1 ? '' : 's'}`];
  };
  const sources = [...new Set(taken.map(({ source }) => source).filter((source) => source !== ''))];
  const from = sources.length === 0 ? '' : ` from ${sources.slice(0, 5).join(', ')}${sources.length > 5 ? ' and others' : ''}`;
  return `Import ${[...count('variable', 'variable'), ...count('secret', 'secret'), ...count('file', 'file')].join(', ')}${from}`.slice(0, 500);
}
