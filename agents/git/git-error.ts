/** What git says, as an error that people can act on. Its texts come redacted. */
import { SdpError } from '#schema/errors';

const LAST_LINES = 6;
const LONGEST = 1_500;

/** The end of what a program wrote, without progress, for a message. */
export function lastLines(text: string, count = LAST_LINES): string {
  const lines = text
    .split(/[\r\n]+/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !/^(remote: )?(Enumerating|Counting|Compressing|Receiving|Resolving) /.test(line));
  return lines.slice(-count).join('\n').slice(-LONGEST);
}

/** Git's and curl's words, by what they mean. */
const AUTH = [
  /Authentication failed/i,
  /could not read (Username|Password)/i,
  /requested URL returned error: (401|403|410)/i,
  /HTTP Basic: Access denied/i,
  /terminal prompts disabled/i,
];
const NOT_FOUND = [
  /requested URL returned error: 404/i,
  /repository '.*' not found/i,
  /does not appear to be a git repository/i,
];
const REDIRECT = [/unable to update url base from redirection/i, /requested URL returned error: 30\d/i];
const TLS = [
  /SSL certificate/i,
  /certificate verif/i,
  /self[- ]signed certificate/i,
  /server certificate/i,
  /unable to get local issuer/i,
  /gnutls_handshake/i,
  /SSL_connect/i,
  /TLS/i,
];
const UNREACHABLE = [
  /Could not resolve host/i,
  /Failed to connect/i,
  /Couldn't connect/i,
  /Connection (refused|reset|timed out)/i,
  /timed out/i,
  /Operation too slow/i,
  /Empty reply/i,
  /early EOF/i,
  /RPC failed/i,
  /transfer closed/i,
  /unexpected disconnect/i,
  /the remote end hung up/i,
  /Network is unreachable/i,
  /No route to host/i,
  /Recv failure/i,
  /Send failure/i,
  /requested URL returned error: (408|429|5\d\d)/i,
];
const DISK = /No space left on device/i;

/**
 * The error behind a failed network call of git.
 * @param repository its name, for the message
 * @param url origin without user info
 */
export function gitError(repository: string, url: string, stderr: string): SdpError {
  const said = lastLines(stderr);
  const host = hostOf(url);
  const says = (patterns: readonly RegExp[]): boolean => patterns.some((pattern) => pattern.test(stderr));
  if (DISK.test(stderr)) {
    return new SdpError('disk_full', `The disk of this node is full: "${repository}" could not be fetched.`, {
      hint: 'Free some space on the node, then deploy again.',
    });
  }
  if (/cannot (exec|run) .*askpass/i.test(stderr)) {
    return new SdpError('fetch_failed', `Git could not start the agent's askpass helper for "${repository}": ${said}`, {
      hint: "The agent's dataDir must not be on a file system mounted noexec.",
    });
  }
  if (says(AUTH)) {
    return new SdpError('git_auth', `The git server ${host} refused this login for "${repository}".`, {
      hint: 'Log in again. If that does not help, ask for access to the repository.',
    });
  }
  if (says(NOT_FOUND)) {
    return new SdpError(
      'unknown_repository',
      `The git server has no repository at ${url} ("${repository}"), or this login may not see it.`,
      {
        hint: "Check the origin of the node's checkout and the access of the login.",
      },
    );
  }
  if (says(REDIRECT)) {
    return new SdpError(
      'fetch_failed',
      `The git server ${host} redirects "${repository}" elsewhere, which is not followed: ` +
        'a login goes only to the origin that the operator configured.',
      {
        hint: "Set the origin of the node's checkout to the final address.",
      },
    );
  }
  if (says(UNREACHABLE)) {
    return new SdpError('git_unreachable', `The git server ${host} could not be reached for "${repository}": ${said}`, {
      hint: 'Check that the node reaches the git server; it is tried again.',
    });
  }
  if (says(TLS)) {
    return new SdpError(
      'git_unreachable',
      `The certificate of the git server ${host} is not trusted by this node: ${said}`,
      {
        hint: "Add the server's certificate authority to the node's trusted ones.",
      },
    );
  }
  return new SdpError('fetch_failed', `Fetching "${repository}" from ${host} failed: ${said || 'git said nothing.'}`);
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host || url : url;
}
