/** Labels that choose documents: `team=checkout`, several with commas, all of which must hold. Pure. */
import { SdpError } from '#schema/errors';

export type Selector = ReadonlyMap<string, string>;

/** @throws SdpError invalid_request */
export function parseSelector(text: string): Selector {
  const selector = new Map<string, string>();
  for (const part of text.split(',')) {
    const [label, ...value] = part.split('=');
    const name = label?.trim() ?? '';
    if (name === '' || value.length === 0) throw new SdpError('invalid_request', `"${part.slice(0, 80)}" is not LABEL=VALUE.`, { hint: 'Such as team=checkout; several with commas.' });
    selector.set(name, value.join('=').trim());
  }
  return selector;
}

export const selects = (selector: Selector, labels: Readonly<Record<string, string>> | undefined): boolean =>
  [...selector].every(([name, value]) => labels !== undefined && Object.hasOwn(labels, name) && labels[name] === value);

export const selectorWords = (selector: Selector): string => [...selector].map(([name, value]) => `${name}=${value}`).join(',');
