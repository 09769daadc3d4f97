/** Checks one value against the schema of its kind and gives it its type. */
import { API_VERSION, KINDS, kindOf, type Draft, type Kind, type TemplateSpec } from '../documents.ts';
import { SdpError, type Finding } from '../errors.ts';
import { slugOf } from '../names.ts';
import { templateMistakes, withoutOpenTexts } from '../template/check.ts';
import { dotted, explain, type Explanation } from './explain.ts';
import { suggestion } from './near.ts';
import { sizeMistakes } from './sizes.ts';
import { schemaErrors } from './validator.ts';

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function kindFinding(value: unknown): { kind: Kind } | { finding: Explanation } {
  if (!isMap(value)) {
    return {
      finding: { path: [], atKey: false, message: 'is not a document: a map with apiVersion, kind, metadata and spec is expected.' },
    };
  }
  const written = value['kind'];
  if (written === undefined) {
    return {
      finding: {
        path: [],
        atKey: false,
        message: `"kind" is missing: one of ${KINDS.join(', ')}. Short forms begin with "sandbox:" or "template:", or map services to {target: ...}.`,
      },
    };
  }
  const kind = KINDS.find((known) => known === written);
  if (kind !== undefined) return { kind };
  const meant = typeof written === 'string' ? kindOf(written) : undefined;
  const message = `there is no kind "${String(written)}".${meant === undefined ? suggestion(String(written), KINDS) : ` Did you mean "${meant}"?`}`;
  return { finding: { path: ['kind'], atKey: false, message } };
}

/** The draft without what SDP writes itself. */
function strip(value: Record<string, unknown>, kind: Kind): Draft {
  const metadata = value['metadata'] as Record<string, unknown>;
  const kept = ['name', 'labels', 'annotations', 'resourceVersion'].filter((key) => metadata[key] !== undefined);
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: Object.fromEntries(kept.map((key) => [key, metadata[key]])),
    spec: value['spec'],
  } as Draft;
}

/** Findings of one value, without positions; empty when it is a valid document. */
export function findMistakes(value: unknown): Explanation[] {
  const known = kindFinding(value);
  if ('finding' in known) return [known.finding];
  const { kind } = known;
  const errors = schemaErrors(kind, value);
  const sizes = sizeMistakes(value);
  const tooLarge = new Set(sizes.map(({ path }) => dotted(path)));
  // What is too large is said once, with what to do.
  const explained = explain(kind === 'Template' ? withoutOpenTexts(errors) : errors).filter(({ path }) => !tooLarge.has(dotted(path)));
  const found = [...explained, ...sizes];
  if (kind !== 'Template' || found.length > 0) return found;
  return templateMistakes((value as { spec: TemplateSpec }).spec);
}

/** The draft that a value without mistakes is. Call `findMistakes` first. */
export function toDraft(value: unknown): Draft {
  const map = value as Record<string, unknown>;
  const draft = strip(map, map['kind'] as Kind);
  slugOf(draft.metadata.name);
  return draft;
}

/**
 * Checks a value that came as JSON.
 * @throws SdpError invalid_document with a finding per mistake
 */
export function validateDraft(value: unknown): Draft {
  const mistakes = findMistakes(value);
  if (mistakes.length > 0) throw invalid(mistakes.map((mistake) => ({ path: dotted(mistake.path), message: mistake.message })));
  return toDraft(value);
}

const byPlace = (a: Finding, b: Finding): number => (a.file === b.file ? 0 : (a.file ?? '') < (b.file ?? '') ? -1 : 1) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);

/** One error for all findings, in the order of the text; its message is the first, so that it stands alone where only that is shown. */
export function invalid(unsorted: readonly Finding[]): SdpError {
  const findings = [...unsorted].sort(byPlace);
  const first = findings[0];
  const where = first === undefined ? '' : formatPosition(first);
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
  return new SdpError('invalid_document', `${where}${first?.message ?? 'not a valid document'}${more}`, { findings });
}

/** `file.yaml:4:11: spec.services.account: `, as far as it is known. */
export function formatPosition(finding: Finding): string {
  const place = [finding.file, finding.line, finding.column].filter((part) => part !== undefined).join(':');
  const parts = [place, finding.path ?? ''].filter((part) => part !== '');
  return parts.length === 0 ? '' : `${parts.join(': ')}: `;
}

