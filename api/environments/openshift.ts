/** What `oc get configmap,secret -o yaml` (or `-o json`) prints: a List, or several documents. */
import { SdpError, type Finding } from '#schema/errors';
import { explainName } from './names.ts';
import { invalid } from '#schema/parse/validate-draft';
import { YamlSource } from '#schema/parse/yaml-source';
import type { Found, ImportItem } from './item.ts';

type Tree = Record<string, unknown>;
type ParsedYaml = YamlSource['documents'][number];

const isMap = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Objects that a project has by itself; no program reads them as its configuration. */
const OWN_CONFIG_MAPS: ReadonlySet<string> = new Set(['kube-root-ca.crt', 'openshift-service-ca.crt']);
const OWN_SECRETS = /^kubernetes\.io\/(?:service-account-token|dockercfg|dockerconfigjson)$/;

interface Reading {
  source: YamlSource;
  document: ParsedYaml;
  /** Lower case; all when empty. */
  only: ReadonlySet<string>;
  items: ImportItem[];
  notes: string[];
  findings: Finding[];
  seen: string[];
}

/**
 * @param only names such as `configmap/payment`; all objects when there are none
 * @throws SdpError invalid_yaml, invalid_document with a finding per mistake; values are never repeated
 */
export function parseOpenshift(text: string, file: string | undefined, only: readonly string[]): Found {
  const source = new YamlSource(text, file);
  source.assertReadable();
  const wanted = new Set(only.map((name) => name.toLowerCase()));
  const shared = { source, only: wanted, items: [], notes: [], findings: [], seen: [] };
  for (const document of source.documents) readObject({ ...shared, document }, source.valueOf(document), []);
  const { items, notes, findings, seen }: Omit<Reading, 'document'> = shared;
  const missing = [...wanted].filter((name) => !seen.some((other) => other.toLowerCase() === name));
  if (missing.length > 0) {
    throw new SdpError('not_found', `${file ?? 'The text'} holds no ${missing.join(', ')}.`, { hint: seen.length === 0 ? undefined : `It holds ${seen.slice(0, 12).join(', ')}.` });
  }
  if (findings.length > 0) throw invalid(findings);
  if (seen.length === 0) throw new SdpError('invalid_document', `${file ?? 'The text'} holds no ConfigMap and no Secret.`, { hint: 'Such as `oc get configmap,secret -o yaml` prints.' });
  return { items, notes };
}

function readObject(reading: Reading, value: unknown, path: string[]): void {
  if (!isMap(value)) return say(reading, path, 'is neither a ConfigMap nor a Secret, nor a List of them.');
  const { kind } = value;
  if (Array.isArray(value['items']) && (kind === 'List' || kind === 'ConfigMapList' || kind === 'SecretList')) {
    value['items'].forEach((item, index) => readObject(reading, item, [...path, 'items', String(index)]));
    return;
  }
  const name = isMap(value['metadata']) ? String(value['metadata']['name']) : '';
  const object = `${String(kind).toLowerCase()}/${name}`;
  if (kind !== 'ConfigMap' && kind !== 'Secret') {
    reading.notes.push(`${object} is left out: only ConfigMaps and Secrets are taken.`);
    return;
  }
  reading.seen.push(object);
  if (reading.only.size > 0 && !reading.only.has(object.toLowerCase())) return;
  const own = kind === 'Secret' ? OWN_SECRETS.test(String(value['type'])) : OWN_CONFIG_MAPS.has(name);
  if (own && reading.only.size === 0) {
    reading.notes.push(`${object} is left out: OpenShift made it for itself. --only ${object} takes it all the same.`);
    return;
  }
  readData(reading, value, path, object, kind === 'Secret');
}

function readData(reading: Reading, value: Tree, path: string[], object: string, secret: boolean): void {
  for (const [field, form] of [
    ['data', secret ? 'base64' : 'text'],
    ['stringData', 'text'],
    ['binaryData', 'base64'],
  ] as const) {
    const data = value[field];
    if (data === undefined || data === null) continue;
    if (!isMap(data)) {
      say(reading, [...path, field], 'must be a map of texts by key.');
      continue;
    }
    for (const [key, given] of Object.entries(data)) {
      const at = [...path, field, key];
      const bytes = bytesOfValue(given, form);
      if (bytes === undefined) {
        say(reading, at, form === 'text' ? `${explainName(key)} of ${object} must be text: put it in quotes.` : `${explainName(key)} of ${object} is not base64.`);
        continue;
      }
      // stringData wins over data, as on OpenShift.
      const before = reading.items.findIndex((item) => item.object === object && item.key === key);
      if (before >= 0) reading.items.splice(before, 1);
      const position = reading.source.position(reading.source.offsetOf(reading.document, at, true));
      reading.items.push({ key, value: bytes, secret, binary: field === 'binaryData', object, position });
    }
  }
}

function bytesOfValue(given: unknown, form: 'text' | 'base64'): Buffer | undefined {
  if (given === null && form === 'base64') return Buffer.alloc(0);
  if (typeof given !== 'string') return undefined;
  if (form === 'text') return Buffer.from(given);
  const compact = given.replace(/\s/g, '');
  return /^[A-Za-z0-9+/]*={0,2}$/.test(compact) && compact.replace(/=/g, '').length % 4 !== 1 ? Buffer.from(compact, 'base64') : undefined;
}

function say(reading: Reading, path: string[], message: string): void {
  const { source, document, findings } = reading;
  findings.push({ ...source.position(source.offsetOf(document, path, true)), message });
}
