/** What a template becomes with the answers given so far: for the preview; the API decides when it is created. Pure. */
import type { TemplateSpec } from '#schema/documents';
import { fillIn, type Answer } from '#schema/template/placeholders';
import { writeYaml } from '#schema/parse/write-yaml';

/** An answer as the form has it, in the type of its parameter as far as it has got. */
function typed(type: string | undefined, answer: Answer): Answer {
  if (type === 'number' && String(answer).trim() !== '' && Number.isFinite(Number(answer))) return Number(answer);
  return type === 'boolean' ? String(answer) === 'true' : answer;
}

export function resolvedYaml(name: string, spec: TemplateSpec, answers: Readonly<Record<string, Answer>>): string {
  const { parameters = [], ...rest } = spec;
  const filled = new Map<string, Answer>();
  const open = new Set<string>();
  for (const { name: parameter, type, default: standard, required } of parameters) {
    const given = answers[parameter];
    const answer = given === undefined || given === '' ? standard : given;
    if (answer !== undefined) filled.set(parameter, typed(type, answer));
    else if (required === false) open.add(parameter);
  }
  const document = {
    apiVersion: 'sdp/v1',
    kind: 'Sandbox',
    metadata: { name: name === '' ? 'NAME' : name },
    spec: fillIn(rest, filled, open),
  };
  return writeYaml(document);
}
