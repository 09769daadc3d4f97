/** The shared libraries that programs of this machine need, as `ldd` lists them. */
import { SdpError } from '#schema/errors';
import { run } from './run.ts';

/** Absolute paths out of what `ldd` printed; the kernel's own object has no file. */
export function parseLdd(output: string): string[] {
  return output.split('\n').flatMap((line) => {
    const match = /(?:=>\s+)?(\/\S+)\s+\(0x[0-9a-f]+\)/.exec(line);
    return match?.[1] === undefined ? [] : [match[1]];
  });
}

/** @throws SdpError internal when a file cannot be read or is no dynamic program, missing_base_image without a library */
export async function libraryClosure(files: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const file of files) {
    const listed = await run('ldd', [file]);
    const missing = /^\s*(\S+) => not found/m.exec(listed)?.[1];
    if (missing !== undefined) throw new SdpError('missing_base_image', `${file} needs the library ${missing}, which is not on this machine.`);
    for (const library of parseLdd(listed)) found.add(library);
  }
  return [...found].sort();
}
