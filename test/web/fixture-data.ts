/** Realistic documents for looking at the UI: the sandbox QA-LOGIN-ERROR, others in every health, nodes, templates. */
import type { StoredDocument } from '#schema/documents';
import type { NodeView, PlanView, Revision } from '#schema/http';
import type { Deployment, DeploymentEvent, LogLine } from '#schema/records';
import type { DeploymentState, Health, LogPhase } from '#schema/states';
import type { SandboxStatus } from '#schema/status';

const START = Date.now();
export const at = (secondsAgo: number): string => new Date(START - secondsAgo * 1000).toISOString();

const COMMITS = {
  account: 'a41f9c02be5d7783f0c1b9de6aa2147738c0de15',
  gateway: '0c9d4be17f3355aa9e21c4d0b8fe7712903faa64',
  payment: '77be1d90c2a4e6f8123456789abcdef012345678',
};

function metadata(name: string, by: string, secondsAgo: number, generation = 1): StoredDocument['metadata'] {
  return {
    name,
    uid: `uid-${name.toLowerCase()}`,
    slug: name.toLowerCase(),
    generation,
    resourceVersion: 40 + generation,
    revision: generation,
    createdAt: at(secondsAgo * 4),
    createdBy: by,
    updatedAt: at(secondsAgo),
    updatedBy: by,
    finalizers: [],
  };
}

function statusOf(health: Health, operation: DeploymentState, port: number): SandboxStatus {
  return {
    observedGeneration: 1,
    observedResourceVersion: 41,
    sync: health === 'Unknown' ? 'Unknown' : health === 'Progressing' || health === 'Degraded' ? 'OutOfSync' : 'Synced',
    health,
    operation,
    conditions: [],
    gateway: {
      state: operation === 'STOPPED' ? 'STOPPED' : 'RUNNING',
      url: `http://172.18.136.90:${port}`,
      port,
      node: 'gateway-1',
      branch: 'develop',
      commit: COMMITS.gateway,
    },
    services: {
      account: {
        state: operation,
        node: 'micro-1',
        port: port + 921,
        branch: 'develop',
        commit: COMMITS.account,
        route: { target: 'sandbox', url: 'http://sandbox-x-account:8080', reason: 'It has a branch.' },
      },
      payment: { route: { target: 'ocp', url: 'https://payment-dev.company.com', reason: 'No branch.' } },
      user: { route: { target: 'ocp', url: 'https://user-dev.company.com', reason: 'No branch.' } },
    },
  };
}

export const qaStatus: SandboxStatus = {
  observedGeneration: 3,
  observedResourceVersion: 43,
  sync: 'OutOfSync',
  health: 'Progressing',
  operation: 'BUILDING',
  nextAction: 'The build of account ends within a minute; then its container is replaced without an interruption.',
  conditions: [
    {
      type: 'Ready',
      status: 'False',
      reason: 'Deploying',
      message: 'account is building a41f9c02 on micro-1; the former version keeps serving.',
      lastTransitionTime: at(34),
    },
    {
      type: 'NodesReachable',
      status: 'True',
      reason: 'AllReport',
      message: 'micro-1 and gateway-1 report.',
      lastTransitionTime: at(4_000),
    },
    { type: 'NeedsLogin', status: 'False', reason: 'LoginLive', message: '', lastTransitionTime: at(4_000) },
  ],
  gateway: {
    state: 'RUNNING',
    url: 'http://172.18.136.90:8080',
    port: 8080,
    node: 'gateway-1',
    branch: 'develop',
    commit: COMMITS.gateway,
    subject: 'Route /v2/login to account',
  },
  services: {
    account: {
      state: 'BUILDING',
      node: 'micro-1',
      port: 9001,
      branch: 'feature/login-error',
      commit: '5f20d11c9be5d7783f0c1b9de6aa2147738c0de1',
      wantedCommit: COMMITS.account,
      subject: 'Answer 401 with a reason the app can show',
      deployment: 'dep-account-7',
      behind: { count: 2, head: 'e07f3ab19be5d7783f0c1b9de6aa2147738c0de1', seenAt: at(300) },
      route: { target: 'sandbox', url: 'http://sandbox-qa-login-error-account:8080', reason: 'It has a branch.' },
    },
    payment: {
      route: {
        target: 'ocp',
        url: 'https://payment-dev.company.com',
        reason: 'No branch here.',
        since: new Date(Date.now() - 7_200_000).toISOString(),
        verified: { ok: true, at: new Date(Date.now() - 120_000).toISOString(), step: 'answer', message: 'It answers 200.', status: 200, durationMs: 12 },
        fault: { kind: 'status', status: 503, percent: 50, path: '/pay', until: new Date(Date.now() + 3_600_000).toISOString() },
      },
    },
    user: {
      route: {
        target: 'ocp',
        url: 'https://user-dev.company.com',
        reason: 'No branch here.',
        since: new Date(Date.now() - 300_000).toISOString(),
        verified: { ok: false, at: new Date(Date.now() - 5_000).toISOString(), step: 'certificate', message: 'The certificate of user-dev.company.com is not signed by a CA in ca.pem; add its CA to baseline.caFile.', durationMs: 12 },
      },
    },
  },
};

