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

const AUTH =
  /Authentication failed|could not read (Username|Password)|requested URL returned error: (401|403|410)|HTTP Basic: Access denied|terminal prompts disabled/i;
const NOT_FOUND = /requested URL returned error: 404|repository '.*' not found|does not appear to be a git repository/i;
const REDIRECT = /unable to update url base from redirection|requested URL returned error: 30\d/i;
const TLS =
  /SSL certificate|certificate verif|self[- ]signed certificate|server certificate|unable to get local issuer|gnutls_handshake|SSL_connect|TLS/i;
const UNREACHABLE =
  /Could not resolve host|Failed to connect|Couldn't connect|Connection (refused|reset|timed out)|timed out|Operation too slow|Empty reply|early EOF|RPC failed|transfer closed|unexpected disconnect|the remote end hung up|Network is unreachable|No route to host|Recv failure|Send failure|requested URL returned error: (408|429|5\d\d)/i;
const DISK = /No space left on device/i;

/**
 * The error behind a failed network call of git.
 * @param repository its name, for the message
 * @param url origin without user info
 */
export function gitError(repository: string, url: string, stderr: string): SdpError {
  const said = lastLines(stderr);
  const host = hostOf(url);
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
  if (AUTH.test(stderr)) {
    return new SdpError('git_auth', `The git server ${host} refused this login for "${repository}".`, {
      hint: 'Log in again. If that does not help, ask for access to the repository.',
    });
  }
  if (NOT_FOUND.test(stderr)) {
    return new SdpError(
      'unknown_repository',
      `The git server has no repository at ${url} ("${repository}"), or this login may not see it.`,
      {
        hint: "Check the origin of the node's checkout and the access of the login.",
      },
    );
  }
  if (REDIRECT.test(stderr)) {
    return new SdpError(
      'fetch_failed',
      `The git server ${host} redirects "${repository}" elsewhere, which is not followed: a login goes only to the origin that the operator configured.`,
      {
        hint: "Set the origin of the node's checkout to the final address.",
      },
    );
  }
  if (UNREACHABLE.test(stderr)) {
    return new SdpError('git_unreachable', `The git server ${host} could not be reached for "${repository}": ${said}`, {
      hint: 'Check that the node reaches the git server; it is tried again.',
    });
  }
  if (TLS.test(stderr)) {
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
