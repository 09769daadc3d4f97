/** Values that no container can be given, whatever the schema says: too long in bytes, or with a NUL. Pure. */
import { bytesOf, MAX_ENTRY_BYTES, MAX_FILE_BYTES, MAX_VALUE_BYTES } from '../limits.ts';
import type { Explanation } from './explain.ts';

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Mistakes in the variables, secrets and files of any kind's document. Never shows a value. */
export function sizeMistakes(document: unknown): Explanation[] {
  const spec = isMap(document) && isMap(document['spec']) ? document['spec'] : {};
  const parts: { at: unknown; path: string[] }[] = [
    { at: spec['variables'], path: ['spec', 'variables'] },
    { at: spec['secrets'], path: ['spec', 'secrets'] },
    { at: isMap(spec['gateway']) ? spec['gateway']['variables'] : undefined, path: ['spec', 'gateway', 'variables'] },
    ...Object.entries(isMap(spec['services']) ? spec['services'] : {}).map(([name, service]) => ({
      at: isMap(service) ? service['variables'] : undefined,
      path: ['spec', 'services', name, 'variables'],
    })),
  ];
  const values = parts.flatMap(({ at, path }) =>
    Object.entries(isMap(at) ? at : {}).flatMap(([name, value]) => found([...path, name], typeof value === 'string' ? valueMistake(name, value) : undefined)),
  );
  const files = Object.entries(isMap(spec['files']) ? spec['files'] : {}).flatMap(([path, content]) => found(['spec', 'files', path], fileMistake(content)));
  return [...values, ...files];
}

function found(path: string[], message: string | undefined): Explanation[] {
  return message === undefined ? [] : [{ path, message, atKey: false }];
}

/** What keeps a value from being a variable; undefined when nothing does. */
export function valueMistake(name: string, value: string): string | undefined {
  const bytes = bytesOf(value);
  if (bytes > MAX_VALUE_BYTES) {
    return `is ${bytes} bytes long; a variable holds at most ${MAX_VALUE_BYTES} (120 KiB). Put it into "files" of an environment, and its path into the variable.`;
  }
  if (bytes + bytesOf(name) + 2 > MAX_ENTRY_BYTES) return 'is too long together with its name: Linux takes 128 KiB for both.';
  if (value.includes('\u0000')) return 'holds a NUL character, which no variable can. Put it into "files" of an environment, as base64.';
  return undefined;
}

function fileMistake(content: unknown): string | undefined {
  const bytes = typeof content === 'string' ? bytesOf(content) : isMap(content) && typeof content['base64'] === 'string' ? decodedBytes(content['base64']) : 0;
  if (bytes <= MAX_FILE_BYTES) return undefined;
  return `is ${bytes} bytes long; a file holds at most ${MAX_FILE_BYTES} (1 MiB). Put larger ones into the image.`;
}

/** Bytes that a base64 text stands for. */
export function decodedBytes(base64: string): number {
  const digits = base64.replace(/[\s=]/g, '').length;
  return Math.floor((digits * 3) / 4);
}
