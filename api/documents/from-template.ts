/** A sandbox's spec from a template and answers. Pure. */
import type { Draft, SandboxSpec, StoredDocument, TemplateSpec } from '#schema/documents';
import { SdpError, type Finding } from '#schema/errors';
import { validateDraft } from '#schema/parse/parse-documents';
import { answersOf } from '#schema/template/answers';
import { fillIn, type Answer } from '#schema/template/placeholders';
import { matchesInTime } from './safe-match.ts';

/** What a sandbox keeps of the template that it was made from. */
export interface Origin {
  name: string;
  uid: string;
  revision: number;
}

export type Given = Readonly<Record<string, Answer>>;

/**
 * The spec that a template makes, with the template and the answers kept in it.
 * @throws SdpError invalid_request with a finding per missing, unknown or wrong answer
 */
export function specFromTemplate(origin: Origin, template: TemplateSpec, given: Given): SandboxSpec {
  const { parameters = [], ...spec } = template;
  const { answers, open, mistakes } = answersOf(parameters, given, matchesInTime);
  const findings = mistakes.map(({ parameter, message }): Finding => ({ path: `parameters.${parameter}`, message }));
  const [first] = findings;
  if (first !== undefined) {
    const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
    throw new SdpError('invalid_request', `Template ${origin.name}: ${first.message}${more}`, {
      hint: 'Give answers with --set NAME=VALUE, or as "parameters".',
      findings,
    });
  }
  const kept = Object.keys(given).length === 0 ? {} : { parameters: { ...given } };
  return { ...(fillIn(spec, answers, open) as SandboxSpec), template: { ...origin, ...kept } };
}

export const originOf = ({ metadata: { name, uid, revision } }: StoredDocument<'Template'>): Origin => ({ name, uid, revision });

/**
 * A sandbox made from a template; which one, its revision and the answers are kept on the sandbox.
 * @throws SdpError invalid_request, invalid_document
 */
export function fromTemplate(template: StoredDocument<'Template'>, name: string, given: Given): Draft {
  const spec = specFromTemplate(originOf(template), template.spec, given);
  return validateDraft({ apiVersion: template.apiVersion, kind: 'Sandbox', metadata: { name, resourceVersion: 0 }, spec });
}
