import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDocuments } from '#schema/parse/parse-documents';
import { EXAMPLE_FILES, exampleDocuments } from '#examples/demo/documents';
import { BASELINE_HOSTS } from '#examples/demo/baseline-server';
import { DEMO_REPOSITORIES } from '#examples/demo/repositories';

const examples = new URL('../../../examples', import.meta.url).pathname;
const yamlIn = (folder: string): string[] => readdirSync(join(examples, folder)).filter((name) => name.endsWith('.yaml'));
const drafts = (file: string, sandbox?: string) =>
  parseDocuments(readFileSync(join(examples, file), 'utf8'), sandbox === undefined ? { file } : { file, sandbox });

describe('examples', () => {
  it('has every file of examples/ in the documents that the demo applies', () => {
    expect([...EXAMPLE_FILES].sort()).toEqual(yamlIn('.').sort());
  });

  it.each(yamlIn('.'))('%s is valid and names its schema for editors', (file) => {
    expect(drafts(file).length).toBeGreaterThan(0);
    const schema = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(join(examples, file), 'utf8'))?.[1];
    expect(() => readFileSync(join(examples, schema ?? 'none'))).not.toThrow();
  });

  it.each(yamlIn('short-forms'))('short-forms/%s is accepted as it is (D11)', (file) => {
    const [parsed] = drafts(join('short-forms', file), 'achmad-refunds');
    expect(parsed?.draft.kind).toBe({ 'sandbox.yaml': 'Sandbox', 'template.yaml': 'Template', 'routes.yaml': 'Route' }[file]);
  });

  it('names only services, environments, repositories and branches that the demo has', () => {
    const all = EXAMPLE_FILES.flatMap((file) => drafts(file).map(({ draft }) => draft));
    const environments = all.flatMap((draft) => (draft.kind === 'Environment' ? [draft.metadata.name] : []));
    const services = all.flatMap((draft) => (draft.kind === 'Service' ? [draft.metadata.name] : []));
    for (const draft of all) {
      if (draft.kind === 'Service') {
        expect(new URL(draft.spec.baseline).hostname).toBe(BASELINE_HOSTS[draft.metadata.name]);
        expect(DEMO_REPOSITORIES.map(({ name }) => name)).toContain(draft.spec.repository);
      }
      if (draft.kind !== 'Sandbox' && draft.kind !== 'Template') continue;
      for (const name of draft.spec.environments ?? []) expect(environments).toContain(name);
      for (const [name, service] of Object.entries(draft.spec.services ?? {})) {
        expect(services).toContain(name);
        const branches = DEMO_REPOSITORIES.find((repository) => repository.name === name)?.branches ?? [];
        const known = ['develop', '{{branch}}', '{{payment}}', ...branches.map(({ branch }) => branch)];
        if (service.branch !== undefined) expect(known).toContain(service.branch);
      }
    }
  });

  it('puts the port of the running baseline in', async () => {
    const texts = await exampleDocuments(examples, 17443);
    const services = texts.find(({ file }) => file === 'services.yaml')?.text ?? '';
    expect(parseDocuments(services).map(({ draft }) => (draft.kind === 'Service' ? draft.spec.baseline : ''))).toEqual([
      'https://account-dev.sdp-demo.internal:17443',
      'https://payment-dev.sdp-demo.internal:17443',
      'https://user-dev.sdp-demo.internal:17443',
    ]);
  });
});
