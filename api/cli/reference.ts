/** `KIND/NAME`, or `NAME` of a sandbox, as people give it. */
import { kindOf, KINDS, PLURALS, type Kind } from '#schema/documents';
import { SdpError } from '#schema/errors';

export interface Reference {
  kind: Kind;
  name: string;
  /** Under /api/v1. */
  path: string;
  /** `sandbox/NAME`. */
  shown: string;
}

/** @throws SdpError unknown_kind, invalid_request */
export function parseReference(text: string, kindWord = 'sandbox'): Reference {
  const slash = text.indexOf('/');
  const word = slash < 0 ? kindWord : text.slice(0, slash);
  const name = slash < 0 ? text : text.slice(slash + 1);
  const kind = kindOf(word);
  if (kind === undefined) throw new SdpError('unknown_kind', `There is no kind "${word}": one of ${KINDS.map((known) => known.toLowerCase()).join(', ')}.`);
  if (name === '') throw new SdpError('invalid_request', `"${text}" names nothing: give KIND/NAME.`);
  return { kind, name, path: `/${PLURALS[kind]}/${encodeURIComponent(name)}`, shown: `${kind.toLowerCase()}/${name}` };
}

/** Of two arguments, `KIND NAME`, or of one. @param verb for the mistake, such as `Delete` @throws SdpError unknown_kind, invalid_request */
export function referenceOf(verb: string, word: string, name: string | undefined): Reference {
  if (name === undefined && !word.includes('/')) throw new SdpError('invalid_request', `${verb} what: give KIND/NAME, or KIND and NAME.`);
  return parseReference(name === undefined ? word : `${word}/${name}`);
}
