/** What the editor's buttons do: review is a dry run, save is the write. The text comes back whatever happens. */
import { redirect } from '@remix-run/node';
import { slugOf } from '#schema/names';
import type { ApplyResponse, Problem } from '#schema/http';
import { parseAllDocuments } from 'yaml';
import type { Api, Call, Result } from './api.server.ts';

export interface EditorAnswer {
  text: string;
  /** resourceVersion that the text is based on; a save is refused when somebody else saved since. */
  base: number | undefined;
  review?: ApplyResponse;
  problem?: Problem;
}

/** The only document of a text: then a save can be conditional. */
function isSingle(text: string): boolean {
  return parseAllDocuments(text).length === 1;
}

function sandboxOf(response: ApplyResponse): string | undefined {
  return response.results.find((result) => result.kind === 'Sandbox')?.name;
}

async function save(
  api: Api,
  text: string,
  base: number | undefined,
  name: string | undefined
): Promise<Result<unknown>> {
  const call: Call = { yaml: text };
  if (name === undefined || base === undefined || !isSingle(text))
    return api.try<ApplyResponse>('/apply', { ...call, method: 'POST' });
  return api.try(`/sandboxes/${encodeURIComponent(name)}`, { ...call, method: 'PUT', ifMatch: base });
}

/** @param name the sandbox that is edited; undefined for a new one */
export async function runEditor(api: Api, form: FormData, name?: string): Promise<EditorAnswer> {
  const text = String(form.get('text') ?? '').replace(/\r\n/g, '\n');
  const given = Number(form.get('base'));
  const base = Number.isInteger(given) && given > 0 ? given : undefined;
  const answer = { text, base };
  const review = await api.try<ApplyResponse>('/apply?dryRun=true', { method: 'POST', yaml: text });
  if (!review.ok) return { ...answer, problem: review.problem };
  if (form.get('intent') !== 'save') return { ...answer, review: review.value };
  const saved = await save(api, text, base, name);
  if (!saved.ok) return { ...answer, review: review.value, problem: saved.problem };
  const target = name ?? sandboxOf(review.value);
  throw redirect(target === undefined ? '/sandboxes' : `/sandboxes/${encodeURIComponent(slugOf(target))}`);
}
