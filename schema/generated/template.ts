/* Generated from ../documents/template.schema.json by `npm run generate`; do not edit. */

/**
 * 1 to 40 letters, digits, '-', '_' or '.'. Case is kept; two names that differ only in case, '_' or '.' are the same name.
 */
export type Name = string;
/**
 * What the sandbox is for.
 */
export type Description = string;
/**
 * Repository of the gateway, as agents report it.
 */
export type Repository = string;
/**
 * Name of a git branch. It becomes a commit only when the service is added, the branch is changed, or somebody deploys.
 */
export type Branch = string;
/**
 * Full commit id (40 hexadecimal digits). The service stays on it whatever is pushed.
 */
export type Commit = string;
/**
 * Environments whose variables, secrets and files are injected, in this order; a later one wins.
 */
export type Environments = Name[];
/**
 * CPUs, such as 0.5.
 */
export type CPU = number;
/**
 * Memory with a unit: Ki, Mi or Gi.
 */
export type Memory = string;
/**
 * Pins the service to the node of this name.
 */
export type Node = string;
/**
 * Absolute path inside the container.
 */
export type Path = string;
/**
 * json and yaml: a map of service to URL; env: NAME_URL=URL lines; php: a file that returns such a map; nginx: one upstream block per service (set the Host header to {service}.sdp).
 */
export type Format = 'json' | 'yaml' | 'env' | 'php' | 'nginx';
/**
 * Liquid template of the file. It knows services (a list of name, slug, variable, url, host, port), sandbox and service (slugs).
 */
export type Template = string;
/**
 * true: the service is not run here and requests for it go to OCP.
 */
export type UseOCP = true;
/**
 * stopped keeps the service's container stopped.
 */
export type Run = 'started' | 'stopped';
/**
 * suspended stops all containers and keeps everything else.
 */
export type Run1 = 'active' | 'suspended';
/**
 * Without edits, deployments and requests for this long it expires: it is suspended. Default: the server's setting.
 */
export type ExpireAfter = DurationOrNever;
/**
 * A number with a unit (s, m, h or d), or never.
 */
export type DurationOrNever = string;
/**
 * How long before it expires people are warned. Default: the server's setting.
 */
export type WarnBefore = Duration;
/**
 * A number with a unit: s, m, h or d.
 */
export type Duration = string;
/**
 * How long after it has expired it is deleted. It can be restored like everything deleted. Default: the server's setting.
 */
export type DeleteAfter = DurationOrNever;
/**
 * Questions asked when it is used, in this order.
 */
export type Parameters = TemplateParameter[];

/**
 * A reusable sandbox spec, with questions.
 */
export interface TemplateDocument {
  /**
   * Version of the format.
   */
  apiVersion: 'sdp/v1';
  /**
   * Kind of document.
   */
  kind: 'Template';
  metadata: Metadata;
  spec: TemplateSpec;
  /**
   * What is; written by SDP and ignored on input.
   */
  status?: {
    [k: string]: unknown;
  };
}
/**
 * The user's part of the metadata. uid, generation, resourceVersion and the like are written by SDP and ignored on input.
 */
export interface Metadata {
  name: Name;
  /**
   * Free labels for finding and grouping.
   */
  labels?: {
    [k: string]: string;
  };
  /**
   * Free notes.
   */
  annotations?: {
    [k: string]: string;
  };
  /**
   * Identity; written by SDP.
   */
  uid?: string;
  /**
   * The name as addresses have it; written by SDP.
   */
  slug?: string;
  /**
   * Counter of spec changes; written by SDP.
   */
  generation?: number;
  /**
   * Store sequence; when given, the write is refused if somebody else saved since.
   */
  resourceVersion?: number;
  /**
   * Number of the newest revision; written by SDP.
   */
  revision?: number;
  /**
   * Written by SDP.
   */
  createdAt?: string;
  /**
   * Written by SDP.
   */
  createdBy?: string;
  /**
   * Written by SDP.
   */
  updatedAt?: string;
  /**
   * Written by SDP.
   */
  updatedBy?: string;
  /**
   * Written by SDP when deletion was asked for.
   */
  deletedAt?: string;
  /**
   * Work before deletion; written by SDP.
   */
  finalizers?: string[];
  /**
   * Folder or repository that it is applied from; written by SDP.
   */
  managedBy?: {};
}
/**
 * Spec of the sandboxes made from it. {{name}} in any of its texts, in quotes, becomes the answer to that parameter; \{{ stays two braces.
 */
export interface TemplateSpec {
  description?: Description;
  gateway?: Gateway;
  services?: Services;
  environments?: Environments;
  variables?: Variables;
  limits?: Limits;
  run?: Run1;
  expireAfter?: ExpireAfter;
  warnBefore?: WarnBefore;
  deleteAfter?: DeleteAfter;
  parameters?: Parameters;
}
/**
 * The API gateway of the sandbox. What is left out comes from the installation's defaults.
 */
export interface Gateway {
  repository?: Repository;
  branch?: Branch;
  commit?: Commit;
  environments?: Environments;
  variables?: Variables;
  resources?: Limits;
  node?: Node;
  upstreamsFile?: UpstreamsFile;
}
/**
 * Environment variables by name. Values may use {sandbox} and {service}. A value holds at most 120 KiB; put larger ones into files.
 */
export interface Variables {
  /**
   * Text of at most 120 KiB in UTF-8; put a larger value into files of an environment.
   */
  [k: string]: string;
}
/**
 * Limits that the engine enforces.
 */
export interface Limits {
  cpu?: CPU;
  memory?: Memory;
}
/**
 * A file with the stable addresses of all services, for a program that reads its upstreams from a file. Written into the container when it is made; a new catalogue entry reaches it with the next replacement. Give exactly one of format and template.
 */
export interface UpstreamsFile {
  path: Path;
  format?: Format;
  template?: Template;
}
/**
 * The services of the sandbox by name. A service of the catalogue that is not named is left to OCP.
 */
export interface Services {
  [k: string]: SandboxService;
}
/**
 * One service: a branch or a commit to run here, or use_ocp to leave it to OCP.
 */
export interface SandboxService {
  branch?: Branch;
  commit?: Commit;
  use_ocp?: UseOCP;
  environments?: Environments;
  variables?: Variables;
  resources?: Limits;
  run?: Run;
  node?: Node;
}
/**
 * A question asked when the template is used; {{name}} in the template's texts becomes the answer.
 */
export interface TemplateParameter {
  /**
   * Name used as {{name}}.
   */
  name: string;
  /**
   * The question: the label of its field.
   */
  description?: string;
  /**
   * What to know for the answer.
   */
  help?: string;
  /**
   * What an answer is: a text, a number, true or false, one of choices, or a branch.
   */
  type?: 'string' | 'number' | 'boolean' | 'choice' | 'branch';
  /**
   * The answers that a choice has.
   */
  choices?: string[];
  /**
   * Service whose branches are offered, for a branch.
   */
  service?: string;
  /**
   * Answer when none is given.
   */
  default?: string | number | boolean;
  /**
   * Whether there must be an answer. Default: true, unless there is a default. Without an answer, what consists of the placeholder alone is left out.
   */
  required?: boolean;
  /**
   * Regular expression that the whole text must match.
   */
  pattern?: string;
  /**
   * Fewest characters of a text.
   */
  minLength?: number;
  /**
   * Most characters of a text.
   */
  maxLength?: number;
  /**
   * Least number.
   */
  minimum?: number;
  /**
   * Greatest number.
   */
  maximum?: number;
}
