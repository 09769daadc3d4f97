/** The shared libraries that programs of this machine need, as `ldd` lists them. */
import { run } from './run.ts';

/** Absolute paths out of what `ldd` printed; the kernel's own object has no file. */
export function parseLdd(output: string): string[] {
  return output.split('\n').flatMap((line) => {
    const match = /(?:=>\s+)?(\/\S+)\s+\(0x[0-9a-f]+\)/.exec(line);
    return match?.[1] === undefined ? [] : [match[1]];
  });
}

/** @throws SdpError internal when a file cannot be read or is no dynamic program */
export async function libraryClosure(files: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const file of files) {
    for (const library of parseLdd(await run('ldd', [file]))) found.add(library);
  }
  return [...found].sort();
}
