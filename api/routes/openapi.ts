/** The API in OpenAPI's words: one table, tested to name every route. */
import { KINDS, PLURALS } from '#schema/documents';
import { AGENT_PATH } from '#schema/wire/messages';
import { STREAM_PATH } from '#schema/stream';

interface Operation {
  method: 'get' | 'post' | 'put' | 'delete';
  /** With `{name}` parameters. */
  path: string;
  summary: string;
  /** Query parameters. */
  query?: string[];
  /** Name of the body's type in schema/http.ts, or what it is. */
  body?: string;
  answer?: string;
  open?: true;
}

const op = (method: Operation['method'], path: string, summary: string, more: Partial<Operation> = {}): Operation => ({
  method,
  path,
  summary,
  ...more,
});

const documents = KINDS.flatMap((kind): Operation[] => {
  const base = `/api/v1/${PLURALS[kind]}`;
  return [
    op('get', base, `All of kind ${kind}`, { query: ['limit', 'cursor'], answer: 'Page<StoredDocument>' }),
    op('get', `${base}/{name}`, `One ${kind}; ETag is its resourceVersion`, { answer: 'DocumentView' }),
    op('put', `${base}/{name}`, 'Write one document; If-Match makes it conditional', { query: ['message'], body: 'Document', answer: 'DocumentView' }),
    op('delete', `${base}/{name}`, 'Delete it; a sandbox goes when its containers are gone (202)', { query: ['message'], answer: 'DocumentView' }),
    op('get', `${base}/{name}/revisions`, 'Its history, newest first', { answer: 'Page<Revision>' }),
    op('get', `${base}/{name}/revisions/{revision}`, "One revision with labels and its author's text", { answer: 'RevisionView' }),
    op('get', `${base}/{name}/diff`, 'Changes between two revisions', { query: ['from', 'to'], answer: '{from, to, changes: FieldChange[]}' }),
    ...(kind === 'Snapshot' ? [] : [
      op('post', `${base}/{name}/rollback`, 'A new revision with an old spec and its commits', { query: ['dryRun'], body: 'RollbackRequest', answer: 'ApplyResponse' }),
      op('post', `${base}/{name}/restore`, 'Bring a deleted document back', { answer: 'DocumentView' }),
    ]),
  ];
});

const SANDBOX = '/api/v1/sandboxes/{name}';
const dry = { query: ['dryRun', 'force'], answer: 'ApplyResponse' };

