/** How git is called: argv and environment as data. */

/** Settings of every call: nothing of the machine's or the repository's configuration decides what git does. */
const SETTINGS = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.attributesFile=/dev/null',
  'core.symlinks=true',
  'core.autocrlf=false',
  'core.fsync=committed,reference',
  'gc.auto=0',
  'maintenance.auto=false',
  'submodule.recurse=false',
  'fetch.recurseSubmodules=false',
  'credential.helper=',
  'protocol.version=2',
  'http.followRedirects=false',
  'http.sslVerify=true',
  // Slower than this for that long (bytes per second, seconds) is a dead connection.
  'http.lowSpeedLimit=100',
  'http.lowSpeedTime=60',
] as const;

/** `git` with the settings of every call, then `args`. */
export function gitArgv(gitDir: string | undefined, args: readonly string[]): string[] {
  return [
    'git',
    ...(gitDir === undefined ? [] : [`--git-dir=${gitDir}`]),
    ...SETTINGS.flatMap((setting) => ['-c', setting]),
    ...args,
  ];
}

/** The same settings, and more, for a git that another program starts. */
export function gitConfigEnv(more: readonly string[]): Record<string, string> {
  const all = [...SETTINGS, ...more];
  const env: Record<string, string> = { GIT_CONFIG_COUNT: String(all.length) };
  all.forEach((setting, index) => {
    // A URL in a name may hold no `=`; the first one ends the name.
    const at = setting.indexOf('=');
    env[`GIT_CONFIG_KEY_${index}`] = setting.slice(0, at);
    env[`GIT_CONFIG_VALUE_${index}`] = setting.slice(at + 1);
  });
  return env;
}

export interface GitEnvironment {
  path: string;
  /** The only protocol that may be spoken; absent: none at all. */
  protocol?: string;
  /** The program that git asks for user name and password. */
  askpass?: string;
  /** PEM file of the authority that signed the git server's certificate. */
  caFile?: string;
}

/** The whole environment of a git process. HOME is nowhere, so that no .netrc is read. */
export function gitEnv(environment: GitEnvironment): Record<string, string> {
  return {
    PATH: environment.path,
    HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_ALLOW_PROTOCOL: environment.protocol ?? 'none',
    ...(environment.askpass === undefined ? {} : { GIT_ASKPASS: environment.askpass }),
    ...(environment.caFile === undefined ? {} : { GIT_SSL_CAINFO: environment.caFile }),
  };
}

const FETCH_OPTIONS = [
  '--force',
  '--progress',
  // Tags come by their own refspec; following them would open a second connection.
  '--no-tags',
  '--no-auto-maintenance',
  '--no-write-fetch-head',
  '--no-recurse-submodules',
];

/** Asks the server which refs it has: proves a login and reads the default branch. */
export const lsRemoteArgs = (url: string): string[] => ['ls-remote', '--symref', '--end-of-options', url, 'HEAD'];

/** Brings all branches and tags; what the server dropped goes, what is pinned under refs/sdp stays. */
export const fetchArgs = (url: string): string[] => [
  'fetch',
  '--prune',
  ...FETCH_OPTIONS,
  '--end-of-options',
  url,
  '+refs/heads/*:refs/heads/*',
  '+refs/tags/*:refs/tags/*',
];

/** Brings one commit by its id and pins it; not every server gives what no branch leads to. */
export const fetchCommitArgs = (url: string, commit: string): string[] => [
  'fetch',
  ...FETCH_OPTIONS,
  '--end-of-options',
  url,
  `${commit}:refs/sdp/commits/${commit}`,
];
