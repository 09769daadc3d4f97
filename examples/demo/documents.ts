/** The documents that the demo begins with: `examples/*.yaml`, with the addresses of this machine's demo. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_PORTS } from './ports.ts';

/** In the order in which they are applied. */
export const EXAMPLE_FILES = ['environments.yaml', 'services.yaml', 'templates.yaml', 'sandbox-qa-login-error.yaml'];

export interface ExampleText {
  file: string;
  text: string;
}

/** @param examples the folder `examples` of the clone */
export async function exampleDocuments(examples: string, baselinePort: number): Promise<ExampleText[]> {
  return Promise.all(
    EXAMPLE_FILES.map(async (file) => ({
      file,
      text: (await readFile(join(examples, file), 'utf8')).replaceAll(
        `.sdp-demo.internal:${DEFAULT_PORTS.baseline}`,
        `.sdp-demo.internal:${baselinePort}`,
      ),
    })),
  );
}
