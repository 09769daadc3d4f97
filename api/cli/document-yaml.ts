/** A document as its author wrote it, or as they would have. */
import { API_VERSION, type Kind, type StoredDocument } from '#schema/documents';
import type { DocumentView, RevisionView } from '#schema/http';
import { writeYaml } from '#schema/parse/write-yaml';

interface Parts {
  kind: Kind;
  name: string;
  labels: Record<string, string> | undefined;
  annotations: Record<string, string> | undefined;
  spec: unknown;
}

const filled = (map: Record<string, string> | undefined, key: string): object => (map === undefined || Object.keys(map).length === 0 ? {} : { [key]: map });

function written({ kind, name, labels, annotations, spec }: Parts): string {
  const metadata = { name, ...filled(labels, 'labels'), ...filled(annotations, 'annotations') };
  return writeYaml({ apiVersion: API_VERSION, kind, metadata, spec });
}

export function documentYaml({ document, text }: Pick<DocumentView, 'document' | 'text'>): string {
  const { kind, metadata, spec }: StoredDocument = document;
  return text ?? written({ kind, name: metadata.name, labels: metadata.labels, annotations: metadata.annotations, spec });
}

export function revisionYaml(kind: Kind, name: string, { text, labels, annotations, spec }: RevisionView): string {
  return text ?? written({ kind, name, labels, annotations, spec });
}
