/**
 * Every way in which SDP refuses or fails, in one table: what HTTP, the CLI and people
 * see is derived from the code, never chosen at the place that throws.
 */

interface ErrorClass {
  /** HTTP status of the problem document (RFC 9457). */
  readonly status: number;
  /** Exit code of the CLI: 1 failed, 2 usage, 3 not logged in, 4 timed out, 5 conflict, 6 not found. */
  readonly exit: number;
  /** Short, stable headline. */
  readonly title: string;
}

const define = (status: number, exit: number, title: string): ErrorClass => ({ status, exit, title });

export const ERRORS = {
  invalid_yaml: define(400, 2, 'The YAML cannot be read'),
  invalid_document: define(422, 2, 'The document is not valid'),
  invalid_request: define(400, 2, 'The request is not valid'),
  unknown_kind: define(422, 2, 'There is no such kind of document'),
  unknown_service: define(422, 2, 'There is no such service in the catalogue'),
  unknown_environment: define(422, 2, 'There is no such environment'),
  unknown_repository: define(422, 2, 'No agent has that repository'),
  unknown_branch: define(422, 1, 'The repository has no such branch'),
  bad_branch_name: define(422, 2, 'That is not a branch name'),
  route_without_branch: define(422, 2, 'The service has no branch in this sandbox'),
  value_too_large: define(422, 2, 'A value is too large'),
  not_found: define(404, 6, 'Not found'),
  conflict: define(409, 5, 'Somebody else saved first'),
  immutable: define(409, 5, 'It never changes'),
  name_taken: define(409, 5, 'The name is taken'),
  held: define(409, 5, 'The sandbox is held by somebody'),
  unauthenticated: define(401, 3, 'Please log in'),
  bad_credentials: define(401, 3, 'User name or password is wrong'),
  forbidden: define(403, 1, 'You may not do that'),
  throttled: define(429, 1, 'Too many attempts; wait a moment'),
  needs_login: define(409, 3, 'A login is needed to fetch'),
  git_auth: define(502, 3, 'The git server refused the login'),
  git_unreachable: define(502, 1, 'The git server cannot be reached'),
  fetch_failed: define(502, 1, 'The fetch failed'),
  build_failed: define(502, 1, 'The build failed'),
  missing_commit: define(502, 1, 'The commit is not on this node'),
  missing_module: define(502, 1, 'A Go module is missing on the node'),
  missing_base_image: define(502, 1, 'A base image is missing on the node'),
  go_version: define(502, 1, 'The Go toolchain of the node is too old'),
  outside_replace: define(502, 1, 'go.mod replaces a module by a path outside the sources'),
  disk_full: define(507, 1, 'The disk of the node is full'),
  port_pool_exhausted: define(409, 1, 'No port is free'),
  subnet_pool_exhausted: define(409, 1, 'No subnet is free'),
  name_blocked: define(409, 1, 'Something that is not ours holds the name'),
  node_offline: define(503, 1, 'The node is offline'),
  no_node: define(409, 1, 'No node can run this'),
  deadline_exceeded: define(504, 4, 'It took too long'),
  cancelled: define(409, 1, 'It was cancelled'),
  precondition_failed: define(409, 1, 'The world changed meanwhile'),
  health_check_failed: define(502, 1, 'The container never became healthy'),
  container_exited: define(502, 1, 'The container ended'),
  engine_failed: define(502, 1, 'The container engine failed'),
  edge_failed: define(502, 1, 'The edge failed'),
  protocol_skew: define(409, 1, 'Server and agent are more than one release apart'),
  compacted: define(410, 1, 'That was too long ago'),
  stale_epoch: define(409, 1, 'A newer control plane took over'),
  unavailable: define(503, 1, 'Not available now'),
  internal: define(500, 1, 'Something went wrong inside SDP'),
} as const satisfies Record<string, ErrorClass>;

export type ErrorCode = keyof typeof ERRORS;

/** A place in a text that a person wrote. Lines and columns count from 1. */
export interface SourcePosition {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** Path inside the document, such as `spec.services.account.branch`. */
  readonly path?: string;
}

/** One finding among several, such as each mistake of a YAML file. */
export interface Finding extends SourcePosition {
  readonly message: string;
}

/** One of the versions that a stale write is about. */
export interface WriteVersion {
  /** Absent: not known any more. */
  revision?: number;
  resourceVersion: number;
  by?: string;
  /** ISO 8601. */
  at?: string;
  message?: string;
  /** This version is the end of the document. */
  deleted?: true;
}

/** A field that differs among the version that a copy was of (`base`), what is stored (`theirs`) and the write (`yours`). */
export interface FieldConflict {
  /** Such as `spec.services.account.branch`. */
  path: string;
  base?: unknown;
  theirs?: unknown;
  yours?: unknown;
  /** Who changed it: one of you, both to the same, or both differently. */
  verdict: 'yours' | 'theirs' | 'same' | 'conflicting';
}

/** A write on a copy that somebody else has overtaken. Values of secrets are never shown. */
export interface StaleWrite {
  kind: string;
  name: string;
  base: WriteVersion;
  theirs: WriteVersion;
  fields: FieldConflict[];
}

/** What an error says over a wire. */
export interface ErrorBody {
  readonly code: ErrorCode;
  /** What failed, on what, and why: one or two sentences. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
  readonly findings?: readonly Finding[];
  /** With `conflict`: each stale write. */
  readonly conflicts?: readonly StaleWrite[];
}

/** The only error that crosses folders. Messages never contain credentials. */
export class SdpError extends Error {
  override readonly name = 'SdpError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly findings: readonly Finding[];
  readonly conflicts: readonly StaleWrite[];

  constructor(
    code: ErrorCode,
    message: string,
    more: { hint?: string | undefined; findings?: readonly Finding[]; conflicts?: readonly StaleWrite[]; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.hint = more.hint;
    this.findings = more.findings ?? [];
    this.conflicts = more.conflicts ?? [];
  }

  toBody(): ErrorBody {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.findings.length === 0 ? {} : { findings: this.findings }),
      ...(this.conflicts.length === 0 ? {} : { conflicts: this.conflicts }),
    };
  }

  static fromBody(body: ErrorBody): SdpError {
    const code = body.code in ERRORS ? body.code : 'internal';
    return new SdpError(code, body.message, { hint: body.hint, findings: body.findings ?? [], conflicts: body.conflicts ?? [] });
  }

  /** Wraps whatever was thrown; what is not an SdpError becomes `internal`. */
  static from(thrown: unknown): SdpError {
    if (thrown instanceof SdpError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new SdpError('internal', message, { cause: thrown });
  }
}
