/** A document as YAML that a person edits: what SDP wrote by itself is left out. Pure. */
import type { StoredDocument } from '#schema/documents';
import { writeYaml } from '#schema/parse/write-yaml';

export function textOf(document: StoredDocument): string {
  const { name, labels, annotations } = document.metadata;
  const metadata = {
    name,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  };
  return writeYaml({ apiVersion: document.apiVersion, kind: document.kind, metadata, spec: document.spec });
}

export const BLANK_SANDBOX = `# yaml-language-server: $schema=/schemas/sandbox.json
apiVersion: sdp/v1
kind: Sandbox
metadata:
  name: MY-SANDBOX
spec:
  # The gateway that testers point the mobile app at.
  gateway:
    branch: develop
  # Services that run here. Every other service is served by OCP.
  services:
    account:
      branch: develop
`;