const services = {
  account: { branch: 'feature/login-error' },
  payment: { use_ocp: true as const },
  user: { use_ocp: true as const },
};
const plain = {
  gateway: { branch: 'develop' },
  services: { account: { branch: 'develop' }, payment: { use_ocp: true as const } },
};

const failedStatus: SandboxStatus = {
  ...statusOf('Degraded', 'FAILED', 8082),
  nextAction: 'Correct the build of payment and deploy, or route payment to OCP.',
  conditions: [
    {
      type: 'Failed',
      status: 'True',
      reason: 'BuildFailed',
      message: 'payment: the build failed: ./refund.go:41:17: undefined: Ledger. account and the gateway keep running.',
      lastTransitionTime: at(610),
    },
  ],
};
failedStatus.services['payment'] = {
  state: 'FAILED',
  node: 'micro-1',
  branch: 'feature/refund-api',
  commit: COMMITS.payment,
  message: 'The build failed: ./refund.go:41:17: undefined: Ledger',
  deployment: 'dep-payment-3',
  route: { target: 'sandbox', url: '', reason: '' },
};

export const sandboxes: StoredDocument<'Sandbox'>[] = [
  {
    apiVersion: 'sdp/v1',
    kind: 'Sandbox',
    metadata: metadata('QA-LOGIN-ERROR', 'achmad', 35, 3),
    spec: {
      description: 'Wrong password shows a blank screen on Android: JIRA APP-2211',
      gateway: { branch: 'develop' },
      services,
      expireAfter: '14d',
      template: { name: 'mobile-login', revision: 2 },
    },
    status: qaStatus,
  },
  {
    apiVersion: 'sdp/v1',
    kind: 'Sandbox',
    metadata: metadata('checkout-v2', 'sari', 7_400),
    spec: plain,
    status: statusOf('Healthy', 'RUNNING', 8081),
  },
  {
    apiVersion: 'sdp/v1',
    kind: 'Sandbox',
    metadata: metadata('REFUND-API', 'achmad', 620),
    spec: {
      ...plain,
      services: { account: { branch: 'develop' }, payment: { branch: 'feature/refund-api' }, user: { use_ocp: true } },
    },
    status: failedStatus,
  },
  {
    apiVersion: 'sdp/v1',
    kind: 'Sandbox',
    metadata: metadata('regression-2026.11', 'dewi', 200_000),
    spec: { ...plain, run: 'suspended', expireAfter: '30d' },
    status: statusOf('Suspended', 'STOPPED', 8083),
  },
  {
    apiVersion: 'sdp/v1',
    kind: 'Sandbox',
    metadata: metadata('notif-spike', 'budi', 90_000),
    spec: plain,
    status: statusOf('Unknown', 'RUNNING', 8084),
  },
];