export const OPERATIONS: readonly Operation[] = [
  ...documents,
  op('post', '/api/v1/apply', 'Write several documents in one transaction, or see what that would do', {
    query: ['dryRun', 'message', 'sandbox', 'prune', 'selector', 'managedBy', 'managedRevision', 'force'],
    body: 'application/yaml, {documents: Document[]}, or ApplyFilesRequest',
    answer: 'ApplyResponse',
  }),
  op('get', '/api/v1/export', 'Documents as files that apply finds unchanged; never values of secrets', { query: ['kind', 'selector', 'limit', 'cursor'], answer: 'Page<ExportedDocument>' }),
  op('get', `${SANDBOX}/timeline`, 'What happened to it, newest first, and what changed since it worked', { query: ['since', 'limit', 'cursor'], answer: 'TimelineView' }),
  op('post', `${SANDBOX}/hold`, "Refuse others' changes for a while", { ...dry, body: 'HoldRequest' }),
  op('delete', `${SANDBOX}/hold`, 'End the hold', dry),
  op('post', `${SANDBOX}/deploy`, 'Resolve branches anew', { ...dry, body: 'DeployRequest' }),
  op('post', `${SANDBOX}/clone`, 'A copy with the same commits and routes', { ...dry, body: 'CloneRequest' }),
  op('get', `${SANDBOX}/lifecycle`, 'When it expires, and why', { answer: 'LifecycleView' }),
  op('post', `${SANDBOX}/extend`, 'Let it expire later', { query: ['force'], body: 'ExtendRequest', answer: 'LifecycleView' }),
  op('post', `${SANDBOX}/keep`, 'Never let it expire', { query: ['force'], answer: 'LifecycleView' }),
  op('delete', `${SANDBOX}/keep`, 'Let it expire again', { query: ['force'], answer: 'LifecycleView' }),
  op('post', `${SANDBOX}/suspend`, 'Stop all containers and keep everything else', dry),
  op('post', `${SANDBOX}/resume`, 'Bring them back', dry),
  op('post', `${SANDBOX}/services/{service}/restart`, 'Restart a container as it is', { answer: '{sandbox, service}' }),
  op('post', `${SANDBOX}/cancel`, 'End the deployments under way; what runs goes on running', { query: ['force'], body: 'RolloutRequest', answer: 'CancelView' }),
  op('post', `${SANDBOX}/retry`, 'Try again at once what failed or was cancelled', { query: ['force'], body: 'RolloutRequest', answer: 'RetryView' }),
  op('post', `${SANDBOX}/services/{service}/stop`, 'Stop one service', dry),
  op('post', `${SANDBOX}/services/{service}/start`, 'Start it again', dry),
  op('get', `${SANDBOX}/services/{service}/variables`, 'What its container is given, and where each value comes from; secrets by version', { answer: 'VariablesView' }),
  op('get', `${SANDBOX}/routes`, 'How each service is reached, and why', { answer: 'Page<RouteView>' }),
  op('put', `${SANDBOX}/routes/{service}`, 'Flip one route, or set or end its fault; with a branch the service gets it in the same write', { ...dry, body: 'SetRouteRequest' }),
  op('get', `${SANDBOX}/requests`, 'Its newest requests as the edges saw them, newest first', { query: ['limit', 'service'], answer: 'Page<RequestView>' }),
  op('post', `${SANDBOX}/trace`, 'Send one GET through its gateway and tell where it went', { body: 'TraceRequest', answer: 'TraceView' }),
  op('post', '/api/v1/doctor', 'Check every node: its edge, its network.pool, and each baseline from there', { answer: 'DoctorView' }),
  op('post', '/api/v1/templates/{name}/clone', 'A sandbox from a template', { ...dry, body: 'CloneRequest' }),
  op('post', `${SANDBOX}/snapshot`, 'Keep it as it is now, with its environments, routes, commits and images', { body: 'SnapshotRequest', answer: 'DocumentView' }),
  op('post', '/api/v1/snapshots/{name}/restore', 'Bring its sandbox back as it was, or as a new one', { query: ['dryRun'], body: 'RestoreRequest', answer: 'RestoreResponse' }),
  op('get', '/api/v1/snapshots/{name}/export', 'The snapshot as a file, without secrets', { answer: 'application/yaml' }),
  op('post', '/api/v1/snapshots/{name}/export', 'The snapshot as a file, its secrets sealed with a passphrase', { body: '{passphrase}', answer: 'application/yaml' }),
  op('post', '/api/v1/snapshots', 'A snapshot from a file', { body: 'ImportSnapshotRequest', answer: 'ImportSnapshotResponse' }),
  op('get', '/api/v1/snapshots/{name}/compare', 'What differs now from what it has; ?sandbox= another one than its own', { query: ['sandbox'], answer: 'SnapshotComparison' }),
  op('post', '/api/v1/images/prune', 'Remove images and release commits that neither a sandbox nor a snapshot needs', { answer: 'Page<PruneView>' }),
  op('get', `${SANDBOX}/template`, 'The template that it was made from, and what taking its newest revision would change', { answer: 'TemplateView' }),
  op('post', `${SANDBOX}/template`, 'Take the newest revision; its own changes stay', { ...dry, body: 'TakeTemplateRequest' }),
  op('post', '/api/v1/environments/{name}/import', 'Variables, secrets and files from a .env file or from ConfigMaps and Secrets; what else is there stays', { query: ['dryRun'], body: 'ImportEnvironmentRequest', answer: 'ImportEnvironmentView' }),
  op('get', '/api/v1/secrets/keys', 'Master keys of secrets, and how many values each encrypts', { answer: 'SecretKeysView' }),
  op('post', '/api/v1/secrets/rotate', 'Read the key file and bring every value under its first key; over the local socket only', { answer: 'RotateSecretsView' }),
  op('get', '/api/v1/nodes', 'Nodes', { answer: 'Page<NodeView>' }),
  op('get', '/api/v1/nodes/{name}', 'One node', { answer: 'NodeView' }),
  op('delete', '/api/v1/nodes/{name}', 'Forget a lost node'),
  op('post', '/api/v1/nodes/{name}/token', "Make a node's token; shown once", { answer: '{node, token}' }),
  op('get', '/api/v1/repositories', 'Repositories that agents have', { answer: 'Page<RepositoryView>' }),
  op('get', '/api/v1/repositories/{name}/branches', 'Its branches', { answer: '{branches: BranchInfo[], fetchedAt?}' }),
  op('get', '/api/v1/deployments', 'Deployments, newest first', { query: ['sandbox', 'service', 'open', 'limit', 'cursor'], answer: 'Page<Deployment>' }),
  op('get', '/api/v1/deployments/{id}', 'One deployment with its events', { answer: 'DeploymentView' }),
  op('get', '/api/v1/deployments/{id}/logs', 'Its log from a line on', { query: ['from', 'limit'], answer: 'LogPage, or text/plain' }),
  op('get', '/api/v1/ports', 'Ports and subnets in use, people\'s own ports included', { query: ['sandbox'], answer: 'PortsView' }),
  op('get', '/api/v1/use', "The caller's own address, and where it leads", { answer: 'UseView' }),
  op('put', '/api/v1/use', 'Lead it to a sandbox; the first time it is made', { body: '{sandbox}', answer: 'UseView' }),
  op('delete', '/api/v1/use', 'Give it up', { answer: 'UseView' }),
  op('get', '/api/v1/audit', 'Who did what, newest first', { query: ['sandbox', 'user', 'action', 'environment', 'outcome', 'since', 'until', 'limit', 'cursor'], answer: 'Page<AuditEntry>' }),
  op('get', '/api/v1/audit/export', 'The same, oldest first, a line of JSON each, streamed', { query: ['sandbox', 'user', 'action', 'environment', 'outcome', 'since', 'until', 'after'], answer: 'application/x-ndjson' }),
  op('post', '/api/v1/login', 'Log in; ?cookie=1 for a cookie instead of a token', { query: ['cookie'], body: 'LoginRequest', answer: 'LoginResponse', open: true }),
  op('post', '/api/v1/logout', 'End this session and forget its password'),
  op('get', '/api/v1/whoami', 'Who this session belongs to', { answer: 'WhoAmI' }),
  op('get', '/healthz', 'The process lives', { open: true }),
  op('get', '/readyz', 'The database answers', { open: true }),
  op('get', '/metrics', 'Prometheus text', { open: true }),
  op('get', '/openapi.json', 'This description', { open: true }),
  op('get', '/schemas/{file}', 'JSON Schema of a kind, such as sandbox.json', { open: true }),
];

