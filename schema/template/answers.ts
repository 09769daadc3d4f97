/** Answers to a template's parameters: checked and given their types. Pure; shared by API and UI. */
import type { TemplateParameter } from '../documents.ts';
import { suggestion } from '../parse/near.ts';
import { COMMON_SCHEMA } from '../parse/validator.ts';
import type { Answer } from './placeholders.ts';

export interface AnswerMistake {
  parameter: string;
  message: string;
}

/** Whether the whole of a text matches a pattern; undefined when that takes too long to say. */
export type Matches = (pattern: string, text: string) => boolean | undefined;

export const matchesWhole: Matches = (pattern, text) => new RegExp(`^(?:${pattern})$`, 'u').test(text);

const branchPattern = (): RegExp => {
  const { definitions } = COMMON_SCHEMA as { definitions: { branch: { pattern: string } } };
  return new RegExp(definitions.branch.pattern, 'u');
};

/** Longest text of an answer in characters. */
const MAX_ANSWER = 4_096;

export const isRequired = (parameter: TemplateParameter): boolean =>
  parameter.default === undefined && parameter.required !== false;

/** One answer in the type of its parameter, or what is wrong with it, as the end of a sentence. */
export function answerOf(parameter: TemplateParameter, given: Answer, matches: Matches = matchesWhole): { answer: Answer } | { wrong: string } {
  switch (parameter.type ?? 'string') {
    case 'number':
      return numberOf(parameter, given);
    case 'boolean':
      if (given === true || given === 'true') return { answer: true };
      if (given === false || given === 'false') return { answer: false };
      return { wrong: `must be true or false, not ${quoted(given)}.` };
    case 'choice': {
      const choices = parameter.choices ?? [];
      if (choices.includes(String(given))) return { answer: String(given) };
      return { wrong: `must be one of ${choices.join(', ')}, not ${quoted(given)}.${near(String(given), choices)}` };
    }
    case 'branch': {
      const branch = String(given);
      const is = typeof given === 'string' && branch.length <= 255 && !branch.includes('{{') && branchPattern().test(branch);
      return is ? textOf(parameter, branch, matches) : { wrong: `must be the name of a branch, not ${quoted(given)}.` };
    }
    case 'string':
      return textOf(parameter, String(given), matches);
  }
}

const near = (word: string, choices: readonly string[]): string => {
  const hint = suggestion(word, choices);
  return hint.startsWith(' Did') ? hint : '';
};

function quoted(given: Answer): string {
  const text = JSON.stringify(given);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function numberOf(parameter: TemplateParameter, given: Answer): { answer: Answer } | { wrong: string } {
  const plain = typeof given === 'string' && /^-?\d{1,15}(?:\.\d{1,10})?$/.test(given.trim());
  const number = typeof given === 'number' || plain ? Number(given) : Number.NaN;
  if (!Number.isFinite(number)) return { wrong: `must be a number, not ${quoted(given)}.` };
  const { minimum, maximum } = parameter;
  if (minimum !== undefined && number < minimum) return { wrong: `must be at least ${minimum}, not ${number}.` };
  if (maximum !== undefined && number > maximum) return { wrong: `must be at most ${maximum}, not ${number}.` };
  return { answer: number };
}

function textOf(parameter: TemplateParameter, text: string, matches: Matches): { answer: Answer } | { wrong: string } {
  const { minLength = 0, maxLength = MAX_ANSWER, pattern } = parameter;
  const length = [...text].length;
  if (length < minLength) return { wrong: `must have at least ${minLength} characters; it has ${length}.` };
  const most = Math.min(maxLength, MAX_ANSWER);
  if (length > most) return { wrong: `must have at most ${most} characters; it has ${length}.` };
  if (pattern === undefined) return { answer: text };
  const matched = matches(pattern, text);
  if (matched === true) return { answer: text };
  if (matched === undefined) return { wrong: 'cannot be checked: its pattern takes too long. Write the pattern without repetitions inside of repetitions.' };
  return { wrong: `must match ${pattern}, which ${quoted(text)} does not.` };
}

export interface Answers {
  /** Given ones and defaults, by parameter. */
  answers: Map<string, Answer>;
  /** Parameters that are open, and may be. */
  open: Set<string>;
  mistakes: AnswerMistake[];
}

/** All mistakes at once: missing, unknown, of a wrong type. */
export function answersOf(
  parameters: readonly TemplateParameter[],
  given: Readonly<Record<string, Answer>>,
  matches: Matches = matchesWhole,
): Answers {
  const result: Answers = { answers: new Map(), open: new Set(), mistakes: [] };
  const known = parameters.map(({ name }) => name);
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const message = known.length === 0 ? `there is no parameter "${name}": it has none.` : `there is no parameter "${name}".${suggestion(name, known)}`;
    result.mistakes.push({ parameter: name, message });
  }
  for (const parameter of parameters) {
    const { name } = parameter;
    const value = Object.hasOwn(given, name) ? given[name] : parameter.default;
    if (value === undefined) {
      if (isRequired(parameter)) result.mistakes.push({ parameter: name, message: `"${name}" needs an answer${parameter.description === undefined ? '' : `: ${parameter.description}`}.` });
      else result.open.add(name);
      continue;
    }
    const checked = answerOf(parameter, value, matches);
    if ('answer' in checked) result.answers.set(name, checked.answer);
    else result.mistakes.push({ parameter: name, message: `"${name}" ${checked.wrong}` });
  }
  return result;
}
