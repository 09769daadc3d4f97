/** Branches for completion. No branches is an answer: the question can be typed into all the same. */
import type { LoaderFunctionArgs } from '@remix-run/node';
import type { BranchInfo } from '#schema/wire/commands';
import type { StoredDocument } from '#schema/documents';
import type { DocumentView } from '#schema/http';
import { apiOf } from '../api.server.ts';

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  const api = apiOf(request, context);
  const service = params['service'] ?? '';
  const known = await api.try<DocumentView>(`/services/${encodeURIComponent(service)}`);
  const repository = known.ok
    ? (known.value.document as StoredDocument<'Service'>).spec.repository ?? service
    : service;
  const result = await api.try<{ branches: BranchInfo[] }>(`/repositories/${encodeURIComponent(repository)}/branches`);
  return { branches: result.ok ? result.value.branches : [] };
}