/** WebSockets, which OpenAPI has no words for. */
const SOCKETS = [
  `${STREAM_PATH}: live events (schema/stream.ts), ?since= &boot= &sandbox= &logs= &requests=`,
  `${AGENT_PATH}: agents (schema/wire/messages.ts), Authorization: Bearer <node token>`,
];

function describe({ summary, query: names = [], body, answer, open, path }: Operation): Record<string, unknown> {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => ({ name: match[1], in: 'path', required: true, schema: { type: 'string' } }));
  const inQuery = names.map((name) => ({ name, in: 'query', schema: { type: 'string' } }));
  return {
    summary,
    parameters: [...inPath, ...inQuery],
    ...(body === undefined ? {} : { requestBody: { description: body, content: { 'application/json': {} } } }),
    responses: {
      default: { description: 'Problem', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
      '200': { description: answer ?? 'Done' },
    },
    ...(open === true ? { security: [] } : {}),
  };
}

export function openApi(version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of OPERATIONS) (paths[operation.path] ??= {})[operation.method] = describe(operation);
  const text = { type: 'string' };
  return {
    openapi: '3.1.0',
    info: { title: 'SDP', version, description: `WebSockets: ${SOCKETS.join('; ')}.` },
    security: [{ bearer: [] }, { cookie: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, cookie: { type: 'apiKey', in: 'cookie', name: 'sdp_session' } },
      schemas: {
        Problem: {
          type: 'object',
          required: ['type', 'title', 'status', 'detail', 'code', 'message'],
          properties: { type: text, title: text, status: { type: 'integer' }, detail: text, code: text, message: text, hint: text, findings: { type: 'array' } },
        },
      },
    },
  };
}
