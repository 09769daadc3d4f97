/** What request handlers work with; made once by `createServer`. */
import type { Clock, LoginVault, Reconciler } from '#reconciler/contract';
import type { AuditEntry } from '#schema/records';
import type { Store } from '#specs/store';
import type { Sessions } from '../auth/sessions.ts';
import type { Throttle } from '../auth/throttle.ts';
import type { DocumentService } from '../documents/document-service.ts';
import type { Logger } from '../http/logger.ts';
import type { Metrics } from '../http/metrics.ts';
import type { Hub } from '../hub/hub.ts';
import type { LifecycleKeeper } from '../lifecycle/lifecycle-keeper.ts';
import type { RequestBook } from '../requests/request-book.ts';
import type { RequestIntake } from '../requests/request-intake.ts';
import type { LogStore } from '../logs/log-store.ts';
import type { Keyring } from '../secrets/keyring.ts';
import type { Stream } from '../stream/stream.ts';

/** Requests of one sandbox that came through an edge in the last ten minutes, by the service's slug; none are left out. */
export type RequestCounts = (sandboxUid: string) => ReadonlyMap<string, number>;

export interface ApiDeps {
  store: Store;
  hub: Hub;
  stream: Stream;
  logs: LogStore;
  /** Requests as the edges saw them. */
  requests: RequestBook;
  requestIntake: RequestIntake;
  documents: DocumentService;
  reconciler: Reconciler;
  lifecycles: LifecycleKeeper;
  sessions: Sessions;
  vault: LoginVault;
  throttle: Throttle;
  metrics: Metrics;
  clock: Clock;
  log: Logger;
  installation: string;
  version: string;
  epoch: number;
  /** Cookies are sent over TLS only. */
  secureCookies: boolean;
  allowedOrigins: readonly string[];
  /** Keys of secrets; absent where there is no key file. */
  keyring?: Keyring;
  /** User names of those who may go past others' holds. */
  admins: readonly string[];
  /** Gets each audit entry as it happens. */
  onAudit?: (entry: Omit<AuditEntry, 'id'>) => void;
  /** Absent where nobody counts. */
  requestCounts?: RequestCounts;
}
