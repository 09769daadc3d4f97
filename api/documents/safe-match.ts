/** Patterns that people write, matched without the risk that one of them stops the server. */
import { createContext, Script } from 'node:vm';
import type { Matches } from '#schema/template/answers';

/** Milliseconds. */
const LONGEST = 100;

const script = new Script('new RegExp(`^(?:${pattern})$`, "u").test(text)');

/** Undefined when the pattern takes too long for the text. @throws SyntaxError when it is no regular expression */
export const matchesInTime: Matches = (pattern, text) => {
  // Parsed here first: an error of the other context is no SyntaxError of ours.
  void new RegExp(`^(?:${pattern})$`, 'u');
  try {
    return script.runInContext(createContext({ pattern, text }), { timeout: LONGEST }) as boolean;
  } catch {
    return undefined;
  }
};
