/** What is wrong with a template, beyond its schema. Pure. */
import { API_VERSION, type TemplateParameter, type TemplateSpec } from '../documents.ts';
import { explain, type Explanation } from '../parse/explain.ts';
import { suggestion } from '../parse/near.ts';
import { schemaErrors, type SchemaError } from '../parse/validator.ts';
import { answerOf, isRequired, matchesWhole, type Matches } from './answers.ts';
import { fillIn, isOpenText, placeholdersOf, type Answer } from './placeholders.ts';

/** Words that values of sandboxes use with single braces. */
const TAKEN: ReadonlySet<string> = new Set(['sandbox', 'service']);
/** Choices of one parameter that are tried. */
const MAX_TRIALS = 50;

const withoutParameters = ({ parameters: _questions, ...spec }: TemplateSpec): object => spec;

/** The mistakes of a template that its schema accepts. */
export function templateMistakes(spec: TemplateSpec, matches: Matches = matchesWhole): Explanation[] {
  const parameters = spec.parameters ?? [];
  const names = parameters.map(({ name }) => name);
  const unknown = placeholdersOf(withoutParameters(spec)).flatMap(({ name, path }): Explanation[] => {
    if (names.includes(name)) return [];
    const hint = suggestion(name, names);
    const more = names.length === 0 ? ' The template has no parameters.' : hint;
    return [{ path: ['spec', ...path], atKey: false, message: `there is no parameter "${name}" for {{${name}}}.${more} Where the braces are meant as they are, write \\{{.` }];
  });
  const wrong = parameters.flatMap((parameter, index) => parameterMistakes(parameter, index, names, matches));
  const found = [...wrong, ...unknown];
  return found.length > 0 ? found : trialMistakes(spec);
}

function parameterMistakes(parameter: TemplateParameter, index: number, names: readonly string[], matches: Matches): Explanation[] {
  const { name } = parameter;
  const type = parameter.type ?? 'string';
  const found: Explanation[] = [];
  const say = (field: string, message: string): void => {
    found.push({ path: ['spec', 'parameters', String(index), field], atKey: false, message });
  };
  if (names.indexOf(name) !== index) say('name', `there are two parameters "${name}".`);
  if (TAKEN.has(name)) say('name', `a parameter cannot be called "${name}": {${name}} means something else in values.`);
  if (type === 'choice' && (parameter.choices ?? []).length === 0) say('type', `the choice "${name}" has no "choices".`);
  if (type !== 'choice' && parameter.choices !== undefined) say('choices', `"${name}" is a ${type}: only a choice has "choices".`);
  if (type !== 'branch' && parameter.service !== undefined) say('service', `"${name}" is a ${type}: only a branch has a "service".`);
  for (const field of ['minimum', 'maximum'] as const) {
    if (type !== 'number' && parameter[field] !== undefined) say(field, `"${name}" is a ${type}: only a number has a "${field}".`);
  }
  for (const field of ['minLength', 'maxLength', 'pattern'] as const) {
    if (type !== 'string' && type !== 'branch' && parameter[field] !== undefined) say(field, `"${name}" is a ${type}: only a text has a "${field}".`);
  }
  if (parameter.pattern !== undefined) {
    try {
      matches(parameter.pattern, '');
    } catch {
      say('pattern', `the pattern of "${name}" is not a regular expression.`);
      return found;
    }
  }
  if (parameter.default !== undefined) {
    const checked = answerOf(parameter, parameter.default, matches);
    if ('wrong' in checked) say('default', `the default of "${name}" ${checked.wrong}`);
  }
  return found;
}

/** Parameters that no text of the template uses. */
export function unusedParameters(spec: TemplateSpec): string[] {
  const used = new Set(placeholdersOf(withoutParameters(spec)).map(({ name }) => name));
  return (spec.parameters ?? []).map(({ name }) => name).filter((name) => !used.has(name));
}

/** Findings about texts that are answered later say nothing yet. */
export function withoutOpenTexts(errors: readonly SchemaError[]): SchemaError[] {
  return errors.filter((error) => !isOpenText(error.data));
}

/** The template filled in with what is known of its answers has to be a sandbox, for each choice. */
function trialMistakes(spec: TemplateSpec): Explanation[] {
  const parameters = spec.parameters ?? [];
  const base = new Map<string, Answer>();
  const open = new Set<string>();
  for (const parameter of parameters) {
    const answer = sampleOf(parameter);
    if (answer !== undefined) base.set(parameter.name, answer);
    else if (!isRequired(parameter)) open.add(parameter.name);
  }
  const trials = [{ answers: base, said: '' }];
  for (const { name, choices = [] } of parameters) {
    for (const choice of choices.slice(0, MAX_TRIALS)) trials.push({ answers: new Map([...base, [name, choice]]), said: ` with ${name} = ${JSON.stringify(choice)}` });
  }
  for (const { answers, said } of trials) {
    const filled = fillIn(withoutParameters(spec), answers, open);
    const sandbox = { apiVersion: API_VERSION, kind: 'Sandbox', metadata: { name: 'trial' }, spec: filled };
    const mistakes = explain(withoutOpenTexts(schemaErrors('Sandbox', sandbox)));
    if (mistakes.length > 0) return mistakes.map((mistake) => ({ ...mistake, message: `the sandbox that it makes${said}: ${mistake.message}` }));
  }
  return [];
}

function sampleOf({ type = 'string', choices = [], minimum, maximum, default: standard }: TemplateParameter): Answer | undefined {
  if (standard !== undefined) return type === 'number' ? Number(standard) : type === 'boolean' ? String(standard) === 'true' : String(standard);
  switch (type) {
    case 'number':
      return minimum ?? Math.min(1, maximum ?? 1);
    case 'boolean':
      return true;
    case 'choice':
      return choices[0];
    case 'branch':
      return 'branch';
    case 'string':
      return undefined;
  }
}
