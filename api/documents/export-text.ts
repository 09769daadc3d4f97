/** A document as a file that `apply` finds to be unchanged. Pure. No server-made fields, never the value of a secret. */
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import type { Draft, EnvironmentSpec, SandboxSpec, StoredDocument } from '#schema/documents';
import { parseDocuments } from '#schema/parse/parse-documents';
import { writeYaml } from '#schema/parse/write-yaml';
import { draftOf } from './drafts.ts';
import { patchText } from './patch-text.ts';

/** Folder and file of a document. */
export const exportPath = ({ kind, metadata }: StoredDocument): string => `${kind.toLowerCase()}/${metadata.name}.yaml`;

/** What somebody would apply: a secret keeps the value that there is, a hold is a lock and stays here. */
function exportDraft(document: StoredDocument): Draft {
  if (document.kind === 'Environment') return draftOf(document, withStoredSecrets(document.spec), false);
  if (document.kind === 'Sandbox') return draftOf(document, withoutHold(document.spec), false);
  return draftOf(document, document.spec, false);
}

function withStoredSecrets(spec: EnvironmentSpec): EnvironmentSpec {
  if (spec.secrets === undefined) return spec;
  return { ...spec, secrets: Object.fromEntries(Object.keys(spec.secrets).map((name) => [name, { version: 0 }])) };
}

function withoutHold(spec: SandboxSpec): SandboxSpec {
  const { hold: _hold, ...rest } = spec;
  return rest;
}

/** @param text the author's, where there is one: kept where it says the same */
export function exportText(document: StoredDocument, text: string | undefined): string {
  const draft = exportDraft(document);
  const patched = patchText(text, draft);
  const own = patched !== undefined && standsAlone(patched, draft) ? patched : writeYaml(draft);
  return own.endsWith('\n') ? own : `${own}\n`;
}

const OWN_KEYS: ReadonlySet<string> = new Set(['name', 'labels', 'annotations']);

/** Whether a text alone is the draft, and nothing that SDP wrote stands in it. */
function standsAlone(text: string, draft: Draft): boolean {
  try {
    const parsed = parseDocuments(text);
    if (parsed.length !== 1 || !isDeepStrictEqual(parsed[0]?.draft, draft)) return false;
    const raw = parse(text, { maxAliasCount: 100 }) as { metadata?: object; status?: unknown };
    return raw.status === undefined && Object.keys(raw.metadata ?? {}).every((key) => OWN_KEYS.has(key));
  } catch {
    return false;
  }
}