export const qaText = `# Reproduces APP-2211 for the login team.
apiVersion: sdp/v1
kind: Sandbox
metadata:
  name: QA-LOGIN-ERROR
spec:
  description: "Wrong password shows a blank screen on Android: JIRA APP-2211"
  gateway:
    branch: develop
  services:
    account:
      branch: feature/login-error   # until PR 418 is merged
    payment: { use_ocp: true }
    user: { use_ocp: true }
  expireAfter: 14d
`;

export const templates: StoredDocument<'Template'>[] = [
  {
    apiVersion: 'sdp/v1',
    kind: 'Template',
    metadata: metadata('mobile-login', 'sari', 400_000, 2),
    spec: {
      description: 'The login path of the app: gateway and account run here, the rest is OCP.',
      gateway: { branch: '{{gatewayBranch}}' },
      services: { account: { branch: '{{branch}}' }, payment: { use_ocp: true }, user: { use_ocp: true } },
      variables: { LOG_LEVEL: '{{level}}', RETRIES: '{{retries}}' },
      expireAfter: '14d',
      parameters: [
        { name: 'branch', type: 'branch', service: 'account', description: 'Branch of account to test', help: 'Pushed to Bitbucket already' },
        { name: 'gatewayBranch', type: 'branch', description: 'Branch of the gateway', default: 'develop' },
        { name: 'level', type: 'choice', choices: ['info', 'debug'], description: 'Log level', default: 'info' },
        { name: 'retries', type: 'number', minimum: 0, maximum: 9, description: 'How often account tries again', required: false },
      ],
    },
  },
  {
    apiVersion: 'sdp/v1',
    kind: 'Template',
    metadata: metadata('everything', 'sari', 900_000),
    spec: {
      description: 'Every service from develop, for regression runs.',
      gateway: { branch: 'develop' },
      services: { account: { branch: 'develop' }, payment: { branch: 'develop' }, user: { branch: 'develop' } },
    },
  },
];

const ports = { gateway: { from: 8080, to: 8999 }, service: { from: 9001, to: 9999 } };
export const nodes: NodeView[] = [
  {
    name: 'gateway-1',
    type: 'GATEWAY',
    address: '172.18.136.90',
    engine: 'Docker 27.3.1',
    online: true,
    lastSeenAt: at(2),
    agentVersion: '0.1.0',
    edgeOwner: true,
    edge: { state: 'ready' },
    repositories: [{ name: 'api-gateway', path: '/home/user/SDP/api-gateway', kind: 'dockerfile' }],
    containers: 5,
    memoryFreeBytes: 6.2e9,
    diskFreeBytes: 41e9,
    ports,
  },
  {
    name: 'micro-1',
    type: 'MICRO',
    address: '172.18.136.92',
    engine: 'Docker 27.3.1',
    online: true,
    lastSeenAt: at(1),
    agentVersion: '0.1.0',
    edgeOwner: true,
    edge: { state: 'ready' },
    repositories: [
      { name: 'account', path: '/home/user/AppGolang/account', kind: 'go' },
      {
        name: 'payment',
        path: '/home/user/AppGolang/payment',
        kind: 'go',
        problem: 'The base image alpine:3.20 is missing. Load it: sdp images load alpine.tar --node micro-1',
      },
      { name: 'user', path: '/home/user/AppGolang/user', kind: 'go' },
    ],
    containers: 11,
    memoryFreeBytes: 2.4e9,
    diskFreeBytes: 18e9,
    ports,
  },
  {
    name: 'micro-2',
    type: 'MICRO',
    address: '172.18.136.93',
    engine: 'Docker 26.1.4',
    online: false,
    lastSeenAt: at(1_900),
    agentVersion: '0.1.0',
    edgeOwner: true,
    edge: { state: 'failed', message: 'Port 7080 is held by another process.' },
    repositories: [{ name: 'user', path: '/home/user/AppGolang/user', kind: 'go' }],
    containers: 2,
    memoryFreeBytes: 1.1e9,
    diskFreeBytes: 3e9,
    ports,
  },
];

