/** How a sandbox stands to the template that it was made from. Pure. */
import type { Draft, SandboxSpec, StoredDocument, TemplateSpec } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { Revision, TemplateView } from '#schema/http';
import { validateDraft } from '#schema/parse/parse-documents';
import { dotted } from '#schema/parse/explain';
import { draftOf } from './drafts.ts';
import { fieldChanges } from './field-changes.ts';
import { originOf, specFromTemplate, type Given } from './from-template.ts';
import { mergeSpecs, type MergeConflict } from './merge-specs.ts';

export interface TemplateInputs {
  sandbox: StoredDocument<'Sandbox'>;
  /** The template as it is now; undefined when it is gone. */
  template: StoredDocument<'Template'> | undefined;
  /** Newest first; those of the template that the sandbox was made from. */
  revisions: readonly Revision[];
}

interface Taken {
  draft: Draft;
  conflicts: MergeConflict[];
}

/** @throws SdpError not_found when the sandbox was made from none */
function originOfSandbox(sandbox: StoredDocument<'Sandbox'>): NonNullable<SandboxSpec['template']> {
  const { template } = sandbox.spec;
  if (template !== undefined) return template;
  throw new SdpError('not_found', `${sandbox.metadata.name} was not made from a template.`, { hint: 'See `sdp get templates`, and `sdp template clone`.' });
}

/** Whether the template of that name is the one that the sandbox was made from. */
const isSame = (origin: NonNullable<SandboxSpec['template']>, template: StoredDocument<'Template'> | undefined): template is StoredDocument<'Template'> =>
  template !== undefined && (origin.uid === undefined || origin.uid === template.metadata.uid);

/**
 * The sandbox with what its template has become, and with its own changes. Recorded answers count; `given` come before them.
 * @throws SdpError not_found when there is no such template any more; invalid_request for answers; invalid_document
 */
export function takeTemplate({ sandbox, template, revisions }: TemplateInputs, given: Given, takeTheirs: boolean): Taken {
  const origin = originOfSandbox(sandbox);
  if (!isSame(origin, template)) {
    throw new SdpError('not_found', `The template ${origin.name} that ${sandbox.metadata.name} was made from is gone.`, {
      hint: `The sandbox stays as it is. \`sdp history ${origin.name} --kind template\` has its revisions.`,
    });
  }
  const known = new Set((template.spec.parameters ?? []).map(({ name }) => name));
  // An answer to a question that is asked no more is of no use.
  const recorded = Object.entries(origin.parameters ?? {}).filter(([name]) => known.has(name));
  const theirs = specFromTemplate(originOf(template), template.spec, { ...Object.fromEntries(recorded), ...given });
  const { hold, template: _origin, ...mine } = sandbox.spec;
  const base = baseOf(sandbox, origin, revisions);
  const { template: newest, ...wanted } = theirs;
  const merged = base === undefined ? { spec: wanted, conflicts: [] } : mergeSpecs(base, wanted, mine, takeTheirs);
  const spec: SandboxSpec = { ...merged.spec, ...(hold === undefined ? {} : { hold }), ...(newest === undefined ? {} : { template: newest }) };
  return { draft: validateDraft(draftOf(sandbox, spec, true)), conflicts: merged.conflicts };
}

/** What the template made at the time; undefined when that is not known any more. */
function baseOf(sandbox: StoredDocument<'Sandbox'>, origin: NonNullable<SandboxSpec['template']>, revisions: readonly Revision[]): SandboxSpec | undefined {
  const then = revisions.find(({ revision }) => revision === origin.revision);
  if (then === undefined) return undefined;
  try {
    const { template: _origin, ...spec } = specFromTemplate({ name: origin.name, uid: origin.uid ?? '', revision: origin.revision }, then.spec as TemplateSpec, origin.parameters ?? {});
    return spec;
  } catch (thrown) {
    // A sandbox from before answers were kept: what it has now stands in, so that nothing of its own is lost.
    if (!(thrown instanceof SdpError) || origin.parameters !== undefined) throw thrown;
    const { template: _origin, hold: _hold, ...spec } = sandbox.spec;
    return spec;
  }
}

/** @throws SdpError not_found when the sandbox was made from none */
export function templateView(inputs: TemplateInputs): TemplateView {
  const { sandbox, template, revisions } = inputs;
  const origin = originOfSandbox(sandbox);
  const view: TemplateView = {
    name: origin.name,
    revision: origin.revision,
    parameters: origin.parameters ?? {},
    gone: !isSame(origin, template),
    moved: false,
    changes: [],
    conflicts: [],
  };
  if (!isSame(origin, template) || template.metadata.revision === origin.revision) return view;
  const newest = revisions.find(({ revision }) => revision === template.metadata.revision);
  const { revision, updatedAt, updatedBy } = template.metadata;
  const moved = { ...view, moved: true, newest: { revision, at: updatedAt, by: updatedBy, message: newest?.message ?? '' } };
  try {
    const { draft, conflicts } = takeTemplate(inputs, {}, false);
    const changes = fieldChanges(sandbox, draft).filter(({ path }) => !path.startsWith('spec.template.'));
    return { ...moved, changes, conflicts: conflicts.map(({ path, mine, theirs }) => ({ path: dotted(['spec', ...path]), before: mine, after: theirs })) };
  } catch (thrown) {
    if (!(thrown instanceof SdpError)) throw thrown;
    return { ...moved, problem: thrown.findings.length > 0 ? thrown.findings.map(({ message }) => message).join(' ') : thrown.message };
  }
}