const base = { sandboxUid: 'uid-qa-login-error', sandbox: 'QA-LOGIN-ERROR', user: 'achmad', generation: 3 };
export const deployments: Deployment[] = [
  {
    ...base,
    id: 'dep-account-7',
    service: 'account',
    repository: 'account',
    branch: 'feature/login-error',
    commit: COMMITS.account,
    node: 'micro-1',
    state: 'BUILDING',
    startedAt: at(34),
  },
  {
    ...base,
    id: 'dep-gateway-6',
    service: 'gateway',
    repository: 'api-gateway',
    branch: 'develop',
    commit: COMMITS.gateway,
    node: 'gateway-1',
    state: 'RUNNING',
    startedAt: at(3_600),
    completedAt: at(3_578),
  },
  {
    ...base,
    id: 'dep-account-5',
    service: 'account',
    repository: 'account',
    branch: 'feature/login-error',
    commit: COMMITS.account,
    node: 'micro-1',
    state: 'STOPPED',
    reason: 'Superseded',
    message: 'A newer deployment took over.',
    startedAt: at(7_260),
    completedAt: at(7_240),
  },
  {
    ...base,
    sandboxUid: 'uid-refund-api',
    sandbox: 'REFUND-API',
    id: 'dep-payment-3',
    service: 'payment',
    repository: 'payment',
    branch: 'feature/refund-api',
    commit: COMMITS.payment,
    node: 'micro-1',
    state: 'FAILED',
    reason: 'build_failed',
    message: 'The build failed: ./refund.go:41:17: undefined: Ledger',
    startedAt: at(640),
    completedAt: at(610),
  },
];

const event = (
  deploymentId: string,
  name: DeploymentEvent['event'],
  secondsAgo: number,
  durationMs?: number
): DeploymentEvent => ({
  deploymentId,
  event: name,
  at: at(secondsAgo),
  ...(durationMs === undefined ? {} : { durationMs }),
});
export const events: DeploymentEvent[] = [
  event('dep-account-7', 'DEPLOY_QUEUED', 34),
  event('dep-account-7', 'FETCH_STARTED', 33),
  event('dep-account-7', 'FETCH_COMPLETED', 31, 2_140),
  event('dep-account-7', 'CHECKOUT_STARTED', 31),
  event('dep-account-7', 'CHECKOUT_COMPLETED', 30, 380),
  event('dep-account-7', 'BUILD_STARTED', 30),
  event('dep-gateway-6', 'FETCH_STARTED', 3_600),
  event('dep-gateway-6', 'FETCH_COMPLETED', 3_598, 1_600),
  event('dep-gateway-6', 'CHECKOUT_STARTED', 3_598),
  event('dep-gateway-6', 'CHECKOUT_COMPLETED', 3_597, 410),
  event('dep-gateway-6', 'IMAGE_STARTED', 3_597),
  event('dep-gateway-6', 'IMAGE_COMPLETED', 3_583, 14_000),
  event('dep-gateway-6', 'DEPLOY_STARTED', 3_583),
  event('dep-gateway-6', 'DEPLOY_COMPLETED', 3_578, 5_100),
  event('dep-payment-3', 'FETCH_STARTED', 640),
  event('dep-payment-3', 'FETCH_COMPLETED', 638, 1_900),
  event('dep-payment-3', 'CHECKOUT_STARTED', 638),
  event('dep-payment-3', 'CHECKOUT_COMPLETED', 637, 400),
  event('dep-payment-3', 'BUILD_STARTED', 637),
  event('dep-payment-3', 'DEPLOY_FAILED', 610),
];

function lines(phases: [LogPhase, string][]): LogLine[] {
  return phases.map(([phase, text], index) => ({ line: index + 1, at: at(34 - index / 3), phase, text }));
}
const packages = [
  'net/http',
  'encoding/json',
  'database/sql',
  'crypto/tls',
  'company/account/internal/token',
  'company/account/internal/login',
  'company/account/handler',
];
const built = (count: number): [LogPhase, string][] =>
  Array.from({ length: count }, (_, index) => ['BUILD', packages[index % packages.length] ?? 'main']);
const opening: [LogPhase, string][] = [
  ['FETCH', 'Fetching origin as achmad...'],
  ['FETCH', 'From https://bitbucket.company.com/scm/app/account'],
  ['FETCH', '   5f20d11..a41f9c0  feature/login-error -> feature/login-error'],
  ['FETCH', '\x1b[32mfeature/login-error is a41f9c02\x1b[0m Answer 401 with a reason the app can show'],
  ['CHECKOUT', 'Exporting 214 files of a41f9c02'],
  ['BUILD', 'go build -trimpath -buildvcs=false -mod=vendor -o account .'],
];
export const logs: Record<string, LogLine[]> = {
  'dep-account-7': lines([
    ...opening,
    ...built(30),
    ['BUILD', '\x1b[33mwarning:\x1b[0m <img src=x onerror="alert(1)"> stays text'],
  ]),
  'dep-payment-3': lines([
    ...opening,
    ...built(40),
    ['BUILD', '# company/payment'],
    ['BUILD', '\x1b[31m./refund.go:41:17: undefined: Ledger\x1b[0m'],
    ['BUILD', './refund.go:58:9: cannot use total (variable of type int) as Money value'],
    ['BUILD', 'The build failed after 27.1 s'],
  ]),
  'dep-gateway-6': lines([
    ['FETCH', 'Fetching origin as achmad...'],
    ['CHECKOUT', 'Exporting 96 files of 0c9d4be1'],
    ['IMAGE', 'Step 1/4 : FROM sdp-demo/php:8.2'],
    ['IMAGE', 'Successfully built 1f0c3'],
    ['DEPLOY', 'Container sandbox-qa-login-error-gateway started'],
  ]),
};

export const revisions: Revision[] = [
  {
    revision: 3,
    generation: 3,
    resourceVersion: 43,
    author: 'achmad',
    message: 'Deploy account',
    at: at(35),
    deleted: false,
    spec: { gateway: { branch: 'develop' }, services },
  },
  {
    revision: 2,
    generation: 2,
    resourceVersion: 42,
    author: 'achmad',
    message: 'Test the login fix from PR 418',
    at: at(7_300),
    deleted: false,
    spec: { gateway: { branch: 'develop' }, services },
  },
  {
    revision: 1,
    generation: 1,
    resourceVersion: 41,
    author: 'sari',
    message: 'From template mobile-login',
    at: at(90_000),
    deleted: false,
    spec: plain,
  },
];

export const plan: PlanView = {
  sandbox: 'QA-LOGIN-ERROR',
  steps: [
    { action: 'fetch', service: 'payment', node: 'micro-1', reason: 'payment gets the branch feature/refund-api.' },
    { action: 'claim', service: 'payment', node: 'micro-1', reason: 'Port 9002 is free.' },
    { action: 'build', service: 'payment', node: 'micro-1', reason: 'This commit was not built on micro-1 yet.' },
    { action: 'create', service: 'payment', node: 'micro-1', reason: 'payment does not run in this sandbox yet.' },
    { action: 'route', service: 'payment', reason: 'payment goes to its container instead of OCP once it is healthy.' },
  ],
  keep: ['gateway', 'account'],
  blocked: [],
  warnings: ['payment keeps DB_HOST of OCP: it reads and writes the data that others use.'],
};
